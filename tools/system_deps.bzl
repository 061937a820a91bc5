# SPDX-License-Identifier: BSD-2-Clause
"""@system_deps: libraries of the machine, found by pkg-config.

Each library becomes a cc_library of the same name. One that is missing stays a
target whose build says which package brings it, and HAVE (in the repository's
defs.bzl) tells BUILD files, so that the rest of the workspace still builds.
"""

# pkg-config name -> (target, Debian package)
_LIBRARIES = {
    "check": ("check", "check"),
    "jansson": ("jansson", "libjansson-dev"),
    "libdw": ("libdw", "libdw-dev"),
    "libelf": ("libelf", "libelf-dev"),
}

_PYTHON_PROBE = """
import os, sysconfig
inc = sysconfig.get_paths()["include"]
if os.path.exists(os.path.join(inc, "Python.h")):
    print(inc)
    print(sysconfig.get_config_var("EXT_SUFFIX"))
"""

_FOUND = """
cc_library(
    name = "{name}",
    copts = [],
    defines = {defines},
    linkopts = {linkopts},
)
"""

_PYTHON = """
cc_library(
    name = "python",
    hdrs = glob(["python_include/**/*.h"]),
    includes = ["python_include"],
)
"""

_MISSING = """
genrule(
    name = "{name}_missing",
    outs = ["{name}_missing.h"],
    cmd = "echo 'pollux: {name} was not found: run tools/setup, or install {package}' >&2; exit 1",
)

cc_library(
    name = "{name}",
    hdrs = ["{name}_missing.h"],
    srcs = ["{name}_missing.h"],
)
"""

_HEAD = """# Made by tools/system_deps.bzl.
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])
"""

def _pkg_config(ctx, tool, what, name):
    result = ctx.execute([tool, what, name])
    if result.return_code != 0:
        return None
    return [word for word in result.stdout.strip().split(" ") if word]

def _library(ctx, tool, name, target, package):
    libs = _pkg_config(ctx, tool, "--libs", name) if tool else None
    if libs == None:
        return False, _MISSING.format(name = target, package = package)
    flags = _pkg_config(ctx, tool, "--cflags-only-other", name) or []
    defines = [flag[2:] for flag in flags if flag.startswith("-D")]
    return True, _FOUND.format(name = target, defines = defines, linkopts = libs)

def _python(ctx):
    """The headers and the extension suffix of one interpreter, or None."""
    tool = ctx.os.environ.get("POLLUX_PYTHON", "/usr/bin/python3")
    if not ctx.path(tool).exists:
        return None
    result = ctx.execute([tool, "-c", _PYTHON_PROBE])
    lines = result.stdout.strip().split("\n")
    if result.return_code != 0 or len(lines) != 2:
        return None
    return struct(tool = tool, include = lines[0], suffix = lines[1])

def _system_deps_impl(ctx):
    have = {}
    build = _HEAD
    tool = ctx.which("pkg-config")
    for name, (target, package) in _LIBRARIES.items():
        have[target], text = _library(ctx, tool, name, target, package)
        build += text
    python = _python(ctx)
    have["python"] = python != None
    if python:
        ctx.symlink(python.include, "python_include")
        build += _PYTHON
    else:
        build += _MISSING.format(name = "python", package = "python3-dev")
    for target, found in have.items():
        if not found:
            # buildifier: disable=print
            print("pollux: %s was not found; tools/setup installs it" % target)
    ctx.file("WORKSPACE", "workspace(name = \"system_deps\")\n")
    ctx.file("BUILD", build)
    ctx.file("defs.bzl", "\n".join([
        "HAVE = %s" % have,
        "PYTHON = \"%s\"" % (python.tool if python else "/usr/bin/python3"),
        "PYTHON_EXT_SUFFIX = \"%s\"" % (python.suffix if python else ".so"),
        "",
    ]))

system_deps = repository_rule(
    implementation = _system_deps_impl,
    configure = True,
    environ = ["PATH", "PKG_CONFIG_PATH", "POLLUX_PYTHON"],
    local = True,
)

# SPDX-License-Identifier: BSD-2-Clause
"""The rules of this workspace. BUILD files load them from here only, so that a
change of Bazel's own rules is a change of this file.

    plx_cc_library    a library with our options
    plx_cc_binary     a program or a shared object with our options
    plx_cc_test       a Check test, linked with //core
    plx_shim_test     a Check test, linked with libpollux.so.0: the direct door
    plx_program       a program for tests, without pollux unless it asks
    plx_script_test   a shell script, given absolute paths in its environment
    plx_lint_test     a script about the source tree

Tags that mean something here:
    no-san     not under the sanitizers (foreign programs, ABI, timing)
    lint       about the sources: runs once, not in each configuration
    abi        about the built objects: runs in each configuration but those
               of the sanitizers
    real       needs programs of the machine and takes long
    exclusive  measures time; soak is never part of `bazel test //...`

A Check test's main calls srunner_run_all(runner, CK_ENV), so that CK_FORK,
CK_RUN_CASE and CK_VERBOSITY work with --test_env; plx_check_main() of
//tests/support:check_main does it. A test that cannot run here says so in one
line, "SKIP: reason", and a script then exits 77.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_import", "cc_library", "cc_test")
load("@rules_shell//shell:sh_binary.bzl", "sh_binary")
load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("@system_deps//:defs.bzl", "HAVE", "PYTHON", "PYTHON_EXT_SUFFIX")
load(
    "//tools:copts.bzl",
    "COPTS",
    "TEST_COPTS",
    "WARNINGS_BY_COMPILER",
)

plx_cc_import = cc_import
plx_have = HAVE
plx_python = PYTHON
plx_python_ext_suffix = PYTHON_EXT_SUFFIX
plx_sh_binary = sh_binary
plx_sh_test = sh_test

_SHARED_OBJECT = "//shim:libpollux.so.0"
_IMPORT = "//shim:pollux"
_SKIPPED = "pollux: test %s needs check, which was not found: run tools/setup"

def plx_cc_library(name, copts = [], **kwargs):
    """cc_library with our options; archives only, as all names are hidden."""
    kwargs.setdefault("linkstatic", True)
    cc_library(
        name = name,
        copts = COPTS + WARNINGS_BY_COMPILER + copts,
        **kwargs
    )

def plx_cc_binary(name, copts = [], **kwargs):
    """cc_binary with our options."""
    cc_binary(
        name = name,
        copts = COPTS + WARNINGS_BY_COMPILER + copts,
        **kwargs
    )

def _check_test(name, deps, copts, **kwargs):
    if not HAVE["check"]:
        # buildifier: disable=print
        print(_SKIPPED % name)
        return
    kwargs.setdefault("size", "small")
    cc_test(
        name = name,
        copts = COPTS + WARNINGS_BY_COMPILER + TEST_COPTS + copts,
        deps = deps + ["@system_deps//:check"],
        **kwargs
    )

def plx_cc_test(name, srcs, deps = [], copts = [], **kwargs):
    """A Check test of the core, linked with //core (not with the shim).

    size defaults to small (60 seconds).
    """
    _check_test(
        name = name,
        srcs = srcs,
        copts = copts,
        deps = ["//core"] + [dep for dep in deps if dep != "//core"],
        **kwargs
    )

def plx_shim_test(name, srcs, deps = [], copts = [], **kwargs):
    """A Check test linked with libpollux.so.0, ahead of every other library.

    The public headers are on its path: `#include <sys/event.h>`.
    """
    _check_test(
        name = name,
        srcs = srcs,
        copts = copts,
        deps = [_IMPORT] + [dep for dep in deps if dep != _IMPORT],
        **kwargs
    )

def plx_program(name, srcs, pollux = False, deps = [], copts = [], **kwargs):
    """A small C program that tests run.

    It knows nothing of pollux, unless pollux = True links it with
    libpollux.so.0 (the direct door) and the public headers.
    """
    kwargs.setdefault("testonly", True)
    cc_binary(
        name = name,
        srcs = srcs,
        copts = COPTS + WARNINGS_BY_COMPILER + TEST_COPTS + copts,
        deps = ([_IMPORT] if pollux else []) + deps,
        **kwargs
    )

def plx_lint_test(name, script, tags = [], **kwargs):
    """A test of the sources themselves: the whole tree, as it stands.

    LINT_ROOT leads to the tree. Not cached, as Bazel does not know which files
    it reads; not sandboxed, as a sandbox shows only what it knows.
    """
    plx_script_test(
        name = name,
        script = script,
        env = {"LINT_ROOT": "//:WORKSPACE"},
        pollux = False,
        tags = tags + ["lint", "external", "local"],
        **kwargs
    )

def plx_script_test(
        name,
        script,
        data = [],
        args = [],
        env = {},
        tags = [],
        pollux = True,
        san = False,
        **kwargs):
    """A test written as a shell script (or anything else with a #! line).

    Args:
      name: the test.
      script: the file to run.
      data: what the script reads, apart from the targets in env.
      args: its arguments; $(rootpath ...) is expanded and relative to the
        script's working directory, the root of the workspace's runfiles.
      env: variable name -> target; the script sees the target's absolute path.
        POLLUX_SO (the shared object) and POLLUX_CLI (the command line) are
        there, and so is POLLUX_PRELOAD: what to put in LD_PRELOAD.
      tags: as of sh_test.
      pollux: False for a test that needs nothing of ours built.
      san: whether it also runs under the sanitizers.
      **kwargs: as of sh_test.
    """
    targets = dict(env)
    if pollux:
        targets["POLLUX_CLI"] = "//tools:pollux"
        targets["POLLUX_SO"] = _SHARED_OBJECT
    needed = {target: True for target in data + [script] + targets.values()}
    kwargs.setdefault("size", "medium")
    sh_test(
        name = name,
        srcs = ["//tests/support:script_test.sh"],
        args = ["%s=$(rootpath %s)" % item for item in targets.items()] +
               ["--", "$(rootpath %s)" % script] + args,
        data = needed.keys(),
        tags = tags + ([] if san else ["no-san"]),
        **kwargs
    )

# SPDX-License-Identifier: BSD-2-Clause
"""Local stand-ins for the repositories that Bazel would fetch.

`bazel build //...` of a C workspace makes Bazel 4 load rules_cc, rules_java
and remote_coverage_tools from its embedded tools. None of them does anything
for us that the native rules do not do, so each becomes a repository of a few
lines, made from the files beside this one.
"""

def _stub_repository_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    packages = {}
    for label, path in ctx.attr.files.items():
        ctx.symlink(label, path)
        package = path.rpartition("/")[0]
        packages[package] = True
    for package in packages:
        build = "BUILD" if package == "" else package + "/BUILD"
        if package != "" or not ctx.attr.build:
            ctx.file(build, "exports_files(glob([\"*\"]))\n")
    if ctx.attr.build:
        ctx.symlink(ctx.attr.build, "BUILD")

stub_repository = repository_rule(
    implementation = _stub_repository_impl,
    attrs = {
        "build": attr.label(
            allow_single_file = True,
            doc = "the BUILD file of the root package",
        ),
        "files": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "our file -> its path in the stub",
        ),
    },
    local = True,
)

def _platforms_repository_impl(ctx):
    for path in ctx.attr.paths:
        if ctx.path(path + "/cpu").exists:
            for child in ctx.path(path).readdir():
                ctx.symlink(child, child.basename)
            return
    fail("no copy of Bazel's platforms in %s: run tools/setup" %
         ", ".join(ctx.attr.paths))

platforms_repository = repository_rule(
    implementation = _platforms_repository_impl,
    attrs = {
        "paths": attr.string_list(default = [
            "/usr/share/bazel/platforms",  # bazel-bootstrap-data
            "/usr/share/bazel/tools/platforms",  # bazel-platforms
            "/usr/share/bazel/embedded_tools/platforms",
        ]),
    },
    local = True,
)

def stub_repositories():
    """Declares every stub that a build of this workspace loads."""
    stub_repository(
        name = "rules_cc",
        files = {"//tools/bazel_stubs:rules_cc.bzl": "cc/defs.bzl"},
    )
    stub_repository(
        name = "rules_java",
        files = {"//tools/bazel_stubs:rules_java.bzl": "java/defs.bzl"},
    )
    stub_repository(
        name = "rules_shell",
        files = {
            "//tools/bazel_stubs:sh_binary.bzl": "shell/sh_binary.bzl",
            "//tools/bazel_stubs:sh_test.bzl": "shell/sh_test.bzl",
        },
    )
    stub_repository(
        name = "remote_coverage_tools",
        build = "//tools/bazel_stubs:coverage.BUILD.tpl",
        files = {"//tools/bazel_stubs:no_coverage.sh": "no_coverage.sh"},
    )

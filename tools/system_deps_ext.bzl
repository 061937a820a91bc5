# SPDX-License-Identifier: BSD-2-Clause
"""@system_deps for Bazel 7 and later (MODULE.bazel loads this; Bazel 4 has no
module_extension and never reads the file)."""

load("//tools:system_deps.bzl", "system_deps")

def _system_impl(_ctx):
    system_deps(name = "system_deps")

system = module_extension(implementation = _system_impl)

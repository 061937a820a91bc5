# SPDX-License-Identifier: BSD-2-Clause
"""@rules_shell//shell:sh_binary.bzl of a Bazel whose shell rules are native."""

sh_binary = native.sh_binary

# SPDX-License-Identifier: BSD-2-Clause
"""@rules_shell//shell:sh_test.bzl of a Bazel whose shell rules are native."""

sh_test = native.sh_test

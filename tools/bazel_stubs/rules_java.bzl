# SPDX-License-Identifier: BSD-2-Clause
"""@rules_java//java:defs.bzl for @bazel_tools//tools/jdk, which declares Java
tool chains in every workspace. Nothing here is written in Java."""

java_binary = getattr(native, "java_binary", None)
java_import = getattr(native, "java_import", None)
java_library = getattr(native, "java_library", None)
java_package_configuration = getattr(native, "java_package_configuration", None)
java_plugin = getattr(native, "java_plugin", None)
java_runtime = getattr(native, "java_runtime", None)
java_test = getattr(native, "java_test", None)
java_toolchain = getattr(native, "java_toolchain", None)

# SPDX-License-Identifier: BSD-2-Clause
"""@rules_cc//cc:defs.bzl of a Bazel whose C rules are native."""

# Bazel's embedded tools load these by name, whether or not they use them.
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = getattr(native, "cc_proto_library", None)
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = getattr(native, "fdo_prefetch_hints", None)
fdo_profile = getattr(native, "fdo_profile", None)
objc_library = getattr(native, "objc_library", None)

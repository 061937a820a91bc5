#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
echo "pollux: coverage reports need Bazel's own remote_coverage_tools" >&2
exit 1

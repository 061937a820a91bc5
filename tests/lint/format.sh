#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every C file is as .clang-format says.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
lint_need clang-format

files=$(lint_find core shim tools tests -- '*.c' '*.h')
lint_count "$files"
xargs clang-format --dry-run -Werror <<<"$files"

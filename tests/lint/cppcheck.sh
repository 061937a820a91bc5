#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# cppcheck's warnings and portability findings over what is shipped.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
lint_need cppcheck

files=$(lint_find core shim tools -- '*.c')
lint_count "$files"
# A syntax error that only cppcheck sees would silence it for the file.
xargs cppcheck --quiet --enable=warning,portability --inline-suppr \
	--error-exitcode=1 --std=c11 -j 2 -D_GNU_SOURCE= -D__x86_64__=1 \
	-I. -Ishim/include <<<"$files"

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# clang-tidy, with the checks of .clang-tidy, over what is shipped.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
lint_need clang-tidy

files=$(lint_find core shim tools -- '*.c')
lint_count "$files"
python=$(/usr/bin/python3 -c \
	'import sysconfig; print(sysconfig.get_paths()["include"])')
# shellcheck disable=SC2016 # for the inner shell
xargs -P 2 -n 8 sh -c '
	python=$0
	clang-tidy --quiet "$@" -- -std=gnu17 -D_GNU_SOURCE= -I. \
		-isystem shim/include -isystem "$python" \
		-Wno-unknown-warning-option 2>&1
' "$python" <<<"$files" | grep -v ' warnings\? generated'
exit "${PIPESTATUS[0]}"

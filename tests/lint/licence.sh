#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every source file names its licence near its top.
. "$(dirname "$(readlink -f "$0")")/lib.sh"

files=$(lint_find .ci core shim tools tests -- '*.c' '*.h' '*.S' '*.def' \
	'*.inc' '*.lds' '*.py' '*.sh' '*.bzl' BUILD)
lint_count "$files"
status=0
while read -r file; do
	if ! head -n 5 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause'; then
		echo "$file: no SPDX-License-Identifier in the first five lines"
		status=1
	fi
done <<<"$files"
exit "$status"

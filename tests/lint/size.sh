#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# No function is longer than 70 lines, no C file longer than 500.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
lint_need ctags

files=$(lint_find core shim tools tests -- '*.c' '*.h')
lint_count "$files"
functions=$(xargs ctags -f - --languages=C,C++ --kinds-C=f --kinds-C++=f \
	--fields=+ne <<<"$files" | grep -c 'end:')
echo "$functions functions"
[ "$functions" -gt 0 ] || exit 1

xargs ctags -f - --languages=C,C++ --kinds-C=f --kinds-C++=f \
	--fields=+ne <<<"$files" | awk -F '\t' '
	{
		line = end = 0
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/)
				line = substr($i, 6)
			if ($i ~ /^end:/)
				end = substr($i, 5)
		}
		if (end - line + 1 > 70) {
			printf "%s:%d: %s has %d lines, 70 at most\n",
			    $2, line, $1, end - line + 1
			bad = 1
		}
	}
	END { exit bad }'
status=$?

while read -r file; do
	lines=$(wc -l <"$file")
	if [ "$lines" -gt 500 ]; then
		echo "$file: $lines lines, 500 at most"
		status=1
	fi
done <<<"$files"
exit "$status"

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The manual page formats without a complaint, and names every command and
# option of the help texts.
# POLLUX_CLI comes from the BUILD file.
# shellcheck disable=SC2153,SC2154 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

if command -v mandoc >/dev/null; then
	run mandoc -T lint -W warning "$PAGE"
	code_is 0
	run mandoc -T ascii "$PAGE"
elif command -v groff >/dev/null; then
	run groff -mdoc -Tascii -P-c -ww -rLL=78n "$PAGE"
	err_lines 0
else
	echo "SKIP: neither mandoc nor groff is here"
	exit 77
fi
code_is 0
# No bold, no underline.
sed 's/.\x08//g' "$out" >"$work/page"
for part in NAME SYNOPSIS DESCRIPTION ENVIRONMENT 'EXIT STATUS' EXAMPLES; do
	check "has $part" grep -q "^$part" "$work/page"
done

"$POLLUX_CLI" --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' >"$work/commands"
while read -r command; do
	check "knows $command" grep -q "pollux $command" "$work/page"
	"$POLLUX_CLI" help "$command" | grep -oE '^ +-[-a-zA-Z, -]*' |
		grep -oE -- '--[a-z-]+|-[A-Z]\b' >"$work/options"
	while read -r option; do
		check "knows $option of $command" \
			grep -qE -- "$option([^a-z-]|$)" "$work/page"
	done <"$work/options"
done <"$work/commands"
done_testing

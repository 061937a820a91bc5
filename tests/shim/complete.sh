#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Whatever libc does to descriptors inside the calls that we wrap is noted: the
# history of all processes (the program, the shell of popen, the child on the
# terminal, the daemon) stays complete, so findings may be certain.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
# The pipe ends with the last process, the daemon's: it holds number 9.
{
	LD_PRELOAD=$POLLUX_PRELOAD \
		POLLUX_OPTIONS=level=log:log_path=$tmp/record "$COMPLETE" 9>&1
} | cat >"$tmp/out"
[ "$(cat "$tmp/out")" = 0 ] || { echo "FAILED:"; cat "$tmp/out"; exit 1; }
"$COUNTS" "$tmp/record"
"$COUNTS" "$tmp/record" | head -n 2 | tr '\n' ' ' |
	grep -q '^processes 4 unseen 0 $' ||
	{ echo "FAILED: the history is not complete"; exit 1; }

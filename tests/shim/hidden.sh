#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A descriptor of ours is not there for the program, survives what it does to
# numbers that it does not know, and goes with it over exec.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
LD_PRELOAD=$POLLUX_PRELOAD POLLUX_OPTIONS=log_path=$tmp/empty env true
for number in 9 1000; do
	cp "$tmp/empty" "$tmp/record"
	eval "exec $number<>'$tmp/record'"
	LD_PRELOAD=$POLLUX_PRELOAD \
		POLLUX_OPTIONS=level=log:log=fd:$number:follow=1 \
		"$HIDDEN" "$tmp/record" || exit 1
	eval "exec $number>&-"
	"$COUNTS" "$tmp/record"
	# The empty record's, the program, its child of fork, and itself again.
	"$COUNTS" "$tmp/record" | grep -q '^processes 4$' ||
		{ echo "not all processes are in the record"; exit 1; }
done

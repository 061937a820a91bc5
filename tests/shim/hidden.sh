#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A descriptor of ours is not there for the program, survives what it does to
# numbers that it does not know, and goes with it over exec.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
# Foreign programs leak; that is not the question here.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
LD_PRELOAD=$POLLUX_PRELOAD POLLUX_OPTIONS=log_path=$tmp/empty env true
for number in 9 1000; do
	cp "$tmp/empty" "$tmp/record"
	eval "exec $number<>'$tmp/record'"
	LD_PRELOAD=$POLLUX_PRELOAD \
		POLLUX_OPTIONS=level=log:log=fd:$number:follow=1 \
		"$HIDDEN" "$tmp/record" || exit 1
	eval "exec $number>&-"
	"$COUNTS" "$tmp/record"
	# The empty record's, the program, its child of fork, itself again from
	# a vfork, and itself again.
	"$COUNTS" "$tmp/record" | grep -q '^processes 5$' ||
		{ echo "not all processes are in the record"; exit 1; }
done

# Python closes everything in the child of a vfork, and so do others.
if command -v python3 >/dev/null; then
	cp "$tmp/empty" "$tmp/record"
	LD_PRELOAD=$POLLUX_PRELOAD POLLUX_OPTIONS=log=fd:1000:follow=1 \
		python3 -I -S -c 'import subprocess as s
for i in range(4): s.run(["/usr/bin/env", "true"], close_fds=True, env={})' \
		1000<>"$tmp/record" || exit 1
	# env becomes true: one process, but two programs, each with a slot.
	n=$("$COUNTS" "$tmp/record" | awk '/^processes/ { print $2 }')
	echo "python: $n processes"
	[ "$n" -ge 9 ] || { echo "FAILED: children of Python"; exit 1; }
fi

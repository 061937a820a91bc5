#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every behaviour of behave.c: the same output and status natively, preloaded,
# listened to, listened to with a descriptor of ours in the process (which turns
# on everything that looks into the table of descriptors), and by the engine.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

# compare BEHAVIOUR WAY STATUS - with the native run.
compare() {
	if [ "$3" -ne 0 ] || ! diff "$tmp/native" "$tmp/$2" >&2; then
		echo "FAILED: $1, $2: status $3"
		grep -B1 "^expected" "$tmp/$2"
		failed=1
	fi
}

# region FILE - an empty record: a process that does nothing makes one.
region() {
	POLLUX_OPTIONS=log_path=$1 LD_PRELOAD=$POLLUX_PRELOAD env true
}

unset POLLUX_OPTIONS
for name in $("$BEHAVE" --list); do
	case $name:$POLLUX_PRELOAD in
	# The sanitizer's own wrappers read bad pointers before anybody else.
	bad_pointers:*libasan*) continue ;;
	esac
	"$BEHAVE" "$name" >"$tmp/native"
	compare "$name" native $?
	LD_PRELOAD=$POLLUX_PRELOAD "$BEHAVE" "$name" >"$tmp/silent"
	compare "$name" silent $?
	LD_PRELOAD=$POLLUX_PRELOAD \
		POLLUX_OPTIONS=log_path=$tmp/record:level=log \
		"$BEHAVE" "$name" >"$tmp/heard"
	compare "$name" heard $?
	region "$tmp/region"
	LD_PRELOAD=$POLLUX_PRELOAD \
		POLLUX_OPTIONS=level=log:follow=1:log=fd:9 \
		"$BEHAVE" "$name" >"$tmp/tracked" 9<>"$tmp/region"
	compare "$name" tracked $?
	# A known difference of the engine: in a handler that interrupted a change
	# of the same set a change waits for its turn, and a wait is EINTR.
	if [ "$name" != handlers ]; then
		LD_PRELOAD=$POLLUX_PRELOAD POLLUX_OPTIONS=truth=engine \
			"$BEHAVE" "$name" >"$tmp/engine"
		compare "$name" engine $?
	fi
	echo "$name: $(wc -l <"$tmp/native") lines, $("$COUNTS" "$tmp/region" |
		awk '{ n += $2 } END { print n }') calls"
	rm -f "$tmp/record" "$tmp/region"
done
exit "$failed"

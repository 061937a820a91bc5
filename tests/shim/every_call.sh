#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every name of shim/calls.def: an unmodified program that makes that call once
# prints the same natively, preloaded and listened to (result, errno, output,
# exit status), and the call was counted exactly once under its name.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
fail() {
	echo "FAILED: $*"
	failed=1
}

# run NAME SETTINGS FILE - output and status of one call, in FILE.
run() {
	# shellcheck disable=SC2086 # several settings
	{
		env -u POLLUX_OPTIONS $2 "$EVERY_CALL" "$1" 2>&1 </dev/null
		echo "status $?"
	} | sort >"$3" # which also waits for the child of daemon
}

# counted API RECORD - how often that call was counted.
counted() {
	"$COUNTS" "$2" "$1" | awk '{ print $2 }'
}

preload="LD_PRELOAD=$POLLUX_PRELOAD"
run none "$preload POLLUX_OPTIONS=log_path=$tmp/none" "$tmp/out"
n=0
while read -r name api; do
	record=$tmp/$name.record
	run "$name" A=0 "$tmp/native"
	run "$name" "$preload" "$tmp/silent"
	run "$name" "$preload POLLUX_OPTIONS=log_path=$record" "$tmp/heard"
	grep -q . "$tmp/native" || fail "$name prints nothing natively"
	diff "$tmp/native" "$tmp/silent" >&2 || fail "$name differs, preloaded"
	diff "$tmp/native" "$tmp/heard" >&2 || fail "$name differs, listened to"
	base=$(counted "$api" "$tmp/none")
	now=$(counted "$api" "$record")
	[ "$now" = $((base + 1)) ] ||
		fail "$name: counted $now times as $api, at rest $base"
	rm -f "$record"
	n=$((n + 1))
done < <("$EVERY_CALL" --list)
echo "$n names"
[ "$n" -ge 90 ] || fail "the list is short"
exit "$failed"

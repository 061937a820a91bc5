#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: doors.sh direct|preload|dlopen|through
#
# Runs the conformance programs in one way of being in a process, in each state:
# the queue private or already looked at from outside, alone or in the company of
# other threads. KQ_TEST_*: the programs; KQ_THROUGH: the library between, if any.
# KQ_LIMITS lists the tests that are known to fail there, one a line, with a reason
# behind a '#': each of them must fail, and nothing else may.
set -u

door=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

preload=
case $door in
direct) ;;
preload) preload=$POLLUX_PRELOAD ;;
dlopen) export KQ_DOOR_OBJECT=$POLLUX_SO KQ_BLIND=1 ;;
through)
	export LD_LIBRARY_PATH=${POLLUX_SO%/*}:${KQ_THROUGH%/*} KQ_BLIND=1
	;;
*) exit 2 ;;
esac
sed -e 's/[ \t]*#.*//' -e '/^$/d' "$KQ_LIMITS" | sort -u >"$dir/expected"
status=0

# run_all STATE ... - every program, with these variables set.
run_all() {
	local name n_tests=0

	: >"$dir/failed"
	: >"$dir/all"
	for name in ${!KQ_TEST_@}; do
		env "$@" CK_VERBOSITY=verbose ${preload:+LD_PRELOAD="$preload"} \
			"${!name}" >"$dir/log" 2>&1
		grep -E ':[PFES]:' "$dir/log" >"$dir/results"
		n_tests=$((n_tests + $(wc -l <"$dir/results")))
		if ! [ -s "$dir/results" ]; then
			echo "FAILED: $name ran nothing"
			cat "$dir/log"
			echo "$name" >>"$dir/failed"
		fi
		grep -E ':[FES]:' "$dir/results" | tee -a "$dir/all" |
			sed -E 's/^[^:]*:[0-9]+:[FES]:[^:]*:([^:]*):.*/\1/' \
				>>"$dir/failed"
	done
	sort -u "$dir/failed" >"$dir/got"
	echo "door $door, $*: $n_tests tests, $(wc -l <"$dir/got") names differ"
	if ! diff "$dir/expected" "$dir/got" >"$dir/diff"; then
		echo "FAILED: '<' is a listed limit that holds no more, '>' is new"
		cat "$dir/diff"
		sed -n 's/^> //p' "$dir/diff" | while read -r name; do
			grep ":$name:" "$dir/all"
		done
		status=1
	fi
	if [ "$n_tests" -lt 300 ]; then
		echo "FAILED: too few tests"
		status=1
	fi
}

run_all KQ_STATE=private,alone
run_all KQ_SEEN=1
run_all KQ_COMPANY=1
run_all KQ_SEEN=1 KQ_COMPANY=1
exit "$status"

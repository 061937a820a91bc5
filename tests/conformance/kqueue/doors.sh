#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: doors.sh preload|dlopen|through
#
# Runs the conformance programs in a way of being in a process that is not the
# direct link. KQ_TEST_*: the programs; KQ_THROUGH: the library between, if any.
# KQ_LIMITS lists the tests that are known to fail there, one a line, with a reason
# behind a '#': each of them must fail, and nothing else may.
set -u

door=$1
limits=$KQ_LIMITS
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

case $door in
preload) export LD_PRELOAD=$POLLUX_PRELOAD ;;
dlopen) export KQ_DOOR_OBJECT=$POLLUX_SO KQ_BLIND=1 ;;
through)
	export LD_LIBRARY_PATH=${POLLUX_SO%/*}:${KQ_THROUGH%/*} KQ_BLIND=1
	;;
*) exit 2 ;;
esac
export CK_VERBOSITY=verbose CK_TIMEOUT_MULTIPLIER=2

n_tests=0
for name in ${!KQ_TEST_@}; do
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

touch "$dir/failed" "$dir/all"
sed -e 's/[ \t]*#.*//' -e '/^$/d' "$limits" | sort -u >"$dir/expected"
sort -u "$dir/failed" >"$dir/got"
echo "door $door: $n_tests tests, $(wc -l <"$dir/got") names differ"
if ! diff "$dir/expected" "$dir/got" >"$dir/diff"; then
	echo "FAILED: '<' is a listed limit that holds no more, '>' is new"
	cat "$dir/diff"
	sed -n 's/^> //p' "$dir/diff" | while read -r name; do
		grep ":$name:" "$dir/all"
	done
	exit 1
fi
[ "$n_tests" -gt 300 ] || { echo "FAILED: too few tests"; exit 1; }

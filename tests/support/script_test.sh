#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: script_test.sh NAME=PATH ... -- SCRIPT ARG ...
#
# Runs SCRIPT with each NAME set to the absolute form of PATH. Bazel hands a
# test paths that are relative to its runfiles, and a test of preloading must
# change directory, so each plx_script_test comes through here. A script that
# exits 77 is skipped; Bazel knows no such thing, so the log says it.
set -u

while [ $# -gt 0 ] && [ "$1" != -- ]; do
	export "${1%%=*}=$PWD/${1#*=}"
	shift
done
shift
script=$PWD/$1
shift

if [ -n "${POLLUX_SO-}" ]; then
	# An instrumented object needs its runtime in front of it.
	POLLUX_PRELOAD=$POLLUX_SO
	asan=$(ldd "$POLLUX_SO" | awk '$1 ~ /^libasan/ { print $3 }')
	if [ -n "$asan" ]; then
		POLLUX_PRELOAD=$asan:$POLLUX_SO
	fi
	export POLLUX_PRELOAD
fi

"$script" "$@"
status=$?
if [ "$status" -eq 77 ]; then
	echo "TARGET SKIPPED: see SKIP above"
	exit 0
fi
exit "$status"

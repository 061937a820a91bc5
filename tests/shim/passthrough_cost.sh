#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a process pays for being preloaded, left alone and counted. The numbers are
# for a reader and for `pollux bench passthrough` (the aim: 5 ns a call, 2 %, built
# with --config=opt); only what is wrong by an order of magnitude fails here, since
# a busy machine may disturb any of it. The best of three counts.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# measure LIMIT_NS LIMIT_RATIO [OPTIONS]
measure() {
	for ((i = 0; i < 3; i++)); do
		env LD_PRELOAD="$POLLUX_PRELOAD" ${3:+"POLLUX_OPTIONS=$3"} \
			"$BENCH" || exit 1
	done | sort -k1,1 -k4,4n | awk -v ns="$1" -v ratio="$2" '
		$1 != last { print; last = $1
			calls = $1 == "dup+close" ? 2 : 1
			if ($4 > ns * calls || $5 > ratio) {
				print "FAILED: " $1; bad = 1
			}
			n++
		}
		END { exit bad || n < 8 }'
}

unset POLLUX_OPTIONS
status=0
echo "name    bare_ns wrapped_ns difference_ns ratio"
echo "not configured:"
measure 150 2 || status=1
echo "counted:"
measure 400 4 "log_path=$tmp/record" || status=1
exit "$status"

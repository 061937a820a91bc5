#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a process pays for being preloaded and left alone: at most 5 ns a call
# (two of them for dup and close) and 2 %, and being counted at most 40 ns. A
# busy machine may disturb one run, so the best of three counts.
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
measure 5 1.02 || status=1
echo "counted:"
measure 40 1.4 "log_path=$tmp/record" || status=1
exit "$status"

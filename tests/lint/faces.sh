#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The core knows no face: none of their constants outside the backend and the
# file of system calls. Comments may speak of them, so they are taken out first.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
lint_need gcc

files=$(lint_find core -- '*.c' '*.h' '*.inc' '*.def')
lint_count "$files"
status=0
while read -r file; do
	case $file in
	core/backend*.[ch] | core/sys.[ch]) continue ;;
	core/report_abi.h) continue ;; # names of calls, for reports
	esac
	# Keeps the lines where they are.
	found=$(gcc -fpreprocessed -dD -E -P -w -x c - <"$file" 2>/dev/null |
		grep -nE '\b(EPOLL[A-Z0-9_]*|EVFILT_[A-Z]+|EV_[A-Z0-9]+|NOTE_[A-Z]+|fd_set|FD_(SET|CLR|ISSET|ZERO)|DP_[A-Z]+|POLL(IN|OUT|PRI|ERR|HUP|NVAL|RDHUP))\b')
	if [ -n "$found" ]; then
		echo "$file: a face's constant:"
		echo "$found"
		status=1
	fi
done <<<"$files"
exit "$status"

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Shell scripts, by shellcheck: all that starts with a shell's #! line or is sourced.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
lint_need shellcheck

files=$(find .ci shim core tools tests -type f -print |
	while read -r file; do
		if head -n 1 "$file" | tr -d '\0' |
			grep -qE '^#!.*\b(ba|da)?sh$|^# shellcheck shell='; then
			echo "$file"
		fi
	done | sort)
lint_count "$files"
# SC1091: sourced by a path that is known at run time only; SC2317: traps.
xargs shellcheck -x -e SC1091,SC2317 <<<"$files"

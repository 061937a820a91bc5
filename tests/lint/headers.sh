#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Each header compiles alone, and the public ones also as C11 and as C++, with
# no feature macro of the includer's.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
lint_need gcc

files=$(lint_find core shim tools tests -- '*.h')
lint_count "$files"
status=0
empty=$(mktemp) || exit 1
trap 'rm -f "$empty"' EXIT

compiles() {
	local file=$1

	shift
	if ! "$@" -fsyntax-only -Wall -Werror -include "$file" \
		-isystem shim/include "$empty"; then
		echo "$file: does not compile alone by: $*"
		status=1
	fi
}

while read -r file; do
	case $file in
	shim/include/*)
		compiles "$file" gcc -x c -std=c11
		if command -v g++ >/dev/null; then
			compiles "$file" g++ -x c++ -std=c++11
		fi
		;;
	*) compiles "$file" gcc -x c -std=gnu17 -D_GNU_SOURCE= -I. ;;
	esac
done <<<"$files"
exit "$status"

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# <sys/event.h> compiles in each dialect, pedantic and with all warnings as
# errors, alone and after and before the headers of Linux, with and without
# _GNU_SOURCE; its prototypes are those that C++ links by. And it is not where
# programs find it without being told: they would prefer kqueue to epoll.
set -u

include=$(dirname "$(readlink -f "$LINT_ROOT")")/shim/include
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

cat >"$dir/alone.c" <<'END'
#include <sys/event.h>
int use(struct kevent *out, int *n);
int use(struct kevent *out, int *n)
{
	EV_SET(&out[*n], -1, EVFILT_READ, EV_ADD | EV_CLEAR, NOTE_LOWAT, 1, 0);
	return kevent(kqueue(), out, 1, out, 1, 0);
}
END
others='#include <sys/epoll.h>
#include <poll.h>
#include <signal.h>
#include <aio.h>
#include <sys/mount.h>'
{ echo "$others"; cat "$dir/alone.c"; } >"$dir/after.c"
{ echo '#include <sys/event.h>'; echo "$others"; cat "$dir/alone.c"; } \
	>"$dir/before.c"

status=0
tried=0
try() {
	tried=$((tried + 1))
	if ! "$@" -I"$include" -pedantic -Wall -Wextra -Werror -Wconversion \
		-Wsign-conversion -Wundef -c -o "$dir/out.o"; then
		echo "FAILED: $*"
		status=1
	fi
}

for compiler in gcc clang g++ clang++; do
	command -v "$compiler" >/dev/null || continue
	case $compiler in
	*++) dialects="-std=c++11 -std=c++17 -std=gnu++17" language=c++ ;;
	*) dialects="-std=c99 -std=c11 -std=c17 -std=gnu17" language=c ;;
	esac
	for dialect in $dialects; do
		for source in alone after before; do
			try "$compiler" "$dialect" -U_GNU_SOURCE -x $language \
				"$dir/$source.c"
			try "$compiler" "$dialect" -U_GNU_SOURCE -D_GNU_SOURCE \
				-x $language "$dir/$source.c"
		done
	done
done

# C linkage from C++.
if command -v g++ >/dev/null; then
	g++ -I"$include" -x c++ -c -o "$dir/out.o" "$dir/alone.c" || status=1
	if ! nm "$dir/out.o" | grep -q ' U kevent$'; then
		echo "FAILED: kevent has no C linkage in C++"
		status=1
	fi
fi

# Not on the default path.
if echo '#include <sys/event.h>' | gcc -E -o "$dir/out.i" - 2>/dev/null; then
	echo "FAILED: <sys/event.h> is found without being asked for"
	status=1
fi

echo "$tried compilations"
[ "$tried" -ge 24 ] || { echo "SKIP: no compilers"; exit 77; }
exit "$status"

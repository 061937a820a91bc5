#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A program with more rights than its user (AT_SECURE) takes no orders from the
# environment, even when it is linked with the shared object itself: no record
# is written, no help printed, and it works.
set -u

if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null ||
	! command -v gcc >/dev/null; then
	echo "SKIP: needs root, setpriv and gcc"
	exit 77
fi
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
mkdir -m 777 "$tmp/open"
cp "$POLLUX_SO" "$tmp/libpollux.so.0"
chmod 755 "$tmp/libpollux.so.0"
cat >"$tmp/p.c" <<'END'
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
int
main(void)
{
	printf("%d %d\n", geteuid() != getuid(), poll(NULL, 0, 0));
	return 0;
}
END
# By absolute path: a secure program ignores most others.
gcc -o "$tmp/p" "$tmp/p.c" "$tmp/libpollux.so.0" -Wl,-rpath,"$tmp" \
	-Wl,--no-as-needed || exit 1
cp "$tmp/p" "$tmp/plain"
chmod 4755 "$tmp/p"

as_nobody() {
	setpriv --reuid=65534 --clear-groups env \
		POLLUX_OPTIONS=help=1:log_path="$tmp/open/$1.record" "$tmp/$1"
}

status=0
# First that the same program, without rights, does take them.
as_nobody plain >"$tmp/out" 2>&1
if ! grep -q '^0 0$' "$tmp/out" || ! grep -q follow= "$tmp/out" ||
	! [ -s "$tmp/open/plain.record" ]; then
	echo "FAILED: not even a plain program listens"
	cat "$tmp/out"
	status=1
fi
as_nobody p >"$tmp/out" 2>&1
cat "$tmp/out"
if grep -q '^0 0$' "$tmp/out"; then
	echo "SKIP: set-user-id has no effect in $tmp"
	exit 77
fi
[ "$(cat "$tmp/out")" = '1 0' ] || { echo "FAILED: not silent"; status=1; }
[ ! -e "$tmp/open/p.record" ] || { echo "FAILED: a record"; status=1; }
exit "$status"

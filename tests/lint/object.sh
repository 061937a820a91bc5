#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the loader needs to know about the shared object.
set -u

status=0
dynamic=$(readelf -dW "$POLLUX_SO")
expect() {
	if ! grep -qE "$2" <<<"$dynamic"; then
		echo "missing: $1"
		status=1
	fi
}
expect 'soname libpollux.so.0' 'SONAME.*\[libpollux\.so\.0\]'
for flag in NOW INITFIRST NODELETE; do
	expect "flag $flag" "FLAGS_1.*\\b$flag\\b"
done
needed=$(sed -nE 's/.*NEEDED.*\[(.*)\]/\1/p' <<<"$dynamic" |
	grep -vE '^(libc\.so\.6|ld-linux.*\.so\.[0-9]+)$')
if [ -n "$needed" ]; then
	echo "needed besides libc: $needed"
	status=1
fi
if grep -qE '\((RPATH|RUNPATH|TEXTREL)\)' <<<"$dynamic"; then
	echo "a run path or text relocations"
	status=1
fi
if ! readelf -lW "$POLLUX_SO" | grep -q GNU_RELRO; then
	echo "missing: relro"
	status=1
fi
if readelf -lW "$POLLUX_SO" | grep GNU_STACK | grep -q E; then
	echo "an executable stack"
	status=1
fi
exit "$status"

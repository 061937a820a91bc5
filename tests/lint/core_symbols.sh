#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The core's archive needs nothing but what is listed here: in particular no
# name that the shim replaces, no errno, no allocation, no stdio, no locale.
set -u

# From libc: plain memory and strings, and the vDSO's clock.
libc='memcpy memmove memset memcmp memchr strlen strnlen strstr
clock_gettime'
# From the loader: which object an address is in. Lock-free, no allocation.
loader='_dl_find_object'
# From the compiler and the linker.
tool='_GLOBAL_OFFSET_TABLE_ __stack_chk_fail __tls_get_addr
_Unwind_Backtrace _Unwind_GetIP _Unwind_GetIPInfo _Unwind_GetCFA'

words() {
	tr -s '[:space:]' '\n' | sort -u
}

symbols=$(nm "$CORE" | awk 'NF >= 2 { print $(NF - 1), $NF }')
undefined=$(awk '$1 == "U" || $1 == "w" { print $2 }' <<<"$symbols" | words)
defined=$(awk '$1 != "U" && $1 != "w" { print $2 }' <<<"$symbols" | words)
if [ -z "$defined" ]; then
	echo "$CORE defines nothing: this test would prove nothing"
	exit 1
fi
needed=$(comm -23 <(echo "$undefined") <(echo "$defined"))
echo "needed from outside: ${needed//$'\n'/ }"
unknown=$(comm -23 <(echo "$needed") <(words <<<"$libc $loader $tool"))
replaced=$(comm -12 <(echo "$needed") <("$NAMES" "$CALLS" | words))
if [ -n "$unknown$replaced" ]; then
	echo "not allowed in core:"
	echo "$unknown$replaced"
	exit 1
fi

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The core's archive needs nothing but what is listed here: in particular no
# name that the shim replaces, no errno, no allocation, no stdio, no locale.
set -u

# From libc: plain memory and strings, and the vDSO's clock.
libc='memcpy memmove memset memcmp memchr strlen strnlen clock_gettime abort'
# From the compiler and the linker.
tool='_GLOBAL_OFFSET_TABLE_ __stack_chk_fail __tls_get_addr
_Unwind_Backtrace _Unwind_GetIP _Unwind_GetIPInfo _Unwind_GetCFA'

undefined=$(nm -u --no-demangle "$CORE" 2>/dev/null |
	awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u)
defined=$(nm --defined-only "$CORE" 2>/dev/null |
	awk 'NF == 3 { print $3 }' | sort -u)
if [ -z "$defined" ]; then
	echo "$CORE defines nothing: this test would prove nothing"
	exit 1
fi
needed=$(comm -23 <(echo "$undefined") <(echo "$defined"))
echo "needed from outside:" $needed
unknown=$(comm -23 <(echo "$needed") \
	<(printf '%s\n' $libc $tool | sort -u))
replaced=$(comm -12 <(echo "$needed") <("$NAMES" "$CALLS" | sort -u))
if [ -n "$unknown$replaced" ]; then
	echo "not allowed in core:" $unknown $replaced
	exit 1
fi

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The doctor knows which programs cannot be preloaded, and which hide calls.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
export POLLUX_LIB=$FAKE_SO
doctor() { run "$POLLUX_CLI" doctor "$@"; }
# A line with this state and topic.
says() {
	check "says: $1 $2 $3" grep -Eq "^$1 +$2 +.*$3" "$out"
}

doctor
code_is 0
says ok kernel Linux
says ok trial 'works in true'
POLLUX_LIB=$EMPTY_SO run "$POLLUX_CLI" doctor
code_is 1
says problem trial 'did not record'

doctor "$WAITER"
code_is 0
says ok program 'dynamically linked'
says ok seen 'poll'
says ok seen 'epoll_wait'

doctor "$STATIC"
code_is 3
says cannot program 'statically linked'

doctor "$GO"
code_is 1
says problem Go 'without libc'

doctor "$RAW"
code_is 1
says problem 'not seen' '1 system call instruction of its own'

doctor "$MUSL"
code_is 3
says cannot program 'another C library'

# 32-bit: a header is enough, nobody runs it.
/usr/bin/python3 - "$work/prog32" <<'END'
import struct, sys
interp = b"/lib/ld-linux.so.2\0"
ehdr = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9) + struct.pack(
    "<HHIIIIIHHHHHH", 2, 3, 1, 0x8048000, 52, 0, 0, 52, 32, 1, 0, 0, 0)
phdr = struct.pack("<IIIIIIII", 3, 84, 84, 84, len(interp), len(interp), 4, 1)
open(sys.argv[1], "wb").write(ehdr + phdr + interp)
END
chmod +x "$work/prog32"
doctor "$work/prog32"
code_is 3
says cannot program 'another word size'
run "$POLLUX_CLI" check -- "$work/prog32"
code_is 125
err_lines 1
err_has 'word size'

# A script is its interpreter.
printf '#! %s say\n' "$WAITER" >"$work/script"
chmod +x "$work/script"
doctor "$work/script"
code_is 0
says note script "is run by $WAITER"
printf '#!%s\n' "$STATIC" >"$work/script"
doctor "$work/script"
code_is 3
run "$POLLUX_CLI" check -- "$work/script"
code_is 125
err_has 'its interpreter'
# Without a first line the shell runs it.
printf 'exit 4\n' >"$work/script"
doctor "$work/script"
code_is 0
says note program 'the shell would run it'
run "$POLLUX_CLI" run -- "$work/script"
code_is 4

doctor nosuchprogram
code_is 127
doctor "$work"
code_is 126

# Link order: the program itself must name libpollux before libc.
doctor "$LINKED"
says ok 'link order' 'before libc'
doctor "$TRANSITIVE"
code_is 1
says problem 'link order' 'libc comes before'

# Set-user-ID: only where we may make such a file.
cp "$WAITER" "$work/setuid"
chmod 755 "$work" "$work/setuid"
if chown 65534 "$work/setuid" 2>/dev/null && chmod u+s "$work/setuid"; then
	doctor "$work/setuid"
	code_is 3
	says cannot program 'set-user-ID'
	run "$POLLUX_CLI" check -- "$work/setuid"
	code_is 125
	err_has 'AT_SECURE'
else
	echo "SKIP: set-user-ID: may not give files away here"
fi
cp "$WAITER" "$work/caps"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null &&
	PATH=$PATH:/usr/sbin setcap cap_net_raw+p "$work/caps" 2>/dev/null; then
	cp "$POLLUX_CLI" "$FAKE_SO" "$work"
	POLLUX_LIB=$work/$(basename "$FAKE_SO") run setpriv --reuid=65534 \
		--clear-groups "$work/pollux" doctor "$work/caps"
	code_is 3
	says cannot program 'given capabilities'
	# For root they change nothing.
	doctor "$work/caps"
	code_is 0
else
	echo "SKIP: file capabilities: may not set them here"
fi
done_testing

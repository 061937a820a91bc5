#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The text of a report: its form, symbols with and without debug information,
# colour, and that it never goes to the program's stdout.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
export POLLUX_LIB=$FAKE_SO

run "$POLLUX_CLI" check -- "$ACTOR" say 'mine only' find 105 E certain \
	find 103 W likely call 8 5 unseen 4
out_is 'mine only'
err_has ' ERROR PX105 (certain): epoll_ctl changed the registration'
err_has ' WARNING PX103 (likely): '
err_has 'fd 26 (socket:[4711]) in set 3; epoll_ctl returned 0'
err_has 'HERE in epoll_ctl, thread '
err_has '#0 make_mistake'
err_has 'tests/cli/actor.c:'
err_has '#2 main'
err_has 'CLOSED:'
err_lacks 'OPENED'
err_has 'effect: the new owner'
err_has 'fix: EPOLL_CTL_DEL before close(2)'
err_has 'more: pollux explain PX105'
err_has '5 calls seen; coverage partial: uses io_uring'
err_has 'epoll_wait 5'
err_has 'SUMMARY: pollux: 1 error (1 certain), 1 warning, 0 suppressed, 0 repeats'
check "the worst comes first" \
	[ "$(grep -n 'PX105 (' "$err" | cut -d: -f1)" -lt \
	"$(grep -n 'PX103 (' "$err" | cut -d: -f1)" ]

# The line is the line of the call.
line=$(sed -n 's/.*#0 make_mistake.*actor\.c:\([0-9]*\).*/\1/p' "$err" | head -n 1)
check "line $line is the call" grep -q 'fake_finding\|PLX_CERTAIN' \
	<<<"$(sed -n "${line:-0}p" "$ACTOR_C")"

# Without debug information: exported names, else module and offset.
objcopy --strip-all "$ACTOR" "$work/stripped" && chmod +x "$work/stripped"
run "$POLLUX_CLI" check -- "$work/stripped" find 105 E certain
code_is 86
err_has '#0 stripped+0x'
err_lacks 'actor.c'

# A file that was replaced since gets no names of the new one. (No build-id is
# recorded by the stand-in; the real object's test is in tests/checks.)

# Colour: not without a terminal, not with NO_COLOR.
esc=$(printf '\033')
run "$POLLUX_CLI" check -- "$ACTOR" find 105 E certain
err_lacks "$esc"
run "$POLLUX_CLI" check --color=always -- "$ACTOR" find 105 E certain
err_has "${esc}[1;31m"
if command -v script >/dev/null; then
	on_terminal() {
		script -qec "$POLLUX_CLI check -- $ACTOR find 105 E certain" \
			/dev/null >"$out" 2>&1 </dev/null
	}
	TERM=xterm run on_terminal
	TERM=xterm on_terminal
	out_has "${esc}[1;31m"
	NO_COLOR=1 TERM=xterm on_terminal
	out_has 'ERROR PX105'
	out_lacks "$esc"
	TERM=dumb on_terminal
	out_lacks "$esc"
fi
NO_COLOR=1 CLICOLOR_FORCE=1 run "$POLLUX_CLI" explain PX105
out_lacks "$esc"
CLICOLOR_FORCE=1 run "$POLLUX_CLI" explain PX105
out_has "$esc"
done_testing

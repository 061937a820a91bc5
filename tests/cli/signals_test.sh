#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Signals are passed on; daemons are waited for; --while drives a server.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
export POLLUX_LIB=$FAKE_SO

# Starts `pollux check OPTIONS -- actor WORDS` and waits until it says ready.
start() {
	mkfifo "$work/fifo" 2>/dev/null
	ran=$*
	"$POLLUX_CLI" "$@" >"$work/fifo" 2>"$err" </dev/null &
	pid=$!
	exec 7<"$work/fifo"
	read -r -t 20 -u 7 line
	check "the program is ready" [ "$line" = ready ]
}
finish() {
	cat <&7 >"$out"
	exec 7<&-
	wait "$pid"
	code=$?
}

for signal in INT TERM; do
	number=$(kill -l $signal)
	start check -- "$ACTOR" find 105 E certain await exit 7
	kill -$signal "$pid"
	finish
	out_is "got $number"
	code_is 7
	err_has 'ERROR PX105'
	err_has 'SUMMARY'
done
# A background job of a script has SIGINT ignored; the child must see it so.
start check -- "$ACTOR" await find 105 E certain
kill -TERM "$pid"
finish
out_is 'got 15'
code_is 86

# ^C goes to the whole group by the terminal: the program gets it once.
run /usr/bin/python3 "$(dirname "$(readlink -f "$0")")/pty_interrupt.py" \
	"$POLLUX_CLI" check --color=never -- \
	"$ACTOR" find 105 E certain pid await await exit 7
code_is 7
check "one SIGINT" [ "$(grep -c 'got 2' "$out")" -eq 1 ]
out_has 'got 15'
out_has 'ERROR PX105'
err_lines 0

# A signal that it does not handle kills the program, and us.
run "$POLLUX_CLI" check -- sh -c 'kill -TERM $PPID; exec "$0" poll' "$ACTOR"
code_is 143
err_has SUMMARY

# A daemon: the first process ends at once; what it leaves behind is awaited.
run "$POLLUX_CLI" check -- "$ACTOR" daemon find 105 E certain say late
code_is 86
out_is late
err_has '(forked)'
# The exit code is the first child's.
run "$POLLUX_CLI" check -- "$ACTOR" daemon exit 5
code_is 0
# --no-wait: the report is made at the end of the first.
mkfifo "$work/fifo2"
ran='check --no-wait with a daemon'
"$POLLUX_CLI" check --no-wait -- "$ACTOR" daemon pid await \
	>"$work/fifo2" 2>"$err" </dev/null &
pid=$!
exec 8<"$work/fifo2"
read -r -t 20 -u 8 daemon
wait "$pid"
code=$?
code_is 0
err_has SUMMARY
check "the daemon lives on" kill -TERM "$daemon"
exec 8<&-

# A killed program keeps its findings.
run "$POLLUX_CLI" check -- "$ACTOR" find 105 E certain kill 9
code_is 137
err_has 'ERROR PX105'
run "$POLLUX_CLI" check -- "$ACTOR" child find 105 E certain kill 11
err_has 'ERROR PX105'

# --while: runs beside the program once that waits, then ends it.
run "$POLLUX_CLI" check --while='echo beside; kill -0 $POLLUX_PID' -- \
	"$ACTOR" find 105 E likely poll
code_is 0
out_is beside
err_has 'PX105 (likely)'
run "$POLLUX_CLI" check --while='exit 3' -- "$ACTOR" poll
code_is 3
err_has 'the command of --while failed'
run "$POLLUX_CLI" check --while='true' -- "$ACTOR" find 105 E certain poll
code_is 86
# The command is not watched.
run "$POLLUX_CLI" check --while='echo "${LD_PRELOAD-none}"' -- "$ACTOR" poll
out_is none
# The program ends first: by itself is fine, if the command ends, too.
run "$POLLUX_CLI" check --while='kill -TERM $POLLUX_PID' -- \
	"$ACTOR" call 3 1 await
code_is 0
run "$POLLUX_CLI" check --while='kill $POLLUX_PID; exec cat <'"$work/fifo" -- \
	"$ACTOR" call 3 1 await
code_is 143
err_has 'the command of --while failed with 143'
# Never up: the command is not run, and that is no success.
run "$POLLUX_CLI" check --while='echo ran' -- "$ACTOR" exit 0
code_is 125
out_is ''
err_has 'ended before the command of --while was run'
# A daemon is driven, too, and ended.
run "$POLLUX_CLI" check --while='echo beside' -- "$ACTOR" daemon poll
code_is 0
out_is beside
# It handles SIGTERM itself, and with its own code.
run "$POLLUX_CLI" check --while='true' -- "$ACTOR" call 3 1 await exit 6
code_is 6
out_has 'got 15'
done_testing

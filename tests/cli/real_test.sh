#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The command line with the real object: attach, counts, follow, daemons,
# sanitized programs, reports from a file, the benchmark.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ is text.
# shellcheck disable=SC2016,SC2153,SC2154 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
here=$(dirname "$(readlink -f "$0")")
json_ok() { check "JSON is right: $*" /usr/bin/python3 "$here/json_check.py" "$@"; }

# Found beside the command line, without any variable.
unset POLLUX_LIB
run "$POLLUX_CLI" check --json="$work/j" -- "$WAITER"
code_is 0
out_is ''
err_has 'SUMMARY: pollux: 0 errors'
json_ok "$work/j" "findings == 0" "summaries == 1" \
	"s[0]['calls']['poll'] == 1 and s[0]['calls']['epoll_wait'] == 1" \
	"s[0]['exe'].endswith('waiter') and s[0]['coverage'] == 'full'"

# No descriptor of ours is open in the program; one where it is followed.
run "$POLLUX_CLI" check -q --no-follow -- \
	sh -c 'ls -l /proc/$$/fd | grep -c pollux'
out_is 0
run "$POLLUX_CLI" check -q -- sh -c 'ls -l /proc/$$/fd | grep -c pollux'
out_is 1

# Programs that it starts are followed, or not.
run "$POLLUX_CLI" check --json="$work/j" -- sh -c '"$0"; "$0"' "$WAITER"
json_ok "$work/j" "summaries >= 3" \
	"len([x for x in s if x['exe'].endswith('waiter')]) == 2"
run "$POLLUX_CLI" check --no-follow --json="$work/j" -- sh -c '"$0"; "$0"' "$WAITER"
json_ok "$work/j" \
	"len([x for x in s if x['exe'].endswith('waiter')]) == 0"
run "$POLLUX_CLI" run --stats --follow -- sh -c '"$0"; exit 3' "$WAITER"
code_is 3
err_has 'waiter'
err_has 'epoll_wait 1'

# A program that cannot be followed is said to be missing.
run "$POLLUX_CLI" check -- sh -c 'exec "$0"' "$STATIC"
code_is 0
err_has 'the new program was not recorded'
run "$POLLUX_CLI" check -- sh -c 'exec "$0"' "$WAITER"
err_lacks 'not recorded'
run "$POLLUX_CLI" check --no-follow -- sh -c 'exec "$0"' "$WAITER"
err_lacks 'not recorded'

# One launcher may run below another, which does not follow into its program.
for follow in --follow --no-follow; do
	run "$POLLUX_CLI" check $follow --json="$work/outer" -- \
		"$POLLUX_CLI" check --json="$work/j" -- "$STRANGER"
	code_is 86
	json_ok "$work/j" "findings == 1" "summaries == 1"
	json_ok "$work/outer" "findings == 0" \
		"'stranger' not in [x['comm'] for x in s]"
done

# A daemon is awaited, and its calls are counted.
run "$POLLUX_CLI" check --json="$work/j" -- "$ACTOR" daemon say late
code_is 0
out_is late
json_ok "$work/j" "summaries == 2" "s[1]['forked'] is True" \
	"s[1]['calls']['poll'] == 1"

# --while finds the moment by the program's own first wait.
run timeout -k 1 60 "$POLLUX_CLI" check --while='echo $POLLUX_PID' -- \
	"$ACTOR" pid poll
code_is 0
check "the pid is the program's" [ "$(sort -u "$out" | wc -l)" -eq 1 ]

# The runtime of a sanitizer goes first.
run "$POLLUX_CLI" check --json="$work/j" -- "$ASAN"
code_is 0
err_lacks 'ASan runtime does not come first'
json_ok "$work/j" "s[0]['calls']['poll'] == 1"

# In a file, and shown afterwards.
POLLUX_OPTIONS=log_path=$work/region:level=log LD_PRELOAD=$POLLUX_PRELOAD \
	run "$WAITER"
code_is 0
run "$POLLUX_CLI" report "$work/region"
code_is 0
out_has 'epoll_wait 1'
out_has 'SUMMARY'
"$POLLUX_CLI" report --json "$work/region" >"$work/j"
json_ok "$work/j" "summaries == 1" "s[0]['calls']['poll'] == 1"
run "$POLLUX_CLI" report "$WAITER"
code_is 125
err_lines 1
err_has 'not a report of pollux'
run "$POLLUX_CLI" report "$work/nosuch"
code_is 125
err_has 'No such file'

# Whatever a program with a wild pointer leaves in its region is shown, too.
for seed in 1 2 3 4 5; do
	/usr/bin/python3 "$here/random_region.py" $seed "$work/region" "$work/wild"
	run "$POLLUX_CLI" report "$work/wild"
	check "a wild region is no accident" [ "$code" -lt 100 ]
	check "no control characters" \
		[ "$(tr -d '\n' <"$out" | grep -cP '[\x00-\x1f]')" -eq 0 ]
	run "$POLLUX_CLI" report --json "$work/wild"
	check "a wild region is JSON" /usr/bin/python3 -c '
import json, sys
sys.exit(not [json.loads(line) for line in open(sys.argv[1])])
' "$out"
done
head -c 1000 "$work/region" >"$work/short"
run "$POLLUX_CLI" report "$work/short"
code_is 125
printf '\377' | dd of="$work/region" bs=1 seek=8 conv=notrunc status=none
run "$POLLUX_CLI" report "$work/region"
code_is 125
err_has 'another version'

# A real finding: its stacks, its survival, and what the levels do.
run "$POLLUX_CLI" check --json="$work/j" -- "$STRANGER"
code_is 86
out_is 'events of the new connection: 0'
json_ok "$work/j" "findings == 1" "f[0]['id'] == 'PX105'" \
	"f[0]['conf'] == 'certain' and f[0]['api'] == 'epoll_ctl'" \
	"[x['function'] for x in f[0]['stacks']['misused']] == ['conn_free', 'main']" \
	"f[0]['stacks']['registered'][1]['function'] == 'acceptor'" \
	"f[0]['stacks']['opened'][0]['function'] == 'conn_open'" \
	"f[0]['stacks']['closed'][0]['function'] == 'conn_free'"
run "$POLLUX_CLI" check -- sh -c '"$0"; kill -9 $$' "$STRANGER"
code_is 137
err_has 'ERROR PX105'
run "$POLLUX_CLI" check --level=strict -- "$STRANGER"
out_is 'events of the new connection: 1'
code_is 86
run "$POLLUX_CLI" check --level=abort -- "$STRANGER"
code_is 134
err_has 'ERROR PX105'
run "$POLLUX_CLI" check --checks=-PX105 -- "$STRANGER"
code_is 0
echo 'PX105:fun:acceptor' >"$work/supp"
run "$POLLUX_CLI" check --suppressions="$work/supp" -- "$STRANGER"
code_is 0
err_has '1 suppressed'

# The benchmark measures each call on each side.
bench() {
	run "$POLLUX_CLI" bench --rounds=1 --json "$1"
	code_is 0
	check "bench $1 has all calls" /usr/bin/python3 -c '
import json, sys
calls = {}
for line in open(sys.argv[1]):
    one = json.loads(line)
    calls[one["call"]] = one
names = set(sys.argv[2].split())
sides = sys.argv[3].split()
ok = set(calls) == names and all(c[s] > 1 for c in calls.values() for s in sides)
sys.exit(not ok)
' "$out" "$2" "$3"
}
bench passthrough 'poll select epoll_wait epoll_ctl dup+close' \
	'bare_ns off_ns log_ns'
bench kqueue 'add+delete wait:ready wait:idle wake+wait' 'epoll_ns kqueue_ns'
done_testing

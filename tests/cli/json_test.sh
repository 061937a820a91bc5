#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# JSON lines: every line is an object with the members that others build on.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
here=$(dirname "$(readlink -f "$0")")
export POLLUX_LIB=$FAKE_SO

json_ok() { check "JSON is right: $*" /usr/bin/python3 "$here/json_check.py" "$@"; }

run "$POLLUX_CLI" check --json="$work/j" -- "$ACTOR" \
	find 105 E certain find 103 W likely call 8 5 call 11 2 unseen 6 \
	child call 2 1
code_is 86
out_is ''
json_ok "$work/j" \
	"findings == 2" \
	"f[0]['id'] == 'PX105' and f[0]['sev'] == 'E'" \
	"f[0]['conf'] == 'certain' and f[0]['fails'] is True" \
	"f[0]['api'] == 'epoll_ctl' and f[0]['fd'] == 26" \
	"f[0]['fd_name'] == 'socket:[4711]' and f[0]['count'] == 1" \
	"f[0]['stacks']['misused'][0]['function'] == 'make_mistake'" \
	"f[0]['stacks']['misused'][0]['file'].endswith('actor.c')" \
	"f[0]['stacks']['misused'][0]['line'] > 0" \
	"f[1]['conf'] == 'likely' and f[1]['fails'] is False" \
	"summaries == 2" \
	"s[0]['pid'] == f[0]['pid'] and s[1]['parent'] == s[0]['pid']" \
	"s[0]['calls'] == {'epoll_wait': 5, 'close': 2, 'fork': 1}" \
	"s[1]['calls'] == {'pselect': 1} and s[1]['forked'] is True" \
	"s[0]['unseen'] == ['raw-syscalls', 'io-uring']" \
	"s[0]['coverage'] == 'partial' and s[1]['coverage'] == 'full'"

# Without findings there is still a summary; a name that is no UTF-8 is legal.
cp "$ACTOR" "$work/$(printf 'n\344me')"
run "$POLLUX_CLI" check --json="$work/j" -- "$work/$(printf 'n\344me')"
code_is 0
json_ok "$work/j" "findings == 0" "summaries == 1" "s[0]['comm'] == 'n?me'"

run "$POLLUX_CLI" run --stats --json="$work/j" -- "$ACTOR" call 8 3
json_ok "$work/j" "findings == 0" "s[0]['calls'] == {'epoll_wait': 3}"
err_has 'epoll_wait 3'

for command in 'explain' 'explain PX105 PX201' 'doctor true'; do
	# shellcheck disable=SC2086 # words
	set -- $command
	run "$POLLUX_CLI" "$1" --json "${@:2}"
	check "$command --json is JSON lines" /usr/bin/python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
sys.exit(not lines or not all(line["v"] == 1 and line["type"] for line in lines))
' "$out"
done
done_testing

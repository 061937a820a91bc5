#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: cli_test.sh PROGRAM ...
#
# The same programs through `pollux check`: the exit status (86 when the program
# ended well and a certain error was found), and one JSON line for each finding.
set -u

declare -A program
for path; do
	program[${path##*/}]=$PWD/$path
done
work=${TEST_TMPDIR:-$(mktemp -d)}
failures=0

# check NAME STATUS FINDING ...: ID:SEVERITY:CONFIDENCE:FUNCTION, the last one
# named by the misused stack.
check() {
	local name=$1 status=$2
	shift 2
	rm -f "$work/json"
	"$POLLUX_CLI" check -q "--json=$work/json" -- "${program[$name]}"
	local r=$?
	if [ "$r" -ne "$status" ]; then
		echo "FAIL: $name: status $r, expected $status"
		failures=$((failures + 1))
	fi
	if ! /usr/bin/python3 - "$work/json" "$@" <<-'EOF'; then
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		assert [x for x in lines if x["type"] == "summary"], "no summary"
		found = {}
		for x in lines:
		    if x["type"] == "finding" and x["sev"] != "I":
		        # The compiler may have made a variant: NAME.constprop.0.
		        names = [(f.get("function") or "").split(".")[0]
		                 for f in x["stacks"]["misused"]]
		        found["%s:%s:%s" % (x["id"], x["sev"], x["conf"])] = names
		want = dict(w.rsplit(":", 1) for w in sys.argv[2:])
		assert set(found) == set(want), (found, want)
		for key, function in want.items():
		    assert function in found[key], (key, found[key])
	EOF
		echo "FAIL: $name"
		failures=$((failures + 1))
	fi
}

check r18_close_before_del 86 PX104:E:certain:forget PX105:E:certain:forget
check r18_close_before_del_fix 0
check r03_fork_epoll 86 PX301:E:certain:child_tidies
check r03_fork_epoll_fix 0
check r10_pollnval 86 PX509:E:certain:loop
# A warning does not fail the run.
check px103_del_missing 0 PX103:W:certain:forget
check r07_select_setsize 0 PX501:W:likely:ask_select
check px501_stack 86 PX501:F:certain:ask
check idioms 0
[ "$failures" -eq 0 ] && echo "the command line agrees"
exit $((failures > 0))

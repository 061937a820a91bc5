#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Suppressions: each kind takes the finding it names, and no other.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
export POLLUX_LIB=$FAKE_SO

with() {
	printf '%s\n' "$1" >"$work/supp"
	run "$POLLUX_CLI" check --suppressions="$work/supp" -- \
		"$ACTOR" find 105 E certain
}
takes() {
	with "$1"
	code_is 0
	err_has '1 suppressed'
	err_lacks 'PX105 ('
	err_lacks 'not used'
}
leaves() {
	with "$1"
	code_is 86
	err_has '0 suppressed'
	err_has "suppression not used: $1"
}
takes 'PX105:fun:make_mistake'
takes 'PX105:fun:make_*'
takes 'PX1??:fun:main'
takes '*:obj:*/actor'
takes 'PX105:exe:*/actor'
takes 'PX105:site:actor.c:*'
takes "$(printf '# a comment\n\n  PX105:fun:main')"
leaves 'PX104:fun:make_mistake'
leaves 'PX105:fun:make'
leaves 'PX105:obj:*/libc.so*'
leaves 'PX105:exe:actor'
leaves 'PX105:site:actor.c:1'

for line in PX105 PX105:fun PX105:fun: :fun:main PX105:fan:main nonsense; do
	printf '\n%s\n' "$line" >"$work/supp"
	run "$POLLUX_CLI" check --suppressions="$work/supp" -- "$ACTOR" say ran
	code_is 2
	err_lines 1
	err_has "$work/supp:2: a suppression is"
	out_is ''
done

# Suppressed findings stay in the JSON, marked, and never fail the run.
echo 'PX105:fun:main' >"$work/supp"
run "$POLLUX_CLI" check --suppressions="$work/supp" --json="$work/j" -- \
	"$ACTOR" find 105 E certain find 104 E likely
code_is 0
check "the finding is marked" grep -q '"suppressed":true.*"fails":false' "$work/j"
err_has 'PX104 (likely)'
done_testing

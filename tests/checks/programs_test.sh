#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: programs_test.sh EXPECTED PROGRAM ...
#
# Runs each program of the table twice, broken and fixed (PROGRAM and
# PROGRAM_fix), with the checks on and with them off, and compares what was
# found, how sure, and which functions the stacks name. The reader of the record
# is dump_findings, which shares no code with the command line.
set -u

expected=$PWD/$1
shift
declare -A program
for path; do
	program[${path##*/}]=$PWD/$path
done
work=${TEST_TMPDIR:-$(mktemp -d)}
failures=0

fail() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# The functions of a stack, innermost first: MODULE OFFSET ... -> names.
functions() {
	while [ $# -ge 2 ]; do
		# A return address belongs to the call before it.
		[ "$1" = "?" ] ||
			addr2line -f -i -e "$1" "$(printf '0x%x' $(($2 - 1)))" |
			sed -n '1~2{s/\..*//;p}'
		shift 2
	done
}

# run NAME LEVEL: the program must do its part; leaves its findings in $work.
run() {
	rm -f "$work/region"
	# Nothing but the program itself is preloaded.
	if ! timeout 20 env "POLLUX_OPTIONS=log_path=$work/region:level=$2" \
		"LD_PRELOAD=$POLLUX_PRELOAD" "${program[$1]}" \
		>"$work/out" 2>&1; then
		fail "$1 with level=$2: $(cat "$work/out")"
		return 1
	fi
	if ! "$DUMP_FINDINGS" "$work/region" >"$work/dump"; then
		fail "$1: no record"
		return 1
	fi
	# The claim "nothing was found" is empty if nothing was watched.
	grep -q "^process .* ${1:0:15}\$" "$work/dump" ||
		fail "$1: the process was not recorded"
}

# found: ID:SEVERITY:CONFIDENCE of what is more than information.
found() {
	awk '$1 == "finding" && $3 != "I" { print $2 ":" $3 ":" $4 }' \
		"$work/dump" | sort | tr '\n' ' '
}

check_stack() {
	local name=$1 id=${2%%.*} role=${2#*.} want names places
	role=${role%%=*}
	want=${2#*=}
	read -ra places < <(sed -n "s/^stack $id $role //p" "$work/dump")
	names=$(functions "${places[@]}")
	grep -qx "$want" <<<"$names" ||
		fail "$name: $id: the $role stack does not name $want: $names"
}

check_broken() {
	local name=$1 want=() stacks=() word
	shift
	for word; do
		case $word in
		*.*=*) stacks+=("$word") ;;
		*) want+=("$word") ;;
		esac
	done
	run "$name" log || return
	word=$(printf '%s\n' "${want[@]}" | sort | tr '\n' ' ')
	[ "$(found)" = "$word" ] ||
		fail "$name: found '$(found)', expected '$word'"
	for word in "${stacks[@]}"; do
		check_stack "$name" "$word"
	done
}

check_silent() {
	run "$1" log || return
	[ -z "$(found)" ] || fail "$1: found '$(found)', expected nothing"
}

# Level off: the same program, and not even information.
check_off() {
	run "$1" off || return
	! grep -q '^finding ' "$work/dump" || fail "$1: findings at level off"
}

n=0
while read -r name rest; do
	case $name in '' | '#'*) continue ;; esac
	# shellcheck disable=SC2086 # words
	check_broken "$name" $rest
	check_silent "${name}_fix"
	check_off "$name"
	n=$((n + 1))
done <"$expected"
check_silent idioms

# Level strict: refused, and reported; and the idioms still work.
run strict strict
[ "$(found)" = "$(echo PX{105,202}:E:certain PX201:E:certain \
	PX301:E:certain PX501:F:certain PX508:E:certain | tr ' ' '\n' | sort |
	tr '\n' ' ')" ] || fail "strict: found '$(found)'"
run idioms strict

# Level abort: the program ends where the finding is.
timeout 20 env "POLLUX_OPTIONS=log_path=$work/region:level=abort" \
	"LD_PRELOAD=$POLLUX_PRELOAD" "${program[r14_excl_mod]}" \
	>"$work/out" 2>&1
status=$?
[ "$status" -eq 134 ] || fail "r14_excl_mod at level abort: status $status"
timeout 20 env "POLLUX_OPTIONS=log_path=$work/region:level=abort" \
	"LD_PRELOAD=$POLLUX_PRELOAD" "${program[idioms]}" ||
	fail "idioms at level abort: status $?"
if [ "$n" -lt 14 ]; then
	fail "only $n programs in the table"
fi
[ "$failures" -eq 0 ] && echo "$n programs as expected, their twins silent"
exit $((failures > 0))

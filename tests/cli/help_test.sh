#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Help, version, and what wrong input says. usage: help_test.sh GOLDEN
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
golden=$(dirname "$(readlink -f "$0")")

run "$POLLUX_CLI" --help
code_is 0
check "--help is as in help.golden" diff -u "$golden/help.golden" "$out"
check "--help fits a screen" [ "$(wc -l <"$out")" -le 24 ]
err_lines 0
cp "$out" "$work/help"
run "$POLLUX_CLI" help
check "help is --help" cmp -s "$work/help" "$out"
run "$POLLUX_CLI" -h
check "-h is --help" cmp -s "$work/help" "$out"

# Every command of the list has a help of its own, two ways, at most 80 columns.
commands=$(sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' "$work/help" | grep -v '^help$')
check "there are commands" [ "$(wc -w <<<"$commands")" -ge 6 ]
for command in $commands; do
	run "$POLLUX_CLI" help "$command"
	code_is 0
	out_has "usage: pollux $command"
	check "help $command has at most 80 columns" \
		[ "$(wc -L <"$out")" -le 80 ]
	cp "$out" "$work/help1"
	run "$POLLUX_CLI" "$command" --help
	code_is 0
	check "$command --help is help $command" cmp -s "$work/help1" "$out"
done

run "$POLLUX_CLI" --version
code_is 0
version=$(sed -n 's/^ *version = "\(.*\)",$/\1/p' "$MODULE" | head -n 1)
out_is "pollux $version"

# Wrong input: one line that says what to do, code 2, nothing on stdout.
wrong() {
	local says=$1

	shift
	run "$POLLUX_CLI" "$@"
	code_is 2
	err_lines 1
	err_has "$says"
	out_is ''
}
wrong 'pollux --help'
wrong 'did you mean `check`?' chekc
wrong 'did you mean `explain`?' explian
wrong 'did you mean `pollux check -- ./server`?' ./server
wrong 'pollux --help' frobnicate
# Not yet there, so not known.
wrong 'unknown command `python`' python
wrong 'the command comes first' --level=log check -- true
wrong 'did you mean --json?' check --jsn=x -- true
wrong 'did you mean --level?' check --levle=log -- true
wrong 'which program?' check
wrong 'which program?' check --
wrong 'which program?' run --stats
wrong '--level is log, strict or abort' check --level=loud -- true
wrong '--fail-on is error, warn or never' check --fail-on=x -- true
wrong '--error-exitcode is a number' check --error-exitcode=x -- true
wrong '--error-exitcode is a number' check --error-exitcode=256 -- true
wrong 'needs a value' check --json
wrong 'takes no value' check --no-wait=1 -- true
wrong 'cannot write' check --json=/nonexistent/file -- true
wrong 'No such file' check --suppressions=/nonexistent/file -- true
wrong '-E takes VAR=VALUE' run -E NAME -- true
wrong '--json needs --stats' run --json=/dev/null -- true
wrong '--color is auto, always or never' check --color=red -- true
wrong 'no finding is called PX999' explain PX999
wrong 'which file?' report
wrong 'which benchmark?' bench
wrong 'which benchmark?' bench nosuch
wrong 'one program at a time' doctor a b

# A full disk is no success.
if [ -w /dev/full ]; then
	ran="--help >/dev/full"
	"$POLLUX_CLI" --help >/dev/full 2>"$err"
	code=$?
	code_is 125
	err_has 'cannot write to standard output'
fi
done_testing

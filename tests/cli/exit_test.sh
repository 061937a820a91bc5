#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# How check and run end: each row of the table in `pollux --help`, and the end
# of the options.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
export POLLUX_LIB=$FAKE_SO
check_it() { run "$POLLUX_CLI" check "$@"; }

# The program's own.
check_it -- "$ACTOR" exit 0
code_is 0
check_it -- "$ACTOR" exit 7
code_is 7
run "$POLLUX_CLI" run -- "$ACTOR" exit 7
code_is 7
run "$POLLUX_CLI" run --stats -- "$ACTOR" exit 7
code_is 7

# A signal that killed it kills us, too: the shell sees 128+N.
for signal in 6 9 11 15; do
	check_it -- "$ACTOR" kill $signal
	code_is $((128 + signal))
	run "$POLLUX_CLI" run -- "$ACTOR" kill $signal
	code_is $((128 + signal))
done

# Findings: certain errors only, and only when the program ended well.
check_it -- "$ACTOR" find 105 E certain
code_is 86
check_it -- "$ACTOR" find 501 F certain
code_is 86
check_it -- "$ACTOR" find 105 E likely
code_is 0
check_it -- "$ACTOR" find 103 W certain
code_is 0
check_it -- "$ACTOR" find 105 I certain
code_is 0
err_lacks 'PX105 ('
err_has '1 note'
check_it -- "$ACTOR" find 105 E certain exit 9
code_is 9
err_has 'ERROR PX105 (certain)'
check_it -- "$ACTOR" find 105 E certain kill 9
code_is 137
err_has 'ERROR PX105 (certain)'

# --fail-on and --error-exitcode.
check_it --fail-on=warn -- "$ACTOR" find 103 W certain
code_is 86
check_it --fail-on=warn -- "$ACTOR" find 103 W likely
code_is 0
check_it --fail-on=never -- "$ACTOR" find 105 E certain
code_is 0
check_it --error-exitcode=55 -- "$ACTOR" find 105 E certain
code_is 55
check_it --error-exitcode 55 -- "$ACTOR" find 105 E certain
code_is 55
check_it --error-exitcode=0 -- "$ACTOR" find 105 E certain
code_is 0
err_has 'SUMMARY: pollux: 1 error (1 certain)'

# Not found, not executable, and so on, as env(1).
touch "$work/plain"
mkdir "$work/dir"
for command in check run 'run --stats'; do
	# shellcheck disable=SC2086 # two words
	run "$POLLUX_CLI" $command -- nosuchprogram
	code_is 127
	err_lines 1
	err_has 'nosuchprogram: not found'
	# shellcheck disable=SC2086
	run "$POLLUX_CLI" $command -- "$work/plain"
	code_is 126
	err_has 'not executable'
	# shellcheck disable=SC2086
	run "$POLLUX_CLI" $command -- "$work/dir"
	code_is 126
	# shellcheck disable=SC2086
	run "$POLLUX_CLI" $command -- "$work/nosuch/prog"
	code_is 127
	# Found, executable, and of no format at all: the kernel refuses.
	printf '\177ELF but not really' >"$work/bad"
	chmod +x "$work/bad"
	# shellcheck disable=SC2086
	run "$POLLUX_CLI" $command -- "$work/bad"
	check "a broken program fails" [ "$code" -ne 0 ]
done
PATH=$work:$PATH run "$POLLUX_CLI" check -- plain
code_is 126
PATH=$(dirname "$ACTOR") run "$POLLUX_CLI" check -- "$(basename "$ACTOR")" exit 4
code_is 4

# pollux itself failed.
POLLUX_LIB=/nonexistent run "$POLLUX_CLI" check -- "$ACTOR"
code_is 125
err_has 'POLLUX_LIB=/nonexistent: No such file'
mkdir "$work/with space"
cp "$FAKE_SO" "$work/with space/libpollux.so.0"
POLLUX_LIB="$work/with space/libpollux.so.0" run "$POLLUX_CLI" check -- "$ACTOR"
code_is 125
err_has 'LD_PRELOAD cannot carry'
# A program that did not load the object must not look checked.
run "$POLLUX_CLI" check -E LD_BIND_NOW=1 -- env -i "$ACTOR" exit 0
code_is 0
run "$POLLUX_CLI" check --json="$work/j" -- "$STATIC"
code_is 125
err_lines 1
err_has 'statically linked'
export POLLUX_LIB=$EMPTY_SO
run "$POLLUX_CLI" check -- "$ACTOR" say hello
code_is 125
out_is hello
err_lines 1
err_has 'nothing was checked'
run "$POLLUX_CLI" check -- "$ACTOR" exit 3
code_is 3
export POLLUX_LIB=$FAKE_SO

# The first word that is no option ends them; -- always does.
run "$POLLUX_CLI" check "$ACTOR" say --level=x exit 3
code_is 3
out_is --level=x
run "$POLLUX_CLI" check --level=log -- "$ACTOR" say -- exit 3
code_is 3
out_is --
run "$POLLUX_CLI" check -q -- "$ACTOR" find 105 E certain
code_is 86
err_lines 0

# run becomes the program: same process, same name of the first argument.
run sh -c 'echo $$; exec "$0" run -- sh -c "echo \$\$"' "$POLLUX_CLI"
check "run keeps the process id" [ "$(sort -u "$out" | wc -l)" -eq 1 ]

# The environment: -E, and what was preloaded before is kept.
run "$POLLUX_CLI" run -E FOO='a b' -- "$ACTOR" env FOO
out_is 'a b'
LD_PRELOAD=$EMPTY_SO run "$POLLUX_CLI" run -- "$ACTOR" env LD_PRELOAD
out_is "$(readlink -f "$FAKE_SO"):$EMPTY_SO"
LD_PRELOAD=$(readlink -f "$FAKE_SO") run "$POLLUX_CLI" run -- \
	"$ACTOR" env LD_PRELOAD
out_is "$(readlink -f "$FAKE_SO")"
run "$POLLUX_CLI" run -- "$ACTOR" env POLLUX_OPTIONS
out_is '(unset)'
run "$POLLUX_CLI" run --engine -- "$ACTOR" env POLLUX_OPTIONS
out_is 'truth=engine'
POLLUX_OPTIONS=data=fast run "$POLLUX_CLI" run --follow -- "$ACTOR" env POLLUX_OPTIONS
out_is 'data=fast:follow=1'
run "$POLLUX_CLI" check --level=strict --checks='a:b%c' --no-follow -- \
	"$ACTOR" env POLLUX_OPTIONS
out_has 'checks=a%3Ab%25c:level=strict:follow=0:log=fd:'
done_testing

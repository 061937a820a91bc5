# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# For the tests of the command line. run keeps what a command wrote and how it
# ended; the checks that follow look at it.
#
#     run CMD ARG...         stdout, stderr -> $out, $err (files); code -> $code
#     code_is N              the exit code (128+N after signal N)
#     out_is TEXT            all of stdout, or nothing
#     out_has, err_has TEXT  somewhere in it; out_lacks, err_lacks TEXT
#     err_lines N            so many lines
#     done_testing           the end; fails if a check failed

set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
out=$work/out
err=$work/err
code=0
failures=0
checks=0
ran=
unset LD_PRELOAD POLLUX_OPTIONS NO_COLOR CLICOLOR_FORCE

run() {
	ran=$*
	"$@" >"$out" 2>"$err" </dev/null
	code=$?
}

check() {
	local what=$1

	shift
	checks=$((checks + 1))
	if "$@"; then
		return 0
	fi
	failures=$((failures + 1))
	{
		echo "FAILED: $what"
		echo "  after: $ran (code $code)"
		sed 's/^/  out| /' "$out"
		sed 's/^/  err| /' "$err"
	} >&2
	return 1
}

code_is() { check "code is $1" [ "$code" -eq "$1" ]; }
out_is() { check "stdout is '$1'" [ "$(cat "$out")" = "$1" ]; }
out_has() { check "stdout has '$1'" grep -qF -- "$1" "$out"; }
err_has() { check "stderr has '$1'" grep -qF -- "$1" "$err"; }
lacks() { ! grep -qF -- "$1" "$2"; }
out_lacks() { check "stdout lacks '$1'" lacks "$1" "$out"; }
err_lacks() { check "stderr lacks '$1'" lacks "$1" "$err"; }
err_lines() {
	check "stderr has $1 lines" [ "$(wc -l <"$err")" -eq "$1" ]
}

done_testing() {
	echo "$checks checks, $failures failed"
	[ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
	exit
}

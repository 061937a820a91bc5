#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Programs of the machine run as they do without us, with every option on: the
# same output, the same status, the same environment. A preload that touches
# libc before its time breaks some of these at once: redis-server and sshd read
# their environment in their own way.
# shellcheck disable=SC2016 # the programs expand these, not the shell
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
ran=0
options=level=log:stacks=1:data=exact:truth=kernel:follow=1:log_path=$tmp/record

# same PROGRAM ARG ... - compares a native run with runs under us.
same() {
	if ! command -v "$1" >/dev/null; then
		echo "SKIP: no $1 here"
		return
	fi
	ran=$((ran + 1))
	"$@" >"$tmp/native" 2>&1 </dev/null
	echo "status $?" >>"$tmp/native"
	LD_PRELOAD=$POLLUX_PRELOAD "$@" >"$tmp/silent" 2>&1 </dev/null
	echo "status $?" >>"$tmp/silent"
	LD_PRELOAD=$POLLUX_PRELOAD POLLUX_OPTIONS=$options \
		"$@" >"$tmp/heard" 2>&1 </dev/null
	echo "status $?" >>"$tmp/heard"
	for way in silent heard; do
		sed -i -E '/^(LD_PRELOAD|POLLUX_OPTIONS|_)=/d' \
			"$tmp/native" "$tmp/$way"
		diff "$tmp/native" "$tmp/$way" >&2 ||
			{ echo "FAILED: $*, $way"; failed=1; }
	done
}

unset POLLUX_OPTIONS
export SOME_VARIABLE='with spaces, = and : in it'
same true
same false
same ls /
same env
same printenv SOME_VARIABLE
same git --version
same git -C / rev-parse --git-dir
same perl -e 'print map { "$_=$ENV{$_}\n" } sort keys %ENV; exit 3'
same perl -e 'print `echo from a child`; system "exit 2"; print $? >> 8'
same python3 -c 'import os
print(*(f"{k}={v}" for k, v in sorted(os.environ.items())), sep="\n")'
same python3 -c 'import subprocess as s
print(s.run(["env"], env={"A": "1"}, close_fds=True, text=True,
	capture_output=True).stdout)'
same python3 -c 'import select, os
r, w = os.pipe(); os.write(w, b"x")
p = select.poll(); p.register(r); e = select.epoll(); e.register(r, 1)
print(p.poll(), e.poll(), select.select([r], [w], [], 1))'
same bash -c 'echo a | (read x; echo $x; exit 4)'
same redis-server --version
same redis-server --no-such-option 1
same sshd -V
same /usr/sbin/sshd -V
same sort --version
same gcc -x c -fsyntax-only /dev/null
[ "$ran" -ge 10 ] || { echo "FAILED: only $ran programs here"; failed=1; }
echo "$ran programs"
"$COUNTS" "$tmp/record" | head -3

# Other objects' constructors come after ours, and call us.
EARLY=1 LD_PRELOAD="$EARLY_SO $POLLUX_PRELOAD" true ||
	{ echo "FAILED: a constructor before main, not configured"; failed=1; }
for order in "$EARLY_SO $POLLUX_PRELOAD" "$POLLUX_PRELOAD $EARLY_SO"; do
	rm -f "$tmp/record"
	EARLY=1 LD_PRELOAD=$order POLLUX_OPTIONS=log_path=$tmp/record \
		env true || { echo "FAILED: a constructor before main"; failed=1; }
	"$COUNTS" "$tmp/record" epoll_create1 epoll_ctl epoll_wait poll |
		tr '\n' ' ' >"$tmp/early"
	echo "before main: $(cat "$tmp/early")"
	grep -q '^poll 1 epoll_create1 1 epoll_ctl 1 epoll_wait 1 $' \
		"$tmp/early" ||
		{ echo "FAILED: not each call before main was seen"; failed=1; }
done

# What is not understood is one line, and the program runs.
lines=$(LD_PRELOAD=$POLLUX_PRELOAD \
	POLLUX_OPTIONS=nonsense=1:level=off true 2>&1 | wc -l)
env_lines=$(LD_PRELOAD=$POLLUX_PRELOAD POLLUX_OPTIONS=nonsense=1:level=off \
	env true 2>&1 | grep -c nonsense)
if [ "$lines $env_lines" != '0 1' ]; then
	echo "FAILED: unknown key: $lines and $env_lines lines"
	failed=1
fi
LD_PRELOAD=$POLLUX_PRELOAD POLLUX_OPTIONS=help=1 env true 2>"$tmp/help" ||
	failed=1
for key in level truth log log_path follow checks stacks data help; do
	grep -q "^  $key=" "$tmp/help" ||
		{ echo "FAILED: help does not list $key"; failed=1; }
done
exit "$failed"

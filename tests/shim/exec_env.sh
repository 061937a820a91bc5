#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the next program's environment is, by every way to it: the program's own
# to the letter, except for two variables. Without follow=1 these are gone (our
# part of LD_PRELOAD, and POLLUX_OPTIONS), with it they are there again. Not
# configured, nothing is touched.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
runs=0

# expect NAME - $tmp/got is what $tmp/want says.
expect() {
	runs=$((runs + 1))
	if ! diff "$tmp/want" "$tmp/got" >&2; then
		echo "FAILED: $1 (< wanted, > got)"
		failed=1
	fi
}

# with OPTIONS PRELOAD WAY ENVIRONMENT [N] - env's output, in the program's order.
with() {
	env -i PATH="$PATH" X=1 LD_PRELOAD="$2" ${1:+POLLUX_OPTIONS="$1"} Y=2 \
		"$EXEC_ENV" "${@:3}" >"$tmp/got" 2>/dev/null ||
		{ echo "FAILED: $* does not run"; failed=1; }
}

ways='execve execle execvpe execveat fexecve raw execv execvp execl execlp
spawn spawnp fork vfork'
ours=$POLLUX_PRELOAD
for way in $ways; do
	with '' "$ours" "$way" own
	printf '%s\n' "PATH=$PATH" X=1 "LD_PRELOAD=$ours" Y=2 >"$tmp/want"
	expect "$way, not configured"

	with level=off "$ours" "$way" own
	printf '%s\n' "PATH=$PATH" X=1 Y=2 >"$tmp/want"
	expect "$way, not followed"

	with level=off:follow=1 "$ours" "$way" own
	printf '%s\n' "PATH=$PATH" X=1 "LD_PRELOAD=$ours" \
		POLLUX_OPTIONS=level=off:follow=1 Y=2 >"$tmp/want"
	expect "$way, followed"

	with level=off:follow=1 "$ours" "$way" empty
	printf '%s\n' POLLUX_OPTIONS=level=off:follow=1 "LD_PRELOAD=$ours" \
		>"$tmp/want"
	expect "$way, followed though dropped"

	with level=off "$ours" "$way" empty
	: >"$tmp/want"
	expect "$way, not followed, dropped"

	with level=off:follow=1 "$ours" "$way" other
	printf '%s\n' A=1 "LD_PRELOAD=$ours:/nonexistent/theirs.so" B=2 \
		POLLUX_OPTIONS=level=off:follow=1 >"$tmp/want"
	expect "$way, followed beside another"

	with level=off "$ours" "$way" other
	printf '%s\n' A=1 LD_PRELOAD=/nonexistent/theirs.so B=2 >"$tmp/want"
	expect "$way, not followed, another"
done

# Where our element stands in the list.
for list in "$ours:/x.so" "/x.so:$ours" "/x.so $ours"; do
	with level=off "$list" execve own
	printf '%s\n' "PATH=$PATH" X=1 LD_PRELOAD=/x.so Y=2 >"$tmp/want"
	expect "taken out of $list"
done
with level=off "/x.so:$ours:/y.so" execve own
printf '%s\n' "PATH=$PATH" X=1 LD_PRELOAD=/x.so:/y.so Y=2 >"$tmp/want"
expect "taken out of the middle"

# Around the size that fits the stack, and far beyond.
for n in 500 505 506 507 508 509 510 511 512 513 3900; do
	for options in level=off level=off:follow=1; do
		with "$options" "$ours" vfork large "$n"
		for ((i = 0; i < n; i++)); do
			echo "V$i=$i"
		done >"$tmp/want"
		if [ "$options" = level=off ]; then
			printf '%s\n' "PATH=$PATH" X=1 Y=2
		else
			printf '%s\n' "PATH=$PATH" X=1 "LD_PRELOAD=$ours" \
				"POLLUX_OPTIONS=$options" Y=2
		fi >>"$tmp/want"
		expect "$n variables, $options"
	done
done
echo "$runs comparisons"
[ "$runs" -ge 120 ] || failed=1
exit "$failed"

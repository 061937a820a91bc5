#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every id has its text, and every text all its parts.
# POLLUX_CLI and the programs come from the BUILD file; quoted $ and ` are text.
# shellcheck disable=SC2016,SC2153,SC2154,SC2034 source=tests/cli/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# Those of the source; and an id of an earlier version never goes.
root=$(dirname "$(readlink -f "$MODULE")")
source_ids=$(grep -hoE 'check_begin\(&[a-z]+, rec, [0-9]+' \
	"$root"/core/check_*.c | grep -oE '[0-9]+$')
check "the source has ids" [ "$(wc -w <<<"$source_ids")" -ge 8 ]
ids='101 102 103 104 105 108 109 201 202 204 301 501 507 508 509 701 702'
run "$POLLUX_CLI" explain
code_is 0
for id in $ids $source_ids; do
	out_has "PX$id "
done
check "the list has one line each" \
	[ "$(wc -l <"$out")" -ge "$(wc -w <<<"$ids")" ]
check "the list fits 80 columns" [ "$(wc -L <"$out")" -le 80 ]
check "the list is in order" sort -c "$out"

mapfile -t listed < <(sed 's/ .*//' "$out")
for id in "${listed[@]}"; do
	run "$POLLUX_CLI" explain "$id"
	code_is 0
	check "$id fits 80 columns" [ "$(wc -L <"$out")" -le 80 ]
	for part in Effect 'Why it is a bug' 'How to see it' \
		'How to mend it' 'Manual pages'; do
		check "$id has: $part" grep -qx "$part" "$out"
	done
	check "$id has text in each part" \
		[ "$(grep -c '^  ' "$out")" -ge 6 ]
done

run "$POLLUX_CLI" explain PX105
cp "$out" "$work/text"
for word in px105 105 control-hits-stranger; do
	run "$POLLUX_CLI" explain "$word"
	code_is 0
	check "$word is PX105" cmp -s "$work/text" "$out"
done
done_testing

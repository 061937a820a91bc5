#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The shared object exports exactly libc's names of shim/calls.def, without a
# version, and the names of shim/exports.lds, with ours: nothing more or less.
set -u

expected=$( ("$NAMES" "$CALLS"
	sed -nE 's/^[[:space:]]+([a-z_0-9]+);$/\1@@POLLUX_0.1/p' "$SCRIPT"
	echo POLLUX_0.1) | sort -u)
exported=$(nm -D --defined-only "$POLLUX_SO" | awk '{ print $3 }' | sort -u)
echo "$(wc -l <<<"$expected") names expected, $(wc -l <<<"$exported") exported"
diff <(echo "$expected") <(echo "$exported") ||
	{ echo "< expected, > exported"; exit 1; }

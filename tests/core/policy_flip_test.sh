#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A table with any one cell flipped must fail the test of that cell. POLICY_TEST
# is the program; CELLS lists the cells in the order of the table.
set -u

bad=0
face=0
cell=0
mapfile -t facts < <(grep -v '^ \*\|^/\*' "$CELLS" | tr -d '\n' | sed 's/)/)\n/g' |
	sed -n 's/.*CELL(\([a-z]*\),.*, *\([a-z0-9_]*\))$/policy_\1_\2/p')
if [ "${#facts[@]}" -ne 42 ]; then
	echo "${#facts[@]} cells in $CELLS, 42 are wanted"
	exit 1
fi
export CK_VERBOSITY=normal
if ! "$POLICY_TEST" >/dev/null; then
	echo "the table fails as it is"
	exit 1
fi
for fact in "${facts[@]}"; do
	out=$(PLX_POLICY_FLIP=$face.$cell CK_RUN_CASE=cells "$POLICY_TEST" 2>&1)
	status=$?
	failed=$(sed -n 's|.*:F:cells:\([a-z0-9_]*\):.*|\1|p' <<<"$out")
	if [ "$status" -eq 0 ] || [ "$failed" != "$fact" ]; then
		echo "cell $face.$cell: $fact should fail alone, got:" "$failed"
		bad=1
	fi
	cell=$((cell + 1))
	if [ "$cell" -eq 7 ]; then
		cell=0
		face=$((face + 1))
	fi
done
# What the engine does with a cell fails, too, where it is the engine's.
for which in "2.1 epoll" "2.2 epoll" "2.3 epoll" "2.4 epoll" "3.4 kqueue"; do
	if PLX_POLICY_FLIP=${which% *} \
		CK_RUN_CASE="engine ${which#* }" "$POLICY_TEST" \
		>/dev/null 2>&1; then
		echo "cell $which: the engine does the same with it flipped"
		bad=1
	fi
done
echo "${#facts[@]} cells flipped"
exit "$bad"

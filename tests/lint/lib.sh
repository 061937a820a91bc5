# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# For the lints: where the tree is, and which files are its own.
set -u

cd "$(dirname "$(readlink -f "$LINT_ROOT")")" || exit 1

# lint_need PROGRAM ... - skips the lint where its tool is missing.
lint_need() {
	local program

	for program; do
		if ! command -v "$program" >/dev/null; then
			echo "SKIP: no $program here; tools/setup installs it"
			exit 77
		fi
	done
}

# lint_find ROOM ... -- PATTERN ... - files of those rooms with such names.
lint_find() {
	local rooms=() names=()

	while [ "$1" != -- ]; do
		rooms+=("$1")
		shift
	done
	shift
	for pattern; do
		names+=(-o -name "$pattern")
	done
	find "${rooms[@]}" -type f \( "${names[@]:1}" \) -print | sort
}

# lint_count FILES - says how much was looked at; nothing is a failure.
lint_count() {
	local count

	count=$(wc -l <<<"$1")
	if [ -z "$1" ]; then
		echo "no files found in $PWD: this lint would prove nothing"
		exit 1
	fi
	echo "$count files"
}

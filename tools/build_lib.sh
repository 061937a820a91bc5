# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# For tools/pollux and tools/install: an up-to-date optimized build.
#
# plx_build ROOT   builds what is installed, unless nothing changed since the
#                  last time, and sets plx_bin to the directory of the results.
#                  Prints nothing when it is quick, else one line on stderr.

plx_stamp_is_fresh() {
	local root=$1 stamp=$1/bazel-out/pollux-opt.stamp

	[ -s "$stamp" ] || return 1
	read -r plx_bin <"$stamp"
	[ -x "$plx_bin/tools/pollux" ] && [ -e "$plx_bin/shim/libpollux.so.0" ] ||
		return 1
	[ -z "$(find "$root/WORKSPACE" "$root/BUILD" "$root/.bazelrc" \
		"$root/core" "$root/shim" "$root/tools" \
		-newer "$stamp" -print -quit)" ]
}

plx_bazel_build() {
	local root=$1 log=$2

	"$root/tools/setup" --quiet build </dev/null >>"$log" 2>&1 || return
	cd "$root" || return
	bazel build --config=opt --color=no --curses=no \
		//shim/... //tools/... </dev/null >>"$log" 2>&1
}

plx_build() {
	local root=$1 log start status

	if plx_stamp_is_fresh "$root"; then
		return 0
	fi
	log=$(mktemp) && start=$(mktemp) || return 1
	exec 8< <(
		plx_bazel_build "$root" "$log"
		echo $?
	)
	if ! read -r -t 3 -u 8 status; then
		echo "pollux: building, which takes a while the first time" >&2
		read -r -u 8 status
	fi
	exec 8<&-
	if [ "$status" -ne 0 ]; then
		echo "pollux: the build failed:" >&2
		cat "$log" >&2
		rm -f "$log" "$start"
		return 1
	fi
	plx_bin=$(readlink -f "$root/bazel-bin")
	echo "$plx_bin" >"$root/bazel-out/pollux-opt.stamp"
	# Whatever changed while the build ran counts as changed after it.
	touch -r "$start" "$root/bazel-out/pollux-opt.stamp"
	rm -f "$log" "$start"
}

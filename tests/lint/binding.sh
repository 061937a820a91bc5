#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The loader binds an unmodified program's calls to the shared object: a name
# with the wrong version would silently stay with libc.
set -u

log=$(LD_DEBUG=bindings LD_BIND_NOW=1 LD_PRELOAD=$POLLUX_PRELOAD \
	"$PROBE" 2>&1) || { echo "$log" | tail; exit 1; }
status=0
for name in close dup2 epoll_ctl epoll_wait poll select; do
	if ! grep -q "file $PROBE .* to [^ ]*libpollux\.so\.0 .* \`$name'" \
		<<<"$log"; then
		echo "$name of the program is not ours:"
		grep "file $PROBE .*\`$name'" <<<"$log"
		status=1
	fi
done
exit "$status"

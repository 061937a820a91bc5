#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: upgrade.sh DIR
# nginx as a daemon: served in parallel, replaced by a new image that inherits
# its sockets, ended gracefully. Prints what was served.
set -eu
dir=$1
nginx=$(command -v nginx)

mkdir "$dir/www"
head -c 100000 /dev/zero >"$dir/www/page"
cat >"$dir/conf" <<EOT
worker_processes 2; pid $dir/pid; error_log $dir/log notice;
$([ "$(id -u)" -ne 0 ] || echo "user root;")
events { worker_connections 200; }
http {
	access_log off;
	client_body_temp_path $dir/t1; proxy_temp_path $dir/t2;
	fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4;
	scgi_temp_path $dir/t5;
	server { listen unix:$dir/s; root $dir/www; }
}
EOT

# wait_for COMMAND...: asks again until it succeeds, for a while.
wait_for() {
	local end=$((SECONDS + 15))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "timeout: $*"; exit 1; }
	done
}

# Gone, or dead and not yet buried.
gone() {
	! readlink "/proc/$1/exe"
}

replaced() {
	[ -s "$dir/pid.oldbin" ] && [ -s "$dir/pid" ] &&
		[ "$(cat "$dir/pid")" != "$old" ]
}

get() {
	for _ in 1 2 3 4; do
		curl -s --unix-socket "$dir/s" http://x/page | wc -c
	done
}

"$nginx" -c "$dir/conf" -p "$dir"
wait_for test -s "$dir/pid"
old=$(cat "$dir/pid")
get
curl -s --no-progress-meter --parallel --parallel-max 8 \
	--unix-socket "$dir/s" "http://x/page?[1-40]" | wc -c
kill -USR2 "$old"
wait_for replaced
new=$(cat "$dir/pid")
get
kill -WINCH "$old"
get
kill -QUIT "$old"
wait_for gone "$old"
get
kill -QUIT "$new"
wait_for gone "$new"

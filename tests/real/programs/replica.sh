#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: replica.sh DIR PORT
# Two redis-servers: one follows the other, with threads for its clients and a
# log that is rewritten; both lose clients by force.
set -eu
dir=$1
port=$2

# Whatever happens, neither stays.
trap 'kill %1 %2 2>/dev/null; wait' EXIT
cd "$dir"
redis-server --port 0 --unixsocket "$dir/a" --dir "$dir" --save '' \
	--appendonly yes --io-threads 3 --io-threads-do-reads yes \
	--timeout 1 >a.log &
redis-server --port "$port" --bind 127.0.0.1 --unixsocket "$dir/b" \
	--dir "$dir" --dbfilename b.rdb --save '' \
	--repl-diskless-sync-delay 0 >b.log &

a() {
	redis-cli -s "$dir/a" "$@"
}

b() {
	redis-cli -s "$dir/b" "$@"
}

# wait_for COMMAND...: asks again until it succeeds, for a while.
wait_for() {
	local end=$((SECONDS + 15))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "timeout: $*"; exit 1; }
	done
}

same() {
	[ "$(a get "$1")" = "$(b get "$1")" ]
}

wait_for a ping
wait_for b ping
a replicaof 127.0.0.1 "$port"
redis-benchmark -s "$dir/b" -q -n 5000 -c 50 -t incr >/dev/null
wait_for same counter:__rand_int__
a get counter:__rand_int__
# Or one is under way already.
a bgrewriteaof >/dev/null
a replicaof no one
a replicaof 127.0.0.1 "$port"
b client kill type replica >/dev/null
redis-benchmark -s "$dir/b" -q -n 5000 -c 200 -t incr >/dev/null
wait_for same counter:__rand_int__
a get counter:__rand_int__
redis-benchmark -s "$dir/a" -q -n 5000 -c 200 -t get >/dev/null
a shutdown nosave
b shutdown nosave
wait

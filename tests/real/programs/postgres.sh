#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: postgres.sh DIR BIN
# A PostgreSQL cluster of its own, from BIN: latches on epoll and signalfd in a
# process for each client. As root it runs as the user postgres.
set -eu
dir=$1
bin=$2
if [ "$(id -u)" -eq 0 ]; then
	chown postgres "$dir"
	exec setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi

# Whatever happens, it does not stay.
trap '"$bin/pg_ctl" -m immediate -D "$dir/db" stop >/dev/null 2>&1 || :' EXIT
"$bin/initdb" -D "$dir/db" -A trust >/dev/null
"$bin/pg_ctl" -w -D "$dir/db" -l "$dir/log" -o "-k $dir -c fsync=off \
	-c listen_addresses= -c max_connections=40" start >/dev/null
bench() {
	"$bin/pgbench" -h "$dir" "$@" postgres | grep processed
}
"$bin/pgbench" -h "$dir" -i -s 1 postgres >/dev/null 2>&1
bench -c 8 -j 2 -t 50
bench -C -c 4 -j 2 -t 10 -S
"$bin/pg_ctl" -w -D "$dir/db" reload >/dev/null
bench -c 4 -j 1 -t 10
"$bin/pg_ctl" -w -m fast -D "$dir/db" stop >/dev/null

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""memcached, with a client of our own that checks each reply.

Its event loop is libevent: a set for the listener and one for each worker
thread, with connections handed from thread to thread.
"""

import concurrent.futures
import os

import basics
import harness
import loads

SERVER = basics.need("memcached")
CONNECTIONS = 120
ROUNDS = 25
IDLE = "1"  # connections while nobody but who asks is there


def one_client(run, seed):
    """Stores, reads, counts and deletes its own keys."""
    total = 0
    with run.connect(run.path("s")) as sock:
        def ask(text, reply):
            sock.sendall(text)
            got = loads.receive(sock, len(reply))
            basics.expect(got == reply, "the reply to %r is %r"
                           % (text[:40], got[:40]))
        for i in range(ROUNDS):
            value = basics.pattern(1 + (seed * 131 + i * 977) % 9000,
                                    seed * 1000 + i)
            key = b"k%d.%d" % (seed, i)
            ask(b"set %s 7 0 %d\r\n%s\r\n" % (key, len(value), value),
                b"STORED\r\n")
            ask(b"get %s\r\n" % key, b"VALUE %s 7 %d\r\n%s\r\nEND\r\n"
                % (key, len(value), value))
            ask(b"incr all 1\r\n" if i % 5 == 0 else b"delete none\r\n",
                b"" if i % 5 == 0 else b"NOT_FOUND\r\n")
            if i % 5 == 0:
                basics.expect(sock.recv(64).strip().isdigit(), "no number")
            total += len(value)
        ask(b"delete k%d.0\r\nget k%d.0\r\n" % (seed, seed),
            b"DELETED\r\nEND\r\n")
    return total


class Memcached(harness.Case):
    def executable(self):
        return SERVER

    def command(self, run):
        words = [SERVER, "-s", run.path("s"), "-t", "3", "-m", "64"]
        return words + (["-u", "root"] if os.getuid() == 0 else [])

    def ready(self, run):
        run.wait_connect(run.path("s"))

    def stats(self, run):
        with run.connect(run.path("s")) as sock:
            sock.sendall(b"stats\r\n")
            text = b""
            while not text.endswith(b"END\r\n"):
                text += sock.recv(1 << 16)
        return dict(line.split()[1:3] for line in text.decode().splitlines()
                    if line.startswith("STAT"))

    def load(self, run):
        with run.connect(run.path("s")) as sock:
            sock.sendall(b"set all 0 0 1\r\n0\r\n")
            basics.expect(loads.receive(sock, 8) == b"STORED\r\n",
                           "not stored")
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            total = sum(pool.map(lambda seed: one_client(run, seed),
                                 range(CONNECTIONS)))
        stats = basics.until("only this client", lambda: (
            lambda s: s if s["curr_connections"] == IDLE else None)(
                self.stats(run)))
        with run.connect(run.path("s")) as sock:
            sock.sendall(b"get all\r\n")
            counter = loads.receive(sock, 23)
        return {"bytes": total, "counter": counter, **{
            name: stats[name] for name in (
                "cmd_get", "cmd_set", "get_hits", "get_misses", "incr_hits",
                "delete_hits", "delete_misses", "curr_items", "threads")}}


if __name__ == "__main__":
    harness.main(Memcached())

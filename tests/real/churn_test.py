#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Descriptor numbers in fast rotation: the silence of the checks is earned.

redis-server sees 50,000 connections come and go, in waves, and end in every
way that a connection can: unused, after a reply, with a reply unread, with a
command half sent, by reset. nginx is reloaded again and again under load, and
stopped and started on the same address.
"""

import os
import socket
import struct

import basics
import harness
import loads
import nginx_test
import redis_test

CONNECTIONS = 50000
WAVE = 250
PING, PONG = b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"


# strace with its stacks is too slow for this; the other tests count.
MODES = ("native", "pass", "log", "strict", "check", "engine", "both")


class RedisChurn(redis_test.Redis):
    modes = MODES


    def wave(self, path, first):
        """Opens a wave and ends each connection of it in its own way."""
        socks = []
        for _ in range(WAVE):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(basics.STEP_SECONDS)
            sock.connect(path)
            socks.append(sock)
        for i, sock in enumerate(socks, first):
            if i % 4 in (0, 1):
                sock.sendall(PING)
            elif i % 4 == 2:
                sock.sendall(PING[:7])
        replies = 0
        for i, sock in enumerate(socks, first):
            if i % 4 == 0:
                basics.expect(loads.receive(sock, 7) == PONG, "no PONG")
                replies += 1
            if i % 8 == 4:
                sock.shutdown(socket.SHUT_WR)
        # Every other one in the order of its number, then the rest.
        for sock in socks[::2] + socks[1::2]:
            sock.close()
        return replies

    def load(self, run):
        client = redis_test.Client(run)
        pings = sum(self.wave(run.path("s"), first)
                    for first in range(0, CONNECTIONS, WAVE))
        basics.until("only this client", lambda: client.info("clients")[
            "connected_clients"] == "1")
        total = client.info("stats")["total_connections_received"]
        client.sock.close()
        basics.expect(int(total) == CONNECTIONS + 1, total + " connections")
        return {"connections": total, "pings": pings}


class NginxChurn(nginx_test.Nginx):
    modes = MODES
    reuse = "reuseport"
    listeners = 4  # one for each worker on the port
    reloads = 8

    def reset(self):
        """Connections that end by reset, with a request in the air."""
        for i in range(100):
            sock = socket.create_connection(("127.0.0.1", self.port))
            if i % 3:
                sock.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"[:i])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
            sock.close()

    def load(self, run):
        for _ in range(self.reloads):
            self.reset()
            self.reload(run)
            self.round_of_one(run)
        return {"reloads": self.reloads}

    def round_of_one(self, run):
        for address in self.addresses(run):
            self.get(run, address, "page")


class NginxRestart(NginxChurn):
    """Fast shutdown in the middle of things, and a start on the same port."""

    def load(self, run):
        served = 0
        for _ in range(2):
            self.round_of_one(run)
            served += 1
        return served

    def stop(self, run):
        socks = [run.connect(self.port) for _ in range(20)]
        for sock in socks:
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        os.kill(run.pid(), 15)
        run.end()
        for sock in socks:
            sock.close()

    def command(self, run):
        # The port of the run before, when it is still free for us.
        port = getattr(self, "port", None)
        argv = super().command(run)
        if port:
            self.port = port
            self.configure(run)
        return argv


if __name__ == "__main__":
    harness.main(RedisChurn(), NginxChurn(), NginxRestart())

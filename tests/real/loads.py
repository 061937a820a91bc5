# SPDX-License-Identifier: BSD-2-Clause
"""The load for servers that echo, each byte of which is checked."""

import concurrent.futures
import socket
import threading

from basics import expect, pattern


def receive(sock, length):
    """Exactly so many bytes, or a failure."""
    parts = []
    while length:
        part = sock.recv(min(length, 1 << 16))
        expect(part, "end of file, %d bytes too early" % length)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def echo_one(run, address, seed, messages):
    """One connection: messages of many sizes come back as they were."""
    with run.connect(address) as sock:
        total = 0
        for i in range(messages):
            sent = pattern(1 + (seed * 37 + i * 101) % 3000, seed * 1000 + i)
            sock.sendall(sent)
            expect(receive(sock, len(sent)) == sent, "a wrong echo")
            total += len(sent)
        sock.shutdown(socket.SHUT_WR)
        expect(sock.recv(1) == b"", "bytes after the end")
    return total


def echo_flood(run, address, length):
    """More than all buffers hold, so that the server must wait to write."""
    sent = pattern(length, length)
    with run.connect(address) as sock:
        writer = threading.Thread(target=sock.sendall, args=(sent,))
        writer.start()
        got = receive(sock, length)
        writer.join()
        expect(got == sent, "a wrong echo of the long message")
        sock.shutdown(socket.SHUT_WR)
        expect(sock.recv(1) == b"", "bytes after the end")
    return length


def echo_load(run, address, connections=200, at_once=25, messages=20):
    """The load for echo servers; what it moved."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        totals = list(pool.map(
            lambda seed: echo_one(run, address, seed, messages),
            range(connections)))
    return {"connections": connections, "bytes": sum(totals),
            "flood": echo_flood(run, address, 3 << 20)}

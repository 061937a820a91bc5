#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""redis-server under redis-benchmark and a client that checks each reply.

Its event loop is ae: one epoll set, one thread that waits. A background save
forks in the middle of the load.
"""

import os
import re

import basics
import harness
import loads

SERVER, BENCHMARK = basics.need("redis-server", "redis-benchmark")


def encode(*words):
    """A command as the protocol has it."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


class Client:
    """A connection that says which bytes it expects in return."""

    def __init__(self, run):
        self.sock = run.connect(run.path("s"))

    def ask(self, command, reply):
        self.sock.sendall(command)
        got = loads.receive(self.sock, len(reply))
        basics.expect(got == reply, "the reply to %r is %r" % (
            command[:60], got[:60]))

    def bulk(self, *words):
        """The bulk string that a command gives."""
        self.sock.sendall(encode(*words))
        head = b""
        while not head.endswith(b"\r\n"):
            head += loads.receive(self.sock, 1)
        basics.expect(head.startswith(b"$"), "not a bulk string: %r" % head)
        return loads.receive(self.sock, int(head[1:]) + 2)[:-2].decode()

    def info(self, section):
        lines = self.bulk("INFO", section).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


class Redis(harness.Case):
    requests = 4000

    def executable(self):
        return SERVER

    def command(self, run):
        return [SERVER, "--port", "0", "--unixsocket", run.path("s"),
                "--dir", run.directory, "--save", "", "--appendonly", "no",
                "--daemonize", "no"]

    def ready(self, run):
        run.wait_line("ready to accept connections at " + run.path("s"))

    def values(self, client):
        """Values of many lengths, pipelined, over the size of one read."""
        asked, reply = [], []
        for i in range(300):
            value = basics.pattern(i * 97, i)
            asked += [encode("SET", "k%d" % i, value),
                      encode("GET", "k%d" % i)]
            reply += [b"+OK\r\n", b"$%d\r\n%s\r\n" % (len(value), value)]
        client.ask(b"".join(asked), b"".join(reply))
        large = basics.pattern(4 << 20, 4)
        client.ask(encode("SET", "large", large), b"+OK\r\n")
        client.ask(encode("GET", "large"),
                   b"$%d\r\n%s\r\n" % (len(large), large))

    def subscribe(self, run):
        """A message from one connection reaches twenty others."""
        listeners = [Client(run) for _ in range(20)]
        for listener in listeners:
            listener.ask(encode("SUBSCRIBE", "news"),
                         b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        sender = Client(run)
        sender.ask(encode("PUBLISH", "news", "x" * 1000), b":20\r\n")
        for listener in listeners:
            listener.ask(b"", b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n"
                              b"$1000\r\n" + b"x" * 1000 + b"\r\n")
        for client in listeners + [sender]:
            client.sock.close()

    def who_answers(self, run):
        """ae's user data is the descriptor; the engine puts its own in the
        kernel's set in place of it."""
        epfd = next(fd for fd, kind in run.fds()[0].items()
                    if kind == "anon_inode:[eventpoll]")
        with open("/proc/%d/fdinfo/%d" % (run.pid(), epfd)) as info:
            members = re.findall(r"tfd: +(\d+) events: +\w+ data: +(\w+)",
                                 info.read())
        own = [int(fd) == int(data, 16) for fd, data in members]
        basics.expect(own and set(own) == {
            run.mode not in ("engine", "both")},
                       "the kernel's set is %s" % members)

    def compare_fds(self, native, fds):
        """Ten times a second the server reads /proc/PID/stat about itself:
        slow as it is under strace, a look often falls into that."""
        def lasting(found):
            return [{fd: kind for fd, kind in each.items()
                     if not re.fullmatch(r"/proc/\d+/stat", kind)}
                    for each in found]
        super().compare_fds(lasting(native), lasting(fds))

    def load(self, run):
        client = Client(run)
        self.who_answers(run)
        self.values(client)
        self.subscribe(run)
        client.ask(encode("BGSAVE"), b"+Background saving started\r\n")
        run.client([BENCHMARK, "-s", run.path("s"), "-q", "-c", "50", "-n",
                    str(self.requests), "-t", "incr,lpush,mset,ping"])
        basics.until("the background save", lambda: client.info(
            "persistence")["rdb_bgsave_in_progress"] == "0")
        basics.expect(client.info("persistence")["rdb_last_bgsave_status"]
                       == "ok", "the background save failed")
        basics.until("only this client", lambda: client.info("clients")[
            "connected_clients"] == "1")
        with open("/proc/%d/cmdline" % run.pid()) as line:
            title = line.read().strip("\0 ")
        counter = client.bulk("GET", "counter:__rand_int__")
        stats = client.info("commandstats")
        client.sock.close()
        return {"counter": counter, "calls": {
            name: value.split(",")[0] for name, value in stats.items()
            if name not in ("cmdstat_info", "cmdstat_config|get")},
            # It writes over its arguments and its environment.
            "title": title.replace(run.directory, "$DIR"),
            "saved": os.path.getsize(run.path("dump.rdb")) > 4 << 20}

    def stop(self, run):
        sock = run.connect(run.path("s"))
        sock.sendall(encode("SHUTDOWN", "NOSAVE"))
        basics.expect(sock.recv(1) == b"", "an answer to SHUTDOWN")
        sock.close()


if __name__ == "__main__":
    harness.main(Redis())

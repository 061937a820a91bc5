#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""nginx, a master and two workers, under wrk; then a reload, and restarts.

Each worker makes its epoll set after the fork, and registers the listening
socket that all of them inherited.
"""

import os
import re
import signal

import basics
import harness
import processes

SERVER, WRK = basics.need("nginx", "wrk")
FILES = {"small": 100, "page": 10000, "large": 3 << 20}
CONFIG = """
daemon off;
master_process on;
worker_processes 2;
pid {dir}/pid;
error_log stderr notice;
{user}
events {{ use epoll; worker_connections 512; }}
http {{
    access_log {dir}/access;
    default_type application/octet-stream;
    sendfile {sendfile};
    keepalive_requests 50;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2;
    fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4;
    scgi_temp_path {dir}/t5;
    server {{ listen 127.0.0.1:{port} {reuse}; root {dir}/www; }}
    server {{ listen unix:{dir}/back; root {dir}/www; }}
    server {{
        listen unix:{dir}/proxy;
        location / {{ proxy_pass http://unix:{dir}/back:; }}
    }}
}}
"""


class Nginx(harness.Case):
    reuse = ""
    listeners = 3

    def executable(self):
        return SERVER

    def configure(self, run):
        for name, length in FILES.items():
            with open(run.path("www/" + name), "wb") as page:
                page.write(basics.pattern(length, length))
        with open(run.path("conf"), "w") as conf:
            conf.write(CONFIG.format(
                dir=run.directory, port=self.port, reuse=self.reuse,
                sendfile="on",
                user="user root;" if os.getuid() == 0 else ""))

    def command(self, run):
        os.mkdir(run.path("www"))
        self.port = basics.free_port()
        self.configure(run)
        return [SERVER, "-c", run.path("conf"), "-p", run.directory]

    def ready(self, run):
        run.wait_line("start worker process \\d+", 2)
        self.settled_workers(run, [])

    def settled_workers(self, run, old):
        """Two workers that have made their set and closed what they do not
        need, and none of the old ones. A worker keeps a channel to the master
        and one to the other worker."""
        def settled():
            now = self.workers(run)
            return len(now) == 2 and not set(now) & set(old) and all(
                "anon_inode:[eventpoll]" in fds.values()
                and list(fds.values()).count("socket") == self.listeners + 2
                for fds in run.fds()[1:])
        basics.until("two new workers", settled)

    def compare_fds(self, one, other):
        """By kinds: each reload opens the log anew, and moves the numbers."""
        super().compare_fds(*([sorted(fds.values()) for fds in side]
                              for side in (one, other)))

    def get(self, run, address, name):
        """One request on a connection of its own, checked to the last byte."""
        want = basics.pattern(FILES[name], FILES[name])
        with run.connect(address) as sock:
            sock.sendall(b"GET /%s HTTP/1.1\r\nHost: x\r\n"
                         b"Connection: close\r\n\r\n" % name.encode())
            text = b""
            while True:
                part = sock.recv(1 << 16)
                if not part:
                    break
                text += part
        head, _, body = text.partition(b"\r\n\r\n")
        basics.expect(head.startswith(b"HTTP/1.1 200 OK\r\n"),
                       "a reply of %r" % head[:80])
        basics.expect(body == want, "%d wrong bytes of %s"
                       % (len(body), name))

    def addresses(self, run):
        return [self.port, run.path("back"), run.path("proxy")]

    def round(self, run):
        for _ in range(3):
            for address in self.addresses(run):
                for name in FILES:
                    self.get(run, address, name)

    def benchmark(self, run):
        """wrk for a second: no error, and every reply in the log."""
        text = run.client([WRK, "-t1", "-c32", "-d1s",
                           "http://127.0.0.1:%d/page" % self.port]).decode()
        basics.expect("Non-2xx" not in text and "Socket errors" not in text,
                       "wrk says: " + text)
        requests = int(re.search(r"(\d+) requests in", text).group(1))
        basics.expect(requests > 100, "only %d requests" % requests)

    def workers(self, run):
        return processes.children(run.pid())

    def reload(self, run):
        """New workers serve, the old ones end."""
        old = self.workers(run)
        basics.expect(len(old) == 2, "workers: %s" % old)
        os.kill(run.pid(), signal.SIGHUP)
        self.settled_workers(run, old)
        for pid in old:
            run.wait_line("worker process %d exited with code 0" % pid)

    def crash(self, run):
        """A worker that is killed is replaced."""
        victim = self.workers(run)[0]
        os.kill(victim, signal.SIGKILL)
        self.settled_workers(run, [victim])

    def logged(self, run):
        """Every reply by status, length and path, without those of wrk."""
        with open(run.path("access")) as log:
            lines = [line.split() for line in log]
        return sorted(" ".join(w[5:10]) for w in lines
                      if "wrk" not in w[-1] and "/page" not in w[6])

    def load(self, run):
        self.round(run)
        self.benchmark(run)
        self.reload(run)
        self.round(run)
        self.reload(run)
        self.crash(run)
        self.round(run)
        return self.logged(run)

    def stop(self, run):
        os.kill(run.pid(), signal.SIGQUIT)


if __name__ == "__main__":
    harness.main(Nginx())

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Node as a net and an http echo server, with Node as its client too.

Its event loop is libuv: epoll_pwait, and worker threads that wake it.
"""

import json
import os

import basics
import harness
import loads

NODE = basics.need("node")
SCRIPT = os.path.join(harness.HERE, "programs/echo.js")


class Node(harness.Case):
    known = {"PX103": "libuv takes a descriptor out of its set before it "
             "closes it, without asking whether it is in there "
             "(uv__platform_invalidate_fd): needless, and harmless"}

    def executable(self):
        return NODE

    def command(self, run):
        return [NODE, SCRIPT, "serve", run.path("s")]

    def ready(self, run):
        run.wait_line("^listening$")

    def load(self, run):
        got = [loads.echo_load(run, run.path("s.net"), connections=30,
                                messages=5)]
        got.append(json.loads(run.client(
            [NODE, SCRIPT, "load", run.path("s"), "50"])))
        return got


if __name__ == "__main__":
    harness.main(Node())

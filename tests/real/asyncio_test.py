#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Python's asyncio as an echo server, on each of its three selectors."""

import os

import basics
import harness
import loads

PYTHON = "/usr/bin/python3"
if not os.path.exists(PYTHON):
    basics.skip(PYTHON + " is not installed")


class Asyncio(harness.Case):
    selector = None

    def executable(self):
        return PYTHON

    def command(self, run):
        return [PYTHON, os.path.join(harness.HERE, "programs/echo_server.py"),
                self.selector, run.path("s")]

    def ready(self, run):
        run.wait_line("^listening$")

    def load(self, run):
        return loads.echo_load(run, run.path("s"), messages=8)


class AsyncioEpoll(Asyncio):
    selector = "EpollSelector"


class AsyncioPoll(Asyncio):
    selector = "PollSelector"


class AsyncioSelect(Asyncio):
    selector = "SelectSelector"


if __name__ == "__main__":
    harness.main(AsyncioEpoll(), AsyncioPoll(), AsyncioSelect())

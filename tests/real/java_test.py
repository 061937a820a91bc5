#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Java NIO as an echo server, on the epoll and on the poll provider."""

import os
import subprocess
import tempfile

import basics
import harness
import loads

JAVA, JAVAC = basics.need("java", "javac")
SOURCE = os.path.join(harness.HERE, "programs/Echo.java")


CLASSES = tempfile.TemporaryDirectory(prefix="plx-classes-", dir="/tmp")


class Java(harness.Case):
    flags = []
    selector = None

    def executable(self):
        return JAVA

    def command(self, _run):
        return [JAVA, "-Xint", "-Xmx64m", "-XX:+UseSerialGC",
                "-XX:-UsePerfData", "-cp", CLASSES.name] + self.flags + [
                    "Echo"]

    def ready(self, run):
        run.wait_line("^%s$" % self.selector)
        self.port = int(run.wait_line(r"^listening (\d+)$").group(1))
        # The first close makes a socket for good, to put in place of others.
        loads.echo_one(run, self.port, 1, 1)
        basics.until("the listener and the marker", lambda: list(
            run.fds()[0].values()).count("socket") == 2)

    def load(self, run):
        return loads.echo_load(run, self.port, connections=100)

    def stop(self, run):
        run.input.write(b"q")
        run.input.flush()


class JavaEpoll(Java):
    selector = "sun.nio.ch.EPollSelectorImpl"


class JavaPoll(Java):
    selector = "sun.nio.ch.PollSelectorImpl"
    flags = ["-Djava.nio.channels.spi.SelectorProvider="
             "sun.nio.ch.PollSelectorProvider"]


if __name__ == "__main__":
    subprocess.run([JAVAC, "-d", CLASSES.name, SOURCE], check=True,
                   timeout=3 * basics.STEP_SECONDS)
    harness.main(JavaEpoll(), JavaPoll())

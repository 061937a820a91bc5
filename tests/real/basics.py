# SPDX-License-Identifier: BSD-2-Clause
"""What every test of a program says: expectations, waits, skips, bytes."""

import random
import shutil
import socket
import sys
import threading
import time

STEP_SECONDS = 20  # the longest that any single step may take
PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failure(Exception):
    """What was expected did not happen."""


def skip(reason):
    """Ends the test: it cannot run on this machine."""
    print("SKIP: " + reason, flush=True)
    sys.exit(77)


def need(*programs):
    """The absolute paths of these programs, or the end by SKIP."""
    found = [shutil.which(name, path=PROGRAM_PATH) for name in programs]
    for name, path in zip(programs, found):
        if path is None:
            skip("%s is not installed" % name)
    return found if len(found) > 1 else found[0]


def expect(condition, text):
    if not condition:
        raise Failure(text)


def until(what, ask, seconds=None):
    """Asks again until the answer is true; gives it, or fails by name."""
    deadline = time.monotonic() + (seconds or STEP_SECONDS)
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure("timeout: " + what)
        threading.Event().wait(0.005)


def pattern(length, seed):
    """Bytes that look like nothing else, the same for the same seed."""
    return random.Random(seed).randbytes(length)


def free_port():
    """A TCP port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

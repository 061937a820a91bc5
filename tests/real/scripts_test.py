#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whole scripts, with every program that they start.

The command line follows them over fork and exec: shells, daemons, a server
that replaces itself by a new image, a process for each client. What they print
and how they end must not differ, and no certain finding may be there.
"""

import atexit
import glob
import os
import pwd
import re
import shutil
import sys
import tempfile
import time

import basics
import harness

MODES = ("native", "pass", "check", "engine")


class Script(harness.Case):
    options = ["follow=1"]
    # daemon(3) and login_tty(3) change descriptors inside libc.
    unseen = {"close"}

    def __init__(self, name, arguments):
        self.name = name
        self.arguments = arguments

    def command(self, run):
        return [os.path.join(harness.HERE, "programs", self.name),
                run.directory] + [word() for word in self.arguments]


def outcome(case, mode):
    """(what the script printed, exit status)"""
    run = harness.Run(case, mode)
    try:
        run.start()
        status = run.end()
        with run.news:
            run.news.wait_for(lambda: run.closed, basics.STEP_SECONDS)
        if mode not in ("native", "pass"):
            harness.verify_findings(case, run)
        # The command line says its part at the end, on standard error.
        return [line for line in run.lines if not re.match(
            r"==pollux|SUMMARY: pollux|    ", line)], status
    finally:
        run.clean()


def stage():
    """Lays Pollux down where other users can read it, as an installation is:
    PostgreSQL does not run as root, and a build may be in root's own home."""
    place = tempfile.mkdtemp(prefix="plx-stage-", dir="/tmp")
    atexit.register(shutil.rmtree, place)
    os.chmod(place, 0o755)
    for name, source in (("bin/pollux", harness.Pollux.cli),
                         ("lib/libpollux.so.0", os.environ["POLLUX_SO"])):
        target = os.path.join(place, name)
        os.mkdir(os.path.dirname(target))
        shutil.copy(source, target)
        os.chmod(target, 0o755)
    harness.Pollux.cli = os.path.join(place, "bin/pollux")
    harness.Pollux.preload = os.path.join(place, "lib/libpollux.so.0")


def have(*programs):
    return all(shutil.which(p, path=basics.PROGRAM_PATH) for p in programs)


def scripts():
    """Those whose programs are installed; the others are named."""
    found, missing = [], []
    if have("nginx", "curl"):
        found.append(Script("upgrade.sh", []))
    else:
        missing.append("nginx, curl")
    if have("redis-server", "redis-cli", "redis-benchmark"):
        found.append(Script("replica.sh", [lambda: str(basics.free_port())]))
    else:
        missing.append("redis-server")
    bins = sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"))
    users = {entry.pw_name for entry in pwd.getpwall()}
    if bins and "postgres" in users:
        found.append(Script("postgres.sh",
                            [lambda: os.path.dirname(bins[-1])]))
    else:
        missing.append("postgresql")
    for name in missing:
        print("SKIP: not installed: " + name)
    return found


def main():
    harness.prepare()
    stage()
    cases = scripts()
    if not cases:
        basics.skip("none of the programs is installed")
    failed = 0
    for case in cases:
        native = outcome(case, "native")
        good = native[1] == 0 and native[0]
        print("%s native: %s, exit status %d%s" % (
            case.name, native[0], native[1], "" if good else "  FAILED"),
            flush=True)
        failed += not good
        for mode in MODES[1:]:
            start = time.monotonic()
            try:
                got = outcome(case, mode)
                verdict = "ok" if got == native else "FAILED: %s" % (got,)
            except basics.Failure as failure:
                verdict = "FAILED: %s" % failure
            print("%s %s: %.1f s, %s" % (
                case.name, mode, time.monotonic() - start, verdict),
                flush=True)
            failed += verdict != "ok"
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

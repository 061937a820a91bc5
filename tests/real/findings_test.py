#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The silence of the other tests is not that of a checker which is off.

A server with one planted mistake serves as well as any other, natively and
under Pollux, and the mistake is found: in the region, by the command line, and
by its exit status.
"""

import os
import sys

import basics
import harness
import loads

PYTHON = "/usr/bin/python3"
if not os.path.exists(PYTHON):
    basics.skip(PYTHON + " is not installed")
FOUND = 86  # `pollux check`: the program was well, and a certain error found


class Stale(harness.Case):
    # The close that left a ghost, and its events; under a number that is in
    # use again they bring the data of the connection before.
    planted = {"PX201", "PX202", "PX204"}

    def executable(self):
        return PYTHON

    def command(self, run):
        return [PYTHON, os.path.join(harness.HERE, "programs/stale_server.py"),
                run.path("s")]

    def ready(self, run):
        run.wait_line("^listening$")

    def load(self, run):
        return [loads.echo_one(run, run.path("s"), seed, 3)
                for seed in range(3)]


def found(mode):
    """(ids of certain errors, exit status)"""
    case = Stale()
    run = harness.Run(case, mode)
    try:
        run.start()
        case.ready(run)
        case.load(run)
        case.stop(run)
        status = run.end()
        _, findings = harness.report(run)
        for finding in findings:
            print("  finding: %s" % finding)
        return {f["id"] for f in findings if f["conf"] == "certain"
                and f["sev"] == "E"}, status
    finally:
        run.clean()


def main():
    harness.prepare()
    failed = 0
    for mode, expected in (("log", 0), ("check", FOUND)):
        ids, status = found(mode)
        good = status == expected and "PX202" in ids and (
            ids <= Stale.planted)
        print("%s: %s, exit status %d: %s" % (
            mode, sorted(ids), status, "ok" if good else "FAILED"))
        failed += not good
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs random sequences natively and under us; each step must agree.

usage: diff_random.py MODE FROM COUNT

DIFF_PROGRAM is one of the *_random programs, POLLUX_PRELOAD what to preload.
Sequences FROM .. FROM+COUNT-1 run in one process a side. A sequence that
differs is shrunk: steps are left out (in fresh processes) as long as the two
sides still differ, and the shortest one is printed with both transcripts.
"""

import difflib
import os
import sys

from diff_modes import Runner

STEPS = 48
SHOWN = 3


class Sides:
    """The same sequences on the native side and on ours."""

    def __init__(self, mode):
        self.program = os.environ["DIFF_PROGRAM"]
        self.native, self.ours = Runner("native"), Runner(mode)

    def run(self, *arguments):
        """Returns the lines of both sides, each of which proved itself."""
        both = []
        for runner in (self.native, self.ours):
            lines, marks = runner.run(self.program,
                                      *[str(word) for word in arguments],
                                      timeout=240)
            problem = runner.problem(marks)
            if problem:
                raise SystemExit("FAIL %s: %s" % (problem, lines[-5:]))
            both.append(lines)
        return both

    def trace(self, seed, dropped=()):
        """Both transcripts of one sequence in a fresh process."""
        words = [seed, 1, "--trace", seed]
        if dropped:
            words += ["--drop", ",".join(map(str, sorted(dropped)))]
        return self.run(*words)


def shrink(sides, seed):
    """Leaves out as many steps as possible; returns those left out."""
    dropped = set()
    size = STEPS // 2
    while size >= 1:
        removed = False
        for start in range(0, STEPS, size):
            more = set(range(start, min(start + size, STEPS))) - dropped
            if not more:
                continue
            native, ours = sides.trace(seed, dropped | more)
            if native != ours:
                dropped |= more
                removed = True
        if not removed or size > 1:
            size //= 2
    return dropped


def report(sides, seed, start, count):
    native, ours = sides.trace(seed)
    if native == ours:
        print("FAIL seed %d: only after the sequences before it" % seed)
        native, ours = sides.run(start, count, "--trace", seed)
    else:
        dropped = shrink(sides, seed)
        kept = sorted(set(range(STEPS)) - dropped)
        print("FAIL seed %d, needs steps %s" % (seed, kept))
        native, ours = sides.trace(seed, dropped)
    for line in difflib.unified_diff(native,
                                     ours,
                                     "native",
                                     "pollux",
                                     lineterm="",
                                     n=40):
        print("    " + line)


def main():
    mode, start, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sides = Sides(mode)
    native, ours = sides.run(start, count)
    different = [a.split()[0] for a, b in zip(native, ours) if a != b]
    if len(native) != len(ours):
        print("FAIL: our side wrote %d lines, not %d; it %s" %
              (len(ours), len(native), ours[-1]))
        different.append(str(start + len(ours) - 1))
    complete = native[-1] == "ended with 0" and len(native) == count + 1
    for seed in [int(seed) for seed in different if seed.isdigit()][:SHOWN]:
        report(sides, seed, start, count)
    print("%s %s: %d sequences, %d differ" % (os.path.basename(
        sides.program), mode, len(native) - 1, len(different)))
    sides.ours.close()
    sides.native.close()
    return 0 if complete and not different else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs each case of a program natively and under us; both must say the same.

usage: diff_run.py MODE ALLOWLIST [CASE ...]

DIFF_PROGRAM is the program, POLLUX_PRELOAD what to preload, DIFF_REGION reads
records. MODE is one of diff_modes.py. Each run proves its side: the program
looks for the shared object in /proc/self/maps, and the record, where there is
one, says which truth answered and that calls were counted.

A case whose transcript differs is run again natively: if what we saw is one of
several things that the kernel itself says, it is no difference. The allowlist
has lines "MODE CASE REASON ..."; a case listed there must differ, so that the
list cannot grow old.
"""

import difflib
import os
import sys

from diff_modes import Runner, cases

NATIVE_RUNS = 3


def read_allowlist(path, mode):
    allowed = {}
    with open(path) as lines:
        for line in lines:
            words = line.split(None, 2)
            if not words or words[0].startswith("#"):
                continue
            if len(words) < 3:
                raise SystemExit("%s: no reason given: %s" % (path, line))
            if words[0] == mode:
                allowed[words[1]] = words[2].strip()
    return allowed


class Comparison:
    """The runs of one case on both sides."""

    def __init__(self, native, ours, program, case):
        self.problems = []
        self.natives = []
        self.ours, marks = ours.run(program, case)
        self.note(ours.problem(marks))
        for _ in range(NATIVE_RUNS):
            lines, marks = native.run(program, case)
            self.note(native.problem(marks))
            self.natives.append(lines)
            if lines == self.ours:
                break

    def note(self, problem):
        if problem:
            self.problems.append(problem)

    def agrees(self):
        return not self.problems and self.ours in self.natives

    def text(self):
        yield from self.problems
        yield from difflib.unified_diff(self.natives[0],
                                        self.ours,
                                        "native",
                                        "pollux",
                                        lineterm="",
                                        n=3)


def main():
    mode, allowlist, only = sys.argv[1], sys.argv[2], sys.argv[3:]
    program = os.environ["DIFF_PROGRAM"]
    native, ours = Runner("native"), Runner(mode)
    allowed = read_allowlist(allowlist, mode)
    names = only or cases(program)
    failed, expected = [], 0
    for name in names:
        comparison = Comparison(native, ours, program, name)
        if comparison.agrees() and name not in allowed:
            continue
        if comparison.agrees():
            print("FAIL %s: listed as different, and is not" % name)
        elif name in allowed and not comparison.problems:
            expected += 1
            print("DIFFERS %s: %s" % (name, allowed[name]))
            continue
        else:
            print("FAIL %s" % name)
            print("\n".join("    " + line for line in comparison.text()))
        failed.append(name)
    ours.close()
    native.close()
    print("%s %s: %d cases, %d differ as listed, %d failed" %
          (os.path.basename(program), mode, len(names), expected, len(failed)))
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())

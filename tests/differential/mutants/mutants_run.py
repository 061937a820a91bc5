#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every mutant; each must make some case of some program differ.

usage: mutants_run.py MUTANTS_DEF ALLOWLIST [NAME ...]

DIFF_SELECT, DIFF_POLL, DIFF_EPOLL, DIFF_INTERPOSER are the programs, DIFF_*_R
the random ones; MUTANTS_SO is the shared object with a switch at each place,
DIFF_REGION reads records. A mutant is tried with the case that should find it;
if that one agrees with the kernel, with every other case and then with random
sequences. Without a mutant the object must agree everywhere it is asked.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from diff_modes import Runner, cases  # pylint: disable=wrong-import-position

FACES = ("select", "poll", "epoll", "interposer")
LINE = re.compile(r"^MUTANT\((\w+),\s*(\w+),\s*(\w+),\s*(\w+)\)", re.M)
SEQUENCES = "400"
# No case takes half as long; a mutant that hangs is found.
HANG_S = 5


def known_differences(path):
    """(mode, case) pairs of the allowlist."""
    with open(path) as lines:
        words = [line.split() for line in lines if line.strip()]
    return {(w[0], w[1]) for w in words if not w[0].startswith("#")}


class Oracle:
    """What the kernel says to each case, asked once."""

    def __init__(self):
        self.native = Runner("native")
        self.said = {}

    def agrees(self, program, arguments, lines):
        """Whether these lines are something that the kernel says."""
        key = (program,) + arguments
        for attempt in range(3):
            if len(self.said.setdefault(key, [])) <= attempt:
                self.said[key].append(
                    self.native.run(program, *arguments, timeout=120)[0])
            if lines == self.said[key][attempt]:
                return True
        return False


def program_of(face):
    return os.environ["DIFF_" + face.upper()]


def runs_of(face, first):
    """Arguments of each run of a face, the most promising first."""
    if face == "random":
        for name in ("EPOLL_R", "POLL_R", "SELECT_R"):
            yield os.environ["DIFF_" + name], ("1", SEQUENCES)
        return
    program = program_of(face)
    for name in sorted(cases(program), key=lambda name: name != first):
        yield program, (name,)


def killer(oracle, mode, extra, face, first, known):
    """The run that shows the mutant, or None."""
    runner = Runner(mode, extra)
    others = [other for other in FACES if other != face] + ["random"]
    try:
        for each in [face] + others:
            for program, arguments in runs_of(each, first):
                if (mode, arguments[0]) in known:
                    continue
                lines = runner.run(program, *arguments, timeout=HANG_S)[0]
                if not oracle.agrees(program, arguments, lines):
                    return "%s %s" % (each, arguments[0])
    finally:
        runner.close()
    return None


def sound(oracle, mutants):
    """Without a mutant every case named in the list agrees."""
    bad = 0
    for mode, face, first in sorted({mutant[1:] for mutant in mutants}):
        runner = Runner(mode)
        lines = runner.run(program_of(face), first)[0]
        runner.close()
        if not oracle.agrees(program_of(face), (first,), lines):
            print("UNSOUND %s %s differs without any mutant" % (mode, first))
            bad += 1
    return bad == 0


def main():
    with open(sys.argv[1]) as text:
        mutants = LINE.findall(text.read())
    known = known_differences(sys.argv[2])
    only = sys.argv[3:]
    os.environ["POLLUX_PRELOAD"] = os.environ["MUTANTS_SO"]
    oracle = Oracle()
    if not mutants or not sound(oracle, mutants):
        return 1
    survived = 0
    chosen = [m for m in mutants if not only or m[0] in only]
    for name, mode, face, first in chosen:
        found = killer(oracle, mode, {"POLLUX_MUTANT": name}, face, first,
                       known)
        if found is None:
            survived += 1
        print("%s %s %s" % ("killed  " if found else "SURVIVED", name,
                            "by " + found if found else ""))
    print("%d mutants, %d survived" % (len(chosen), survived))
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())

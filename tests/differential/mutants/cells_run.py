#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Flips each cell of the policy table; somebody must notice.

usage: cells_run.py CELLS_TXT README

POLICY_TABLE prints the table that the code has; it must be the one in README,
and with any cell flipped it must not be. Where the code consults a cell, the
test named in CELLS_TXT must fail too: a case of a DIFF_* program with
truth=engine, or one of the KQ_* programs. MUTANTS_SO is the shared object with
the switch.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from diff_modes import Runner  # pylint: disable=wrong-import-position

FACES = ("select", "poll", "epoll", "kqueue", "/dev/poll", "poll_object")
CELLS = ("key", "again", "modify_unknown", "remove_unknown", "closed", "fork",
         "order")

# What README says, without marks, and what the code calls it.
WORDS = {
    "key": {
        "bit in a set": "BIT",
        "place in the array": "PLACE",
        "(open file, fd)": "OPEN_FILE_FD",
        "(ident, filter)": "IDENT_FILTER",
        "fd": "FD",
    },
    "again": {
        "same bit": "SAME",
        "same as once": "SAME",
        "both answered": "BOTH",
        "EEXIST": "EEXIST",
        "replaces": "REPLACE",
        "masks are OR-ed": "OR",
    },
    "unknown": {
        "-": "NONE",
        "ENOENT": "ENOENT",
        "ENOENT (EBADF if closed)": "ENOENT",
        "adds": "ADDS",
        "ignored": "IGNORED",
        "KeyError": "KEYERROR",
    },
    "closed": {
        "EBADF, sets untouched": "EBADF",
        "POLLNVAL": "NVAL",
        "POLLNVAL until removed": "NVAL",
        "stays while the open file lives": "LIVES",
        "interest removed": "REMOVED",
    },
    "fork": {
        "-": "NONE",
        "shared": "SHARED",
        "not inherited": "NOT_INHERITED",
        "EACCES for the other process": "EACCES",
    },
    "order": {
        "ascending fd": "ASCENDING",
        "array order": "ARRAY",
        "ready order, rotating": "READY",
        "ascending, circular": "CIRCULAR",
        "registration order": "REGISTRATION",
    },
}


def table_of_readme(path):
    """The rows of the table, in the words of the code."""
    rows = []
    with open(path) as text:
        for line in text:
            cells = [
                part.strip().replace("`", "")
                for part in line.strip().strip("|").split("|")
            ]
            if len(cells) != 9 or cells[0].replace(" ", "_") not in FACES:
                continue
            words = [cells[0]]
            for name, cell in zip(CELLS, cells[2:]):
                words.append(WORDS[re.sub(r"^.*_", "", name)][cell])
            rows.append("|".join(words))
    return rows


def environment(cell):
    added = {"POLLUX_MUTANT_CELL": cell} if cell else {}
    return dict(os.environ, **added)


def table_of_code(cell=None):
    out = subprocess.run([os.environ["POLICY_TABLE"]],
                         stdout=subprocess.PIPE,
                         env=environment(cell),
                         check=True,
                         text=True).stdout
    return out.splitlines()


def case_differs(face, case, cell):
    """Whether a case differs from the kernel with this cell flipped."""
    program = os.environ["DIFF_" + face.upper()]
    native = Runner("native")
    ours = Runner("engine", {"POLLUX_MUTANT_CELL": cell} if cell else None)
    try:
        return (ours.run(program, case, timeout=10)[0] != native.run(
            program, case)[0])
    finally:
        native.close()
        ours.close()


def failures(name, cell):
    """Names of the tests of a kqueue program that fail."""
    env = environment(cell)
    env.update(LD_PRELOAD=os.environ["MUTANTS_SO"],
               CK_VERBOSITY="verbose",
               CK_TIMEOUT_MULTIPLIER="2")
    out = subprocess.run([os.environ["KQ_" + name.upper()]],
                         stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT,
                         env=env,
                         check=False,
                         text=True).stdout
    results = re.findall(r":([PFES]):[^:]*:([^:]*):", out)
    return {test for result, test in results if result != "P"}, len(results)


def notices(face, who, cell):
    """Whether the one who must notice this flip does, and only then."""
    if who == "table":
        return True
    if face != "kqueue":
        return case_differs(face, who, cell) and not case_differs(
            face, who, None)
    before, count = failures(who, None)
    after, _ = failures(who, cell)
    return count > 0 and bool(after - before)


def main():
    readme = table_of_readme(sys.argv[2])
    if table_of_code() != readme or len(readme) != len(FACES):
        print("FAIL: the table of the code is not that of README:")
        print("\n".join(table_of_code() + ["--"] + readme))
        return 1
    os.environ["POLLUX_PRELOAD"] = os.environ["MUTANTS_SO"]
    with open(sys.argv[1]) as text:
        lines = [line.split() for line in text if not line.startswith("#")]
    survived = 0
    for face, name, value, who in lines:
        cell = "%d.%d.%s" % (FACES.index(face), CELLS.index(name), value)
        killed = table_of_code(cell) != readme and notices(face, who, cell)
        survived += not killed
        print("%s %s %s by %s" %
              ("killed  " if killed else "SURVIVED", face, name, who))
    wanted = {(face, name) for face in FACES for name in CELLS}
    missing = wanted - {(line[0], line[1]) for line in lines}
    print("%d cells, %d survived, not listed: %s" %
          (len(lines), survived, sorted(missing)))
    return 1 if survived or missing else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each number of the checklist has a case here, or a reason why not.

usage: checklist.py CHECKLIST_TXT
"""

import os
import re
import sys

from diff_modes import cases

NUMBERS = range(65, 141)


def main():
    with open(sys.argv[1]) as text:
        reasons = dict(re.findall(r"^(\d+) (\S.*)$", text.read(), re.M))
    found = {}
    for face in ("SELECT", "POLL", "EPOLL", "INTERPOSER"):
        for name in cases(os.environ["DIFF_" + face]):
            number = re.match(r"d(\d+)_", name)
            if number:
                found.setdefault(number.group(1), []).append(name)
    bad = 0
    for number in map(str, NUMBERS):
        if (number in found) == (number in reasons):
            bad += 1
            print("FAIL %s: %s" % (number, "a reason for what has a case"
                                   if number in found else "not covered"))
    print("%d numbers with cases, %d with a reason, %d wrong" %
          (len(found), len(reasons), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

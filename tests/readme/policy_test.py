#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The policy table of README.md says what core/policy.c says, cell by cell.

usage: policy_test.py README.md   (beside it: core/policy.c)
"""
import os
import re
import sys

# What a constant is called on the page.
WORDS = {
    "KEY_BIT": ["bit in a set"],
    "KEY_PLACE": ["place in the array"],
    "KEY_OPEN_FILE_FD": ["(open file, fd)"],
    "KEY_IDENT_FILTER": ["(ident, filter)"],
    "KEY_FD": ["fd"],
    "AGAIN_SAME": ["same bit", "same as once"],
    "AGAIN_BOTH": ["both answered"],
    "AGAIN_EEXIST": ["EEXIST"],
    "AGAIN_REPLACE": ["replaces"],
    "AGAIN_OR": ["masks are OR-ed"],
    "UNKNOWN_NONE": ["-"],
    "UNKNOWN_ENOENT": ["ENOENT", "ENOENT (EBADF if closed)"],
    "UNKNOWN_ADDS": ["adds"],
    "UNKNOWN_IGNORED": ["ignored"],
    "UNKNOWN_KEYERROR": ["KeyError"],
    "CLOSED_EBADF": ["EBADF, sets untouched"],
    "CLOSED_NVAL": ["POLLNVAL", "POLLNVAL until removed"],
    "CLOSED_LIVES": ["stays while the open file lives"],
    "CLOSED_REMOVED": ["interest removed"],
    "FORK_NONE": ["-"],
    "FORK_SHARED": ["shared"],
    "FORK_NOT_INHERITED": ["not inherited"],
    "FORK_EACCES": ["EACCES for the other process"],
    "ORDER_ASCENDING": ["ascending fd"],
    "ORDER_ARRAY": ["array order"],
    "ORDER_READY": ["ready order, rotating"],
    "ORDER_CIRCULAR": ["ascending, circular"],
    "ORDER_REGISTRATION": ["registration order"],
}


def code_rows(source):
    """face -> its constants, without POLICY_."""
    rows = {}
    for row in re.findall(r"\[PLX_FACE_\w+\] = \{(.*?)\}", source, re.S):
        name = re.search(r'"([^"]*)"', row)[1]
        rows[name] = re.findall(r"POLICY_(\w+)", row)
    return rows


def page_rows(page):
    """face -> its cells, without the one that says whose truth it is."""
    rows = {}
    for line in page.split("\n"):
        cells = [cell.strip().replace("`", "") for cell in line.split("|")[1:-1]]
        if len(cells) == 9 and cells[0] != "face" and "---" not in cells[0]:
            rows[cells[0]] = cells[2:]
    return rows


def main():
    readme = os.path.realpath(sys.argv[1])
    source = os.path.join(os.path.dirname(readme), "core/policy.c")
    with open(readme, encoding="utf-8") as page, open(source, encoding="utf-8") as code:
        said, done = page_rows(page.read()), code_rows(code.read())
    failures = 0
    if len(done) < 6 or set(said) != set(done):
        sys.exit(f"faces differ: page {sorted(said)}, code {sorted(done)}")
    for face, constants in done.items():
        if len(constants) != 7:
            sys.exit(f"{face}: {constants}")
        for constant, cell in zip(constants, said[face]):
            if cell not in WORDS[constant]:
                print(f"{face}: the code has {constant}, the page '{cell}'")
                failures += 1
    print(f"{7 * len(done)} cells, {failures} differ")
    sys.exit(failures != 0)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A program that starts under Pollux has its environment and its output.

A constructor that runs before libc's can leave a program without environment
for good. env(1) prints it, sh(1) hands it on, and sshd and redis-server, which
move theirs, say who they are. Standard output is the program's to the byte.
"""

import os
import re
import sys

import basics
import harness

ENV, SH = basics.need("env", "sh")
PROGRAMS = [[ENV], [SH, "-c", "env; echo $PLX_ODD; exit 3"]]
PROGRAMS += [argv for argv in (
    ["/usr/bin/redis-server", "--version"], ["/usr/sbin/sshd", "-V"],
    ["/usr/bin/python3", "-c", "import os; print(sorted(os.environ))"])
    if os.path.exists(argv[0])]
MODES = ("native", "pass", "log", "strict", "engine", "both")
OURS = re.compile(r"^(LD_PRELOAD|POLLUX_OPTIONS|_|SHLVL|PWD|OLDPWD)=")


class Ends(harness.Case):
    """A program that ends by itself."""

    def __init__(self, argv):
        self.argv = argv

    def command(self, _run):
        return self.argv

    def environment(self, _run):
        return {"PLX_ODD": "a=b:c%20 \u00fc", "PLX_EMPTY": "",
                **{"PLX_%d" % i: str(i) * i for i in range(90)}}


def outcome(argv, mode):
    """(lines without what must differ, exit status)"""
    run = harness.Run(Ends(argv), mode)
    try:
        run.start()
        status = run.end()
        with run.news:
            run.news.wait_for(lambda: run.closed, basics.STEP_SECONDS)
        text = "\n".join(line for line in run.lines if not OURS.match(line))
        text = re.sub(r"'(LD_PRELOAD|POLLUX_OPTIONS)'(, )?", "", text)
        return text.replace(run.directory, "$DIR"), status
    finally:
        run.clean()


def main():
    harness.prepare()
    failed = 0
    for argv in PROGRAMS:
        native = outcome(argv, "native")
        for mode in MODES[1:]:
            got = outcome(argv, mode)
            print("%s %s: %s" % (argv[0], mode, "ok" if got == native else
                                 "FAILED:\n%s\nnatively:\n%s" % (got, native)))
            failed += got != native
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

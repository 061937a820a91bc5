# SPDX-License-Identifier: BSD-2-Clause
"""The ways in which the differential runners run one program.

A mode is a name and what goes into the environment. "native" is the oracle: no
shared object at all. In every other mode the program is unchanged and the
shared object is preloaded. Where there is a record, the shared object's own
counters prove that calls went through it, and which truth answered.
"""

import os
import shutil
import subprocess
import tempfile

# follow=1: a program that the case executes is under us too.
OPTIONS = {
    "bare": None,
    "kernel": "truth=kernel:follow=1",
    "log": "truth=kernel:level=log:log_path={log}:follow=1",
    "engine": "truth=engine:log_path={log}:follow=1",
}

# Much longer than any case takes: a case that hangs is a failure.
TIMEOUT_S = 40


class Runner:
    """Runs programs in one mode and tells what they wrote and how they ended."""

    def __init__(self, mode, extra=None):
        if mode != "native" and mode not in OPTIONS:
            raise SystemExit("no such mode: %s" % mode)
        self.mode = mode
        self.directory = tempfile.mkdtemp(prefix="diff-")
        self.log = None
        self.environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ("LD_PRELOAD", "POLLUX_OPTIONS")
        }
        if mode == "native":
            return
        self.environment["LD_PRELOAD"] = os.environ["POLLUX_PRELOAD"]
        self.environment.update(extra or {})
        options = OPTIONS[mode]
        if options is None:
            return
        if "{log}" in options:
            self.log = os.path.join(self.directory, "log")
            options = options.format(
                log=self.log.replace("%", "%25").replace(":", "%3a"))
        self.environment["POLLUX_OPTIONS"] = options

    def run(self, program, *arguments, timeout=TIMEOUT_S):
        """Returns (lines on stdout and stderr and the ending, marks)."""
        if self.log and os.path.exists(self.log):
            os.unlink(self.log)
        child = subprocess.Popen(
            [program] + list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            start_new_session=True,
            text=True,
            errors="backslashreplace")
        try:
            out, err = child.communicate(timeout=timeout)
            ending = "ended with %d" % child.returncode
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            out, err = child.communicate()
            ending = "hung for %d seconds" % timeout
        lines = out.splitlines()
        marks = [line for line in lines if line.startswith("#")]
        lines = [line for line in lines if not line.startswith("#")]
        lines += ["stderr: " + line for line in err.splitlines()]
        return lines + [ending], marks

    def problem(self, marks):
        """Why the run that gave these marks was not on the side it claims."""
        wanted = "#side " + ("native" if self.mode == "native" else "pollux")
        if marks[:1] != [wanted]:
            return "not the side it should be: %s" % marks
        return self.record_problem() if self.log else None

    def record_problem(self):
        """What is wrong with the shared object's own record of the last run."""
        reader = subprocess.run([os.environ["DIFF_REGION"], self.log],
                                stdout=subprocess.PIPE,
                                check=False,
                                text=True)
        truth = "engine" if self.mode == "engine" else "kernel"
        processes = [line.split() for line in reader.stdout.splitlines()]
        if not processes:
            return "no record"
        if any(words[0] != truth for words in processes):
            return "not with truth=%s: %s" % (truth, processes)
        if not any(len(words) > 1 for words in processes):
            return "not one call was counted"
        return None

    def close(self):
        """Removes the record."""
        shutil.rmtree(self.directory)


def cases(program):
    """Names of the cases of a program, in the order of their text."""
    out = subprocess.run([program, "--list"],
                         stdout=subprocess.PIPE,
                         check=True,
                         text=True).stdout
    return sorted(out.split())

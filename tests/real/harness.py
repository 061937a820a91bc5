# SPDX-License-Identifier: BSD-2-Clause
"""Runs one program of the machine natively and under Pollux, and compares.

A test derives from Case, says how its program is started, loaded and stopped,
and calls main(). Each mode gets a fresh directory and a fresh process:

    native   the program alone
    pass     preloaded, not configured: every call goes straight through
    log      preloaded with the checks on; what was found and counted is read
             from the shared region
    strict   preloaded, where a hazard would become an error: none is there
    both     preloaded, the engine answers and the checks are on
    strace   as log, with strace around it: its count of calls must be ours
    check    by the command line, `pollux check --json=FILE --`
    engine   by the command line, `pollux run --engine --`

Compared with the native run: the results of the load (which load() returns
after it verified every reply), the open descriptors of every process before
the load and after it, and the exit status.

Nothing here waits by sleeping for a while and hoping: servers are watched by
the lines they print, the rest is asked again until a deadline.
"""

import argparse
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import basics
import calls
from basics import PROGRAM_PATH, Failure, expect, until
from processes import children, descriptors, maps_pollux, state, tree

TEST_SECONDS = 280  # the whole test; Bazel's own limit lies above
PR_SET_CHILD_SUBREAPER = 36
OURS = {"check": "memfd", "engine": "anon_inode:[eventfd]",
        "both": "anon_inode:[eventfd]"}
OURS_FROM = 512
LEVELS = {"log": ["level=log"], "strace": ["level=log"],
          "strict": ["level=strict"], "both": ["truth=engine", "level=log"]}
STRACE = shutil.which("strace", path=PROGRAM_PATH)
HERE = os.path.dirname(os.path.abspath(__file__))


# How a mode starts the program.


class Pollux:
    """What the build hands to the test, by the environment."""

    preload = os.environ.get("POLLUX_PRELOAD") or os.environ.get("POLLUX_SO")
    cli = os.environ.get("POLLUX_CLI")
    region = os.environ.get("POLLUX_REGION")

    @classmethod
    def check(cls):
        for name in ("preload", "cli", "region"):
            expect(getattr(cls, name), "POLLUX_%s is not set; see README.md"
                   % ("SO" if name == "preload" else name.upper()))


class Run:
    """One start of a case's program in one mode."""

    def __init__(self, case, mode):
        self.case = case
        self.mode = mode
        self.process = None
        self.lines = []
        self.news = threading.Condition()
        self.closed = False
        self.directory = tempfile.mkdtemp(prefix="plx-%s-" % mode, dir="/tmp")
        os.chmod(self.directory, 0o711)
        # Ours, beside the program's directory, which it may list.
        self.region = self.directory + ".region"
        self.log = self.directory + ".strace"
        self.json = self.directory + ".json"

    def path(self, name):
        return os.path.join(self.directory, name)

    def environment(self):
        env = {"PATH": PROGRAM_PATH, "HOME": self.directory,
               "TMPDIR": self.directory, "LC_ALL": "C.UTF-8"}
        env.update(self.case.environment(self))
        return env

    def preload(self):
        """The variables that put Pollux into a process, for this mode."""
        if self.mode in ("native", "check"):
            return {}
        if self.mode == "engine":
            # The command line adds its own to this.
            return {"POLLUX_OPTIONS": "log_path=" + self.region}
        env = {"LD_PRELOAD": Pollux.preload}
        if self.mode != "pass":
            env["POLLUX_OPTIONS"] = ":".join(
                LEVELS[self.mode] + ["log_path=" + self.region]
                + self.case.options)
        return env

    def command(self):
        """The words to execute: wrappers, then the program's own."""
        argv = self.case.command(self)
        if self.mode == "strace":
            words = [STRACE, "-f", "-q", "-k", "-o", self.log,
                     "-e", "trace=" + ",".join(calls.TRACED),
                     "-e", "signal=none"]
            for item in self.preload().items():
                words += ["-E", "%s=%s" % item]
            argv = words + ["--"] + argv
        elif self.mode == "check":
            argv = [Pollux.cli, "check", "--json=" + self.json, "--"] + argv
        elif self.mode == "engine":
            follow = ["--follow"] if "follow=1" in self.case.options else []
            argv = [Pollux.cli, "run", "--engine"] + follow + ["--"] + argv
        return self.case.prefix(self) + argv

    def start(self):
        env = self.environment()
        if self.mode != "strace":
            env.update(self.preload())
        self.process = subprocess.Popen(
            self.command(), env=env, cwd=self.directory,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.input = self.process.stdin
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.closed = True
            self.news.notify_all()

    def wait_line(self, regex, times=1):
        """The last of so many lines of output that match, waited for."""
        deadline = time.monotonic() + basics.STEP_SECONDS
        with self.news:
            while True:
                found = [m for m in (re.search(regex, line)
                                     for line in self.lines) if m]
                if len(found) >= times:
                    return found[times - 1]
                expect(not self.closed, "the program ended before it printed "
                       "'%s'" % regex)
                left = deadline - time.monotonic()
                expect(left > 0, "timeout: no line '%s'" % regex)
                self.news.wait(left)

    def pid(self):
        """The program's own process, whatever stands in front of it."""
        if self.mode not in ("strace", "check", "engine"):
            return self.process.pid
        name = os.path.realpath(self.case.executable())

        def named():
            for pid in tree(self.process.pid):
                try:
                    if os.readlink("/proc/%d/exe" % pid) == name:
                        return pid
                except OSError:
                    continue
            return None
        return until("a process that runs " + name, named)

    def connect(self, address):
        """A connected stream socket to a path or to a port of the loopback."""
        unix = isinstance(address, str)
        sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        sock.settimeout(basics.STEP_SECONDS)
        sock.connect(address if unix else ("127.0.0.1", address))
        return sock

    def wait_connect(self, address):
        """Returns when the program accepts connections there."""
        def accepts():
            expect(self.process.poll() is None, "the program ended")
            try:
                self.connect(address).close()
            except (FileNotFoundError, ConnectionRefusedError):
                return False
            return True
        until("a connection to %s" % address, accepts)

    def client_environment(self):
        """A load program runs as the server does, where the server's counts
        are not all that is looked at."""
        env = self.environment()
        if self.mode in ("pass", "log", "strict", "both"):
            env.update(self.preload())
        elif self.mode == "engine":
            env["LD_PRELOAD"] = Pollux.preload
            env["POLLUX_OPTIONS"] = "truth=engine:log_path=" + self.region
        return env

    def client(self, argv, stdin=subprocess.DEVNULL):
        """Runs a load program to its end; its standard output, as bytes."""
        done = subprocess.run(
            argv, env=self.client_environment(), cwd=self.directory,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=3 * basics.STEP_SECONDS)
        expect(done.returncode == 0, "%s gave %d: %s%s" % (
            argv[0], done.returncode, done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace")))
        return done.stdout

    def fds(self):
        """The descriptors of every process of the program, parents first.

        What Pollux may hold for itself is left out: one descriptor, high up.
        `check` follows a program over exec, for which the log must be open;
        the engine has an eventfd from the first time that it must wake.
        """
        found = [descriptors(pid, self.directory) for pid in tree(self.pid())]
        for fds in found:
            top = max(fds, default=0)
            if top >= OURS_FROM and fds[top] == OURS.get(self.mode):
                del fds[top]
        return found

    def settled(self, before):
        """The descriptors after the load, given time to be as before."""
        now = [None]

        def same():
            now[0] = self.fds()
            try:
                self.case.compare_fds(before, now[0])
            except Failure:
                return False
            return True
        try:
            until("descriptors as before the load", same, 3)
        except Failure:
            pass
        return now[0]

    def end(self):
        """The exit status, once the program was asked to stop."""
        try:
            return self.process.wait(basics.STEP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure("timeout: the program did not stop") from None

    def clean(self):
        """Ends whatever is left of the run, and removes its files."""
        left = 0
        for pid in [p for c in children(os.getpid()) for p in tree(c)]:
            if state(pid) not in (None, "Z"):
                left += 1
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            self.process.wait()
            self.reader.join(basics.STEP_SECONDS)
            self.process.stdin.close()
            self.process.stdout.close()
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    break
            except ChildProcessError:
                break
        shutil.rmtree(self.directory, ignore_errors=True)
        for path in (self.region, self.log, self.json):
            if os.path.exists(path):
                os.unlink(path)
        return left


# One test.


class Case:
    """What a test says about its program; see the module's text."""

    modes = ("native", "pass", "log", "strict", "strace", "check", "engine",
             "both")
    options = []  # more key=value for POLLUX_OPTIONS
    status = 0  # of a clean end
    # What may be missing in the history of a process, beside which the
    # silence of the checks means nothing.
    unseen = set()
    known = {}  # certain findings that are right: id -> why
    may_keep = False  # whether the program keeps descriptors after a load

    def executable(self):
        """The program's file, to find its process behind a wrapper."""
        raise NotImplementedError

    def command(self, run):
        """The program and its arguments."""
        raise NotImplementedError

    def prefix(self, _run):
        """Words in front of everything, which exec what follows."""
        return []

    def environment(self, _run):
        """More variables for the program and its clients."""
        return {}

    def ready(self, run):
        """Returns when the program serves."""
        raise NotImplementedError

    def load(self, run):
        """Applies the load, verifies each reply; what must not differ."""
        raise NotImplementedError

    def stop(self, run):
        """Asks the program to end."""
        os.kill(run.pid(), signal.SIGTERM)

    def compare_fds(self, native, fds):
        """Raises when the descriptors of two runs differ."""
        expect(native == fds, "descriptors differ:\n  %s\n  %s"
               % (native, fds))


def report(run):
    """What Pollux wrote about a run: (processes, findings)."""
    if run.mode == "check":
        with open(run.json) as lines:
            objects = [json.loads(line) for line in lines if line.strip()]
    else:
        expect(os.path.exists(run.region), "nothing was recorded")
        text = subprocess.run([Pollux.region, run.region], check=True,
                              stdout=subprocess.PIPE).stdout
        objects = [json.loads(line) for line in text.splitlines()]
    return ([o for o in objects if o["type"] in ("process", "summary")],
            [o for o in objects if o["type"] == "finding"])


def verify_findings(case, run):
    """No certain finding beside what the case argues, and something seen."""
    processes, findings = report(run)
    expect(processes, "no process was recorded")
    bad = [f for f in findings
           if f["conf"] == "certain" and f["sev"] != "I"]
    for f in findings:
        print("  finding: %s %s %s %s fd %d, %d times" % (
            f["id"], f["sev"], f["conf"], f["api"], f["fd"], f["count"]))
        if f in bad and f["id"] not in case.known:
            print("  " + json.dumps(f))
    wrong = [f["id"] for f in bad if f["id"] not in case.known]
    expect(not wrong, "certain findings: %s" % " ".join(wrong))
    for process in processes:
        if process["unseen"]:
            print("  partial: %s %d, %s" % (
                process["comm"], process["pid"], process["unseen"]))
    expect(all(set(p["unseen"]) <= case.unseen for p in processes),
           "a history is not complete")
    return processes


def execute(case, mode):
    """One mode from start to end: what is compared."""
    run = Run(case, mode)
    try:
        run.start()
        case.ready(run)
        expect(maps_pollux(run.pid()) == (mode != "native"),
               "libpollux is %s the process" % (
                   "in" if mode == "native" else "not in"))
        before = run.fds()
        results = case.load(run)
        fds = run.settled(before)
        case.stop(run)
        status = run.end()
        expect(status == case.status, "exit status %d" % status)
        if mode not in ("native", "pass"):
            processes = verify_findings(case, run)
            expect(all(p["engine"] == (mode in ("engine", "both"))
                       for p in processes), "who answered?")
            if mode == "strace":
                wrong = calls.compare(run.log, processes)
                expect(not wrong, "; ".join(wrong))
        return {"results": results, "before": before, "after": fds}
    except BaseException:
        print("  the program printed:")
        for line in run.lines[-60:]:
            print("    " + line)
        raise
    finally:
        left = run.clean()
        if left:
            print("  ended %d processes that were left over" % left)


def traceable():
    """Whether strace is there, and may trace."""
    return STRACE is not None and subprocess.run(
        [STRACE, "-o", os.devnull, "true"], check=False,
        stderr=subprocess.DEVNULL).returncode == 0


def run_case(case, modes):
    """Every mode in turn; the number of those that failed."""
    native = None
    failed = 0
    for mode in modes:
        if mode == "strace" and not traceable():
            print("SKIP: the mode strace: it is not installed, or may not "
                  "trace", flush=True)
            continue
        start = time.monotonic()
        try:
            got = execute(case, mode)
            if mode == "native":
                native = got
                if not case.may_keep:
                    case.compare_fds(got["before"], got["after"])
            else:
                expect(got["results"] == native["results"],
                       "results differ:\n  native %s\n  here   %s"
                       % (native["results"], got["results"]))
                case.compare_fds(native["after"], got["after"])
            verdict = "ok"
        except Exception as error:  # noqa: the next modes still run
            failed += 1
            verdict = "FAILED: %s" % error
            if not isinstance(error, Failure):
                traceback.print_exc()
        print("%s %-7s %5.1f s  %s" % (type(case).__name__, mode,
                                      time.monotonic() - start, verdict),
              flush=True)
        if mode == "native" and native is None:
            break  # nothing to compare with
    return failed


def on_alarm(_number, _frame):
    raise KeyboardInterrupt


def prepare():
    """What every test needs before it starts a program."""
    Pollux.check()
    # Daemons and helpers of the program become ours, to be ended by us.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, on_alarm)
    signal.alarm(TEST_SECONDS)


def main(*cases):
    """The body of a test script."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--modes", default="", help="comma-separated")
    wanted = [m for m in parser.parse_args().modes.split(",") if m]
    prepare()
    failed = 0
    for case in cases:
        failed += run_case(case, wanted or case.modes)
    sys.exit(1 if failed else 0)

# SPDX-License-Identifier: BSD-2-Clause
"""Whether the calls that Pollux counted are those that strace saw.

strace -k gives the stack of every system call, so each one is put where it
belongs by its frames, innermost first:

    program    libc's function of that name, called by the program: through
               libpollux, or the call is missed
    libc       made inside libc or the loader for its own ends (getaddrinfo,
               fclose, start-up); nobody can count it by interposition
    ours       made by libpollux itself, not by libc on its behalf
    raw        no libc frame at all: the program's own instruction, or by
               syscall(2)

Equal must be, in each process: the program's calls by strace, and our count.
`missed` must be none, and `ours` none for the waiting calls: with the checks
on, the very call that came in goes on, and no other.
"""

import collections
import re

# What is compared: the system calls, and the libc names that make them. The
# first three columns of the table are exact in every program; what follows is
# exact wherever the shim exports all of the names.
GROUPS = [
    ("epoll_create", ["epoll_create"], ["epoll_create"]),
    ("epoll_create1", ["epoll_create1"], ["epoll_create1"]),
    ("epoll_ctl", ["epoll_ctl"], ["epoll_ctl"]),
    ("epoll_wait", ["epoll_wait"], ["epoll_wait"]),
    ("epoll_pwait", ["epoll_pwait"], ["epoll_pwait"]),
    ("epoll_pwait2", ["epoll_pwait2"], ["epoll_pwait2"]),
    ("poll", ["poll"], ["poll"]),
    ("ppoll", ["ppoll"], ["ppoll"]),
    # glibc makes pselect6 of both.
    ("select", ["select", "pselect6"], ["select", "pselect"]),
    ("close", ["close"], ["close"]),
    # closefrom is close_range to the end in glibc.
    ("close_range", ["close_range"], ["close_range", "closefrom"]),
    ("dup", ["dup"], ["dup"]),
    ("dup2", ["dup2"], ["dup2"]),
    ("dup3", ["dup3"], ["dup3"]),
    ("fcntl", ["fcntl"], ["fcntl"]),
]
WAITS = {"epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll",
         "select", "epoll_ctl", "epoll_create", "epoll_create1"}
STARTERS = ["clone", "clone3", "fork", "vfork", "execve"]
TRACED = [name for _, syscalls, _ in GROUPS for name in syscalls] + STARTERS

LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
FRAME = re.compile(r"^ > ([^(]*)(?:\(([^+)]*)(?:\+0x[0-9a-f]+)?\))?")
LIBC = re.compile(r"/(libc|libpthread|ld-linux[^/]*|libc-[^/]*)\.so")
# These come again as a new line when the kernel makes them again.
AGAIN = re.compile(r"= \? ERESTART(SYS|NOINTR)\b")


class Call:
    """One system call of one thread."""

    def __init__(self, tid, name, text):
        self.tid = tid
        self.name = name
        self.text = text
        self.frames = []


def parse(lines):
    """The calls of an strace log, each with its stack, in order of entry."""
    found = []
    open_ = {}
    last = None
    for line in lines:
        if line.startswith(" > "):
            match = FRAME.match(line)
            if last is not None and match:
                last.frames.append((match.group(1), match.group(2) or ""))
            continue
        match = LINE.match(line)
        if match:
            last = Call(int(match.group(1)), match.group(2), match.group(3))
            found.append(last)
            open_[last.tid] = last
            continue
        match = RESUMED.match(line)
        if match and int(match.group(1)) in open_:
            last = open_[int(match.group(1))]
            last.text += match.group(3)
        else:
            last = None
    return found


def processes_of(found):
    """{tid: pid}: threads belong to the process that made them."""
    owner = {}
    for call in found:
        owner.setdefault(call.tid, call.tid)
        if call.name in ("clone", "clone3", "fork", "vfork"):
            match = re.search(r"= (\d+)$", call.text.rstrip())
            if match and "CLONE_THREAD" in call.text:
                owner[int(match.group(1))] = owner[call.tid]
    # A thread may be seen before its creator's call returns.
    for call in found:
        match = re.search(r"= (\d+)$", call.text.rstrip())
        if (call.name in ("clone", "clone3") and match
                and "CLONE_THREAD" in call.text):
            owner[int(match.group(1))] = owner[call.tid]
    return owner


def public_name(symbol):
    """libc's symbol as the name that programs use."""
    symbol = re.sub(r"^_*(GI_)?(_*libc_)?(IO_)?", "", symbol)
    return re.sub(r"(64|_chk|_nocancel)$", "", symbol)


def place(call, names):
    """(where it belongs, whether libpollux was passed)."""
    symbol = None
    for module, name in call.frames:
        if "libpollux.so" in module:
            return ("program", True) if symbol is not None else ("ours", True)
        if not LIBC.search(module):
            break
        symbol = name
    if symbol is None or public_name(symbol) == "syscall":
        return "raw", False
    if public_name(symbol) in names:
        return "program", False
    return "libc", False


class Tally:
    """What strace saw of one group in one process."""

    def __init__(self):
        self.count = collections.Counter()
        self.missed = []


def tally(found, owner):
    """{pid: {group: Tally}}"""
    table = collections.defaultdict(
        lambda: collections.defaultdict(Tally))
    for call in found:
        for group, syscalls, names in GROUPS:
            if call.name not in syscalls or AGAIN.search(call.text):
                continue
            where, passed = place(call, names)
            entry = table[owner[call.tid]][group]
            entry.count[where] += 1
            if where == "program" and not passed:
                entry.missed.append(call)
    return table


def compare(path, processes):
    """Prints the table of counts; the list of what is wrong with it."""
    with open(path, errors="replace") as log:
        found = parse(log)
    table = tally(found, processes_of(found))
    counted = collections.defaultdict(collections.Counter)
    for process in processes:
        counted[process["pid"]].update(process["calls"])
    wrong = []
    print("  pid      call           program  ours  libc  raw  counted")
    for pid in sorted(counted):
        for group, _, names in GROUPS:
            seen = table[pid][group]
            mine = sum(counted[pid][name] for name in names)
            if not mine and not seen.count:
                continue
            count = seen.count
            print("  %-8d %-14s %7d %5d %5d %4d %8d" % (
                pid, group, count["program"], count["ours"], count["libc"],
                count["raw"], mine))
            if mine != count["program"]:
                wrong.append("%s of %d: %d by strace, %d by us"
                             % (group, pid, count["program"], mine))
            if seen.missed:
                wrong.append("%s of %d: %d calls went past us, the first %s%s"
                             % (group, pid, len(seen.missed),
                                seen.missed[0].name, seen.missed[0].frames))
            if group in WAITS and count["ours"]:
                wrong.append("%s of %d: %d more calls than the program made"
                             % (group, pid, count["ours"]))
    total = sum(sum(c.values()) for c in counted.values())
    if not total:
        wrong.append("nothing was counted")
    return wrong

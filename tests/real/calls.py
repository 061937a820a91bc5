# SPDX-License-Identifier: BSD-2-Clause
"""Whether the calls that Pollux counted are those that strace saw.

strace -k gives the stack of every system call, so each one is put where it
belongs by its frames, innermost first:

    program    a function of libc's that we take over, called by the program;
               through libpollux, or the call is missed
    libc       made inside libc or the loader for their own ends (getaddrinfo,
               fclose, start-up): nobody can count it by interposition
    ours       made by libpollux itself, not by libc on its behalf
    raw        an instruction of the program's own, or syscall(2)

For each image (a process between two execs) and each group the program's calls
by strace must be as many as we counted. None may be missed, and of the waiting
calls none may be ours: the very call that came in goes on, and no other.
A process that installs a seccomp filter is compared no further, as we stop.
One that is killed may die between a call and its count. One whose memory strace
may not read has no stacks: it is compared no further, and never there for root.
"""

import collections
import os
import re

# title: the system calls, libc's names for them, and ours in report_abi.h.
GROUPS = {
    "epoll_create": (["epoll_create"], ["epoll_create"], ["epoll_create"]),
    "epoll_create1": (["epoll_create1"],) + (["epoll_create1"],) * 2,
    "epoll_ctl": (["epoll_ctl"],) + (["epoll_ctl"],) * 2,
    "epoll_wait": (["epoll_wait"],) + (["epoll_wait"],) * 2,
    "epoll_pwait": (["epoll_pwait"],) + (["epoll_pwait"],) * 2,
    "epoll_pwait2": (["epoll_pwait2"],) + (["epoll_pwait2"],) * 2,
    "poll": (["poll"],) + (["poll"],) * 2,
    "ppoll": (["ppoll"],) + (["ppoll"],) * 2,
    # glibc makes pselect6 of both.
    "select": (["select", "pselect6"],) + (["select", "pselect"],) * 2,
    "close": (["close"],) + (["close"],) * 2,
    # closefrom is close_range to the end.
    "close_range": (["close_range"],) + (["close_range", "closefrom"],) * 2,
    "dup": (["dup"],) + (["dup"],) * 2,
    "dup2": (["dup2"],) + (["dup2"],) * 2,
    "dup3": (["dup3"],) + (["dup3"],) * 2,
    "fcntl": (["fcntl"],) + (["fcntl"],) * 2,
    "socket": (["socket"],) + (["socket"],) * 2,
    "socketpair": (["socketpair"],) + (["socketpair"],) * 2,
    "accept": (["accept", "accept4"], ["accept", "accept4"], ["accept"]),
    "pipe": (["pipe", "pipe2"], ["pipe", "pipe2"], ["pipe"]),
    "eventfd": (["eventfd2"], ["eventfd"], ["eventfd"]),
    "timerfd": (["timerfd_create"],) + (["timerfd_create"],) * 2,
    "signalfd": (["signalfd4"], ["signalfd"], ["signalfd"]),
    "open": (["open", "openat", "creat"],) + (["open", "openat", "creat"],
                                              ["open"]),
    "sendmsg": (["sendmsg"],) + (["sendmsg"],) * 2,
    "recvmsg": (["recvmsg"],) + (["recvmsg"],) * 2,
}
WAITS = {"epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
         "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select"}
# Taken over too where they come by syscall(2).
BY_NUMBER = WAITS | {"close", "close_range", "dup", "dup2", "dup3", "fcntl"}
FORKS = ["clone", "clone3", "fork", "vfork"]
TRACED = [name for syscalls, _, _ in GROUPS.values() for name in syscalls
          ] + FORKS + ["execve", "execveat", "prctl", "seccomp"]
GROUP_OF = {name: title for title, (syscalls, _, _) in GROUPS.items()
            for name in syscalls}

LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
FRAME = re.compile(r"^ > ([^(]*)(?:\(([^+)]*)(?:\+0x[0-9a-f]+)?\))?")
LIBC = re.compile(r"/(libc|libpthread|ld-linux[^/]*)\.so")
# The kernel makes such a call again, as a line of its own.
AGAIN = re.compile(r"= \? ERESTART(SYS|NOINTR)\b")
KILLED = "+++"
DEATH = re.compile(r"^(\d+) +\+\+\+ killed by SIGKILL")
FILTER = re.compile(r"^(PR_SET_SECCOMP, SECCOMP_MODE_|SECCOMP_SET_MODE_)")


class Call:
    """One system call of one thread; or its death, by the name KILLED."""

    def __init__(self, tid, name, text):
        self.tid = tid
        self.name = name
        self.text = text
        self.frames = []

    def returned(self):
        return re.search(r"\) += [-0-9]", self.text) is not None

    def result(self):
        match = re.search(r"= (-?\d+)[^=]*$", self.text)
        return int(match.group(1)) if match else None


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
        match = DEATH.match(line)
        if match:
            found.append(Call(int(match.group(1)), KILLED, ""))
            continue
        match = RESUMED.match(line)
        last = open_.get(int(match.group(1))) if match else None
        if last is not None:
            last.text += match.group(3)
    return found


def public_name(symbol):
    """libc's symbol as the name that programs use."""
    symbol = re.sub(r"^_*(GI_+)?(libc_)?(IO_)?", "", symbol)
    return re.sub(r"(64)?(_2|_chk)?$", "", symbol)


def place(call, names, by_number):
    """(where a call belongs, whether it came through libpollux)."""
    symbol = None
    passed = False
    for module, name in call.frames:
        if "libpollux.so" in module:
            passed = True
            break
        if not LIBC.search(module):
            break
        symbol = public_name(name)
    if not call.frames:
        # Never returned: the process ended in it.
        return "program", True
    if symbol is None:
        return ("ours" if passed else "raw"), passed
    if symbol == "syscall":
        return ("program" if passed or by_number else "raw"), passed
    return ("program" if symbol in names else "libc"), passed


class Image:
    """What strace saw of a process from its start or an exec onwards."""

    def __init__(self, pid, number):
        self.pid = pid
        self.number = number  # of execs before it
        self.filtered = False
        self.opaque = False
        self.killed = False
        self.watched = False  # some call came through libpollux
        self.count = collections.defaultdict(collections.Counter)
        self.missed = collections.defaultdict(list)

    def add(self, call):
        title = GROUP_OF[call.name]
        where, passed = place(call, GROUPS[title][1], title in BY_NUMBER)
        self.watched = self.watched or passed
        if call.returned() and not call.frames:
            self.opaque = True
        if self.filtered or self.opaque or AGAIN.search(call.text):
            return
        self.count[title][where] += 1
        if where == "program" and not passed:
            self.missed[title].append(call)


def families(found):
    """({tid: pid}, {pid: its parent's tid} of those that share memory with it
    until they exec, as the children of vfork do)."""
    creator, sharing = {}, {}
    for call in found:
        child = call.result()
        if call.name not in FORKS or not child or child < 0:
            continue
        if "CLONE_THREAD" in call.text:
            creator[child] = call.tid
        elif call.name == "vfork" or "CLONE_VM" in call.text:
            sharing[child] = call.tid
    owner = {}
    for call in found:
        tid = call.tid
        while tid in creator:
            tid = creator[tid]
        owner[call.tid] = tid
    return owner, sharing


def images(found):
    """Every image, in the order of their first calls. What a child does before
    it leaves its parent's memory counts there, by strace as by us."""
    owner, sharing = families(found)
    current, all_ = {}, []
    for call in found:
        pid = owner[call.tid]
        if pid not in current and pid in sharing:
            current[pid] = current[owner[sharing[pid]]]
        elif pid not in current:
            current[pid] = Image(pid, 0)
            all_.append(current[pid])
        if call.name in ("execve", "execveat") and call.result() == 0:
            before = current[pid]
            current[pid] = Image(pid, 1 + (before.number if before.pid == pid
                                           else 0))
            all_.append(current[pid])
        elif call.name in ("prctl", "seccomp") and FILTER.match(call.text):
            current[pid].filtered = True
        elif call.name == KILLED:
            current[pid].killed = True
        elif call.name in GROUP_OF:
            current[pid].add(call)
    return all_


def match_slots(seen, processes):
    """[(image, counted calls)]: a fork's child is an image before any exec,
    every other record belongs to the next image of its process."""
    pairs, wrong = [], []
    waiting = collections.defaultdict(list)
    for process in processes:
        forked = process["generation"] > 1
        waiting[process["pid"], forked].append(process["calls"])
    for image in seen:
        slots = waiting[image.pid, image.number == 0]
        if slots and (image.watched or image.number == 0):
            pairs.append((image, slots.pop(0)))
        elif image.watched:
            wrong.append("process %d was not recorded" % image.pid)
    for (pid, _), slots in waiting.items():
        if slots:
            wrong.append("process %d was recorded, but not seen" % pid)
    return pairs, wrong


def compare_image(image, counted):
    """What is wrong with the counts of one image."""
    wrong = []
    spare = 1 if image.killed else 0
    if image.opaque:
        print("  process %d: no stacks, not compared" % image.pid)
        return ["no stacks of %d" % image.pid] if os.getuid() == 0 else []
    for title, (_, _, ours) in GROUPS.items():
        mine = sum(counted.get(name, 0) for name in ours)
        count = image.count[title]
        where = "%s of %d: " % (title, image.pid)
        if spare and abs(mine - count["program"]) == spare:
            spare = 0
        elif mine != count["program"] and not image.filtered:
            wrong.append(where + "%d by strace, %d by us" % (
                count["program"], mine))
        if title in WAITS and count["ours"]:
            wrong.append(where + "%d more than the program made"
                         % count["ours"])
        for call in image.missed[title][:1]:
            wrong.append(where + "%d went past us, the first: %s(%s %s" % (
                len(image.missed[title]), call.name, call.text, call.frames))
    return wrong


def print_table(pairs):
    """The sums over all images."""
    print("  %d images       program  ours  libc   raw  counted" % len(pairs))
    for title, (_, _, ours) in GROUPS.items():
        mine = sum(counted.get(name, 0) for _, counted in pairs
                   for name in ours)
        count = sum((image.count[title] for image, _ in pairs),
                    collections.Counter())
        if mine or count:
            print("  %-14s %7d %5d %5d %5d %8d" % (
                title, count["program"], count["ours"], count["libc"],
                count["raw"], mine))


def compare(path, processes):
    """Prints the table of counts; the list of what is wrong with it."""
    with open(path, errors="replace") as log:
        pairs, wrong = match_slots(images(parse(log)), processes)
    print_table(pairs)
    for image, counted in pairs:
        wrong += compare_image(image, counted)
    if not any(image.count[title]["program"] for image, _ in pairs
               for title in WAITS):
        wrong.append("no call was compared")
    return wrong

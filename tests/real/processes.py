# SPDX-License-Identifier: BSD-2-Clause
"""Processes and their descriptors, as /proc tells them."""

import os
import re


def children(pid):
    """The pids of the living children of a process, ascending."""
    found = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as list_:
                found += [int(word) for word in list_.read().split()]
    except OSError:
        pass
    return sorted(found)


def tree(pid):
    """A process and all that descend from it, parents first."""
    found = [pid]
    for child in children(pid):
        found += tree(child)
    return found


def state(pid):
    """The letter of a process's state, or None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def descriptor_kind(link, directory):
    """What a descriptor is, without what differs from run to run."""
    link = re.sub(r"^(socket|pipe):\[\d+\]$", r"\1", link)
    link = re.sub(r"^/memfd:.*", "memfd", link)
    return link.replace(directory, "$DIR")


def descriptors(pid, directory):
    """{number: kind} of a process; what vanishes meanwhile is left out."""
    found = {}
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            link = os.readlink("/proc/%d/fd/%s" % (pid, name))
        except OSError:
            continue
        found[int(name)] = descriptor_kind(link, directory)
    return found


def maps_pollux(pid):
    with open("/proc/%d/maps" % pid) as maps:
        return "libpollux.so" in maps.read()

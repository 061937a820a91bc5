#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""These tests find a shared object that is wrong.

The object with a switch at each place (tests/differential/mutants) takes the
place of ours. Without a mutant each program is served as ever; with one that
touches what the program uses, its test must fail.
"""

import contextlib
import io
import os
import sys

import asyncio_test
import basics
import harness
import memcached_test
import nginx_test
import node_test
import redis_test

PAIRS = [
    (redis_test.Redis, [
        "close_does_nothing", "epoll_ctl_swaps_mod_and_add",
        "success_counts_one_more"]),
    (nginx_test.Nginx, ["epoll_ctl_cuts_the_data", "close_does_nothing"]),
    (memcached_test.Memcached, ["close_does_nothing",
                                "epoll_ctl_swaps_mod_and_add"]),
    (asyncio_test.AsyncioEpoll, ["close_does_nothing"]),
    (asyncio_test.AsyncioPoll, ["poll_drops_the_last_member"]),
    (asyncio_test.AsyncioSelect, ["select_loses_one_descriptor"]),
    (node_test.Node, ["errno_of_failures_is_einval"]),
]


def survives(case, native):
    """Whether a run in the mode `log` is what it should be; what it said."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            got = harness.execute(case, "log")
            basics.expect(got["results"] == native["results"],
                           "results differ")
            case.compare_fds(native["after"], got["after"])
    except basics.Failure as failure:
        return False, str(failure).splitlines()[0]
    except Exception as error:  # a reply that makes no sense
        return False, repr(error)
    return True, said.getvalue()


def verdict(case, name, native):
    """One line about one mutant; whether it is as it should be."""
    case.environment = lambda _run: {"POLLUX_MUTANT": name}
    survived, why = survives(case, native)
    good = survived == (name == "none")
    print("%s %s: %s%s" % (type(case).__name__, name, "served" if survived
                           else "found: " + why, "" if good else "  WRONG"),
          flush=True)
    if not good:
        print(why)
    return good


def main():
    harness.prepare()
    harness.Pollux.preload = os.environ["MUTANTS_SO"]
    harness.Run.client_environment = harness.Run.environment
    basics.STEP_SECONDS = 4  # a mutant that hangs is found
    wrong = 0
    for class_, names in PAIRS:
        case = class_()
        native = harness.execute(case, "native")
        for name in ["none"] + names:
            wrong += not verdict(case, name, native)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

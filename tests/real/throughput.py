#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Requests a second of servers, natively and under Pollux.

Runs are interleaved, mode after mode, so that whatever the machine does at the
time befalls all of them; printed are medians, and the ratio to the native one.
Nothing is asserted.

    throughput.py [--rounds N] [--modes native,pass,log] [redis nginx ...]
"""

import argparse
import re
import signal
import statistics
import time

import asyncio_test
import harness
import loads
import memcached_test
import nginx_test
import redis_test


class RedisRate(redis_test.Redis):
    def load(self, run):
        text = run.client([redis_test.BENCHMARK, "-s", run.path("s"), "--csv",
                           "-c", "50", "-n", "100000", "-t", "get"]).decode()
        return float(text.splitlines()[-1].split(",")[1].strip('"'))


class NginxRate(nginx_test.Nginx):
    def load(self, run):
        text = run.client([nginx_test.WRK, "-t1", "-c50", "-d2s",
                           "http://127.0.0.1:%d/small" % self.port]).decode()
        return float(re.search(r"Requests/sec: +([\d.]+)", text).group(1))


class MemcachedRate(memcached_test.Memcached):
    def load(self, run):
        start = time.monotonic()
        super().load(run)
        return memcached_test.CONNECTIONS / (time.monotonic() - start)


class AsyncioRate(asyncio_test.AsyncioEpoll):
    def load(self, run):
        start = time.monotonic()
        got = loads.echo_load(run, run.path("s"))
        return got["connections"] / (time.monotonic() - start)


CASES = {"redis": RedisRate, "nginx": NginxRate,
         "memcached": MemcachedRate, "asyncio": AsyncioRate}


def one(case, mode):
    """The rate of one run."""
    run = harness.Run(case, mode)
    run.client_environment = run.environment  # never under Pollux
    try:
        run.start()
        case.ready(run)
        rate = case.load(run)
        case.stop(run)
        run.end()
        return rate
    finally:
        run.clean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modes", default="native,pass,log")
    parser.add_argument("programs", nargs="*", default=list(CASES))
    options = parser.parse_args()
    modes = options.modes.split(",")
    harness.prepare()
    signal.alarm(0)  # it takes as long as it takes
    for name in options.programs:
        rates = {mode: [] for mode in modes}
        for _ in range(options.rounds):
            for mode in modes:
                rates[mode].append(one(CASES[name](), mode))
        base = statistics.median(rates[modes[0]])
        for mode in modes:
            median = statistics.median(rates[mode])
            print("%-10s %-7s %10.0f a second  %.3f  (%.0f to %.0f)" % (
                name, mode, median, median / base, min(rates[mode]),
                max(rates[mode])), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts test targets for .ci/run.

usage: tally.py add TALLY PHASE EVENTS STATUS   one phase, from Bazel's build
                                                event file, or "command"
       tally.py print TALLY                     all phases and the last line
"""
import json
import os
import sys
from urllib.parse import unquote, urlparse

SKIPPED = "TARGET SKIPPED:"


def log_of(event):
    for output in event["testResult"].get("testActionOutput", []):
        if output["name"] == "test.log":
            return unquote(urlparse(output["uri"]).path)
    return None


def was_skipped(path):
    """Whether a passed target says in its log that it did not run."""
    if path is None or not os.path.exists(path):
        return False
    with open(path, encoding="utf-8", errors="replace") as log:
        return any(line.startswith(SKIPPED) for line in log)


def verdicts(path):
    """Label -> passed, failed or skipped, of one invocation of Bazel."""
    found = {}
    with open(path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            what = event["id"]
            if "testResult" in what:
                label = what["testResult"]["label"]
                good = event["testResult"]["status"] in ("PASSED", "FLAKY")
                if found.get(label) == "failed":
                    continue
                if not good:
                    found[label] = "failed"
                elif was_skipped(log_of(event)):
                    found[label] = "skipped"
                else:
                    found[label] = "passed"
            elif "targetCompleted" in what:
                # Does not build: counts, whether it is a test or not.
                if not event.get("completed", {}).get("success"):
                    found[what["targetCompleted"]["label"]] = "failed"
            elif "testSummary" in what:
                status = event["testSummary"]["overallStatus"]
                label = what["testSummary"]["label"]
                if status not in ("PASSED", "FLAKY", "NO_STATUS"):
                    found[label] = "failed"
    return found


def add(tally, phase, events, status):
    found = {}
    if events == "command":
        found[phase] = "passed" if status == 0 else "failed"
    elif os.path.exists(events):
        found = verdicts(events)
    # Bazel failed before it came to any target.
    if status != 0 and "failed" not in found.values():
        found[f"bazel, exit code {status}"] = "failed"
    with open(tally, "a", encoding="utf-8") as out:
        json.dump({"phase": phase, "found": found}, out)
        out.write("\n")


def count(found, verdict):
    return sum(1 for value in found.values() if value == verdict)


def show(tally):
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    with open(tally, encoding="utf-8") as lines:
        phases = [json.loads(line) for line in lines]
    for phase in phases:
        numbers = {name: count(phase["found"], name) for name in totals}
        print(f"{phase['phase']:8}" + ", ".join(
            f"{number:4} {name}" for name, number in numbers.items()))
        for label, verdict in sorted(phase["found"].items()):
            if verdict != "passed":
                print(f"          {verdict}: {label}")
        for name, number in numbers.items():
            totals[name] += number
    print(", ".join(f"{number} {name}" for name, number in totals.items()))


def main():
    if len(sys.argv) == 6 and sys.argv[1] == "add":
        add(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    elif len(sys.argv) == 3 and sys.argv[1] == "print":
        show(sys.argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-2-Clause
"""usage: json_check.py FILE EXPRESSION...

Reads JSON lines of `pollux check`, sees that each has what the design promises,
and evaluates the expressions: f and s are the findings and the summaries.
"""
import json
import sys

FINDING = {
    "v": int, "type": str, "id": str, "sev": str, "conf": str, "pid": int,
    "tid": int, "comm": str, "api": str, "fd": int, "fd_name": str,
    "set": int, "ret": int, "count": int, "ts_ns": int, "suppressed": bool,
    "fails": bool, "stacks": dict, "message": str, "effect": str, "fix": str,
}
SUMMARY = {
    "v": int, "type": str, "pid": int, "parent": int, "comm": str, "exe": str,
    "calls": dict, "coverage": str, "unseen": list, "engine": bool,
}
FRAME = {"offset": str}


def need(obj, members, line):
    for name, kind in members.items():
        if not isinstance(obj.get(name), kind):
            sys.exit(f"member {name} is missing or no {kind}: {line}")


f, s = [], []
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        obj = json.loads(line)
        if obj["v"] != 1:
            sys.exit(f"version {obj['v']}")
        if obj["type"] == "finding":
            need(obj, FINDING, line)
            if obj["sev"] not in "FEWPI" or len(obj["sev"]) != 1:
                sys.exit(f"severity {obj['sev']}")
            for stack in obj["stacks"].values():
                for frame in stack:
                    need(frame, FRAME, line)
            f.append(obj)
        elif obj["type"] == "summary":
            need(obj, SUMMARY, line)
            s.append(obj)
        else:
            sys.exit(f"type {obj['type']}")

names = {"f": f, "s": s, "findings": len(f), "summaries": len(s)}
for expression in sys.argv[2:]:
    if not eval(expression, {}, names):
        sys.exit(f"not so: {expression}\n{json.dumps([f, s], indent=1)}")

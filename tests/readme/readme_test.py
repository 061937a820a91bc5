#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every command of README.md is run, and prints what README.md says.

usage: readme_test.py README.md

A block fenced as ```console holds commands, after "$ " and continued by a
backslash, and what they print. They run in one shell for each block, at the top
of a copy of the source tree, in the order of the page. Process and thread
numbers and inodes differ from run to run; a line "..." stands for any lines.

Building and testing inside a test is not possible, so `bazel` is a stand-in:
"build" lays out the objects that this test was given, "test" prints its
arguments. Nothing is installed: tools/setup is one, too. /tmp is a directory of
this test.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

MARK = "@@@pollux-readme@@@"
FAKE_BAZEL = """#!/bin/sh
case $1 in
build) ln -sfn "$FAKE_BIN" bazel-bin && mkdir -p bazel-out ;;
test) echo "bazel $*" ;;
*) exit 1 ;;
esac
"""


def blocks(text):
    """(first line number, lines) of each console block."""
    found, current, start = [], None, 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            if current is not None:
                found.append((start, current))
                current = None
            elif line == "```console":
                current, start = [], number + 1
            elif line != "```":
                sys.exit(f"README.md:{number}: {line}: only console blocks are run")
            else:
                sys.exit(f"README.md:{number}: a block without a kind")
        elif current is not None:
            current.append(line)
    return found


def steps(start, lines):
    """(line number, command, expected lines) of each command of a block."""
    found, more = [], False
    for offset, line in enumerate(lines):
        if more:
            found[-1][1] += "\n" + line
        elif line.startswith("$ "):
            found.append([start + offset, line[2:], []])
        elif not found:
            sys.exit(f"README.md:{start + offset}: output before any command")
        else:
            found[-1][2].append(line)
            continue
        more = line.endswith("\\")
    return found


def normal(line):
    """The line without what differs from run to run."""
    line = re.sub(r"==pollux\[\d+\]==", "==pollux[N]==", line)
    line = re.sub(r"\bthread \d+", "thread N", line)
    return re.sub(r"socket:\[\d+\]", "socket:[N]", line)


def matches(expected, got):
    """Whether the lines are those, "..." being any number of any lines."""
    if not expected:
        return not got
    if expected[0] == "...":
        return any(matches(expected[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and normal(expected[0]) == normal(got[0]) and matches(
        expected[1:], got[1:])


def copy_tree(root, tree):
    """The parts of the source tree that scripts read."""
    for name in os.listdir(root):
        path = os.path.join(root, name)
        if name in ("tools", "shim", "core"):
            shutil.copytree(path, os.path.join(tree, name), symlinks=True)
        elif os.path.isfile(path) and not os.path.islink(path):
            shutil.copy(path, tree)


def write_program(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, 0o755)


def prepare(root, work):
    """The directory to run in, and the environment."""
    tree, programs, built = (os.path.join(work, d) for d in ("tree", "bin", "out"))
    for directory in (tree, programs, built + "/tools", built + "/shim",
                      work + "/tmp"):
        os.makedirs(directory)
    copy_tree(root, tree)
    write_program(tree + "/tools/setup", "#!/bin/sh\nexit 0\n")
    write_program(programs + "/bazel", FAKE_BAZEL)
    shutil.copy(os.environ["POLLUX_CLI"], built + "/tools/pollux")
    shutil.copy(os.environ["POLLUX_SO"], built + "/shim/libpollux.so.0")
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("POLLUX_", "LD_"))}
    env.update(PATH=f"{programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin",
               FAKE_BIN=built, HOME=work, LC_ALL="C", NO_COLOR="1")
    return tree, env


def run_block(found, tree, env, tmp):
    """What each command of a block printed."""
    script = "".join(f"{command.replace('/tmp', tmp)}\n"
                     f"px_status=$?; echo {MARK}; (exit $px_status)\n"
                     for _, command, _ in found)
    ran = subprocess.run(["bash", "-c", script], cwd=tree, env=env, timeout=250,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    text = ran.stdout.decode("utf-8", "replace").replace(tmp, "/tmp")
    return text.split(MARK + "\n")


def needed(command):
    """The program of the machine that a command needs and that is not here."""
    for program in ("redis-server", "redis-benchmark", "pkg-config"):
        if program in command and not shutil.which(
                program, path="/usr/bin:/usr/sbin:/bin"):
            return program
    return None


def check_block(found, tree, env, tmp):
    """How many of its commands did something else than the page says."""
    missing = [needed(command) for _, command, _ in found if needed(command)]
    if missing:
        print(f"SKIP: README.md:{found[0][0]}: {missing[0]} is not here")
        return 0
    outputs = run_block(found, tree, env, tmp)
    failures = 0
    for (number, command, expected), output in zip(found, outputs):
        got = output.split("\n")[:-1]
        while expected and expected[-1] == "":
            expected.pop()
        while got and got[-1] == "":
            got.pop()
        if matches(expected, got):
            continue
        failures += 1
        print(f"FAILED: README.md:{number}: $ {command}", "expected:", *expected,
              "got:", *got, sep="\n  ")
    if len(outputs) != len(found) + 1:
        print(f"FAILED: README.md:{found[0][0]}: the shell ended early")
        failures += 1
    return failures


def main():
    readme = os.path.realpath(sys.argv[1])
    with open(readme, encoding="utf-8") as page:
        text = page.read()
    failures = commands = 0
    with tempfile.TemporaryDirectory(prefix="px") as work:
        tree, env = prepare(os.path.dirname(readme), work)
        for start, lines in blocks(text):
            found = steps(start, lines)
            commands += len(found)
            failures += check_block(found, tree, env, work + "/tmp")
    if text.count("\n") > 250:
        print("FAILED: README.md has more than 250 lines")
        failures += 1
    print(f"{commands} commands, {failures} failed")
    sys.exit(commands == 0 or failures != 0)


main()

# SPDX-License-Identifier: BSD-2-Clause
"""Differential programs, and a test for each of them in each mode."""

load("//tools:defs.bzl", "plx_program", "plx_script_test")

# Preloaded and not configured; kernel truth; the same with a log; the engine.
MODES = [
    "bare",
    "kernel",
    "log",
    "engine",
]

def diff_program(name, srcs):
    """A program with the frame that all of them share."""
    plx_program(
        name = name,
        srcs = srcs + [
            "diff.c",
            "diff.h",
            "diff_fd.c",
            "diff_sync.c",
        ],
        linkopts = ["-pthread"],
    )

def diff_tests(face):
    """One test a mode: FACE_MODE_test.

    Not under the sanitizers: their own wrappers look at the memory behind bad
    pointers and counts, which is what many cases are about.
    """
    for mode in MODES:
        plx_script_test(
            name = "%s_%s_test" % (face, mode),
            args = [
                mode,
                "$(rootpath allowlist.txt)",
            ],
            data = [
                "allowlist.txt",
                "diff_modes.py",
            ],
            env = {
                "DIFF_PROGRAM": ":%s_cases" % face,
                "DIFF_REGION": ":region_calls",
            },
            script = "diff_run.py",
        )

# Sequences of each face; ten thousand together in each mode.
SEQUENCES = {
    "epoll": 6000,
    "poll": 2000,
    "select": 2000,
}

def random_tests(face):
    """A random program and one test a mode: FACE_random_MODE_test."""
    plx_program(
        name = face + "_random",
        srcs = [
            "random.c",
            "random.h",
            "random_file.c",
            face + "_random.c",
        ],
    )
    for mode in MODES:
        plx_script_test(
            name = "%s_random_%s_test" % (face, mode),
            args = [
                mode,
                "1",
                str(SEQUENCES[face]),
            ],
            data = ["diff_modes.py"],
            env = {
                "DIFF_PROGRAM": ":%s_random" % face,
                "DIFF_REGION": ":region_calls",
            },
            san = True,
            # The object is preloaded: the thread sanitizer wants it linked.
            tags = ["no-tsan"],
            script = "diff_random.py",
        )

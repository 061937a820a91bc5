# SPDX-License-Identifier: BSD-2-Clause
"""The ways of being in a process (design 3.2), with the same tests in each."""

load("//tools:defs.bzl", "plx_cc_import", "plx_program", "plx_script_test")

def kq_doors(tests):
    """Programs of `tests` for the doors but the direct one, and their tests.

    Args:
      tests: names without _test.
    """
    plx_cc_import(
        name = "through",
        testonly = True,
        shared_library = ":libthrough.so",
    )

    # What the library between needs is found at run time only.
    for door, deps, linkopts in [
        ("dynamic", [], []),
        ("through", [":through"], ["-Wl,--allow-shlib-undefined"]),
    ]:
        for test in tests:
            plx_program(
                name = "%s_%s" % (test, door),
                srcs = [
                    test + "_test.c",
                    "door_%s.c" % door,
                    "through.h",
                ],
                linkopts = linkopts,
                deps = deps + [
                    ":fixture",
                    "//shim:headers",
                    "//tests/support:check_main",
                ],
            )

    for door, programs, limits in [
        ("direct", "test", "limits_none.txt"),
        ("preload", "dynamic", "limits_none.txt"),
        ("dlopen", "dynamic", "limits_blind.txt"),
        ("through", "through", "limits_blind.txt"),
    ]:
        env = {
            "KQ_TEST_%s" % test: ":%s_%s" % (test, programs)
            for test in tests
        }
        env["KQ_LIMITS"] = limits
        if door == "through":
            env["KQ_THROUGH"] = ":libthrough.so"
        plx_script_test(
            name = "door_%s_test" % door,
            size = "large",
            args = [door],
            env = env,
            script = "doors.sh",
        )

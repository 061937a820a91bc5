# SPDX-License-Identifier: BSD-2-Clause
"""One list of compiler and linker options, each with its reason."""

LANGUAGE = [
    # C17 with typeof, __attribute__, statement expressions and asm.
    "-std=gnu17",
    # The Linux calls are the subject. Empty, as `#define _GNU_SOURCE` makes it,
    # so that a source that says it again does not redefine it.
    "-D_GNU_SOURCE=",
]

WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wcast-qual",
    # The kernel mixes int, unsigned and size_t; every crossing is spelt out.
    "-Wconversion",
    "-Wsign-conversion",
    "-Wformat=2",
    "-Wimplicit-fallthrough",
    "-Wmissing-prototypes",
    "-Wnull-dereference",
    "-Wpointer-arith",
    "-Wshadow",
    "-Wstrict-prototypes",
    # A new filter or operation must be placed in every switch over its enum.
    "-Wswitch-enum",
    "-Wundef",
    # Stack use must be known: we run on other programs' stacks.
    "-Wvla",
    "-Wwrite-strings",
]

WARNINGS_GCC = [
    "-Wduplicated-cond",
    "-Wlogical-op",
]

WARNINGS_CLANG = [
    "-Wthread-safety",
    # clang 14 calls GNU constructs that we chose "extensions".
    "-Wno-gnu",
]

WARNINGS_BY_COMPILER = select({
    "//:clang": WARNINGS_CLANG,
    "//conditions:default": WARNINGS_GCC,
}) + select({
    # Their instrumentation makes gcc see overflows and conversions that the
    # code does not have.
    "//:sanitizing": [],
    "//conditions:default": ["-Werror"],
})

# What may end in the shared object, and everything else for uniformity.
CODE = [
    # Exported names are the ones marked so, in every configuration.
    "-fvisibility=hidden",
    # Cancellation must pass through our frames, and nothing of ours may
    # unwind: pthread_cleanup_push in its setjmp form, NEEDED libc only.
    "-fno-exceptions",
    "-fasynchronous-unwind-tables",
]

COPTS = LANGUAGE + WARNINGS + CODE

# core and shim: inside a foreign process.
RESIDENT_COPTS = [
    # Thread-local storage without __tls_get_addr, which may allocate.
    "-ftls-model=initial-exec",
    # A fortified call is another libc symbol, and a message to stderr.
    "-U_FORTIFY_SOURCE",
]

# shim: we *are* read, poll and close there.
SHIM_COPTS = [
    # glibc declares many wrapped functions nonnull; programs pass NULL to get
    # EFAULT, and the compiler would drop our checks.
    "-fno-builtin",
    "-fno-delete-null-pointer-checks",
] + select({
    # The sanitizers call setrlimit, which is ours, before they have a shadow
    # to look into. Their checks stay on in core and in the tests.
    "//:sanitizing": [
        "-fno-sanitize=address",
        "-fno-sanitize=thread",
    ],
    "//conditions:default": [],
})

# tests: Check's macros and deliberately odd programs.
TEST_COPTS = [
    # Calls with bad arguments are what many tests are about.
    "-Wno-nonnull",
    "-Wno-null-dereference",
    # Check's fail macros hand long to int, and char to int, by design.
    "-Wno-sign-conversion",
    "-Wno-conversion",
]

SHARED_OBJECT_LINKOPTS = [
    # Two copies with one soname are one copy; without it two are mapped.
    "-Wl,-soname,libpollux.so.0",
    # Before the constructors of all other objects: they already poll.
    "-Wl,-z,initfirst",
    # A lazy binding inside a wrapper takes the loader's lock.
    "-Wl,-z,now",
    "-Wl,-z,relro",
    # Programs hold our function pointers, and threads are inside.
    "-Wl,-z,nodelete",
    # Assembly that forgets to say so would make every program's stack
    # executable.
    "-Wl,-z,noexecstack",
    # _Unwind_Backtrace from the archive: libgcc_s would initialise libc before
    # its time, with an empty environment for good.
    "-static-libgcc",
    "-Wl,--exclude-libs,ALL",
    # A build id ties a record to the object that made it.
    "-Wl,--build-id=sha1",
] + select({
    # clang leaves the sanitizers' own names undefined in shared objects.
    "//:sanitizing": [],
    "//conditions:default": ["-Wl,-z,defs"],
})

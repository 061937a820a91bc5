/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * help.c - the help texts: lines of at most 80 columns; the first at most 24
 * lines. The manual page, tools/man/pollux.1, says the same at length.
 */
#include "tools/cli.h"

/* clang-format off */
const char plx_help_main[] =
"usage: pollux COMMAND [OPTION...] [--] [PROGRAM [ARGUMENT...]]\n"
"See, check and replace select, poll and epoll in Linux programs.\n"
"\n"
"  check    run a program and report what it does wrong with descriptors\n"
"  run      run a program through pollux, without checks\n"
"  report   show what a process wrote to a file (log_path=FILE)\n"
"  explain  why a finding is a bug, how to see it, how to mend it\n"
"  doctor   can pollux work here, and with this program?\n"
"  bench    what pollux costs on this machine\n"
"  help     `pollux help COMMAND` lists the options of one command\n"
"\n"
"  -h, --help     this text\n"
"  -V, --version  the version\n"
"\n"
"The first word that is no option is the program; -- always ends the options.\n"
"Nothing is written to the program's standard output.\n"
"Exit status: the program's own; a signal that killed it kills pollux too.\n"
"  86 certain errors were found (check)   2 usage   125 pollux failed\n"
"  126 the program cannot be run         127 it was not found\n"
"\n"
"Example: pollux check -- ./server --selftest\n";

const char plx_help_run[] =
"usage: pollux run [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
"Run a program with libpollux.so.0 preloaded, in place: its process id is the\n"
"one that pollux had.\n"
"\n"
"  --engine         answer its calls from the engine, not from the kernel\n"
"  --stats          stay, and print how often it made which call at the end\n"
"  --json=FILE      with --stats: also write them as JSON lines\n"
"  --follow         also in the programs that it starts\n"
"  --no-follow      only in the program itself (default)\n"
"  -E VAR=VALUE     set a variable of the environment\n"
"  --color=WHEN     auto (default), always or never\n";

const char plx_help_check[] =
"usage: pollux check [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
"Run a program, watch its descriptors, and report at the end, on stderr, what\n"
"it did wrong with select, poll and epoll.\n"
"\n"
"  --level=LEVEL         log (default): report only\n"
"                        strict: silent hazards become errors to the program\n"
"                        abort: abort the program at the first certain error\n"
"  --checks=LIST         which checks (POLLUX_OPTIONS checks=)\n"
"  --suppressions=FILE   lines ID:fun|obj|site|exe:PATTERN to leave out\n"
"  --fail-on=WHAT        certain findings that fail the run: error (default),\n"
"                        warn or never\n"
"  --error-exitcode=N    exit status for that instead of 86; 0: never\n"
"  --json=FILE           also write JSON lines\n"
"  -q, --quiet           no text on stderr\n"
"  --while=COMMAND       run COMMAND (sh -c) beside the program once that waits\n"
"                        for events, then end the program with SIGTERM\n"
"  --no-wait             do not wait for processes that the program leaves\n"
"  --follow, --no-follow also in the programs that it starts (default: yes)\n"
"  --engine              answer its calls from the engine, not from the kernel\n"
"  -E VAR=VALUE          set a variable of the environment\n"
"  --color=WHEN          auto (default), always or never\n";

const char plx_help_report[] =
"usage: pollux report [OPTION...] FILE\n"
"Show what a process wrote with POLLUX_OPTIONS=log_path=FILE, as check would.\n"
"\n"
"  --json                JSON lines on stdout instead of text\n"
"  --suppressions=FILE   lines ID:fun|obj|site|exe:PATTERN to leave out\n"
"  --fail-on=WHAT        error (default), warn or never\n"
"  --error-exitcode=N    exit status for that instead of 86; 0: never\n"
"  --color=WHEN          auto (default), always or never\n";

const char plx_help_explain[] =
"usage: pollux explain [OPTION...] [ID...]\n"
"Why a finding is a bug, how to see it, how to mend it. Without ID: the list.\n"
"\n"
"  --json                JSON lines\n"
"  --color=WHEN          auto (default), always or never\n";

const char plx_help_doctor[] =
"usage: pollux doctor [OPTION...] [PROGRAM]\n"
"Can pollux work on this machine, and with this program?\n"
"\n"
"  --json                JSON lines\n"
"  --color=WHEN          auto (default), always or never\n"
"\n"
"Exit status: 0 yes; 1 something is in the way or will not be seen;\n"
"3 the program cannot be preloaded at all.\n";

const char plx_help_bench[] =
"usage: pollux bench [OPTION...] NAME\n"
"What pollux costs on this machine: the same work with and without it, taken\n"
"in turns; medians.\n"
"\n"
"  passthrough           select, poll, epoll and close: bare, preloaded and idle\n"
"                        (off), checked (log)\n"
"  kqueue                the same work by epoll, bare, and by our kqueue\n"
"\n"
"  --rounds=N            rounds (default 11)\n"
"  --json                JSON lines\n";

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select_poll.c - the texts of PX501 to PX599: select and poll.
 * Authority: select(2), poll(2), POSIX.1-2017 select().
 */
#include "tools/explain/about.h"

/* clang-format off */
const struct plx_about plx_about_select_poll[] = {
	{
		.id = 501, .severity = 'F', .name = "fd-setsize",
		.title = "a descriptor of 1024 or more in an fd_set",
		.effect = "memory beside the fd_set is read and overwritten.",
		.fix = "use poll(2) or epoll(7), or keep the limit of descriptors "
		       "at 1024.",
		.why =
"An fd_set has room for descriptors 0 to 1023. FD_SET of a larger one writes\n"
"past its end, usually into the stack frame of the caller, and select writes\n"
"its answer there, too. With _FORTIFY_SOURCE the program is aborted (\"buffer\n"
"overflow detected\"); without it, it goes on with a damaged variable.",
		.see =
"Start the program with many descriptors open, such as\n"
"`ulimit -n 4096` and 2000 connections.",
		.mend =
"Use poll, which has no such limit. Programs that allocate larger sets\n"
"themselves work on Linux, but on no other system: pollux then says W, not F.",
		.pages = "select(2), poll(2), getrlimit(2)",
		.variant = {
			{ 1, "select wrote past an fd_set on the stack: descriptor >= 1024" },
			{ 2, "select with a descriptor of 1024 or more" },
			{ 3, "libc aborts FD_SET of a descriptor of 1024 or more" },
		},
	},
	{
		.id = 507, .severity = 'E', .name = "closed-in-set",
		.title = "select was asked about a descriptor that is not open",
		.effect = "the call failed with EBADF for all descriptors; a loop "
			  "may spin.",
		.fix = "FD_CLR the descriptor where it is closed.",
		.why =
"One closed descriptor makes the whole call fail, and leaves the sets as they\n"
"were: the other descriptors are not served. A loop that goes on after the\n"
"error runs at 100 % and serves nobody.",
		.see =
"`strace -e trace=select,pselect6` shows EBADF, again and again.",
		.mend =
"Take the number out of the set where it is closed. select does not say which\n"
"descriptor it was; this report does.",
		.pages = "select(2), close(2)",
	},
	{
		.id = 508, .severity = 'E', .name = "closed-unnoticed",
		.title = "select ignored a descriptor that is not open, in silence",
		.effect = "the descriptor is dropped in silence: no event, no EBADF.",
		.fix = "FD_CLR the descriptor where it is closed.",
		.why =
"Linux looks at bits up to the size of the process's descriptor table only. A\n"
"closed descriptor above that is not EBADF as it should be: the bit is ignored\n"
"and the program waits for something that never comes.",
		.see =
"Open a high descriptor, close it, and select on it: the call times out.",
		.mend =
"As for PX507. With `pollux check --level=strict` the call fails with EBADF.",
		.pages = "select(2)",
	},
	{
		.id = 509, .severity = 'E', .name = "poll-closed",
		.title = "poll was asked again about a descriptor that is not open",
		.effect = "poll returns at once with POLLNVAL, every time: the loop "
			  "spins.",
		.fix = "remove the entry, or set its fd to -1, where it is closed.",
		.why =
"A closed descriptor in the array does not make poll fail: the entry answers\n"
"POLLNVAL, which nobody asked for and many loops do not test. poll then never\n"
"sleeps. And when the number is used again, the entry watches another file.",
		.see =
"`strace -e trace=poll,ppoll` shows revents=POLLNVAL without end.",
		.mend =
"Set the entry's fd to -1 (it is then ignored) where the descriptor is closed,\n"
"and treat POLLNVAL as a bug in the program. A single call that asks whether a\n"
"descriptor is open is fine, and is not reported.",
		.pages = "poll(2), close(2)",
	},
	{ .id = 0 },
};

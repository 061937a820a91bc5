/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registration.c - the texts of PX101 to PX199: epoll_ctl.
 * Authority: epoll_ctl(2), epoll(7); each statement about the kernel is a test.
 */
#include "tools/explain/about.h"

/* clang-format off */
const struct plx_about plx_about_registration[] = {
	{
		.id = 101, .severity = 'E', .name = "duplicate-add",
		.title = "EPOLL_CTL_ADD of a descriptor that is registered already",
		.effect = "the new events and data were not installed.",
		.fix = "use EPOLL_CTL_MOD, or find out who owns the registration.",
		.why =
"epoll_ctl answered EEXIST: the set holds this descriptor already, and the\n"
"events and the user data of this call were thrown away. If two parts of the\n"
"program believe that they own the descriptor, the second one never hears of\n"
"it, or the first one's data comes back for the second one's events.",
		.see =
"The stacks show both calls. The kernel's list of a set is in\n"
"/proc/PID/fdinfo/EPFD: a line `tfd:` for each registration.",
		.mend =
"Keep one owner for a descriptor; let others ask it. To change events or data\n"
"use EPOLL_CTL_MOD. Trying ADD first and falling back to MOD is fine, and is\n"
"not reported when the MOD follows.",
		.pages = "epoll_ctl(2), epoll(7)",
		.variant = {
			{ 2, "EPOLL_CTL_ADD of a descriptor that another thread registered" },
		},
	},
	{
		.id = 102, .severity = 'E', .name = "modify-missing",
		.title = "EPOLL_CTL_MOD of a descriptor that is not registered",
		.effect = "nothing was changed: the descriptor is not watched.",
		.fix = "EPOLL_CTL_ADD after every new descriptor, also when its "
		       "number is an old one.",
		.why =
"epoll_ctl answered ENOENT. Most often the descriptor was closed and its\n"
"number given to a new file: closing the last descriptor of a file removes the\n"
"registration, and the program's own table still says that it is there. From\n"
"then on nobody is told about events of the new file.",
		.see =
"The stacks show who registered and who closed the number before, if pollux\n"
"saw it. Look for a close that does not update the program's table.",
		.mend =
"Remove the entry from the program's table where the descriptor is closed.\n"
"Trying MOD first and falling back to ADD is fine, and is not reported when\n"
"the ADD follows.",
		.pages = "epoll_ctl(2), epoll(7), close(2)",
		.variant = {
			{ 2, "EPOLL_CTL_MOD of a new descriptor with an old number" },
			{ 3, "EPOLL_CTL_MOD of a descriptor that was removed before" },
		},
	},
	{
		.id = 103, .severity = 'W', .name = "delete-missing",
		.title = "EPOLL_CTL_DEL of a descriptor that is not registered",
		.effect = "none now; two places believe that they own the "
			  "registration.",
		.fix = "let one place remove it, before it closes the descriptor.",
		.why =
"epoll_ctl answered ENOENT: the registration is gone already, or never was.\n"
"By itself this does no harm. But the order of close and removal is such that\n"
"with one more thread, or one more descriptor opened in between, the same call\n"
"removes the registration of somebody else (PX105).",
		.see =
"The stacks show where the number was registered and closed last.",
		.mend =
"Remove before close, once. A descriptor whose last copy is closed needs no\n"
"EPOLL_CTL_DEL at all. Removing the same registration twice is only a note.",
		.pages = "epoll_ctl(2), close(2)",
		.variant = {
			{ 2, "EPOLL_CTL_DEL of a new descriptor with an old number" },
			{ 3, "EPOLL_CTL_DEL of a descriptor that was removed before" },
		},
	},
	{
		.id = 104, .severity = 'E', .name = "control-after-close",
		.title = "epoll_ctl on a descriptor that is closed already",
		.effect = "the call failed with EBADF; one step away from PX105.",
		.fix = "EPOLL_CTL_DEL first, close(2) afterwards.",
		.why =
"The program closed the descriptor and then named it in epoll_ctl, which\n"
"answered EBADF. The number was free at that moment. Had any other thread, or\n"
"any library, opened a file in between, the call would have changed or removed\n"
"that file's registration, and would have succeeded. And if a copy of the\n"
"descriptor lives elsewhere (dup, fork), the registration stays in the set and\n"
"can no longer be removed (PX201).",
		.see =
"`strace -f -e trace=epoll_ctl,close` shows the close before the epoll_ctl.",
		.mend =
"Turn the two calls round. Where a library closes the descriptor, ask it for a\n"
"callback before the close. A removal that the thread which closed the\n"
"descriptor tries either way, at a place that also removes live ones, is only a\n"
"note.",
		.pages = "epoll_ctl(2), close(2)",
		.variant = {
			{ 2, "epoll_ctl on a descriptor that was never open" },
			{ 3, "epoll_ctl with a set that is closed already" },
			{ 4, "epoll_ctl on a number below 0" },
		},
	},
	{
		.id = 105, .severity = 'E', .name = "control-hits-stranger",
		.title = "epoll_ctl changed the registration of somebody else",
		.effect = "the new owner of the number is no longer told of its "
			  "events.",
		.fix = "EPOLL_CTL_DEL before close(2), never after it.",
		.why =
"The caller registered a file, closed it, and later removed or changed \"its\"\n"
"registration by number. In the meantime the number was given to a new file,\n"
"and somebody else registered that. epoll_ctl works on whatever is behind the\n"
"number now: the call succeeded and hit the new owner, who waits for ever.\n"
"No error is returned to anybody. It takes the right timing, so it happens in\n"
"production first.",
		.see =
"The stacks show the call, the place that closed the old file, and the place\n"
"that registered the new one. Afterwards /proc/PID/fdinfo/EPFD no longer has a\n"
"`tfd:` line for the number.",
		.mend =
"Remove, then close, in the same thread. Where the removal can be late by\n"
"design, keep a generation count beside the number and compare it first.\n"
"With `pollux check --level=strict` the call fails with ENOENT instead.",
		.pages = "epoll_ctl(2), epoll(7), close(2)",
		.variant = {
			{ 1, "EPOLL_CTL_DEL removed the registration of somebody else" },
			{ 2, "EPOLL_CTL_MOD changed the registration of somebody else" },
		},
	},
	{
		.id = 108, .severity = 'E', .name = "unpollable",
		.title = "epoll_ctl on a file that epoll cannot watch",
		.effect = "the call failed with EPERM; no event will come.",
		.fix = "read and write regular files without waiting, or use "
		       "poll(2).",
		.why =
"Regular files, directories and a few devices (/dev/null, /dev/zero) have\n"
"nothing to wait for, and epoll refuses them with EPERM, where select and poll\n"
"say \"always ready\". A program that registers its standard input works with\n"
"`cat file | prog` and fails with `prog < file`.",
		.see =
"Run the program with its input from a file: `prog < /etc/hostname`.",
		.mend =
"On EPERM treat the descriptor as always ready, or read it in a thread.\n"
"A program that tries, and handles EPERM so, does nothing wrong.",
		.pages = "epoll_ctl(2), poll(2)",
		.variant = {
			{ 1, "epoll_ctl on a regular file, which epoll cannot watch" },
			{ 2, "epoll_ctl on a directory, which epoll cannot watch" },
			{ 3, "epoll_ctl on a device that epoll cannot watch" },
		},
	},
	{
		.id = 109, .severity = 'E', .name = "exclusive-misuse",
		.title = "EPOLLEXCLUSIVE where epoll_ctl does not take it",
		.effect = "the call failed with EINVAL; the registration is as "
			  "before.",
		.fix = "EPOLL_CTL_DEL, then EPOLL_CTL_ADD with the new events.",
		.why =
"EPOLLEXCLUSIVE is accepted by EPOLL_CTL_ADD only, only together with EPOLLIN,\n"
"EPOLLOUT, EPOLLWAKEUP, EPOLLET (and EPOLLERR, EPOLLHUP), and not for epoll\n"
"descriptors. A registration that was made with it can never be modified: any\n"
"EPOLL_CTL_MOD of it is EINVAL, with and without the flag.",
		.see =
"`strace -e trace=epoll_ctl` shows the EINVAL and the flags.",
		.mend =
"Remove and add again. Do not combine it with EPOLLONESHOT or EPOLLRDHUP.",
		.pages = "epoll_ctl(2)",
		.variant = {
			{ 1, "EPOLLEXCLUSIVE in EPOLL_CTL_MOD" },
			{ 2, "EPOLL_CTL_MOD of an EPOLLEXCLUSIVE registration" },
			{ 3, "EPOLLEXCLUSIVE together with events that it excludes" },
			{ 4, "EPOLLEXCLUSIVE for an epoll descriptor" },
		},
	},
	{ .id = 0 },
};

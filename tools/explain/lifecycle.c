/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lifecycle.c - the texts of PX201 to PX399: descriptors that are closed,
 * copied and inherited.
 * Authority: epoll(7) (questions 6 and 9), close(2), fork(2).
 */
#include "tools/explain/about.h"

/* clang-format off */
const struct plx_about plx_about_lifecycle[] = {
	{
		.id = 201, .severity = 'E', .name = "ghost-made",
		.title = "closed a registered descriptor; its file lives on",
		.effect = "the registration stays in the set and cannot be "
			  "removed by number.",
		.fix = "EPOLL_CTL_DEL before close(2).",
		.why =
"A registration belongs to the open file, not to the number. It goes away when\n"
"the last descriptor of the file is closed, in any process. Here a copy lives\n"
"on (dup, fork, a descriptor sent over a socket), so the set goes on reporting\n"
"events under a number that the program has closed; and EPOLL_CTL_DEL of that\n"
"number is EBADF, or hits another file. A level-triggered set spins on it: one\n"
"core at 100 %, and nothing in the program's own tables explains it.",
		.see =
"/proc/PID/fdinfo/EPFD lists `tfd:` with a number that is not in /proc/PID/fd,\n"
"or whose `ino:` is another file's.",
		.mend =
"Always remove before close. When it has happened: dup2(2) the surviving copy\n"
"onto the old number, EPOLL_CTL_DEL, close; or make a new set. Open with\n"
"O_CLOEXEC, so that children that exec do not keep copies.",
		.pages = "epoll(7), close(2), dup(2), fork(2)",
	},
	{
		.id = 202, .severity = 'E', .name = "ghost-event",
		.title = "an event came for a descriptor that the program has closed",
		.effect = "its user data may point to freed memory; the loop may "
			  "spin.",
		.fix = "EPOLL_CTL_DEL before close(2); see PX201.",
		.why =
"epoll_wait returned the user data of a registration whose descriptor is\n"
"closed: the open file lives on through a copy (PX201). The handler of this\n"
"event works on an object that was torn down: a crash, or an event for the\n"
"wrong connection.",
		.see =
"The stacks show where the descriptor was registered and closed.",
		.mend =
"As for PX201. With `pollux check --level=strict` such events are left out of\n"
"what epoll_wait returns.",
		.pages = "epoll(7), epoll_wait(2)",
	},
	{
		.id = 204, .severity = 'E', .name = "stale-data",
		.title = "an event brings the data of an earlier file of this number",
		.effect = "the handler works for a connection that is gone.",
		.fix = "EPOLL_CTL_DEL before close(2); see PX201.",
		.why =
"The number was registered, closed, and given to another file; the old\n"
"registration is still in the set, because a copy of the old file lives on.\n"
"Now an event of the old file comes back with the old user data, while the\n"
"program uses the number for something else.",
		.see =
"The stacks show the old registration and the close. /proc/PID/fdinfo/EPFD may\n"
"list the same `tfd:` twice.",
		.mend =
"As for PX201. A generation count in the user data finds it at run time.",
		.pages = "epoll(7), epoll_wait(2)",
	},
	{
		.id = 301, .severity = 'E', .name = "child-edits-parent",
		.title = "a child of fork changed the parent's epoll set",
		.effect = "the parent's set was changed behind its back.",
		.fix = "close the inherited set in the child and make a new one.",
		.why =
"An epoll descriptor that is inherited by fork is the same set, not a copy. A\n"
"child that \"cleans up\" with EPOLL_CTL_DEL makes its parent deaf; one that adds\n"
"descriptors makes the parent receive numbers that it does not own.",
		.see =
"`strace -f -e trace=epoll_ctl,epoll_wait` shows both processes at one set.",
		.mend =
"In the child: close the epoll descriptor, without removing anything, and\n"
"create one of its own. Make it with EPOLL_CLOEXEC. A set that is made before\n"
"fork and used by the children only is fine: without a wait of the parent it\n"
"stays a note. With `pollux check --level=strict` the call fails with EPERM.",
		.pages = "epoll(7), fork(2), epoll_create1(2)",
		.variant = {
			{ 1, "a child of fork added to the parent's epoll set" },
			{ 2, "a child of fork modified the parent's epoll set" },
			{ 3, "a child of fork removed from the parent's epoll set" },
		},
	},
	{ .id = 0 },
};

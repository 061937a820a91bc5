/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kqueue.c - the texts of PX701 to PX799: kqueue and /dev/poll.
 * Authority: FreeBSD kqueue(2), Solaris poll(7d).
 */
#include "tools/explain/about.h"

/* clang-format off */
const struct plx_about plx_about_kqueue[] = {
	{
		.id = 701, .severity = 'W', .name = "add-replaces",
		.title = "EV_ADD replaced the user data of a registered event",
		.effect = "the first owner's udata is gone; its events go to the "
			  "second.",
		.fix = "one owner for each (ident, filter); EV_DELETE before "
		       "handing over.",
		.why =
"kqueue has no EEXIST: EV_ADD of an (ident, filter) that is registered changes\n"
"it in place, udata and all. Where two parts of a program register the same\n"
"descriptor, the first one goes deaf without an error. epoll would have said\n"
"EEXIST, so code that is ported from it may count on one.",
		.see =
"The stacks show both EV_ADD.",
		.mend =
"Keep one owner. Using EV_ADD to change flags, with the same udata, is the\n"
"normal way, and is not reported.",
		.pages = "FreeBSD kqueue(2)",
	},
	{
		.id = 702, .severity = 'W', .name = "change-missing",
		.title = "a change of an event that is not registered",
		.effect = "the change failed with ENOENT.",
		.fix = "do not delete after EV_ONESHOT fired or the descriptor was "
		       "closed.",
		.why =
"EV_DELETE, EV_ENABLE and EV_DISABLE of an (ident, filter) that is not there\n"
"are ENOENT. Often the event went by itself: EV_ONESHOT was delivered, or the\n"
"descriptor was closed. When kevent has no room to say so, the error ends the\n"
"whole call, and later changes of the same list are not applied.",
		.see =
"The stacks show where it was registered, if it was.",
		.mend =
"Forget the event where it fires once or is closed. Where the state is not\n"
"known, pass EV_RECEIPT, or room for the answers.",
		.pages = "FreeBSD kqueue(2)",
		.variant = {
			{ 2, "a change of an event that went by itself" },
		},
	},
	{ .id = 0 },
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c - the table of policy.h. README.md shows the same rows to users.
 * Authority: select(2), poll(2), epoll_ctl(2), kqueue(2) of FreeBSD, poll(7d)
 * of illumos, the documentation of Python's select module.
 */
#include "core/policy.h"

#include "core/bug.h"
#include "core/mutant.h"

/* clang-format off */
static const struct plx_policy policy_table[PLX_FACE_MAX] = {
	[PLX_FACE_SELECT] = {
		"select", POLICY_KEY_BIT, POLICY_AGAIN_SAME,
		POLICY_UNKNOWN_NONE, POLICY_UNKNOWN_NONE,
		POLICY_CLOSED_EBADF, POLICY_FORK_NONE,
		POLICY_ORDER_ASCENDING,
	},
	[PLX_FACE_POLL] = {
		"poll", POLICY_KEY_PLACE, POLICY_AGAIN_BOTH,
		POLICY_UNKNOWN_NONE, POLICY_UNKNOWN_NONE,
		POLICY_CLOSED_NVAL, POLICY_FORK_NONE,
		POLICY_ORDER_ARRAY,
	},
	[PLX_FACE_EPOLL] = {
		"epoll", POLICY_KEY_OPEN_FILE_FD, POLICY_AGAIN_EEXIST,
		POLICY_UNKNOWN_ENOENT, POLICY_UNKNOWN_ENOENT,
		POLICY_CLOSED_LIVES, POLICY_FORK_SHARED,
		POLICY_ORDER_READY,
	},
	[PLX_FACE_KQUEUE] = {
		"kqueue", POLICY_KEY_IDENT_FILTER, POLICY_AGAIN_REPLACE,
		POLICY_UNKNOWN_ENOENT, POLICY_UNKNOWN_ENOENT,
		POLICY_CLOSED_REMOVED, POLICY_FORK_NOT_INHERITED,
		POLICY_ORDER_READY,
	},
	[PLX_FACE_DEVPOLL] = {
		"/dev/poll", POLICY_KEY_FD, POLICY_AGAIN_OR,
		POLICY_UNKNOWN_ADDS, POLICY_UNKNOWN_IGNORED,
		POLICY_CLOSED_NVAL, POLICY_FORK_EACCES,
		POLICY_ORDER_CIRCULAR,
	},
	[PLX_FACE_POLL_OBJECT] = {
		"poll object", POLICY_KEY_FD, POLICY_AGAIN_SAME,
		POLICY_UNKNOWN_ENOENT, POLICY_UNKNOWN_KEYERROR,
		POLICY_CLOSED_NVAL, POLICY_FORK_NONE,
		POLICY_ORDER_REGISTRATION,
	},
};
/* clang-format on */

const struct plx_policy *
plx_policy_of(enum plx_face face)
{
	PLX_ASSERT((unsigned int)face < PLX_FACE_MAX);
	return PLX_MUTATE_ROW(&policy_table[face], face);
}

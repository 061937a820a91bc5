/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.h - the handful of rules in which the six faces differ, as data.
 *
 * One row a face (design.md 1). The engine and the checks read the row; neither
 * asks which face it serves. Each cell has a test named after it, and a test
 * build in which any one cell is flipped fails.
 */
#ifndef PLX_CORE_POLICY_H
#define PLX_CORE_POLICY_H

enum plx_face {
	PLX_FACE_SELECT,
	PLX_FACE_POLL,
	PLX_FACE_EPOLL,
	PLX_FACE_KQUEUE,
	PLX_FACE_DEVPOLL,
	PLX_FACE_POLL_OBJECT,
	PLX_FACE_MAX,
};

/* What identifies an interest within its set. */
enum policy_key {
	POLICY_KEY_BIT,          /* a bit in a set of bits */
	POLICY_KEY_PLACE,        /* a place in an array */
	POLICY_KEY_OPEN_FILE_FD, /* (open file, fd) */
	POLICY_KEY_IDENT_FILTER, /* (ident, filter) */
	POLICY_KEY_FD,
};

/* Registering what is registered already. */
enum policy_again {
	POLICY_AGAIN_SAME, /* the same interest, nothing changes */
	POLICY_AGAIN_BOTH, /* two interests, both answered */
	POLICY_AGAIN_EEXIST,
	POLICY_AGAIN_REPLACE,
	POLICY_AGAIN_OR, /* masks are OR-ed */
};

/* Modifying or removing what is not registered. */
enum policy_unknown {
	POLICY_UNKNOWN_NONE, /* the face has no such operation */
	POLICY_UNKNOWN_ENOENT,
	POLICY_UNKNOWN_ADDS,
	POLICY_UNKNOWN_IGNORED,
	POLICY_UNKNOWN_KEYERROR,
};

/* A member's descriptor was closed. */
enum policy_closed {
	POLICY_CLOSED_EBADF,   /* the whole call fails, sets untouched */
	POLICY_CLOSED_NVAL,    /* reported as not open, until removed */
	POLICY_CLOSED_LIVES,   /* stays while the open file lives */
	POLICY_CLOSED_REMOVED, /* the interest is gone */
};

enum policy_fork {
	POLICY_FORK_NONE,
	POLICY_FORK_SHARED,
	POLICY_FORK_NOT_INHERITED,
	POLICY_FORK_EACCES, /* for the other process */
};

enum policy_order {
	POLICY_ORDER_ASCENDING,
	POLICY_ORDER_ARRAY,
	POLICY_ORDER_READY,    /* ready order, rotating */
	POLICY_ORDER_CIRCULAR, /* ascending, resumed where it stopped */
	POLICY_ORDER_REGISTRATION,
};

struct plx_policy {
	const char *name;
	enum policy_key key;
	enum policy_again again;
	enum policy_unknown modify_unknown;
	enum policy_unknown remove_unknown;
	enum policy_closed closed;
	enum policy_fork fork;
	enum policy_order order;
};

/* plx_policy_of - the row of a face; never NULL, immutable. */
const struct plx_policy *plx_policy_of(enum plx_face face);

#endif

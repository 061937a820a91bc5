/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c - hands each record to those who listen, see record.h.
 *
 * A vfork child shares our memory and must not write it; what tells it from us
 * is its pid, at the price of a system call. So waits and deliveries, the hot
 * records, ask only after the program was seen to use vfork, and all others
 * ask always. (posix_spawn and popen use libc's own calls in their child.)
 */
#include "core/record.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "core/proc.h"

bool plx_listeners_on;

static const struct plx_listener *listeners[PLX_LISTENERS_MAX];
static uint32_t listeners_n;
static _Atomic bool vfork_seen;

/* The answer of this thread's last "before". */
struct asked {
	enum plx_op op; /* PLX_OP_NONE: there is none */
	bool owner;
};
static _Thread_local struct asked asked;

int
plx_listen(const struct plx_listener *listener)
{
	if (listeners_n == PLX_LISTENERS_MAX)
		return -ENOSPC;
	listeners[listeners_n++] = listener;
	plx_listeners_on = true;
	return 0;
}

static bool
op_is_hot(enum plx_op op)
{
	return op == PLX_OP_WAIT_ENTER || op == PLX_OP_WAIT_LEAVE ||
	    op == PLX_OP_DELIVER || op == PLX_OP_MEMBER;
}

/* Is this the "after" of what the thread has asked for already? */
static bool
asked_covers(const struct plx_record *rec)
{
	return asked.op == rec->op ||
	    (asked.op == PLX_OP_WAIT_ENTER && op_is_hot(rec->op));
}

/*
 * May this process write what listeners keep? "Before" asks for the "after" of
 * the same call, the beginning of a wait for all that it delivers: what a vfork
 * child leaves in the thread's memory, it has used up itself, or the parent's
 * own next "before" replaces it.
 */
static bool
emitter_is_owner(const struct plx_record *rec, bool before)
{
	bool owner;

	if (plx_proc_forked())
		return false;
	/* relaxed: set by this thread before the vfork child exists. */
	if (op_is_hot(rec->op) &&
	    !atomic_load_explicit(&vfork_seen, memory_order_relaxed))
		return true;
	if (!before && asked_covers(rec))
		owner = asked.owner;
	else
		owner = plx_proc_is_owner();
	if (before)
		asked = (struct asked){ rec->op, owner };
	else if (!op_is_hot(rec->op) || rec->op == PLX_OP_WAIT_LEAVE)
		asked.op = PLX_OP_NONE;
	return owner;
}

int
plx_emit_before(const struct plx_record *rec)
{
	uint32_t i;
	int r;

	if (!emitter_is_owner(rec, true))
		return 0;
	if (rec->op == PLX_OP_VFORK)
		atomic_store_explicit(&vfork_seen, true, memory_order_relaxed);
	for (i = 0; i < listeners_n; i++) {
		if (listeners[i]->before == NULL)
			continue;
		r = listeners[i]->before(rec);
		if (r < 0)
			return r;
	}
	return 0;
}

void
plx_emit_after(const struct plx_record *rec)
{
	uint32_t i;

	if (!emitter_is_owner(rec, false))
		return;
	if (rec->op == PLX_OP_VFORK)
		atomic_store_explicit(&vfork_seen, true, memory_order_relaxed);
	for (i = 0; i < listeners_n; i++)
		if (listeners[i]->after != NULL)
			listeners[i]->after(rec);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_select.c - members of select and poll.
 *
 * The shim tells of members that may say something (checks_wants_member).
 * Authority: select(2), poll(2); measured: bits above the process's table of
 * descriptors are ignored without an error.
 */
#include "core/check_priv.h"

#include <errno.h>
#include <stddef.h>

#include "core/lock.h"
#include "core/stack.h"
#include "core/sysfile.h"

/* Bits of the set type of libc: what FD_SET may touch. */
#define SET_BITS  1024
#define WORD_BITS 64u
/* One call that meets a closed member may be a way of asking. */
#define NVAL_REPEATS 3

bool
checks_wants_member(int fd)
{
	return fd >= SET_BITS || shadow_fd_peek(fd) != SHADOW_OPEN;
}

static bool
from_select(const struct plx_record *rec)
{
	return rec->api == PLX_API_select || rec->api == PLX_API_pselect;
}

/*
 * PX501: a bit that an fd_set has no room for. Fatal and certain when the set
 * reaches past the frame that holds it (variant 1) or libc itself refuses
 * (variant 3). Otherwise (variant 2) the set may be a large one, which Linux
 * allows: a warning.
 */
static bool
too_large(const struct plx_record *rec)
{
	const uint64_t bytes = ((uint64_t)rec->n + WORD_BITS - 1) / WORD_BITS *
	    (WORD_BITS / 8);
	struct plx_finding finding;
	bool on_stack;
	bool overruns;

	overruns = plx_stack_overruns(rec->address, bytes, &on_stack);
	check_begin(&finding, rec, 501, overruns ? 'F' : 'W');
	check_about_fd(&finding, shadow_fd_at(rec->fd));
	finding.variant = overruns ? 1 : 2;
	(void)check_report(&finding, overruns ? PLX_CERTAIN : PLX_LIKELY, NULL);
	return overruns;
}

void
check_fd_bit(const struct plx_record *rec)
{
	struct plx_finding finding;

	if (rec->fd >= 0 && rec->fd < SET_BITS)
		return;
	check_begin(&finding, rec, 501, 'F');
	check_about_fd(&finding, shadow_fd_at(rec->fd));
	finding.variant = 3;
	(void)check_report(&finding, PLX_CERTAIN, NULL);
}

/* PX507: EBADF because of this one. PX508: it is ignored, without a word. */
static void
closed_member(const struct plx_record *rec, uint16_t id,
    const struct shadow_fd *entry)
{
	struct plx_finding finding;

	check_begin(&finding, rec, id, 'E');
	check_about_fd(&finding, entry);
	/* 1: closed before; 2: never open as far as we saw. */
	finding.variant = entry != NULL && entry->state == SHADOW_CLOSED ? 1
									 : 2;
	(void)check_report(&finding, PLX_CERTAIN, entry);
}

/* Closed since before this moment (shadow_seq_now), and still. */
static bool
member_was_closed(const struct plx_record *rec, const struct shadow_fd *entry,
    uint64_t moment)
{
	if (entry != NULL && entry->state == SHADOW_OPEN)
		return false;
	if (entry != NULL && entry->state == SHADOW_CLOSED &&
	    (entry->closed_seq == 0 || entry->closed_seq > moment))
		return false;
	return check_fd_is_closed(rec->fd);
}

int
check_member_before(const struct plx_record *rec)
{
	struct shadow_fd *entry;

	if (!from_select(rec))
		return 0;
	if (rec->fd >= SET_BITS && too_large(rec) &&
	    check_level() == PLX_LEVEL_STRICT)
		return -EINVAL;
	if (check_level() != PLX_LEVEL_STRICT)
		return 0;
	entry = shadow_fd_at(rec->fd);
	/* Within the table the kernel says EBADF itself. */
	if (!member_was_closed(rec, entry, shadow_seq_now()) ||
	    rec->fd < plx_sys_fd_table() ||
	    check_confidence(PLX_CERTAIN, entry) != PLX_CERTAIN)
		return 0;
	closed_member(rec, 508, entry);
	return -EBADF;
}

/*
 * PX509: a closed descriptor in an array of poll, which then returns at once
 * for ever. Silent: the first NVAL_REPEATS - 1 times, a way of asking.
 */
static void
closed_in_array(const struct plx_record *rec)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	struct plx_finding finding;

	if (entry == NULL)
		return;
	if (entry->nval_address != rec->address) {
		entry->nval_address = rec->address;
		entry->nval_n = 0;
	}
	if (++entry->nval_n < NVAL_REPEATS)
		return;
	check_begin(&finding, rec, 509, 'E');
	check_about_fd(&finding, entry);
	finding.variant = entry->state == SHADOW_CLOSED ? 1 : 2;
	(void)check_report(&finding, PLX_CERTAIN, entry);
}

void
check_member_after(const struct plx_record *rec)
{
	struct shadow_fd *entry;

	if (!from_select(rec)) {
		if ((rec->have & PLX_NVAL) != 0)
			closed_in_array(rec);
		return;
	}
	if (rec->ret < 0 && rec->ret != -EBADF)
		return;
	entry = shadow_fd_at(rec->fd);
	if (member_was_closed(rec, entry, shadow_self.wait_seq))
		closed_member(rec, rec->ret < 0 ? 507 : 508, entry);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_lifecycle.c - registrations that outlive the number they were made by.
 *
 * The kernel keeps a registration while its open file lives: after close(2) of
 * the number, a duplicate or a child keeps it going, and nobody can remove it.
 */
#include "core/check_priv.h"

#include <stddef.h>

#include "core/lock.h"
#include "core/report.h"

/* PX201: the number is closed, the registration stays. */
static int
ghost_report(const struct plx_record *rec, const struct shadow_reg *reg,
    enum plx_confidence best)
{
	struct shadow_fd *entry = shadow_fd_at(reg->fd);
	struct plx_finding finding;

	check_begin(&finding, rec, 201, 'E');
	check_about_fd(&finding, entry);
	check_about_reg(&finding, reg);
	finding.fd = reg->fd;
	finding.set = reg->set_fd;
	finding.api = PLX_API_close;
	finding.variant = reg->state == SHADOW_GHOST ? 1 : 2;
	finding.stack[PLX_STACK_MISUSED] = reg->close_stack;
	finding.stack_tid[PLX_STACK_MISUSED] = (int32_t)reg->close_tid;
	return check_report(&finding, best, entry);
}

/*
 * Said at once only when this process itself still holds the open file by
 * another number, and then no more than likely: it may be closed next. Whether
 * a child holds it shows when an event comes.
 */
void
check_ghosts_made(const struct plx_record *rec, int fd)
{
	struct shadow_fd *entry = shadow_fd_at(fd);
	struct shadow_reg *reg;

	if (entry == NULL)
		return;
	for (reg = shadow_reg_at(entry->regs); reg != NULL;
	     reg = shadow_reg_at(reg->fd_next))
		if (reg->state == SHADOW_GHOST && reg->dead_seq == 0 &&
		    reg->finding < 0 && !reg->guessed)
			reg->finding = ghost_report(rec, reg, PLX_LIKELY);
}

/*
 * The close was over before this thread began the wait that gave the event, and
 * the event cannot be that of a registration which is just being made.
 */
static bool
died_before_wait(const struct shadow_reg *reg)
{
	const struct shadow_set *set = shadow_set_at(reg->set);

	return set != NULL && check_set_is_ours(set) &&
	    reg->state != SHADOW_LIVE && reg->dead_seq != 0 &&
	    reg->dead_seq <= shadow_self.wait_seq;
}

bool
check_is_ghost_event(uint32_t set, uint64_t data)
{
	const struct shadow_reg *reg = shadow_reg_by_data(set, data);

	return reg != NULL && !reg->guessed && died_before_wait(reg) &&
	    check_confidence(PLX_CERTAIN, shadow_fd_at(reg->fd)) == PLX_CERTAIN;
}

/*
 * PX202: an event of a closed number. PX204: the number is in use again, so
 * the event of the old descriptor will be taken for one of the new.
 */
static void
ghost_event(const struct plx_record *rec, struct shadow_reg *reg)
{
	struct shadow_fd *entry = shadow_fd_at(reg->fd);
	struct plx_finding finding;

	if (entry == NULL)
		return;
	if (reg->finding < 0)
		reg->finding = ghost_report(rec, reg, PLX_CERTAIN);
	else if (check_confidence(PLX_CERTAIN, entry) == PLX_CERTAIN)
		report_confirm(reg->finding, 'E');
	check_begin(&finding, rec, entry->state == SHADOW_OPEN ? 204 : 202,
	    'E');
	check_about_fd(&finding, entry);
	check_about_reg(&finding, reg);
	finding.fd = reg->fd;
	finding.have = rec->have;
	finding.variant = reg->state == SHADOW_GHOST ? 1 : 2;
	(void)check_report(&finding, PLX_CERTAIN, entry);
}

void
check_delivered(const struct plx_record *rec, uint32_t set)
{
	struct shadow_reg *reg = shadow_reg_by_data(set, rec->data);
	struct shadow_fd *entry;

	if (reg == NULL || reg->guessed)
		return;
	if (reg->state == SHADOW_LIVE) {
		if (reg->delivered++ == 0) {
			/* Its owner knows it now: no old debt is left. */
			entry = shadow_fd_at(reg->fd);
			if (entry != NULL)
				entry->debt.generation = 0;
		}
		reg->delivered_tid = plx_tid();
		return;
	}
	if (died_before_wait(reg))
		ghost_event(rec, reg);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_priv.h - how a check is written.
 *
 * A check is a function in the file of its family (check_registration.c,
 * check_lifecycle.c, check_fork.c, check_select.c, check_kqueue.c) that looks
 * at one record and the shadow, fills a finding and hands it to check_report.
 * check.c calls it, with the shadow's lock held, before or after it updates
 * the shadow. No check decides alone how sure it is: check_report does.
 */
#ifndef PLX_CORE_CHECK_PRIV_H
#define PLX_CORE_CHECK_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "core/check.h"
#include "core/record.h"
#include "core/report_abi.h"
#include "core/shadow.h"

/* The calls that the idioms below are told apart by. */
enum check_next {
	CHECK_NEXT_MODIFY = 1,
	CHECK_NEXT_ATTACH
};

enum plx_check_level check_level(void);
/* check_options_set - once, before anything is reported. Returns 0. */
int check_options_set(const struct plx_check_options *options);

/* check_begin - a finding about the record's own set and descriptor. */
void check_begin(struct plx_finding *ret_finding, const struct plx_record *rec,
    uint16_t id, char severity);
/* check_misused_at - the stack of the call, when it was captured before. */
void check_misused_at(struct plx_finding *finding, uint32_t stack);
/* check_about_fd - who opened it, and who closed it if it is closed. */
void check_about_fd(struct plx_finding *finding, const struct shadow_fd *entry);
/* check_about_reg - who registered it, and who closed its number. */
void check_about_reg(struct plx_finding *finding, const struct shadow_reg *reg);

/*
 * check_report - record it, with the stack of now as the misused one unless
 * there is one already. best: how sure the check is if the history is whole;
 * entry: the descriptor that the claim hangs on, or NULL. Level abort: may not
 * return. Returns the finding's slot or -Exxx.
 */
int check_report(struct plx_finding *finding, enum plx_confidence best,
    const struct shadow_fd *entry);

/* check_confidence - the one place that says how sure anybody may be. */
enum plx_confidence check_confidence(enum plx_confidence best,
    const struct shadow_fd *entry);

/*
 * check_report_idiom - the same, but the finding is withdrawn to 'I' when this
 * thread's next call on (set, fd), before it waits again, is the one named.
 * Never aborts.
 */
void check_report_idiom(struct plx_finding *finding,
    const struct shadow_fd *entry, enum check_next next);
/* check_idiom_seen - that call came. check_idiom_over - the thread waits. */
void check_idiom_seen(const struct plx_record *rec, enum check_next next);
void check_idiom_over(void);

/* check_fd_is_closed - what the kernel says now. */
bool check_fd_is_closed(int fd);

/* Registration: PX101 PX102 PX103 PX104 PX105 PX108 PX109. */
void check_ctl_failed(const struct plx_record *rec, uint32_t stack);
/* 0, or -ENOENT where level strict refuses. reg is about to be hit. */
int check_stranger_before(const struct plx_record *rec,
    const struct shadow_reg *reg);
void check_stranger_after(const struct plx_record *rec,
    const struct shadow_reg *reg);
/* check_detached - remember a removal that succeeded. */
void check_detached(const struct plx_record *rec, uint32_t set, uint32_t stack);

/* Lifecycle: PX201 PX202 PX204. */
void check_ghosts_made(const struct plx_record *rec, int fd);
void check_delivered(const struct plx_record *rec, uint32_t set);
bool check_is_ghost_event(uint32_t set, uint64_t data);

/* Fork: PX301. */
int check_edit_before(const struct plx_record *rec,
    const struct shadow_set *set);
void check_edit_after(const struct plx_record *rec,
    const struct shadow_set *set);
/*
 * check_set_is_ours - are all registrations of the set known? Not while a
 * thread is in the middle of a change, nor after another process made one.
 */
bool check_set_is_ours(const struct shadow_set *set);
void check_creator_waits(struct shadow_set *set);

/* select and poll: PX501 PX507 PX508 PX509. */
int check_member_before(const struct plx_record *rec);
void check_member_after(const struct plx_record *rec);
void check_fd_bit(const struct plx_record *rec);

/* kqueue: PX701 PX702. */
void check_kq_replaced(const struct plx_record *rec);
void check_kq_missing(const struct plx_record *rec);

#endif

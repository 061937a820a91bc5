/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_registration.c - what a control call on a set says about the program.
 *
 * The kernel's answer is the fact; the shadow tells whose mistake it is. The
 * order of the kernel's own tests matters for telling the two descriptors of
 * the call apart. Authority: epoll_ctl(2).
 */
#include "core/check_priv.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "core/lock.h"
#include "core/proc.h"
#include "core/sys.h"
#include "core/sysfile.h"

/* Sites that have removed a live registration: DEL is tried either way. */
#define REMOVERS_MAX 256u
/* What may stand beside PLX_EXCLUSIVE. */
#define EXCLUSIVE_BESIDE                                                \
	(PLX_IN | PLX_OUT | PLX_ERR | PLX_HUP | PLX_WAKEUP | PLX_EDGE | \
	    PLX_EXCLUSIVE)

static uint32_t removers[REMOVERS_MAX];

static void
remover_note(uint32_t stack)
{
	if (stack != PLX_NO_STACK)
		removers[stack % REMOVERS_MAX] = stack + 1;
}

static bool
remover_known(uint32_t stack)
{
	return stack != PLX_NO_STACK &&
	    removers[stack % REMOVERS_MAX] == stack + 1;
}

/* The set's index and registration as far as known, without making any. */
static struct shadow_reg *
reg_of(const struct plx_record *rec, uint32_t *ret_set)
{
	struct shadow_set *set;

	*ret_set = 0;
	if (shadow_fd_peek(rec->set) != SHADOW_OPEN)
		return NULL;
	set = shadow_set_find(rec->set, ret_set);
	return set == NULL ? NULL : shadow_reg_find(*ret_set, rec->fd);
}

/*
 * PX101: added twice; the second owner's mask and data are not in force.
 * Silent (I): ADD, then MOD because it was there.
 */
static void
duplicate_add(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	struct plx_finding finding;
	struct shadow_reg *reg;
	uint32_t set;

	reg = reg_of(rec, &set);
	check_begin(&finding, rec, 101, 'E');
	check_misused_at(&finding, stack);
	check_about_fd(&finding, entry);
	check_about_reg(&finding, reg);
	finding.variant = reg != NULL && reg->add_tid != plx_tid() ? 2 : 1;
	check_report_idiom(&finding, entry, CHECK_NEXT_MODIFY);
}

/*
 * PX102: change of what is not registered. variant 1: never in this set; 2: an
 * earlier descriptor of this number was; 3: it was removed before.
 * Silent (I): MOD, then ADD because it was not there.
 */
static uint16_t
missing_variant(const struct shadow_fd *entry, uint32_t set)
{
	if (entry == NULL || set == 0)
		return 1;
	if (entry->removed_set == set &&
	    entry->removed_generation == entry->generation)
		return 3;
	if (entry->added_set == set &&
	    entry->added_generation != entry->generation)
		return 2;
	return 1;
}

static void
missing_modify(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	struct plx_finding finding;
	uint32_t set;

	(void)reg_of(rec, &set);
	check_begin(&finding, rec, 102, 'E');
	check_misused_at(&finding, stack);
	check_about_fd(&finding, entry);
	finding.variant = missing_variant(entry, set);
	if (entry != NULL)
		finding.generation_registered = entry->added_generation;
	check_report_idiom(&finding, entry, CHECK_NEXT_ATTACH);
}

/* PX103: removal of what is not there. A second removal is harmless: I. */
static void
missing_detach(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	struct plx_finding finding;
	uint32_t set;

	(void)reg_of(rec, &set);
	check_begin(&finding, rec, 103, 'W');
	check_misused_at(&finding, stack);
	check_about_fd(&finding, entry);
	finding.variant = missing_variant(entry, set);
	if (finding.variant == 3)
		finding.severity = 'I';
	if (entry != NULL)
		finding.generation_registered = entry->added_generation;
	(void)check_report(&finding, PLX_CERTAIN, entry);
}

static bool
debt_is_ours(const struct shadow_fd *entry, uint32_t set)
{
	return entry->debt.generation != 0 && entry->debt.set == set &&
	    entry->debt.tid == plx_tid();
}

/*
 * PX104: control of a closed descriptor. variant 1: closed before; 2: never
 * open; 3: it is the set that is closed; 4: a number below 0.
 * Silent (I): a removal by the thread that closed it, from a site that also
 * removes live registrations: it tries either way, and knows the answer.
 */
static void
closed_ctl(const struct plx_record *rec, uint32_t stack)
{
	const bool set_closed = !check_fd_is_closed(rec->fd) &&
	    check_fd_is_closed(rec->set);
	const int fd = set_closed ? rec->set : rec->fd;
	struct shadow_fd *entry = shadow_fd_at(fd);
	const bool known = entry != NULL && entry->state != SHADOW_NEW;
	struct plx_finding finding;
	uint32_t set;

	(void)reg_of(rec, &set);
	check_begin(&finding, rec, 104, 'E');
	check_misused_at(&finding, stack);
	check_about_fd(&finding, entry);
	finding.fd = fd;
	finding.variant = set_closed ? 3 : known ? 1 : fd < 0 ? 4 : 2;
	if (fd < 0)
		finding.severity = 'W';
	if (known)
		finding.stack[PLX_STACK_CLOSED] = entry->close_stack;
	if (rec->op == PLX_OP_DETACH && known && !set_closed &&
	    entry->close_tid == plx_tid() && remover_known(stack))
		finding.severity = 'I';
	if (known && !set_closed && debt_is_ours(entry, set))
		entry->debt.tried = true;
	(void)check_report(&finding, PLX_CERTAIN, entry);
}

/* PX108: the descriptor's kind cannot be waited for. other: its mode's type. */
static void
unpollable(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	struct plx_finding finding;
	struct plx_sys_stat st;

	check_begin(&finding, rec, 108, 'E');
	check_misused_at(&finding, stack);
	check_about_fd(&finding, entry);
	if (plx_sys_fstat(rec->fd, &st) == 0) {
		finding.other = (int32_t)(st.mode & S_IFMT);
		finding.variant = S_ISREG(st.mode) ? 1
		    : S_ISDIR(st.mode)             ? 2
						   : 3;
	}
	(void)check_report(&finding, PLX_CERTAIN, entry);
}

/*
 * PX109: the rules of exclusive registrations. variant 1: cannot be asked for
 * by MOD; 2: a registration that has it cannot be changed at all; 3: have holds
 * the bits that may not stand beside it; 4: not on a set.
 */
static void
exclusive_misuse(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	const bool asked = (rec->want & PLX_EXCLUSIVE) != 0;
	struct plx_finding finding;
	struct shadow_reg *reg;
	uint32_t set;

	reg = reg_of(rec, &set);
	if (!asked && (reg == NULL || (reg->mask & PLX_EXCLUSIVE) == 0))
		return;
	check_begin(&finding, rec, 109, 'E');
	check_misused_at(&finding, stack);
	check_about_fd(&finding, entry);
	check_about_reg(&finding, reg);
	finding.want = rec->want;
	finding.have = rec->want & ~EXCLUSIVE_BESIDE;
	if (rec->op == PLX_OP_MODIFY)
		finding.variant = asked ? 1 : 2;
	else if (finding.have != 0)
		finding.variant = 3;
	else if (entry != NULL && shadow_ofd_at(entry->ofd) != NULL &&
	    shadow_ofd_at(entry->ofd)->set != 0)
		finding.variant = 4;
	else
		return;
	(void)check_report(&finding, PLX_CERTAIN, entry);
}

void
check_ctl_failed(const struct plx_record *rec, uint32_t stack)
{
	switch (rec->ret) {
	case -EEXIST:
		duplicate_add(rec, stack);
		break;
	case -ENOENT:
		if (rec->op == PLX_OP_MODIFY)
			missing_modify(rec, stack);
		else if (rec->op == PLX_OP_DETACH)
			missing_detach(rec, stack);
		break;
	case -EBADF:
		closed_ctl(rec, stack);
		break;
	case -EPERM:
		unpollable(rec, stack);
		break;
	case -EINVAL:
		if (rec->op != PLX_OP_DETACH)
			exclusive_misuse(rec, stack);
		break;
	default:
		break;
	}
}

void
check_detached(const struct plx_record *rec, uint32_t set, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_used(rec->fd);

	remover_note(stack);
	if (entry == NULL)
		return;
	entry->removed_set = set;
	entry->removed_generation = entry->generation;
}

/*
 * PX105: this thread closed a registered descriptor and still owed its
 * removal; the removal (or change) that it makes now hits what another has
 * registered under the number since. Certain: another thread opened and
 * registered the new one, this one is an event loop's, got no event of it, and
 * has not waited since its close, so it cannot have learnt of it. Likely: its
 * removal was tried before and failed, so it is known to come late, and the new
 * registration has not delivered anything yet.
 * Silent: everything else; one number, several owners in turn is how servers
 * with a pool of threads work.
 */
static bool
is_stranger(const struct shadow_fd *entry, const struct shadow_reg *reg,
    enum plx_confidence *ret_confidence)
{
	const bool others = entry->open_tid != plx_tid() &&
	    reg->add_tid != plx_tid();

	if (!debt_is_ours(entry, reg->set) || reg->delivered != 0 ||
	    reg->guessed || entry->debt.generation >= reg->generation)
		return false;
	if (others && shadow_self.waits > 0 &&
	    shadow_self.waits == entry->debt.waits) {
		*ret_confidence = PLX_CERTAIN;
		return true;
	}
	*ret_confidence = PLX_LIKELY;
	return entry->debt.tried;
}

static bool
stranger_report(const struct plx_record *rec, const struct shadow_reg *reg,
    enum plx_confidence least)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	enum plx_confidence confidence;
	struct plx_finding finding;

	if (entry == NULL || !is_stranger(entry, reg, &confidence) ||
	    check_confidence(confidence, entry) > least)
		return false;
	check_begin(&finding, rec, 105, 'E');
	check_about_fd(&finding, entry);
	check_about_reg(&finding, reg);
	finding.stack[PLX_STACK_CLOSED] = entry->close_stack;
	finding.stack_tid[PLX_STACK_CLOSED] = (int32_t)entry->close_tid;
	finding.other = (int32_t)entry->debt.generation;
	finding.variant = rec->op == PLX_OP_DETACH ? 1 : 2;
	(void)check_report(&finding, confidence, entry);
	entry->debt.generation = 0;
	return true;
}

int
check_stranger_before(const struct plx_record *rec,
    const struct shadow_reg *reg)
{
	if (check_level() != PLX_LEVEL_STRICT)
		return 0;
	return stranger_report(rec, reg, PLX_CERTAIN) ? -ENOENT : 0;
}

void
check_stranger_after(const struct plx_record *rec, const struct shadow_reg *reg)
{
	(void)stranger_report(rec, reg, PLX_LIKELY);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - the listener: keeps the shadow and calls the checks.
 *
 * Order: a check that compares an operation with what was there before runs
 * before the shadow is changed. Stacks that are kept (open, close, ATTACH) are
 * captured before the lock is taken.
 */
#include "core/check.h"

#include <errno.h>
#include <stddef.h>

#include "core/check_priv.h"
#include "core/lock.h"
#include "core/record.h"
#include "core/report.h"
#include "core/stack.h"
#include "core/sys.h"

/* Most descriptors that one close_range is followed through. */
#define RANGE_MAX SHADOW_FDS_MAX

static void
after_set_create(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry;

	entry = shadow_opened(rec->fd, PLX_WHAT_EPOLL, stack);
	if (entry != NULL)
		(void)shadow_set_made(rec->fd);
}

static void
after_attach(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_used(rec->fd);
	struct shadow_set *set;
	struct shadow_reg *reg;
	uint32_t i;

	set = shadow_set_find(rec->set, &i);
	if (set == NULL || entry == NULL)
		return;
	check_edit_after(rec, set);
	check_idiom_seen(rec, CHECK_NEXT_ATTACH);
	reg = shadow_reg_find(i, rec->fd);
	if (reg != NULL && !reg->leaving) {
		/* The kernel had lost it: something was closed behind us. */
		report_mark_unseen(PLX_UNSEEN_CLOSE);
		entry->known = SHADOW_GUESSED;
	}
	if (reg != NULL)
		shadow_reg_drop(reg);
	/* Closed and opened while we were in the kernel: whose is it? */
	if (entry->generation != shadow_self.attach_generation)
		entry->known = SHADOW_GUESSED;
	reg = shadow_reg_add(i, rec->fd, rec->want, rec->data);
	if (reg == NULL)
		return;
	reg->set_fd = rec->set;
	reg->add_stack = stack;
	reg->add_tid = plx_tid();
}

static void
after_modify(const struct plx_record *rec)
{
	struct shadow_fd *entry = shadow_fd_used(rec->fd);
	struct shadow_set *set;
	struct shadow_reg *reg;
	uint32_t i;

	set = shadow_set_find(rec->set, &i);
	if (set == NULL || entry == NULL)
		return;
	check_edit_after(rec, set);
	reg = shadow_reg_find(i, rec->fd);
	if (reg == NULL) {
		reg = shadow_reg_add(i, rec->fd, rec->want, rec->data);
		if (reg != NULL) {
			reg->set_fd = rec->set;
			reg->guessed = true;
		}
		return;
	}
	check_idiom_seen(rec, CHECK_NEXT_MODIFY);
	check_stranger_after(rec, reg);
	shadow_reg_change(reg, rec->want, rec->data);
}

static void
after_detach(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_set *set;
	struct shadow_reg *reg;
	uint32_t i;

	set = shadow_set_find(rec->set, &i);
	if (set == NULL)
		return;
	check_edit_after(rec, set);
	check_detached(rec, i, stack);
	reg = shadow_reg_find(i, rec->fd);
	/* Not leaving: added again by another thread before we got here. */
	if (reg == NULL || !reg->leaving)
		return;
	check_stranger_after(rec, reg);
	shadow_reg_drop(reg);
}

static void
changing_begin(struct shadow_set *set)
{
	set->changing++;
	shadow_self.changing = set->index;
}

static void
changing_end(void)
{
	struct shadow_set *set = shadow_set_at(shadow_self.changing);

	if (set != NULL && set->changing > 0)
		set->changing--;
	shadow_self.changing = 0;
}

static void
after_ctl(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_reg *reg;
	uint32_t i;

	changing_end();
	if (rec->ret < 0) {
		check_ctl_failed(rec, stack);
		if (rec->op == PLX_OP_DETACH &&
		    shadow_fd_peek(rec->set) == SHADOW_OPEN &&
		    shadow_set_find(rec->set, &i) != NULL) {
			reg = shadow_reg_find(i, rec->fd);
			if (reg != NULL)
				reg->leaving = false;
		}
		return;
	}
	if (rec->op == PLX_OP_ATTACH)
		after_attach(rec, stack);
	else if (rec->op == PLX_OP_MODIFY)
		after_modify(rec);
	else
		after_detach(rec, stack);
}

static int
before_ctl(const struct plx_record *rec)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	struct shadow_set *set;
	struct shadow_reg *reg;
	uint32_t i;
	int r;

	if (entry != NULL)
		shadow_self.attach_generation = entry->generation +
		    (entry->state != SHADOW_OPEN);
	if (shadow_fd_peek(rec->set) != SHADOW_OPEN ||
	    (set = shadow_set_find(rec->set, &i)) == NULL)
		return 0;
	r = check_edit_before(rec, set);
	if (r < 0)
		return r;
	reg = shadow_reg_find(i, rec->fd);
	if (reg != NULL && rec->op != PLX_OP_ATTACH)
		r = check_stranger_before(rec, reg);
	if (r < 0)
		return r;
	if (rec->op != PLX_OP_DETACH)
		changing_begin(set);
	else if (reg != NULL)
		reg->leaving = true;
	return 0;
}

static void
before_close_range(const struct plx_record *rec, uint32_t stack)
{
	int fd = rec->fd;
	int n;

	for (n = 0; n < RANGE_MAX; n++) {
		fd = shadow_next_open(fd, rec->other);
		if (fd < 0)
			return;
		shadow_closing(fd, stack);
		check_ghosts_made(rec, fd);
		shadow_closed(fd);
		fd++;
	}
}

static void
wait_enter(const struct plx_record *rec)
{
	struct shadow_set *set;
	uint32_t i;

	shadow_self.wait_seq = shadow_seq_now();
	shadow_self.waits++;
	check_idiom_over();
	/* Only who has forked can share a set with a child. */
	if (rec->set < 0 || !shadow_forked() || !shadow_enter())
		return;
	set = shadow_set_find(rec->set, &i);
	if (set != NULL)
		check_creator_waits(set);
	shadow_leave();
}

static void
after_fd(const struct plx_record *rec, uint32_t stack)
{
	struct shadow_fd *entry;

	if (rec->ret < 0 && rec->op != PLX_OP_FD_CLOSE)
		return;
	switch ((int)rec->op) {
	case PLX_OP_FD_OPEN:
		(void)shadow_opened(rec->fd, (uint8_t)rec->extra, stack);
		break;
	case PLX_OP_FD_DUP:
		shadow_duped(rec->fd, rec->other, stack);
		break;
	case PLX_OP_FD_CLOSE:
		shadow_closed(rec->fd);
		break;
	case PLX_OP_SPAWN:
		shadow_spawned();
		break;
	case PLX_OP_FD_PASSED:
		entry = rec->api == PLX_API_recvmsg
		    ? shadow_opened(rec->fd, PLX_WHAT_UNKNOWN, stack)
		    : shadow_fd_used(rec->fd);
		if (entry != NULL && shadow_ofd_at(entry->ofd) != NULL)
			shadow_ofd_at(entry->ofd)->passed = true;
		break;
	default:
		break;
	}
}

/* Is this record's stack kept, or compared with others? */
static bool
op_keeps_stack(const struct plx_record *rec)
{
	if (rec->op == PLX_OP_MODIFY)
		return rec->ret < 0;
	return rec->op == PLX_OP_SET_CREATE || rec->op == PLX_OP_FD_OPEN ||
	    rec->op == PLX_OP_FD_DUP || rec->op == PLX_OP_FD_PASSED ||
	    rec->op == PLX_OP_ATTACH || rec->op == PLX_OP_DETACH;
}

static void
deliver(const struct plx_record *rec)
{
	uint32_t i;

	if (shadow_set_find(rec->set, &i) != NULL)
		check_delivered(rec, i);
}

static void
after_locked(const struct plx_record *rec, uint32_t stack)
{
	switch ((int)rec->op) {
	case PLX_OP_SET_CREATE:
		after_set_create(rec, stack);
		break;
	case PLX_OP_ATTACH:
	case PLX_OP_MODIFY:
	case PLX_OP_DETACH:
		after_ctl(rec, stack);
		break;
	case PLX_OP_DELIVER:
		deliver(rec);
		break;
	case PLX_OP_MEMBER:
		check_member_after(rec);
		break;
	case PLX_OP_FD_BIT:
		check_fd_bit(rec);
		break;
	case PLX_OP_KQ_REPLACE:
		check_kq_replaced(rec);
		break;
	case PLX_OP_KQ_MISSING:
		check_kq_missing(rec);
		break;
	default:
		after_fd(rec, stack);
		break;
	}
}

static bool
op_wants_after(enum plx_op op)
{
	switch ((int)op) {
	case PLX_OP_CTL_OTHER:
	case PLX_OP_FORK_PARENT:
	case PLX_OP_WAIT_ENTER:
	case PLX_OP_WAIT_LEAVE:
	case PLX_OP_FD_CLOSE_RANGE:
	case PLX_OP_FD_CLOEXEC:
	case PLX_OP_FD_NONBLOCK:
	case PLX_OP_VFORK:
	case PLX_OP_EXEC:
		return false;
	default:
		return true;
	}
}

static void
checks_after(const struct plx_record *rec)
{
	uint32_t stack = PLX_NO_STACK;

	switch ((int)rec->op) {
	case PLX_OP_FORK_CHILD:
		shadow_fork_noticed();
		return;
	case PLX_OP_UNSEEN:
		report_mark_unseen(rec->extra);
		return;
	default:
		break;
	}
	if (!op_wants_after(rec->op))
		return;
	if (op_keeps_stack(rec))
		stack = plx_stack_capture(rec->caller);
	if (!shadow_enter())
		return;
	after_locked(rec, stack);
	shadow_leave();
}

static int
before_locked(const struct plx_record *rec, uint32_t stack)
{
	switch ((int)rec->op) {
	case PLX_OP_ATTACH:
	case PLX_OP_MODIFY:
	case PLX_OP_DETACH:
		return before_ctl(rec);
	case PLX_OP_FD_CLOSE:
		shadow_closing(rec->fd, stack);
		check_ghosts_made(rec, rec->fd);
		return 0;
	case PLX_OP_FD_CLOSE_RANGE:
		before_close_range(rec, stack);
		return 0;
	case PLX_OP_MEMBER:
		return check_member_before(rec);
	case PLX_OP_VFORK:
		shadow_spawned();
		return 0;
	default:
		return 0;
	}
}

static bool
op_wants_before(enum plx_op op)
{
	switch ((int)op) {
	case PLX_OP_ATTACH:
	case PLX_OP_MODIFY:
	case PLX_OP_DETACH:
	case PLX_OP_FD_CLOSE:
	case PLX_OP_FD_CLOSE_RANGE:
	case PLX_OP_MEMBER:
	case PLX_OP_VFORK:
		return true;
	default:
		return false;
	}
}

static int
checks_before(const struct plx_record *rec)
{
	uint32_t stack = PLX_NO_STACK;
	int r;

	if (rec->op == PLX_OP_WAIT_ENTER) {
		wait_enter(rec);
		return 0;
	}
	if (!op_wants_before(rec->op))
		return 0;
	if (rec->op == PLX_OP_FD_CLOSE || rec->op == PLX_OP_FD_CLOSE_RANGE)
		stack = plx_stack_capture(rec->caller);
	if (!shadow_enter())
		return 0;
	r = before_locked(rec, stack);
	shadow_leave();
	return r;
}

static const struct plx_listener listener = {
	.before = checks_before,
	.after = checks_after,
};

void
checks_fork_before(void)
{
	shadow_fork_before();
}

void
checks_fork_parent(void)
{
	shadow_fork_parent();
}

void
checks_fork_child(void)
{
	shadow_fork_child();
}

bool
checks_veto(void)
{
	return check_level() == PLX_LEVEL_STRICT;
}

bool
checks_filter_event(int set, uint64_t data)
{
	bool ghost = false;
	uint32_t i;

	if (check_level() != PLX_LEVEL_STRICT || !shadow_enter())
		return false;
	if (shadow_set_find(set, &i) != NULL)
		ghost = check_is_ghost_event(i, data);
	shadow_leave();
	return ghost;
}

int
checks_start(const struct plx_check_options *options)
{
	int r;

	if (options->level == PLX_LEVEL_OFF)
		return 0;
	r = check_options_set(options);
	if (r == 0)
		r = shadow_start();
	if (r == 0)
		r = plx_listen(&listener);
	return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knote.c - one registration: its states and how it moves between them.
 *
 * Every change of state goes through knote_step and the table below; anything
 * the table does not name is a bug. Called under the set's lock. Knows no
 * filter's meaning beyond "the kernel keeps it" or not.
 *
 * Authority: FreeBSD kqueue(2) EV_ENABLE, EV_DISABLE, EV_DISPATCH, EV_ONESHOT;
 * epoll_ctl(2) EPOLLONESHOT.
 */
#include "core/knote.h"

#include "core/bug.h"
#include "core/filter.h"

#define BUG KNOTE_STATE_MAX

/* clang-format off */
static const uint8_t knote_next[KNOTE_STATE_MAX][KNOTE_EVENT_MAX] = {
	[KNOTE_IDLE] = {
		[KNOTE_ACTIVATE] = KNOTE_QUEUED,
		[KNOTE_DELIVERED_IDLE] = BUG,
		[KNOTE_DELIVERED_AGAIN] = BUG,
		[KNOTE_DELIVERED_DISABLE] = BUG,
		[KNOTE_STALE] = BUG,
		[KNOTE_ENABLE] = KNOTE_IDLE,
		[KNOTE_DISABLE] = KNOTE_DISABLED,
		[KNOTE_DROP] = KNOTE_DEAD,
	},
	[KNOTE_QUEUED] = {
		[KNOTE_ACTIVATE] = KNOTE_QUEUED, /* pushed once */
		[KNOTE_DELIVERED_IDLE] = KNOTE_IDLE,
		[KNOTE_DELIVERED_AGAIN] = KNOTE_QUEUED,
		[KNOTE_DELIVERED_DISABLE] = KNOTE_DISABLED,
		[KNOTE_STALE] = KNOTE_IDLE,
		[KNOTE_ENABLE] = KNOTE_QUEUED,
		[KNOTE_DISABLE] = KNOTE_DISABLED_PENDING,
		[KNOTE_DROP] = KNOTE_DEAD,
	},
	[KNOTE_DISABLED] = {
		[KNOTE_ACTIVATE] = KNOTE_DISABLED_PENDING,
		[KNOTE_DELIVERED_IDLE] = BUG,
		[KNOTE_DELIVERED_AGAIN] = BUG,
		[KNOTE_DELIVERED_DISABLE] = BUG,
		[KNOTE_STALE] = BUG,
		[KNOTE_ENABLE] = KNOTE_IDLE,
		[KNOTE_DISABLE] = KNOTE_DISABLED,
		[KNOTE_DROP] = KNOTE_DEAD,
	},
	[KNOTE_DISABLED_PENDING] = {
		[KNOTE_ACTIVATE] = KNOTE_DISABLED_PENDING,
		[KNOTE_DELIVERED_IDLE] = BUG,
		[KNOTE_DELIVERED_AGAIN] = BUG,
		[KNOTE_DELIVERED_DISABLE] = BUG,
		[KNOTE_STALE] = BUG,
		[KNOTE_ENABLE] = KNOTE_QUEUED,
		[KNOTE_DISABLE] = KNOTE_DISABLED_PENDING,
		[KNOTE_DROP] = KNOTE_DEAD,
	},
	[KNOTE_DEAD] = {
		[KNOTE_ACTIVATE] = BUG, [KNOTE_DELIVERED_IDLE] = BUG,
		[KNOTE_DELIVERED_AGAIN] = BUG,
		[KNOTE_DELIVERED_DISABLE] = BUG, [KNOTE_STALE] = BUG,
		[KNOTE_ENABLE] = BUG, [KNOTE_DISABLE] = BUG,
		[KNOTE_DROP] = BUG,
	},
};
/* clang-format on */

enum knote_state
knote_next_state(enum knote_state state, enum knote_event event)
{
	PLX_ASSERT((unsigned int)state < KNOTE_STATE_MAX);
	PLX_ASSERT((unsigned int)event < KNOTE_EVENT_MAX);
	return (enum knote_state)knote_next[state][event];
}

/* The set counts the queued knotes whose readiness only we know. */
static void
soft_account(struct iset *set, struct knote *kn, bool queued)
{
	if (queued && !knote_kernel_keeps(kn)) {
		PLX_ASSERT((kn->flags & KN_SOFT) == 0);
		kn->flags |= KN_SOFT;
		set->soft_n++;
	} else if (!queued && (kn->flags & KN_SOFT) != 0) {
		PLX_ASSERT(set->soft_n > 0);
		kn->flags &= (uint16_t)~KN_SOFT;
		set->soft_n--;
	}
}

void
knote_step(struct iset *set, uint32_t kn_index, enum knote_event event)
{
	struct knote *kn = knote_at(kn_index);
	const enum knote_state old = (enum knote_state)kn->state;
	const enum knote_state now = knote_next_state(old, event);

	PLX_ASSERT(now != KNOTE_STATE_MAX);
	kn->state = (uint8_t)now;
	if (old != KNOTE_QUEUED && now == KNOTE_QUEUED)
		soft_account(set, kn, true);
	if (old == KNOTE_QUEUED && now != KNOTE_QUEUED)
		soft_account(set, kn, false);
	if (now == KNOTE_QUEUED)
		ready_push(set, kn_index);
}

bool
knote_is_fd(const struct knote *kn)
{
	return knote_ops(kn)->fd;
}

bool
knote_kernel_keeps(const struct knote *kn)
{
	const uint32_t ours = KN_CLEAR | KN_ONESHOT | KN_DISPATCH;

	if (!knote_is_fd(kn) || !knote_polls(kn) || (kn->flags & ours) != 0)
		return false;
	if ((kn->flags & KN_EDGED) != 0)
		return false;
	if (kn->filter != FILTER_FD && (kn->bits & FOPT_LOWAT) != 0)
		return false;
	if (kn->filter == FILTER_FD && (kn->bits & PLX_EDGE) != 0)
		return false;
	return source_at(kn->source)->kind == SOURCE_POLLED;
}

uint32_t
knote_new(struct iset *set, const struct iset_spec *spec)
{
	const uint32_t kn_index = arena_take(&plx_knotes);
	struct knote *kn = knote_at(kn_index);

	(void)set;
	if (kn == NULL)
		return 0;
	*kn = (struct knote){
		.udata = spec->udata,
		.data = spec->data,
		.flags = (uint16_t)(spec->flags & KN_FACE_FLAGS),
		.filter = (uint8_t)spec->filter,
		.state = KNOTE_IDLE,
	};
	return kn_index;
}

void
knote_free(uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);

	PLX_ASSERT(kn->state == KNOTE_DEAD);
	PLX_ASSERT((kn->flags & KN_LINKED) == 0);
	arena_give(&plx_knotes, kn_index);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_timer.c - timers in a binary heap of the set: no descriptor each.
 *
 * A disabled timer leaves the heap and keeps its next expiry: what it missed is
 * arithmetic when it is enabled. Absolute timers follow the wall clock: their
 * place in the heap is computed anew at every wait, and a sleep is cut to
 * ABSOLUTE_SLEEP_NS while there are any, so that a clock step is noticed.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_TIMER; filt_timer*. Under the set's lock.
 */
#include <errno.h>
#include <string.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/sys.h"

#define HEAP_MIN          512u
#define ABSOLUTE_SLEEP_NS (PLX_NS_PER_S / 2)

/* --- the heap: slot[0] is the earliest --- */

static int64_t
key_at(const struct timer_heap *heap, uint32_t pos)
{
	return timer_at(heap->slot[pos])->next_ns;
}

static void
heap_put(struct timer_heap *heap, uint32_t pos, uint32_t t_index)
{
	heap->slot[pos] = t_index;
	timer_at(t_index)->heap_pos = pos + 1;
}

static void
heap_up(struct timer_heap *heap, uint32_t pos)
{
	const uint32_t t_index = heap->slot[pos];
	const int64_t key = timer_at(t_index)->next_ns;

	while (pos > 0 && key_at(heap, (pos - 1) / 2) > key) {
		heap_put(heap, pos, heap->slot[(pos - 1) / 2]);
		pos = (pos - 1) / 2;
	}
	heap_put(heap, pos, t_index);
}

static void
heap_down(struct timer_heap *heap, uint32_t pos)
{
	const uint32_t t_index = heap->slot[pos];
	const int64_t key = timer_at(t_index)->next_ns;

	for (;;) {
		uint32_t child = pos * 2 + 1;

		if (child >= heap->n)
			break;
		if (child + 1 < heap->n &&
		    key_at(heap, child + 1) < key_at(heap, child))
			child++;
		if (key_at(heap, child) >= key)
			break;
		heap_put(heap, pos, heap->slot[child]);
		pos = child;
	}
	heap_put(heap, pos, t_index);
}

static int
heap_reserve(struct timer_heap *heap)
{
	const uint32_t max = heap->max == 0 ? HEAP_MIN : heap->max * 2;
	uint32_t *fresh;

	if (heap->made < heap->max)
		return 0;
	fresh = plx_sys_map(max * sizeof(*fresh));
	if (fresh == NULL)
		return -ENOMEM;
	if (heap->slot != NULL) {
		memcpy(fresh, heap->slot, heap->n * sizeof(*fresh));
		plx_sys_unmap(heap->slot, heap->max * sizeof(*fresh));
	}
	heap->slot = fresh;
	heap->max = max;
	return 0;
}

static void
heap_insert(struct timer_heap *heap, uint32_t t_index)
{
	struct plx_timer *t = timer_at(t_index);

	PLX_ASSERT(t->heap_pos == 0);
	PLX_ASSERT(heap->n < heap->max);
	heap->absolutes += t->absolute;
	heap->slot[heap->n] = t_index;
	heap->n++;
	heap_up(heap, heap->n - 1);
}

static void
heap_remove(struct timer_heap *heap, uint32_t t_index)
{
	struct plx_timer *t = timer_at(t_index);
	const uint32_t pos = t->heap_pos - 1;
	uint32_t last;

	if (t->heap_pos == 0)
		return;
	heap->absolutes -= t->absolute;
	t->heap_pos = 0;
	heap->n--;
	if (pos == heap->n)
		return;
	last = heap->slot[heap->n];
	heap_put(heap, pos, last);
	heap_up(heap, pos);
	heap_down(heap, timer_at(last)->heap_pos - 1);
}

/* --- one timer --- */

static uint32_t
timer_of(const struct knote *kn)
{
	PLX_ASSERT(kn->filter == FILTER_TIMER);
	return (uint32_t)kn->data;
}

static int64_t
wall_to_monotonic(int64_t wall_ns, int64_t now_ns)
{
	return deadline_after(now_ns, wall_ns - plx_sys_realtime_ns());
}

static void
timer_start(struct plx_timer *t, const struct knote *kn,
    const struct iset_spec *spec, int64_t now_ns)
{
	t->count = 0;
	t->absolute = (spec->fopts & FOPT_ABSOLUTE) != 0 ? 1 : 0;
	t->wall_ns = spec->data;
	if (t->absolute != 0) {
		t->period_ns = 0;
		t->next_ns = wall_to_monotonic(spec->data, now_ns);
		return;
	}
	t->period_ns = (kn->flags & KN_ONESHOT) != 0 ? 0 : spec->data;
	t->next_ns = deadline_after(now_ns, spec->data);
}

/* Count what is due and move on; true if anything was. */
static bool
timer_expire(struct plx_timer *t, int64_t now_ns)
{
	int64_t missed;

	if (t->next_ns > now_ns || t->next_ns == DEADLINE_NEVER)
		return false;
	if (t->period_ns == 0) {
		t->count = 1;
		t->next_ns = DEADLINE_NEVER;
		return true;
	}
	missed = (now_ns - t->next_ns) / t->period_ns + 1;
	t->count += missed;
	/* Never late by adding up: the grid of the first expiry is kept. */
	t->next_ns = deadline_after(t->next_ns, missed * t->period_ns);
	return true;
}

static void
timer_fired(struct iset *set, const struct plx_timer *t)
{
	struct knote *kn = knote_at(t->knote);

	kn->flags |= KN_FIRED;
	knote_step(set, t->knote, KNOTE_ACTIVATE);
}

static void
timer_insert(struct iset *set, uint32_t t_index)
{
	const struct plx_timer *t = timer_at(t_index);

	if (t->next_ns == DEADLINE_NEVER)
		return;
	heap_insert(&set->timers, t_index);
	/* Whoever sleeps has an older idea of when to wake up. */
	if (set->timers.slot[0] == t_index) {
		set->kick = 1;
		set->watchers_n = 0;
		set->timer_epoch++;
	}
}

static int
timer_reserve(struct iset *set)
{
	return heap_reserve(&set->timers);
}

uint32_t
timer_make(struct iset *set, uint32_t kn_index)
{
	uint32_t t_index;

	if (heap_reserve(&set->timers) < 0)
		return 0;
	t_index = arena_take(&plx_timers);
	if (t_index == 0)
		return 0;
	*timer_at(t_index) = (struct plx_timer){
		.knote = kn_index,
		.next_ns = DEADLINE_NEVER,
	};
	set->timers.made++;
	return t_index;
}

void
timer_end(struct iset *set, uint32_t t_index)
{
	heap_remove(&set->timers, t_index);
	set->timers.made--;
	arena_give(&plx_timers, t_index);
}

void
timer_set(struct iset *set, uint32_t t_index, int64_t next_ns)
{
	heap_remove(&set->timers, t_index);
	timer_at(t_index)->next_ns = next_ns;
	timer_insert(set, t_index);
}

static int
timer_attach(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	uint32_t t_index;

	t_index = timer_make(set, kn_index);
	if (t_index == 0)
		return -ENOMEM;
	/* A relative timer is self-clearing; an absolute one stays true. */
	if ((spec->fopts & FOPT_ABSOLUTE) == 0)
		kn->flags |= KN_CLEAR;
	kn->data = t_index;
	return 0;
}

/* It runs from here on, unless it is disabled: then when it is enabled. */
static void
timer_run(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	const struct knote *kn = knote_at(kn_index);
	struct plx_timer *t = timer_at(timer_of(kn));
	const int64_t now_ns = plx_sys_now_ns();

	timer_start(t, kn, spec, now_ns);
	if (kn->state != KNOTE_IDLE)
		return;
	if (timer_expire(t, now_ns))
		timer_fired(set, t);
	timer_insert(set, timer_of(kn));
}

static int
timer_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);

	/* Only a new ADD restarts; enabling and disabling do not. */
	if ((spec->op & ISET_ADD) == 0)
		return 0;
	heap_remove(&set->timers, timer_of(kn));
	kn->flags &= (uint16_t)~KN_FIRED;
	if (kn->state == KNOTE_QUEUED)
		knote_step(set, kn_index, KNOTE_STALE);
	timer_run(set, kn_index, spec);
	return 0;
}

static void
timer_detach(struct iset *set, uint32_t kn_index)
{
	timer_end(set, timer_of(knote_at(kn_index)));
}

static void
timer_disable(struct iset *set, uint32_t kn_index)
{
	heap_remove(&set->timers, timer_of(knote_at(kn_index)));
}

static void
timer_enable(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);
	struct plx_timer *t = timer_at(timer_of(kn));
	const int64_t now_ns = plx_sys_now_ns();

	if (t->absolute != 0 && t->count == 0)
		t->next_ns = wall_to_monotonic(t->wall_ns, now_ns);
	(void)timer_expire(t, now_ns);
	if (t->count > 0)
		timer_fired(set, t);
	timer_insert(set, timer_of(kn));
}

static int64_t
timer_due(struct iset *set, uint32_t kn_index, int64_t now_ns)
{
	struct plx_timer *t = timer_at(timer_of(knote_at(kn_index)));

	if (timer_expire(t, now_ns))
		timer_fired(set, t);
	return t->next_ns;
}

/* The wall clock may have been set: put absolute timers where they belong. */
static void
absolutes_follow(struct iset *set, int64_t now_ns)
{
	struct timer_heap *heap = &set->timers;

	for (uint32_t i = 0; i < heap->n; i++) {
		struct plx_timer *t = timer_at(heap->slot[i]);

		if (t->absolute != 0)
			t->next_ns = wall_to_monotonic(t->wall_ns, now_ns);
	}
	for (uint32_t i = heap->n / 2; i-- > 0;)
		heap_down(heap, i);
}

void
timers_run(struct iset *set)
{
	struct timer_heap *heap = &set->timers;
	int64_t now_ns;

	if (heap->n == 0)
		return;
	now_ns = plx_sys_now_ns();
	if (heap->absolutes > 0)
		absolutes_follow(set, now_ns);
	while (heap->n > 0 && key_at(heap, 0) <= now_ns) {
		const uint32_t t_index = heap->slot[0];
		struct plx_timer *t = timer_at(t_index);

		heap_remove(heap, t_index);
		t->next_ns = knote_ops(knote_at(t->knote))
				 ->due(set, t->knote, now_ns);
		if (t->next_ns != DEADLINE_NEVER)
			heap_insert(heap, t_index);
	}
}

plx_deadline
timers_next(const struct iset *set)
{
	const struct timer_heap *heap = &set->timers;
	plx_deadline next;
	plx_deadline look;

	if (heap->n == 0)
		return DEADLINE_NEVER;
	next = key_at(heap, 0);
	if (heap->absolutes == 0)
		return next;
	look = deadline_after(plx_sys_now_ns(), ABSOLUTE_SLEEP_NS);
	return look < next ? look : next;
}

static bool
timer_true(const struct iset *set, struct knote *kn)
{
	(void)set;
	return (kn->flags & KN_FIRED) != 0;
}

static void
timer_fill(const struct knote *kn, struct delivery *d)
{
	d->ident = kn->ident;
	d->data = timer_at(timer_of(kn))->count;
}

static void
timer_clear(struct knote *kn)
{
	timer_at(timer_of(kn))->count = 0;
	kn->flags &= (uint16_t)~KN_FIRED;
}

const struct filter_ops filter_timer = {
	.name = "timer",
	.attach = timer_attach,
	.attached = timer_run,
	.reserve = timer_reserve,
	.change = timer_change,
	.detach = timer_detach,
	.enable = timer_enable,
	.disable = timer_disable,
	.due = timer_due,
	.is_true = timer_true,
	.fill = timer_fill,
	.clear = timer_clear,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_signal.c - signals: a count of each for the process, and what a knote
 * has not delivered of it. See signals.h, and signal_detect.c for the blocked.
 *
 * A handler cannot take a set's lock: it counts, marks the sets as due and, if
 * anybody sleeps or looks, shows them by a raw epoll_ctl, as a closer does.
 * Whoever has the lock next activates the knotes and puts right what is shown.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_SIGNAL; filt_signal*.
 */
#include <errno.h>
#include <stdatomic.h>

#include "core/filter.h"
#include "core/os.h"
#include "core/signal_detect.h"
#include "core/signals.h"
#include "core/sys.h"

#define DUE_COUNT 1u /* look at the signal knotes */
#define DUE_SHOWN 2u /* a handler has shown the set, or is about to */

static _Atomic uint64_t watched;                  /* [a] bit: signal - 1 */
static _Atomic uint32_t count[SIGNALS_MAX + 1];   /* [a] deliveries */
static _Atomic uint32_t sending[SIGNALS_MAX + 1]; /* [a] calls under way */
static uint32_t watchers[SIGNALS_MAX + 1];        /* [l] knotes */
static struct plx_lock watch_lock;                /* [l], signals blocked */

/* Interruptions of this thread: low half unnoticed ones, high the program's. */
static __thread _Atomic uint64_t interruptions;

static uint64_t
bit_of(int signal_number)
{
	return UINT64_C(1) << (signal_number - 1);
}

uint64_t
signals_watched(void)
{
	/* relaxed: set before the disposition is, cleared after. */
	return atomic_load_explicit(&watched, memory_order_relaxed);
}

bool
signal_watched(int signal_number)
{
	return signal_number > 0 && signal_number <= SIGNALS_MAX &&
	    (signals_watched() & bit_of(signal_number)) != 0;
}

bool
signal_any(void)
{
	return signals_watched() != 0;
}

bool
signal_being_sent(int signal_number)
{
	return atomic_load_explicit(&sending[signal_number],
		   memory_order_seq_cst) != 0;
}

void
signal_ran(bool programs)
{
	/* relaxed: this thread's own. */
	(void)atomic_fetch_add_explicit(&interruptions,
	    programs ? UINT64_C(1) << 32 : 1, memory_order_relaxed);
}

uint64_t
signal_mark(void)
{
	return atomic_load_explicit(&interruptions, memory_order_relaxed);
}

bool
signal_unnoticed(uint64_t mark)
{
	const uint64_t now = signal_mark();

	return now != mark && now >> 32 == mark >> 32;
}

/* --- counting --- */

static void
set_due(struct iset *set)
{
	/* seq_cst, both: due, then look; a waiter announces, then looks. */
	(void)atomic_fetch_or_explicit(&set->signals_due, DUE_COUNT,
	    memory_order_seq_cst);
	if (atomic_load_explicit(&set->waiters, memory_order_seq_cst) == 0 &&
	    atomic_load_explicit(&set->seen, memory_order_seq_cst) == 0)
		return;
	mirror_wake_all(set);
	(void)atomic_fetch_or_explicit(&set->signals_due, DUE_SHOWN,
	    memory_order_seq_cst);
}

void
signal_count(int signal_number)
{
	const uint32_t sets = atomic_load_explicit(&plx_isets.used,
	    memory_order_relaxed);

	(void)atomic_fetch_add_explicit(&count[signal_number], 1,
	    memory_order_relaxed);
	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = arena_at(&plx_isets, i);

		if (set != NULL &&
		    atomic_load_explicit(&set->life, memory_order_acquire) ==
			ISET_LIVE &&
		    (atomic_load_explicit(&set->signals, memory_order_relaxed) &
			bit_of(signal_number)) != 0)
			set_due(set);
	}
}

void
signal_sending(int signal_number)
{
	(void)atomic_fetch_add_explicit(&sending[signal_number], 1,
	    memory_order_seq_cst);
	signal_expect(signal_number);
	signal_count(signal_number);
}

void
signal_sent(int signal_number, bool failed)
{
	if (failed)
		(void)atomic_fetch_sub_explicit(&count[signal_number], 1,
		    memory_order_relaxed);
	(void)atomic_fetch_sub_explicit(&sending[signal_number], 1,
	    memory_order_seq_cst);
}

void
signal_arrived(int signal_number, bool own)
{
	if (!signal_watched(signal_number))
		return;
	if (!signal_detected(signal_number, own))
		signal_count(signal_number);
}

/* --- who watches --- */

static int
watch_more(int signal_number)
{
	int r = 0;

	if (watchers[signal_number] == 0) {
		if (plx_os.signal_watch == NULL)
			return -ENOTSUP;
		/* Before the disposition: no delivery goes uncounted. */
		(void)atomic_fetch_or_explicit(&watched, bit_of(signal_number),
		    memory_order_relaxed);
		r = plx_os.signal_watch(signal_number);
		if (r >= 0) {
			r = signal_detect_start(signal_number);
			if (r < 0)
				plx_os.signal_unwatch(signal_number);
		}
		if (r < 0)
			(void)atomic_fetch_and_explicit(&watched,
			    ~bit_of(signal_number), memory_order_relaxed);
	}
	if (r >= 0)
		watchers[signal_number]++;
	return r;
}

static void
watch_less(int signal_number)
{
	if (--watchers[signal_number] > 0)
		return;
	signal_detect_stop(signal_number);
	plx_os.signal_unwatch(signal_number);
	(void)atomic_fetch_and_explicit(&watched, ~bit_of(signal_number),
	    memory_order_relaxed);
}

/* No handler of this thread may come between: it would find our lock. */
static int
watch_change(int signal_number, bool more)
{
	const uint64_t before = plx_sys_signals_block();
	int r = plx_lock_take(&watch_lock);

	if (r >= 0) {
		if (more)
			r = watch_more(signal_number);
		else
			watch_less(signal_number);
		plx_lock_drop(&watch_lock);
	}
	plx_sys_signals_restore(before);
	return r;
}

void
signals_fork_child(void)
{
	plx_lock_reset(&watch_lock);
	for (int i = 1; i <= SIGNALS_MAX; i++)
		atomic_store_explicit(&sending[i], 0, memory_order_relaxed);
}

/* --- the filter --- */

static uint32_t
count_now(const struct knote *kn)
{
	return atomic_load_explicit(&count[kn->ident], memory_order_relaxed);
}

static bool
signal_true(const struct iset *set, struct knote *kn)
{
	(void)set;
	/* What is delivered now; more may come before it is. */
	kn->bits = count_now(kn) - (uint32_t)kn->data;
	return (int32_t)kn->bits > 0;
}

void
signals_settle(struct iset *set)
{
	/* seq_cst: pairs with set_due. */
	const uint32_t due = atomic_exchange_explicit(&set->signals_due, 0,
	    memory_order_seq_cst);
	uint64_t left = atomic_load_explicit(&set->signals,
	    memory_order_relaxed);

	if ((due & DUE_SHOWN) != 0)
		set->wake_state = WAKE_SHOWN;
	while (left != 0) {
		const int signal_number = __builtin_ctzll(left) + 1;
		const uint32_t kn_index = hash_find(set, FILTER_SIGNAL,
		    (uint64_t)signal_number);
		struct knote *kn = knote_at(kn_index);

		left &= left - 1;
		if (kn_index != 0 && kn->state == KNOTE_IDLE &&
		    signal_true(set, kn))
			knote_step(set, kn_index, KNOTE_ACTIVATE);
	}
}

static int
signal_check(const struct iset_spec *spec)
{
	return spec->ident < 1 || spec->ident > SIGNALS_MAX ? -EINVAL : 0;
}

static int
signal_attach(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	const int signal_number = (int)spec->ident;
	int r;

	r = watch_change(signal_number, true);
	if (r < 0)
		return r;
	r = signal_detect_join(set);
	if (r < 0) {
		(void)watch_change(signal_number, false);
		return r;
	}
	kn->flags |= KN_CLEAR;
	kn->bits = 0;
	kn->data = count_now(kn);
	(void)atomic_fetch_or_explicit(&set->signals, bit_of(signal_number),
	    memory_order_seq_cst);
	return 0;
}

static void
signal_detach(struct iset *set, uint32_t kn_index)
{
	const int signal_number = (int)knote_at(kn_index)->ident;

	(void)atomic_fetch_and_explicit(&set->signals, ~bit_of(signal_number),
	    memory_order_relaxed);
	signal_detect_leave(set);
	(void)watch_change(signal_number, false);
}

static int
signal_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	(void)set;
	(void)kn_index;
	(void)spec;
	return 0;
}

static void
signal_enable(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);

	if (kn->state == KNOTE_IDLE && signal_true(set, kn))
		knote_step(set, kn_index, KNOTE_ACTIVATE);
}

static void
signal_fill(const struct knote *kn, struct delivery *d)
{
	d->ident = kn->ident;
	d->data = kn->bits;
}

static void
signal_clear(struct knote *kn)
{
	kn->data = (uint32_t)kn->data + kn->bits;
	kn->bits = 0;
}

const struct filter_ops filter_signal = {
	.name = "signal",
	.check = signal_check,
	.attach = signal_attach,
	.change = signal_change,
	.detach = signal_detach,
	.enable = signal_enable,
	.is_true = signal_true,
	.fill = signal_fill,
	.clear = signal_clear,
};

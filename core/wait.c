/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - collecting and delivering, with at most one blocking call a turn.
 *
 * One turn: under the lock, settle what changed and look at the ready list; if
 * something may be due there, ask the kernel without blocking and deliver;
 * otherwise drop the lock, make the one blocking call, take the lock, deliver.
 * A turn that delivers nothing goes on until the deadline: a wake-up that turns
 * out stale is never returned as "nothing" before its time.
 *
 * Authority: FreeBSD kqueue(2) on timeouts; epoll_wait(2). Nothing is unwound
 * on cancellation; who owns the thread's stack says so (iset_wait_cancelled).
 */
#include <errno.h>

#include "core/bug.h"
#include "core/iset.h"
#include "core/iset_impl.h"
#include "core/mutant.h"
#include "core/notify.h"
#include "core/os.h"
#include "core/signals.h"
#include "core/sys.h"

/* A call never asks the kernel for more at a time than this. */
#define COLLECT_MAX 65536
/* Wake-up, timer, lane, notify and signals. */
#define OWN_DESCRIPTORS 5

static bool
set_closed(const struct iset *set)
{
	/* Where the kernel keeps a waiter of a closed set waiting, so do we. */
	if (set->policy->closed != POLICY_CLOSED_REMOVED)
		return false;
	/* acquire: pairs with the closer's release. */
	return atomic_load_explicit(&set->life, memory_order_acquire) !=
	    ISET_LIVE;
}

static int
epfd_of(const struct iset *set)
{
	/* relaxed: a number; a change of it is a close, checked after. */
	return atomic_load_explicit(&set->epfd, memory_order_relaxed);
}

/*
 * Room for the answer and for the set's own descriptors beside it, so that none
 * of those hides a member; whatever is too much stays on the ready list.
 */
static int
collect_max(const struct iset_wait *w)
{
	const int most = w->out_max < COLLECT_MAX ? w->out_max : COLLECT_MAX;
	const size_t room = w->scratch_bytes / ISET_SCRATCH_BYTES;
	const size_t wanted = (size_t)most + OWN_DESCRIPTORS;

	return (int)(wanted < room ? wanted : room);
}

/* Ask without blocking, under the lock; -Exxx of the kernel is passed on. */
static int
collect_now(struct iset *set, const struct iset_wait *w)
{
	const int n = plx_sys_epoll_peek(epfd_of(set), w->scratch,
	    collect_max(w));

	if (n > 0)
		iset_collect(set, w->scratch, n);
	return n;
}

struct turn {
	bool deliver; /* something is due without asking the kernel */
	bool deep;    /* sets below that the kernel does not show */
	int64_t sleep_ns;
};

static void
signals_look(struct iset *set)
{
	if (set->signals_n > 0)
		signals_detect();
	if (PLX_UNLIKELY(signals_due(set)))
		signals_settle(set);
}

/* Under the lock: bring the set up to date and decide what to do. */
static struct turn
turn_plan(struct iset *set, const struct iset_wait *w)
{
	struct turn turn = { .deliver = false };
	plx_deadline until = w->deadline;

	set->pass++;
	if (set->dirty_n > 0)
		sources_flush(set);
	signals_look(set);
	timers_run(set);
	if (set->files_n > 0)
		files_look(set);
	turn.deep = set->sets_n > 0 && deep_any();
	if (turn.deep) {
		deep_look(set);
		set->kick = 0; /* it never sleeps for long */
	}
	turn.deliver = turn.deep || set->soft_n > 0 || set->ready.n > 0;
	if ((turn.deliver && !turn.deep) || until == DEADLINE_NOW)
		return turn;
	if (set->timers.n > 0) {
		const plx_deadline next = timers_next(set);

		until = next < until ? next : until;
	}
	turn.sleep_ns = until == DEADLINE_NEVER
	    ? -1
	    : deadline_left_ns(until, plx_sys_now_ns());
	return turn;
}

static int
turn_due(struct iset *set, const struct iset_wait *w)
{
	int n = collect_now(set, w);

	if (n < 0 && n != -EFAULT)
		n = 0;
	if (n >= 0)
		n = iset_deliver(set, w);
	iset_unlock(set);
	return n;
}

/* The lock is not held: the one call that may block. */
static int
turn_sleep(struct iset *set, const struct iset_wait *w, int64_t sleep_ns)
{
	const int epfd = epfd_of(set);
	const uint64_t mark = signal_mark();
	int n;

	if (sleep_ns == 0)
		n = plx_sys_epoll_peek(epfd, w->scratch, collect_max(w));
	else
		n = plx_os.epoll_wait(epfd, w->scratch, collect_max(w),
		    sleep_ns, PLX_MUTATE(wait_forgets_the_mask, w->mask, NULL));
	/* A signal that the program ignores ends no sleep: another turn. */
	if (n == -EINTR && signal_unnoticed(mark))
		return 0;
	/* Closed, but the set has another number: go on with that. */
	if (n == -EBADF && epfd != epfd_of(set))
		return 0;
	/* Closed behind our back, and the number means something else. */
	return n == -EINVAL ? -EBADF : n;
}

static void
waiter_enter(struct iset *set)
{
	/* seq_cst: announced before the last look; see mirror_settle. */
	(void)atomic_fetch_add_explicit(&set->waiters, 1, memory_order_seq_cst);
}

static void
waiter_leave(struct iset *set)
{
	/* relaxed: fewer waiters only means less work for others. */
	(void)atomic_fetch_sub_explicit(&set->waiters, 1, memory_order_relaxed);
}

/*
 * A sleeper that knows the earliest timer watches for all. Under the lock, when
 * it goes to sleep and when it is back: with the last watcher gone, the others
 * are told to look again.
 */
static uint32_t
watcher_enter(struct iset *set)
{
	set->kick = 0;
	set->watchers_n++;
	return set->timer_epoch;
}

static void
watcher_leave(struct iset *set, uint32_t epoch)
{
	/* An earlier timer came meanwhile: they have been told. */
	if (epoch != set->timer_epoch)
		return;
	PLX_ASSERT(set->watchers_n > 0);
	set->watchers_n--;
	if (set->watchers_n == 0 && set->timers.n > 0)
		set->kick = 1;
}

void
iset_wait_cancelled(struct iset *set)
{
	waiter_leave(set);
	if (!iset_lock(set))
		return;
	/* Whether it was a watcher went with its stack. */
	set->timer_epoch++;
	set->watchers_n = 0;
	set->kick = set->timers.n > 0;
	iset_unlock(set);
}

static bool
set_given(const struct iset *set)
{
	/* acquire: pairs with the release in giveback.c. */
	return atomic_load_explicit(&set->given, memory_order_acquire) != 0;
}

/*
 * The set went back to the kernel while we slept: events have the program's own
 * data now, or still a cookie if they were on their way.
 */
static int
given_take(struct iset *set, const struct iset_wait *w, int n)
{
	struct delivery d = { .filter = FILTER_FD };

	(void)set;
	for (int i = 0; i < n; i++) {
		uint64_t data;

		d.have = (uint16_t)backend_observed(w->scratch, i, &data);
		d.udata = source_udata(data);
		w->emit(w->context, i, &d);
	}
	return n;
}

/* The lock is not held: sleep on this set and on all below it. */
static int
turn_deep(struct iset *set, const struct iset_wait *w, int64_t sleep_ns)
{
	const uint64_t mark = signal_mark();
	int r;

	waiter_enter(set);
	r = deep_sleep(set, sleep_ns, w->mask);
	waiter_leave(set);
	if (r == -EINTR && signal_unnoticed(mark))
		r = 0;
	return set_closed(set) ? -EBADF : r;
}

/*
 * Before the lock: what files have to tell, to this set and to others. Sets
 * below it that the kernel does not show are looked at, not waited on.
 */
static void
files_hear(const struct iset *set)
{
	/* relaxed: whoever adds the first mark tells nobody who waits. */
	if (PLX_UNLIKELY(atomic_load_explicit(&set->notified,
			     memory_order_relaxed) != 0 ||
		deep_any()))
		notify_pump();
}

/* One turn: > 0 delivered, 0 nothing, -Exxx. */
static int
wait_turn(struct iset *set, const struct iset_wait *w)
{
	struct turn turn;
	uint32_t epoch = 0;
	bool rest = false;
	bool slept;
	int n;

	files_hear(set);
	if (!iset_lock(set))
		return -EINTR;
	turn = turn_plan(set, w);
	if (turn.deliver) {
		n = turn_due(set, w);
		if (n != 0 || !turn.deep || turn.sleep_ns == 0)
			return n;
		return turn_deep(set, w, turn.sleep_ns);
	}
	slept = turn.sleep_ns != 0;
	if (slept) {
		waiter_enter(set);
		epoch = watcher_enter(set);
	}
	iset_unlock(set);
	n = turn_sleep(set, w, turn.sleep_ns);
	if (slept)
		waiter_leave(set);
	if (set_closed(set))
		return -EBADF;
	if (n <= 0 && !slept)
		return n;
	if (set_given(set))
		return n > 0 ? given_take(set, w, n) : n;
	if (!iset_lock(set))
		return -EINTR;
	if (slept)
		watcher_leave(set, epoch);
	if (n > 0) {
		set->pass++;
		iset_collect(set, w->scratch, n);
		n = iset_deliver(set, w);
		rest = n == 0 && strangers_settle(set);
	}
	iset_unlock(set);
	if (rest)
		strangers_rest(w->mask);
	return n;
}

int
iset_wait(struct iset *set, const struct iset_wait *w)
{
	PLX_ASSERT(w->out_max > 0);
	for (;;) {
		const int n = wait_turn(set, w);

		if (n != 0)
			return n;
		if (w->deadline == DEADLINE_NOW)
			return 0;
		if (w->deadline != DEADLINE_NEVER &&
		    plx_sys_now_ns() >= w->deadline)
			return 0;
	}
}

#define PENDING_MAX 128

static int
pending_locked(struct iset *set)
{
	/* 16 bytes is the largest struct epoll_event of any machine. */
	char events[PENDING_MAX * 16];
	int collected;
	int n;

	set->pass++;
	signals_look(set);
	timers_run(set);
	if (set->files_n > 0)
		files_look(set);
	if (set->sets_n > 0 && deep_any())
		deep_look(set);
	collected = plx_sys_epoll_peek(epfd_of(set), (void *)events,
	    PENDING_MAX);
	if (collected > 0)
		iset_collect(set, events, collected);
	n = ready_count_true(set);
	return n;
}

int
iset_pending_fd(int fd)
{
	struct iset *set = iset_get_any(fd);
	int n;

	if (set == NULL)
		return -EBADF;
	files_hear(set);
	if (!iset_lock(set)) {
		iset_put(set);
		return 0;
	}
	n = pending_locked(set);
	iset_unlock(set);
	iset_put(set);
	return n;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mirror.c - what a set's number shows to those who are not inside (INV-POLL),
 * and how sleepers are woken.
 *
 * One process-wide eventfd is always readable. Each set has it registered; a
 * MOD of its mask to "in" makes the set's number readable and wakes a sleeper,
 * a MOD to nothing hides it again. Timers of a set that others look at are
 * mirrored by one timerfd. Descriptors mirror themselves: they are registered.
 *
 * Settled at each unlock, under the set's lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "core/bug.h"
#include "core/iset_impl.h"
#include "core/os.h"
#include "core/sys.h"

/* -1: not made. Private; made with the first set, shared by all. */
static _Atomic int wake_fd = -1;

static int
wake_fd_now(void)
{
	/* relaxed: a number; the kernel orders the rest. */
	return atomic_load_explicit(&wake_fd, memory_order_relaxed);
}

static int
epfd_of(const struct iset *set)
{
	/* relaxed: see wake_fd_now. */
	return atomic_load_explicit(&set->epfd, memory_order_relaxed);
}

static bool
set_used(const struct iset *set)
{
	/* acquire: pairs with the release that made it live. */
	return set != NULL &&
	    atomic_load_explicit(&set->life, memory_order_acquire) != ISET_FREE;
}

/* The program wanted the number: registrations follow to the new one. */
static void
wake_moved(int old_fd, int new_fd)
{
	const uint32_t sets = atomic_load_explicit(&plx_isets.used,
	    memory_order_relaxed);

	atomic_store_explicit(&wake_fd, new_fd, memory_order_relaxed);
	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = arena_at(&plx_isets, i);

		if (!set_used(set) || set->wake_state == WAKE_ABSENT)
			continue;
		(void)backend_del(epfd_of(set), old_fd);
		if (new_fd < 0)
			set->wake_state = WAKE_ABSENT;
		else
			(void)backend_show(epfd_of(set), new_fd,
			    set->wake_state == WAKE_SHOWN, true, COOKIE_WAKE);
	}
}

static int
wake_make(void)
{
	int none = -1;
	int fd;

	fd = plx_sys_eventfd(1, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fd;
	fd = plx_os.fd_hide(fd, wake_moved);
	if (fd < 0)
		return fd;
	/* relaxed: losers close theirs. */
	if (!atomic_compare_exchange_strong_explicit(&wake_fd, &none, fd,
		memory_order_relaxed, memory_order_relaxed)) {
		plx_os.fd_drop(fd);
	}
	return 0;
}

int
mirror_prepare(void)
{
	return wake_fd_now() >= 0 ? 0 : wake_make();
}

void
mirror_unprepare(void)
{
	const int fd = wake_fd_now();

	atomic_store_explicit(&wake_fd, -1, memory_order_relaxed);
	if (fd < 0)
		return;
	plx_os.fd_drop(fd);
}

static void
wake_show(struct iset *set, bool shown)
{
	const enum wake_state now = shown ? WAKE_SHOWN : WAKE_SILENT;
	int r;

	if (set->wake_state == (uint32_t)now ||
	    (!shown && set->wake_state == WAKE_ABSENT))
		return;
	r = backend_show(epfd_of(set), wake_fd_now(), shown,
	    set->wake_state == WAKE_ABSENT, COOKIE_WAKE);
	if (r == -EEXIST)
		r = backend_show(epfd_of(set), wake_fd_now(), shown, false,
		    COOKIE_WAKE);
	/* Destroyed behind our back (closefrom by a raw call): once more. */
	if (r == -EBADF || r == -ENOENT || r == -EPERM) {
		if (r != -ENOENT) {
			atomic_store_explicit(&wake_fd, -1,
			    memory_order_relaxed);
			(void)wake_make();
		}
		r = backend_show(epfd_of(set), wake_fd_now(), shown, true,
		    COOKIE_WAKE);
	}
	if (r >= 0)
		set->wake_state = (uint32_t)now;
}

static void
timer_fd_moved(int old_fd, int new_fd)
{
	const uint32_t sets = atomic_load_explicit(&plx_isets.used,
	    memory_order_relaxed);

	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = arena_at(&plx_isets, i);

		if (!set_used(set) || set->timer_fd != old_fd)
			continue;
		(void)backend_del(epfd_of(set), old_fd);
		if (new_fd >= 0)
			(void)backend_add(epfd_of(set), new_fd, PLX_IN,
			    COOKIE_TIMER);
		set->timer_fd = new_fd;
	}
}

static void
timer_fd_make(struct iset *set)
{
	int fd = plx_sys_timerfd_create(CLOCK_MONOTONIC,
	    O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	fd = plx_os.fd_hide(fd, timer_fd_moved);
	if (fd < 0)
		return;
	if (backend_add(epfd_of(set), fd, PLX_IN, COOKIE_TIMER) < 0) {
		plx_os.fd_drop(fd);
		return;
	}
	set->timer_fd = fd;
	set->timer_armed_ns = 0;
}

/* Others look: the next expiry must show by itself. */
static void
timers_show(struct iset *set, bool seen)
{
	plx_deadline next = seen ? timers_next(set) : DEADLINE_NEVER;

	if (next == DEADLINE_NEVER)
		next = 0; /* disarm */
	else if (next <= 0)
		next = 1;
	if (set->timer_fd < 0 && next != 0)
		timer_fd_make(set);
	if (set->timer_fd < 0 || set->timer_armed_ns == next)
		return;
	if (plx_sys_timerfd_arm(set->timer_fd, next) >= 0)
		set->timer_armed_ns = next;
}

void
mirror_settle(struct iset *set)
{
	/* relaxed: `seen` is set before its setter takes the lock. */
	const bool seen = atomic_load_explicit(&set->seen,
			      memory_order_relaxed) != 0;
	/* seq_cst: a waiter announces itself, then looks; we changed, look. */
	const bool waited = atomic_load_explicit(&set->waiters,
				memory_order_seq_cst) != 0;
	const bool shown = (set->soft_n > 0 && (seen || waited)) ||
	    (set->kick != 0 && waited);

	if (atomic_load_explicit(&set->life, memory_order_acquire) != ISET_LIVE)
		return; /* closing shows for good */
	if (!waited)
		set->kick = 0;
	if (waited && set->dirty_n > 0)
		sources_flush(set);
	wake_show(set, shown);
	if (seen || set->timer_fd >= 0)
		timers_show(set, seen);
}

void
mirror_wake_all(struct iset *set)
{
	const int epfd = epfd_of(set);

	/* No lock: the caller is a closer. Either of the two takes. */
	if (backend_show(epfd, wake_fd_now(), true, false, COOKIE_WAKE) < 0)
		(void)backend_show(epfd, wake_fd_now(), true, true,
		    COOKIE_WAKE);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - the owner-tid futex lock of lock.h.
 */
#include "core/lock.h"

#include <errno.h>

#include "core/bug.h"
#include "core/sys.h"

#define LOCK_WAITERS UINT32_C(0x80000000)
#define LOCK_OWNER   (~LOCK_WAITERS)

static _Thread_local uint32_t tid_cache;

uint32_t
plx_tid(void)
{
	if (tid_cache == 0)
		tid_cache = (uint32_t)plx_sys_gettid();
	return tid_cache;
}

void
plx_tid_forget(void)
{
	tid_cache = 0;
}

static void
lock_sleep(struct plx_lock *lock, uint32_t seen)
{
	const uint32_t marked = seen | LOCK_WAITERS;

	/* relaxed: only announces a sleeper; the acquire is in lock_take. */
	if (seen != marked &&
	    !atomic_compare_exchange_strong_explicit(&lock->word, &seen, marked,
		memory_order_relaxed, memory_order_relaxed))
		return;
	(void)plx_sys_futex_wait(&lock->word, marked);
}

int
plx_lock_take(struct plx_lock *lock)
{
	const uint32_t self = plx_tid();
	uint32_t take = self;
	uint32_t seen = 0;

	/* acquire: pairs with the release in plx_lock_drop. */
	while (!atomic_compare_exchange_strong_explicit(&lock->word, &seen,
	    take, memory_order_acquire, memory_order_relaxed)) {
		if ((seen & LOCK_OWNER) == self)
			return -EDEADLK;
		if (seen != 0) {
			lock_sleep(lock, seen);
			/* We slept, so others may: keep the mark. */
			take = self | LOCK_WAITERS;
		}
		seen = 0;
	}
	return 0;
}

void
plx_lock_drop(struct plx_lock *lock)
{
	uint32_t old;

	PLX_ASSERT(plx_lock_held(lock));
	/* release: pairs with the acquire in plx_lock_take. */
	old = atomic_exchange_explicit(&lock->word, 0, memory_order_release);
	if ((old & LOCK_WAITERS) != 0)
		(void)plx_sys_futex_wake(&lock->word, 1);
}

void
plx_lock_reset(struct plx_lock *lock)
{
	/* relaxed: the child of a fork has one thread. */
	atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
}

int
plx_lock_held(const struct plx_lock *lock)
{
	/* relaxed: only our own tid can make this true, and we wrote it. */
	return (atomic_load_explicit(&lock->word, memory_order_relaxed) &
		   LOCK_OWNER) == plx_tid();
}

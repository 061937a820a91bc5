/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - a futex word that holds its owner's thread id.
 *
 * Thread-safety: it is the thread-safety. Async-signal-safety: signals are not
 * blocked while a lock is held (that would cost more than the system call it
 * protects); a handler that interrupts its own thread's critical section gets
 * -EDEADLK and must do without (design.md 3.7). Never hold one across a
 * blocking call. Ranks, lowest first: set (10), process tables (40), checks
 * (50). After fork the child clears the words it inherited (plx_lock_reset).
 */
#ifndef PLX_CORE_LOCK_H
#define PLX_CORE_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct plx_lock {
	_Atomic uint32_t word; /* 0 free; tid; tid | LOCK_WAITERS */
};

/*
 * plx_lock_take - acquire the lock, sleeping if another thread has it.
 * Returns 0, or -EDEADLK when this very thread holds it already (we are in a
 * signal handler above the critical section).
 */
int plx_lock_take(struct plx_lock *lock);

/* plx_lock_drop - release; the caller holds it. */
void plx_lock_drop(struct plx_lock *lock);

/* plx_lock_reset - forget any owner. Only in the child of a fork. */
void plx_lock_reset(struct plx_lock *lock);

/* plx_lock_held - true if the calling thread is the owner (for assertions). */
int plx_lock_held(const struct plx_lock *lock);

/*
 * plx_tid - the kernel's id of this thread, cached in initial-exec TLS. The
 * cache is dropped in the child of a fork by plx_tid_forget. A vfork child
 * shares it with its parent and must not take locks at all.
 */
uint32_t plx_tid(void);
void plx_tid_forget(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pending.c - changes that a signal handler made while its own thread was
 * inside the set's lock.
 *
 * They cannot be applied there and must not be lost: they wait on a lock-free
 * list and are applied, oldest first, when the interrupted section ends. Such a
 * change is answered "done"; what it fails with later nobody hears.
 *
 * Async-signal-safe: the list is pushed by compare-and-swap, the nodes come from
 * an arena.
 */
#include <errno.h>

#include "core/bug.h"
#include "core/iset_impl.h"

struct pending {
	uint32_t next; /* arena link when free */
	uint32_t unused;
	struct iset_spec spec;
};

static struct plx_arena pendings = PLX_ARENA(struct pending, 6);

static struct pending *
pending_at(uint32_t index)
{
	return arena_at(&pendings, index);
}

int
pending_push(struct iset *set, const struct iset_spec *spec)
{
	const uint32_t index = arena_take(&pendings);
	struct pending *p = pending_at(index);
	uint32_t head = atomic_load_explicit(&set->pending,
	    memory_order_relaxed);

	if (p == NULL)
		return -ENOMEM;
	p->spec = *spec;
	/* Who asks is not there any more when it is applied. */
	p->spec.ret_replaced = NULL;
	do {
		p->next = head;
		/* release: pairs with the acquire in pending_apply. */
	} while (!atomic_compare_exchange_weak_explicit(&set->pending, &head,
	    index, memory_order_release, memory_order_relaxed));
	return 0;
}

static uint32_t
oldest_first(uint32_t at)
{
	uint32_t reversed = 0;

	while (at != 0) {
		const uint32_t next = pending_at(at)->next;

		pending_at(at)->next = reversed;
		reversed = at;
		at = next;
	}
	return reversed;
}

bool
pending_any(const struct iset *set)
{
	/* relaxed: the handler ran on this thread, or it asks again later. */
	return atomic_load_explicit(&set->pending, memory_order_relaxed) != 0;
}

void
pending_apply(struct iset *set,
    int (*locked)(struct iset *set, const struct iset_spec *spec))
{
	/* acquire: pairs with the release in pending_push. */
	uint32_t at = oldest_first(
	    atomic_exchange_explicit(&set->pending, 0, memory_order_acquire));

	while (at != 0) {
		const struct iset_spec spec = pending_at(at)->spec;
		const uint32_t next = pending_at(at)->next;

		arena_give(&pendings, at);
		(void)locked(set, &spec);
		at = next;
	}
}

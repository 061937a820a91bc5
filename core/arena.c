/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.c - see arena.h. The free list is a Treiber stack of indices; the tag
 * in the upper half of the head counts pops and pushes against ABA.
 */
#include "core/arena.h"

#include "core/bug.h"
#include "core/sys.h"

static char *
chunk_at(struct plx_arena *arena, uint32_t index)
{
	const uint32_t chunk = index >> arena->chunk_shift;

	if (chunk >= ARENA_CHUNKS_MAX)
		return NULL;
	/* acquire: pairs with the release in chunk_make. */
	return atomic_load_explicit(&arena->chunk[chunk], memory_order_acquire);
}

void *
arena_at(struct plx_arena *arena, uint32_t index)
{
	char *chunk = index == 0 ? NULL : chunk_at(arena, index);
	const uint32_t within = index & ((1u << arena->chunk_shift) - 1);

	if (chunk == NULL)
		return NULL;
	return chunk + (size_t)within * arena->object_bytes;
}

static int
chunk_make(struct plx_arena *arena, uint32_t index)
{
	const size_t len = (size_t)arena->object_bytes << arena->chunk_shift;
	const uint32_t chunk = index >> arena->chunk_shift;
	char *none = NULL;
	char *fresh;

	if (chunk >= ARENA_CHUNKS_MAX)
		return -1;
	if (chunk_at(arena, index) != NULL)
		return 0;
	fresh = plx_sys_map(len);
	if (fresh == NULL)
		return -1;
	/* release: the zeroed memory is visible before the pointer. */
	if (!atomic_compare_exchange_strong_explicit(&arena->chunk[chunk],
		&none, fresh, memory_order_release, memory_order_relaxed))
		plx_sys_unmap(fresh, len);
	return 0;
}

/*
 * The link of what may be the first free object. Between the look at the head
 * and this one somebody else may have taken the object and be writing to it:
 * then what is read here means nothing, the tag in the head has changed, and the
 * exchange fails. That is all that the thread sanitizer could say of it (a write
 * to an object's first word, a read here), so this one load is kept from it.
 */
__attribute__((no_sanitize("thread"), noinline)) static uint32_t
link_peek(const _Atomic uint32_t *link)
{
	/* relaxed: see above; the exchange orders what is used. */
	return atomic_load_explicit(link, memory_order_relaxed);
}

static uint32_t
free_pop(struct plx_arena *arena)
{
	uint64_t head;
	uint64_t next;

	/* acquire: pairs with the release in arena_give. */
	head = atomic_load_explicit(&arena->free, memory_order_acquire);
	do {
		const _Atomic uint32_t *link = arena_at(arena, (uint32_t)head);

		if (link == NULL)
			return 0;
		next = ((head >> 32) + 1) << 32 | link_peek(link);
	} while (!atomic_compare_exchange_weak_explicit(&arena->free, &head,
	    next, memory_order_acquire, memory_order_acquire));
	return (uint32_t)head;
}

uint32_t
arena_take(struct plx_arena *arena)
{
	uint32_t index = free_pop(arena);

	if (index != 0)
		return index;
	/* relaxed: a ticket; the chunk pointer orders the memory. */
	index = atomic_load_explicit(&arena->used, memory_order_relaxed);
	do {
		/* The chunk first: a failure must not use an index up. */
		if (chunk_make(arena, index + 1) < 0)
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(&arena->used, &index,
	    index + 1, memory_order_relaxed, memory_order_relaxed));
	return index + 1;
}

void
arena_give(struct plx_arena *arena, uint32_t index)
{
	_Atomic uint32_t *link = arena_at(arena, index);
	uint64_t head;
	uint64_t next;

	PLX_ASSERT(link != NULL);
	head = atomic_load_explicit(&arena->free, memory_order_relaxed);
	do {
		atomic_store_explicit(link, (uint32_t)head,
		    memory_order_relaxed);
		next = ((head >> 32) + 1) << 32 | index;
		/* release: the link is visible before the head. */
	} while (!atomic_compare_exchange_weak_explicit(&arena->free, &head,
	    next, memory_order_release, memory_order_relaxed));
}

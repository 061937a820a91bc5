/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - type-stable objects addressed by a 32-bit index.
 *
 * Memory comes from mmap in chunks and is never unmapped, so a stale index
 * always points at an object of the same type: readers check a generation, not
 * a pointer. Index 0 is never handed out: it means "none".
 *
 * Thread-safe, async-signal-safe (lock-free free list with a tag against ABA).
 * Limits: ARENA_CHUNKS_MAX chunks of 1 << chunk_shift objects.
 */
#ifndef PLX_CORE_ARENA_H
#define PLX_CORE_ARENA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_CHUNKS_MAX 4096

struct plx_arena {
	uint32_t object_bytes; /* [I] multiple of 8 */
	uint32_t chunk_shift;  /* [I] objects per chunk, as a power of two */
	_Atomic uint64_t free; /* [a] tag:32 | index:32 */
	_Atomic uint32_t used; /* [a] indices handed out so far, from 1 */
	_Atomic(char *) chunk[ARENA_CHUNKS_MAX]; /* [a] */
};

#define PLX_ARENA(type, shift)                                       \
	{                                                            \
		.object_bytes = sizeof(type), .chunk_shift = (shift) \
	}

/*
 * arena_take - an object with undefined content (zero when first used), as
 * index > 0. Returns 0 when there is no memory or the limit is reached.
 */
uint32_t arena_take(struct plx_arena *arena);

/* arena_give - the object may be handed out again. Its first 4 bytes are used. */
void arena_give(struct plx_arena *arena, uint32_t index);

/* arena_at - the object; index must have been handed out, else NULL. */
void *arena_at(struct plx_arena *arena, uint32_t index);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_quick.c - see stack_quick.h.
 *
 * An entry is guarded by a sequence number: odd while it is written, and read
 * again before any address that it gave is followed.
 */
#include "core/stack_quick.h"

#include <stdatomic.h>
#include <stddef.h>

#define ENTRIES         1024u /* power of two */
#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

struct quick_entry {
	_Atomic uint32_t seq; /* odd: being written */
	_Atomic uint32_t number;
	_Atomic uint32_t n; /* 0: empty */
	_Atomic uintptr_t frame;
	_Atomic uintptr_t caller;
	_Atomic uintptr_t address[STACK_TRAIL_MAX];
	_Atomic uintptr_t word[STACK_TRAIL_MAX];
};

static struct quick_entry entries[ENTRIES];

static struct quick_entry *
entry_of(uintptr_t frame, uintptr_t caller)
{
	const uint64_t hash = (frame ^ caller << 20) * HASH_MULTIPLIER;

	return &entries[hash >> 32 & (ENTRIES - 1)];
}

static uintptr_t
word_at(uintptr_t address)
{
	return *(const volatile uintptr_t *)address;
}

void
stack_trail_start(struct stack_trail *trail)
{
	trail->n = 0;
	trail->started = false;
	trail->whole = true;
}

void
stack_trail_add(struct stack_trail *trail, uintptr_t frame, uintptr_t pc)
{
	const uintptr_t address = frame - sizeof(uintptr_t);

	/* The address in the frame that asks lies below it, and changes. */
	if (!trail->started) {
		trail->started = true;
		return;
	}
	if (!trail->whole || trail->n == STACK_TRAIL_MAX ||
	    word_at(address) != pc) {
		trail->whole = false;
		return;
	}
	trail->address[trail->n] = address;
	trail->word[trail->n++] = pc;
}

/* Is the entry still as it was when seq was read? */
static bool
entry_unchanged(const struct quick_entry *entry, uint32_t seq)
{
	/* acquire fence: what was read before is not read after this. */
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&entry->seq, memory_order_relaxed) == seq;
}

bool
stack_quick_find(uintptr_t frame, uintptr_t caller, uint32_t *ret_number)
{
	const struct quick_entry *entry = entry_of(frame, caller);
	uint32_t number;
	uint32_t seq;
	uint32_t n;
	uint32_t i;

	/* acquire: pairs with the release in stack_quick_keep. */
	seq = atomic_load_explicit(&entry->seq, memory_order_acquire);
	n = atomic_load_explicit(&entry->n, memory_order_relaxed);
	number = atomic_load_explicit(&entry->number, memory_order_relaxed);
	if (seq % 2 != 0 || n == 0 ||
	    atomic_load_explicit(&entry->frame, memory_order_relaxed) !=
		frame ||
	    atomic_load_explicit(&entry->caller, memory_order_relaxed) !=
		caller)
		return false;
	for (i = 0; i < n && i < STACK_TRAIL_MAX; i++) {
		const uintptr_t address = atomic_load_explicit(
		    &entry->address[i], memory_order_relaxed);
		const uintptr_t word = atomic_load_explicit(&entry->word[i],
		    memory_order_relaxed);

		if (!entry_unchanged(entry, seq) || word_at(address) != word)
			return false;
	}
	if (!entry_unchanged(entry, seq))
		return false;
	*ret_number = number;
	return true;
}

void
stack_quick_keep(uintptr_t frame, uintptr_t caller,
    const struct stack_trail *trail, uint32_t number)
{
	struct quick_entry *entry = entry_of(frame, caller);
	uint32_t seq;
	uint32_t i;

	seq = atomic_load_explicit(&entry->seq, memory_order_relaxed);
	if (!trail->whole || trail->n == 0 || seq % 2 != 0 ||
	    !atomic_compare_exchange_strong_explicit(&entry->seq, &seq, seq + 1,
		memory_order_acquire, memory_order_relaxed))
		return;
	/* release fence: nobody sees what follows with the old number. */
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&entry->frame, frame, memory_order_relaxed);
	atomic_store_explicit(&entry->caller, caller, memory_order_relaxed);
	atomic_store_explicit(&entry->number, number, memory_order_relaxed);
	for (i = 0; i < trail->n; i++) {
		atomic_store_explicit(&entry->address[i], trail->address[i],
		    memory_order_relaxed);
		atomic_store_explicit(&entry->word[i], trail->word[i],
		    memory_order_relaxed);
	}
	atomic_store_explicit(&entry->n, trail->n, memory_order_relaxed);
	/* release: the entry is whole. */
	atomic_store_explicit(&entry->seq, seq + 2, memory_order_release);
}

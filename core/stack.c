/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.c - capture and interning of stacks, see stack.h.
 *
 * Unwinding costs about 0.1 us a frame, so the common case does not: the same
 * place of the stack, reached by the same calls, is recognised by the return
 * addresses that lie where they lay before (stack_quick.h). Behind that is a
 * cache of raw stacks by a hash of their addresses (direct-mapped, lossy, one
 * atomic word each), so that frames are looked up once.
 *
 * Authority: _dl_find_object(3) (lock-free, async-signal-safe).
 */
#include "core/stack.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unwind.h>

#include "core/module.h"
#include "core/report.h"
#include "core/report_abi.h"
#include "core/stack_quick.h"

/* Set from the constructor, before any capture. */
static bool stacks_off;

#define CACHE_SLOTS 8192u /* power of two */
#define PROBES_MAX  64u
/* Wider gaps between two frames are another stack (sigaltstack, coroutine). */
#define FRAME_BYTES_MAX (UINT64_C(1) << 20)
#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

struct raw_stack {
	uint32_t depth;
	bool leading; /* still in our own object */
	uintptr_t pc[PLX_STACK_DEPTH];
	struct stack_trail trail;
};

/* hash:40 | number + 1:24 */
static _Atomic uint64_t cache[CACHE_SLOTS];

static uint64_t
hash_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * HASH_MULTIPLIER;
	return hash ^ (hash >> 29);
}

static _Unwind_Reason_Code
frame_collect(struct _Unwind_Context *context, void *argument)
{
	struct raw_stack *raw = argument;
	const uintptr_t pc = _Unwind_GetIP(context);

	if (pc == 0)
		return _URC_END_OF_STACK;
	stack_trail_add(&raw->trail, _Unwind_GetCFA(context), pc);
	if (raw->leading && plx_module_is_ours(pc))
		return _URC_NO_REASON;
	raw->leading = false;
	raw->pc[raw->depth++] = pc;
	return raw->depth == PLX_STACK_DEPTH ? _URC_END_OF_STACK
					     : _URC_NO_REASON;
}

static bool
stack_equal(const struct plx_stack *a, const struct plx_stack *b)
{
	return a->hash == b->hash && a->depth == b->depth &&
	    memcmp(a->frame, b->frame, a->depth * sizeof(a->frame[0])) == 0;
}

/* Puts the stack into the region's table; at most PROBES_MAX steps. */
static uint32_t
stack_intern(struct plx_region *region, const struct plx_stack *stack)
{
	uint32_t probe;

	for (probe = 0; probe < PROBES_MAX; probe++) {
		const uint32_t i = ((uint32_t)stack->hash + probe) &
		    (PLX_STACKS_MAX - 1);
		struct plx_stack *slot = &region->stack[i];
		uint32_t seen = PLX_SLOT_FREE;

		/* acquire: pairs with the release below, in any process. */
		if (atomic_compare_exchange_strong_explicit(&slot->state, &seen,
			PLX_SLOT_BUSY, memory_order_acquire,
			memory_order_acquire)) {
			slot->depth = stack->depth;
			slot->hash = stack->hash;
			memcpy(slot->frame, stack->frame, sizeof(slot->frame));
			atomic_store_explicit(&slot->state, PLX_SLOT_FULL,
			    memory_order_release);
			(void)atomic_fetch_add_explicit(
			    &region->header.stacks_n, 1, memory_order_relaxed);
			return i;
		}
		/* BUSY: its writer may be what we interrupted; go on. */
		if (seen == PLX_SLOT_FULL && stack_equal(slot, stack))
			return i;
	}
	(void)atomic_fetch_add_explicit(&region->header.stacks_lost, 1,
	    memory_order_relaxed);
	return PLX_NO_STACK;
}

static uint32_t
stack_resolve(struct plx_region *region, const struct raw_stack *raw)
{
	struct plx_stack stack;
	uint32_t i;

	memset(&stack, 0, sizeof(stack));
	stack.depth = raw->depth;
	stack.hash = raw->depth;
	for (i = 0; i < raw->depth; i++) {
		plx_module_find(region, raw->pc[i], &stack.frame[i]);
		stack.hash = hash_mix(stack.hash, stack.frame[i].module);
		stack.hash = hash_mix(stack.hash, stack.frame[i].offset);
	}
	return stack_intern(region, &stack);
}

void
plx_stack_enable(bool enable)
{
	stacks_off = !enable;
}

static uint32_t
raw_number(struct plx_region *region, const struct raw_stack *raw)
{
	uint64_t hash = 0;
	uint64_t word;
	uint32_t number;
	uint32_t i;

	for (i = 0; i < raw->depth; i++)
		hash = hash_mix(hash, raw->pc[i]);
	/* relaxed: the word is all there is. */
	word = atomic_load_explicit(&cache[hash & (CACHE_SLOTS - 1)],
	    memory_order_relaxed);
	if (word != 0 && word >> 24 == hash >> 24)
		return (uint32_t)(word & 0xffffff) - 1;
	number = stack_resolve(region, raw);
	if (number != PLX_NO_STACK)
		atomic_store_explicit(&cache[hash & (CACHE_SLOTS - 1)],
		    (hash >> 24 << 24) | (number + 1), memory_order_relaxed);
	return number;
}

__attribute__((noinline)) uint32_t
plx_stack_capture(uint64_t site)
{
	const uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t caller = (uintptr_t)__builtin_return_address(0) ^
	    (uintptr_t)site;
	struct plx_region *region = report_region();
	struct raw_stack raw;
	uint32_t number;

	if (region == NULL)
		return PLX_NO_STACK;
	if (stack_quick_find(frame, caller, &number))
		return number;
	raw.depth = 0;
	raw.leading = true;
	stack_trail_start(&raw.trail);
	(void)_Unwind_Backtrace(frame_collect, &raw);
	if (raw.depth == 0)
		return PLX_NO_STACK;
	number = raw_number(region, &raw);
	if (number != PLX_NO_STACK)
		stack_quick_keep(frame, caller, &raw.trail, number);
	return number;
}

struct frame_search {
	uint64_t address;
	uint64_t frame_start;
	uint64_t frame_end;
	bool found;
};

static _Unwind_Reason_Code
frame_locate(struct _Unwind_Context *context, void *argument)
{
	struct frame_search *search = argument;
	const uint64_t cfa = _Unwind_GetCFA(context);
	const uint64_t start = search->frame_end;

	/*
	 * The context of a frame carries the CFA of the frame it called, so
	 * what lies between two of them belongs to the frame in between.
	 */
	search->frame_end = cfa;
	if (start == 0 || cfa <= start || cfa - start > FRAME_BYTES_MAX)
		return _URC_NO_REASON;
	if (search->address < start || search->address >= cfa)
		return _URC_NO_REASON;
	search->frame_start = start;
	search->found = true;
	return _URC_END_OF_STACK;
}

bool
plx_stack_overruns(uint64_t address, uint64_t len_bytes, bool *ret_on_stack)
{
	struct frame_search search = { .address = address };

	(void)_Unwind_Backtrace(frame_locate, &search);
	*ret_on_stack = search.found;
	return search.found && len_bytes > search.frame_end - address;
}

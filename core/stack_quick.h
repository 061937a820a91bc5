/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_quick.h - recognises a stack that was unwound before, without unwinding.
 *
 * A trail is where each return address of a stack lies, and what it is. If a
 * function runs with the same frame address as before, for the same caller, and
 * all words of the trail are unchanged, it was reached by the same calls. The words are compared innermost first and the first difference ends
 * it: a frame is looked at only when all frames below it are the same, so
 * nothing outside the stack is read.
 *
 * Thread-safe, lock-free, async-signal-safe: an entry that is being written is
 * passed over. Where return addresses do not lie right below the frame of the
 * caller (signal frames, other machines) a trail is void and nothing is kept.
 */
#ifndef PLX_CORE_STACK_QUICK_H
#define PLX_CORE_STACK_QUICK_H

#include <stdbool.h>
#include <stdint.h>

/* Frames of the program (PLX_STACK_DEPTH) and of our own below them. */
#define STACK_TRAIL_MAX 40

struct stack_trail {
	uint32_t n;
	bool started; /* past the frame that asks, which is never kept */
	bool whole;   /* each word was found where it must be */
	uintptr_t address[STACK_TRAIL_MAX];
	uintptr_t word[STACK_TRAIL_MAX];
};

void stack_trail_start(struct stack_trail *trail);
/* stack_trail_add - the next frame outwards: its stack pointer and address. */
void stack_trail_add(struct stack_trail *trail, uintptr_t frame, uintptr_t pc);

/* stack_quick_find - true: this is the stack ret_number. */
bool stack_quick_find(uintptr_t frame, uintptr_t caller, uint32_t *ret_number);
void stack_quick_keep(uintptr_t frame, uintptr_t caller,
    const struct stack_trail *trail, uint32_t number);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.h - who called: stacks as 32-bit numbers.
 *
 * Captured by _Unwind_Backtrace from the static libgcc_eh on cold calls only
 * (open, accept, ctl, close, a finding): about 0.5 us. Never backtrace(3),
 * which loads libgcc_s and initialises libc before its time. Frames are kept as
 * (module, offset), so equal stacks of all processes of a tree are one stack;
 * symbols come later, from the command line.
 *
 * Thread-safe, lock-free, async-signal-safe, no memory of libc. Without a
 * region nothing is captured.
 */
#ifndef PLX_CORE_STACK_H
#define PLX_CORE_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* plx_stack_enable - false: capture nothing from here on. Default true. */
void plx_stack_enable(bool enable);

/*
 * plx_stack_capture - the stack of the caller, without the leading frames of
 * our own object. site: where the call came from in the program (caller of a
 * record), or 0; it only helps to recognise a stack that was unwound before.
 * Returns its number in the region, or PLX_NO_STACK.
 */
uint32_t plx_stack_capture(uint64_t site);

/*
 * plx_stack_overruns - does an object of len_bytes at address, on the calling
 * thread's own stack, reach past the end of the frame that holds it? That is
 * certain proof that the object is smaller. False when the address lies in no
 * frame that the unwinder can see. ret_on_stack: it lies in one.
 */
bool plx_stack_overruns(uint64_t address, uint64_t len_bytes,
    bool *ret_on_stack);

#endif

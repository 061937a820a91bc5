/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * active.h - whether the wrappers have anything to do: one word.
 *
 * Every wrapper starts with `if (!plx_active()) return plx_real.x(...)`. Zero is
 * the state of a process that was not configured: nothing is looked up, nothing
 * is stored. Bits are set when a feature starts and cleared when it ends.
 *
 * Thread-safe, async-signal-safe.
 */
#ifndef PLX_SHIM_ACTIVE_H
#define PLX_SHIM_ACTIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/bug.h"

enum plx_active_bit {
	/* Calls are counted and recorded. */
	PLX_ACTIVE_LISTEN = 1u << 0,
	/* Some descriptor number is ours or watched: fdtab has a say. */
	PLX_ACTIVE_TRACKED = 1u << 1,
	/* truth=engine: epoll, poll and select are answered by the engine. */
	PLX_ACTIVE_ENGINE = 1u << 2,
	/* exec edits the environment (configured by POLLUX_OPTIONS). */
	PLX_ACTIVE_EXEC = 1u << 3,
	/*
	 * The record's descriptor is there and hidden. It is always ready, so
	 * poll can tell after the call that it was asked for.
	 */
	PLX_ACTIVE_HIDDEN = 1u << 4,
	/* Either of them: look at the number. */
	PLX_ACTIVE_NUMBERS = PLX_ACTIVE_TRACKED | PLX_ACTIVE_HIDDEN,
};

extern _Atomic uint32_t plx_shim_active;

/* Not instrumented: may run before a sanitizer's runtime is ready. */
#define PLX_UNWATCHED __attribute__((no_sanitize("address")))

static inline PLX_UNWATCHED bool
plx_active(void)
{
	/* relaxed: a feature starts by publishing its own state first. */
	return PLX_UNLIKELY(
	    atomic_load_explicit(&plx_shim_active, memory_order_relaxed) != 0);
}

static inline bool
plx_active_is(enum plx_active_bit bit)
{
	/* relaxed: see plx_active. */
	return (atomic_load_explicit(&plx_shim_active, memory_order_relaxed) &
		   (uint32_t)bit) != 0;
}

/*
 * plx_active_set, plx_active_clear - start or end a feature. Once the process
 * is sandboxed (plx_active_sandbox) only PLX_ACTIVE_NUMBERS can still be set.
 */
void plx_active_set(enum plx_active_bit bit);
void plx_active_clear(enum plx_active_bit bit);

/*
 * plx_shim_track - a descriptor of ours is about to exist: from now on close,
 * dup and the like look into fdtab. Also adopts the process if it is an
 * unnoticed child of fork. Call before each creation of a set.
 */
void plx_shim_track(void);

/*
 * plx_shim_enter - the process uses our state from here on: the child of a
 * fork that no wrapper saw takes over first. Every slow path starts with it.
 */
void plx_shim_enter(void);

/*
 * plx_active_sandbox - a system call filter is about to be installed: listening
 * and the engine stop, no call of ours is added to the program's any more.
 * plx_active_unsandbox takes it back when the installation failed.
 */
void plx_active_sandbox(void);
void plx_active_unsandbox(void);

/* plx_sandboxed - true between the two, or since. */
bool plx_sandboxed(void);

#endif

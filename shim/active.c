/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * active.c - the word that wrappers look at, see active.h.
 */
#include "shim/active.h"

#include "core/proc.h"
#include "shim/fork.h"

/* What a sandboxed process keeps: sets that exist go on with what they have. */
#define SANDBOX_KEEPS ((uint32_t)PLX_ACTIVE_NUMBERS)

_Atomic uint32_t plx_shim_active;

/* Bits that were on when the sandbox came; SANDBOXED marks that it is there. */
#define SANDBOXED (UINT32_C(1) << 31)
static _Atomic uint32_t before_sandbox;

bool
plx_sandboxed(void)
{
	/* relaxed: one-way switch, set by this process. */
	return (atomic_load_explicit(&before_sandbox, memory_order_relaxed) &
		   SANDBOXED) != 0;
}

void
plx_active_set(enum plx_active_bit bit)
{
	/* What a sandbox keeps may also be added to. */
	if (plx_sandboxed() && (bit & SANDBOX_KEEPS) == 0)
		return;
	/* release: what the feature needs is in place. */
	(void)atomic_fetch_or_explicit(&plx_shim_active, (uint32_t)bit,
	    memory_order_release);
}

void
plx_active_clear(enum plx_active_bit bit)
{
	/* relaxed: whoever still sees the bit is harmless. */
	(void)atomic_fetch_and_explicit(&plx_shim_active, ~(uint32_t)bit,
	    memory_order_relaxed);
}

void
plx_shim_enter(void)
{
	if (PLX_UNLIKELY(plx_proc_forked()))
		plx_fork_child();
}

void
plx_shim_track(void)
{
	plx_shim_enter();
	plx_fork_watch();
	plx_active_set(PLX_ACTIVE_TRACKED);
}

void
plx_active_sandbox(void)
{
	uint32_t was = atomic_fetch_and_explicit(&plx_shim_active,
	    SANDBOX_KEEPS, memory_order_acq_rel);

	/* relaxed: read back by the same thread, or as a one-way switch. */
	atomic_store_explicit(&before_sandbox, was | SANDBOXED,
	    memory_order_relaxed);
}

void
plx_active_unsandbox(void)
{
	uint32_t was = atomic_exchange_explicit(&before_sandbox, 0,
	    memory_order_relaxed);

	(void)atomic_fetch_or_explicit(&plx_shim_active, was & ~SANDBOXED,
	    memory_order_release);
}

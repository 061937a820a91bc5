/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transient.h - a set that lives for one call (select, poll).
 *
 * The caller brings the interests and room for the kernel's raw answers; the
 * engine asks for raw readiness once and decides what each interest has by its
 * policy row. No lock, no table, nothing kept: async-signal-safe as POSIX
 * demands of both calls, and thread-safe. A cancellation point while asleep;
 * nothing is to be undone then.
 */
#ifndef PLX_CORE_TRANSIENT_H
#define PLX_CORE_TRANSIENT_H

#include <signal.h>
#include <stdint.h>

#include "core/mask.h"
#include "core/policy.h"

struct pollfd;

struct transient {
	int32_t fd;    /* < 0: not there, has stays 0 */
	plx_mask want; /* readiness bits; PLX_NVAL: "not open" is fine */
	plx_mask have; /* out */
};

/*
 * transient_wait - what do n interests have, or will they before the time is
 * over? timeout_ns < 0 waits for ever. raw has room for n entries.
 * Returns how many interests have anything; 0 when the time was over; -EBADF
 * (policy: a closed member fails the call; v[*ret_closed] is the first),
 * -EINTR, -EINVAL (more members than the process may have descriptors),
 * -ENOMEM, -EFAULT. On failure `have` is not written.
 */
int transient_wait(const struct plx_policy *policy, struct transient *v,
    uint32_t n, struct pollfd *raw, int64_t timeout_ns, const sigset_t *mask,
    uint32_t *ret_closed);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deadline.h - the only time type in core: absolute CLOCK_MONOTONIC ns.
 *
 * Faces turn their timeouts into a deadline once, saturating; what is left is
 * computed from it. Pure arithmetic but for deadline_left_ns, which takes `now`.
 */
#ifndef PLX_CORE_DEADLINE_H
#define PLX_CORE_DEADLINE_H

#include <stdint.h>

typedef int64_t plx_deadline;

#define DEADLINE_NOW   INT64_C(0)
#define DEADLINE_NEVER INT64_MAX
#define PLX_NS_PER_S   INT64_C(1000000000)
#define PLX_NS_PER_MS  INT64_C(1000000)

/* deadline_after - now_ns + delta_ns, saturating at DEADLINE_NEVER. */
plx_deadline deadline_after(int64_t now_ns, int64_t delta_ns);

/*
 * deadline_span_ns - seconds and nanoseconds as ns, saturating. 0 <= s,
 * 0 <= ns < 1e9.
 */
int64_t deadline_span_ns(int64_t s, int64_t ns);

/*
 * deadline_left_ns - what a wait may still sleep: 0 when passed, -1 (for ever)
 * for DEADLINE_NEVER.
 */
int64_t deadline_left_ns(plx_deadline deadline, int64_t now_ns);

#endif

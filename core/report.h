/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - writing into the memory that is shared with the launcher.
 *
 * The layout is report_abi.h. A process attaches once, from the constructor
 * (by an inherited descriptor, or by a path that any process may name), and
 * then owns one slot of the process table. Without a region everything here is
 * a cheap no-op: nothing is recorded and nothing fails.
 *
 * Thread-safe, async-signal-safe, no locks: slots are claimed by an atomic
 * counter and published by their state. Must not run in a vfork child, apart
 * from plx_count (one relaxed add into shared memory).
 */
#ifndef PLX_CORE_REPORT_H
#define PLX_CORE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/report_abi.h"

/*
 * report_attach_fd - map a region that the launcher has prepared and claim a
 * slot for this process. fd is borrowed: the caller closes it.
 * Returns 0; -EINVAL (not a region of our version); -ENOMEM (no mapping);
 * -ENOSPC (all process slots taken: findings are still recorded); -EALREADY.
 */
int report_attach_fd(int fd);

/*
 * report_attach_path - the same for a file, which is made, sized and given a
 * header if it is not there or empty.
 * Returns as report_attach_fd, or what open(2) and ftruncate(2) fail with.
 */
int report_attach_path(const char *path);

/* report_adopt - in the child of a fork: a slot of its own in the region. */
void report_adopt(void);

/*
 * report_mark_unseen - something may have escaped us: bits of enum plx_unseen,
 * kept for this process (also without a region).
 */
void report_mark_unseen(uint32_t bits);
uint32_t report_unseen(void);

/* report_engine - this process answers from the engine (truth=engine). */
void report_engine(void);

/* report_region - the mapped region, or NULL. */
struct plx_region *report_region(void);

/*
 * report_finding - record a finding. finding is copied; its state, count,
 * pid, tid, comm and when_ns are filled in here, and dedup is computed from
 * id, variant and the misused and registered stacks. Equal ones are counted
 * up, and the highest severity and confidence of them stand.
 * Returns the slot's index, -ENODEV (no region), -ENOSPC (table full).
 */
int report_finding(const struct plx_finding *finding);

/*
 * report_withdraw - one of the counted turned out to be a known idiom. When all
 * did, the severity becomes 'I' (information). slot as report_finding
 * returned it.
 */
void report_withdraw(int slot);

/*
 * report_confirm - what was likely, or information, has been proved: certain
 * and of this severity from now on.
 */
void report_confirm(int slot, char severity);

#endif

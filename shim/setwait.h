/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setwait.h - a wait on a set that may end by cancellation.
 */
#ifndef PLX_SHIM_SETWAIT_H
#define PLX_SHIM_SETWAIT_H

#include "core/iset.h"

/*
 * plx_set_wait - iset_wait for a caller that holds a reference to the set.
 *
 * Returns and fails as iset_wait. A cancellation point while it sleeps: when
 * the thread is cancelled there, its reference is given back and it is counted
 * out of the set's sleepers, so that the caller has nothing to unwind.
 */
int plx_set_wait(struct iset *set, const struct iset_wait *wait);

#endif

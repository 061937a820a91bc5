/* SPDX-License-Identifier: BSD-2-Clause */
#include "shim/setwait.h"

#include <pthread.h>

static void
set_abandoned(void *set)
{
	iset_wait_cancelled(set);
	iset_put(set);
}

/*
 * A function of its own: pthread_cleanup_push is a kind of setjmp here, and
 * what lives in registers around it would be lost.
 */
static int
wait_asleep(struct iset *set, const struct iset_wait *wait)
{
	volatile int r;

	pthread_cleanup_push(set_abandoned, set);
	r = iset_wait(set, wait);
	pthread_cleanup_pop(0);
	return r;
}

int
plx_set_wait(struct iset *set, const struct iset_wait *wait)
{
	if (wait->deadline == DEADLINE_NOW)
		return iset_wait(set, wait);
	return wait_asleep(set, wait);
}

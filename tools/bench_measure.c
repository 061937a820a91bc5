/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_measure.c - the clock of `pollux bench`.
 */
#include "tools/bench.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Short, so that most are not interrupted; the median forgets the others. */
#define BATCH_CALLS 100u
#define MIDDLE      100u
#define BATCHES     (2 * MIDDLE + 1)

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a;
	const int64_t *y = b;

	return (*x > *y) - (*x < *y);
}

static double
measure(void (*call)(void))
{
	int64_t batch_ns[BATCHES];

	for (unsigned i = 0; i < BATCHES; i++) {
		int64_t start_ns = now_ns();

		for (unsigned n = 0; n < BATCH_CALLS; n++)
			call();
		batch_ns[i] = now_ns() - start_ns;
	}
	qsort(batch_ns, BATCHES, sizeof(batch_ns[0]), compare);
	return (double)batch_ns[MIDDLE] / BATCH_CALLS;
}

void
plx_bench_measure(const struct plx_bench_call *calls)
{
	for (; calls->name != NULL; calls++)
		printf("%s %.1f\n", calls->name, measure(calls->call));
}

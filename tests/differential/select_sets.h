/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three sets for one select, and the call with all of them written out.
 */
#ifndef PLX_TESTS_DIFFERENTIAL_SELECT_SETS_H
#define PLX_TESTS_DIFFERENTIAL_SELECT_SETS_H

#include "tests/differential/diff.h"

static struct bits in;
static struct bits out;
static struct bits ex;

static inline void
sets_clear(void)
{
	bits_clear(&in);
	bits_clear(&out);
	bits_clear(&ex);
}

static inline void
say_sets(void)
{
	diff_say_bits("in", &in);
	diff_say_bits("out", &out);
	diff_say_bits("ex", &ex);
}

/* One select with all three sets and the timeout given, written out. */
static inline long
select3(int nfds, long timeout_us)
{
	struct timeval timeout = { timeout_us / 1000000, timeout_us % 1000000 };
	long r;

	r = CALL(select(nfds, bits_fds(&in), bits_fds(&out), bits_fds(&ex),
	    &timeout));
	say_sets();
	diff_say_timeval(&timeout, timeout_us);
	return r;
}

static inline void
all_sets(int fd)
{
	bits_add(&in, fd);
	bits_add(&out, fd);
	bits_add(&ex, fd);
}

#endif

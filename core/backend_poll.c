/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend_poll.c - the kernel's poll as source of raw readiness for sets that
 * live for one call. One of the files in core that know the kernel's constants.
 *
 * Authority: poll(2), fs/select.c. Every bit the interest asks for is asked of
 * the kernel, and its whole answer is kept; what of it counts is the caller's
 * policy.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/bug.h"
#include "core/mutant.h"
#include "core/os.h"
#include "core/transient.h"

struct poll_pair {
	plx_mask core;
	short kernel;
};

/* clang-format off */
static const struct poll_pair poll_bits[] = {
	{ PLX_IN, POLLIN }, { PLX_OUT, POLLOUT }, { PLX_PRI, POLLPRI },
	{ PLX_RDNORM, POLLRDNORM }, { PLX_RDBAND, POLLRDBAND },
	{ PLX_WRNORM, POLLWRNORM }, { PLX_WRBAND, POLLWRBAND },
	{ PLX_MSG, POLLMSG }, { PLX_RDHUP, POLLRDHUP },
	{ PLX_ERR, POLLERR }, { PLX_HUP, POLLHUP }, { PLX_NVAL, POLLNVAL },
};
/* clang-format on */
#define POLL_BITS_N (sizeof(poll_bits) / sizeof(poll_bits[0]))

static short
raw_bits(plx_mask mask)
{
	short bits = 0;

	for (size_t i = 0; i < POLL_BITS_N; i++) {
		if ((mask & poll_bits[i].core) != 0)
			bits = (short)(bits | poll_bits[i].kernel);
	}
	return bits;
}

static plx_mask
core_bits(short bits)
{
	plx_mask mask = 0;

	for (size_t i = 0; bits != 0 && i < POLL_BITS_N; i++) {
		if ((bits & poll_bits[i].kernel) != 0)
			mask |= poll_bits[i].core;
	}
	return mask;
}

/* What an interest has of what was observed, by the rules of its face. */
static plx_mask
have_of(const struct plx_policy *policy, plx_mask want, plx_mask observed)
{
	if ((observed & PLX_NVAL) != 0)
		return PLX_NVAL;
	if (policy->key == POLICY_KEY_BIT)
		return observed; /* the face maps conditions to its sets */
	return observed &
	    (want | PLX_MUTATE(hang_ups_must_be_asked_for, PLX_UNASKED, 0));
}

/* The first closed member of a call that fails for it, or n. */
static uint32_t
first_closed(const struct plx_policy *policy, const struct transient *v,
    const struct pollfd *raw, uint32_t n)
{
	uint32_t i = 0;

	if (policy->closed != POLICY_CLOSED_EBADF)
		return n;
	/* One that asks for "not open" is content with it. */
	while (i < n &&
	    ((raw[i].revents & POLLNVAL) == 0 || (v[i].want & PLX_NVAL) != 0))
		i++;
	return i;
}

static int
answers_take(const struct plx_policy *policy, struct transient *v, uint32_t n,
    const struct pollfd *raw)
{
	int ready = 0;

	for (uint32_t i = 0; i < n; i++) {
		v[i].have = v[i].fd < 0
		    ? 0
		    : have_of(policy, v[i].want, core_bits(raw[i].revents));
		ready += v[i].have != 0;
	}
	return ready;
}

int
transient_wait(const struct plx_policy *policy, struct transient *v, uint32_t n,
    struct pollfd *raw, int64_t timeout_ns, const sigset_t *mask,
    uint32_t *ret_closed)
{
	uint32_t closed;
	int r;

	for (uint32_t i = 0; i < n; i++)
		raw[i] = (struct pollfd){ .fd = v[i].fd,
			.events = raw_bits(v[i].want) };
	r = plx_os.poll(raw, n, timeout_ns, mask);
	if (r < 0)
		return r;
	closed = first_closed(policy, v, raw, n);
	if (closed < n) {
		*ret_closed = closed;
		return -EBADF;
	}
	return answers_take(policy, v, n, raw);
}

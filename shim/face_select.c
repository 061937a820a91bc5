/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * face_select.c - select and pselect over the engine: three bit sets become
 * interests that live for the call, conditions become bits.
 *
 * Authority: select(2), fs/select.c (POLLIN_SET, POLLOUT_SET, POLLEX_SET). A
 * descriptor that is closed fails the call, unless it lies above the process's
 * descriptor table: the kernel does not look there and leaves those words of
 * the sets alone. Only the kernel knows where that is, so it is asked.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

#include "core/sys.h"
#include "core/transient.h"
#include "shim/errno.h"
#include "shim/face.h"
#include "shim/real.h"
#include "shim/scratch.h"
#include "shim/seen.h"

#define WORD_BITS     ((int)(sizeof(unsigned long) * CHAR_BIT))
#define SETS	      3
#define STACK_MEMBERS 32

/* What makes a bit of each set: read, write, except. */
static const plx_mask set_conditions[SETS] = {
	PLX_IN | PLX_RDNORM | PLX_RDBAND | PLX_HUP | PLX_ERR,
	PLX_OUT | PLX_WRNORM | PLX_WRBAND | PLX_ERR,
	PLX_PRI,
};

/* The same, as far as it has to be asked for. */
static const plx_mask set_wants[SETS] = {
	PLX_IN | PLX_RDNORM | PLX_RDBAND,
	PLX_OUT | PLX_WRNORM | PLX_WRBAND,
	PLX_PRI,
};

struct select_call {
	int n;
	int words;
	unsigned long *set[SETS];
	int64_t timeout_ns;
	const sigset_t *mask;
};

struct select_member {
	struct transient interest;
	char raw[8]; /* a struct pollfd, not named in this face */
};

static bool
bit_of(const unsigned long *set, int fd)
{
	return set != NULL &&
	    (set[fd / WORD_BITS] >> (fd % WORD_BITS) & 1) != 0;
}

static plx_mask
wants_of(const struct select_call *c, int fd)
{
	plx_mask want = 0;

	for (int i = 0; i < SETS; i++) {
		if (bit_of(c->set[i], fd))
			want |= set_wants[i];
	}
	return want;
}

static uint32_t
members_count(const struct select_call *c)
{
	uint32_t n = 0;

	for (int fd = 0; fd < c->n; fd++)
		n += wants_of(c, fd) != 0;
	return n;
}

static uint32_t
members_fill(const struct select_call *c, struct transient *v, int below)
{
	uint32_t n = 0;

	for (int fd = 0; fd < below; fd++) {
		const plx_mask want = wants_of(c, fd);

		if (want != 0)
			v[n++] = (struct transient){ .fd = fd, .want = want };
	}
	return n;
}

/*
 * One closed descriptor: does the kernel see it at all? Its own select is
 * asked, for this bit and no time. Returns the first fd it does not see.
 */
static int
closed_limit(int fd)
{
	unsigned long bits[1024 / (sizeof(unsigned long) * CHAR_BIT)];
	int r;

	memset(bits, 0, sizeof(bits));
	bits[fd / WORD_BITS] |= 1ul << (fd % WORD_BITS);
	r = plx_sys_select_bit(fd + 1, bits);
	return r < 0 ? -EBADF : fd - fd % WORD_BITS;
}

/* Bits of the words below `below`; the others are left as they were. */
static int
bits_out(const struct select_call *c, const struct transient *v, uint32_t n,
    int below)
{
	int count = 0;

	for (int i = 0; i < SETS; i++) {
		const int words = (below + WORD_BITS - 1) / WORD_BITS;
		unsigned long fresh[1024 / (sizeof(unsigned long) * CHAR_BIT)];

		if (c->set[i] == NULL)
			continue;
		memset(fresh, 0, sizeof(fresh));
		for (uint32_t k = 0; k < n; k++) {
			if ((v[k].have & set_conditions[i]) == 0 ||
			    !bit_of(c->set[i], v[k].fd))
				continue;
			fresh[v[k].fd / WORD_BITS] |= 1ul
			    << (v[k].fd % WORD_BITS);
			count++;
		}
		memcpy(c->set[i], fresh, (size_t)words * sizeof(fresh[0]));
	}
	return count;
}

static int
select_asked(const struct select_call *c, void *room, uint32_t n_max)
{
	struct transient *v = room;
	struct pollfd *raw = (void *)(v + n_max);
	int64_t deadline = plx_sys_now_ns();
	int64_t left = c->timeout_ns;
	int below = c->n;

	if (left > 0 && __builtin_add_overflow(deadline, left, &deadline))
		deadline = INT64_MAX;
	for (;;) {
		const uint32_t n = members_fill(c, v, below);
		uint32_t closed = 0;
		int r = transient_wait(plx_policy_of(PLX_FACE_SELECT), v, n,
		    raw, left, c->mask, &closed);

		if (r == -EBADF) {
			below = closed_limit(v[closed].fd);
			if (below < 0)
				return below;
			continue; /* without those the kernel never sees */
		}
		if (r < 0)
			return r;
		r = bits_out(c, v, n, below);
		/* A hang-up in the write set alone makes no bit: sleep on. */
		if (r > 0 || left == 0)
			return r;
		if (left < 0)
			continue;
		left = deadline - plx_sys_now_ns();
		left = left < 0 ? 0 : left;
	}
}

static int
select_by_engine(const struct select_call *c)
{
	struct select_member stack[STACK_MEMBERS];
	const uint32_t n = members_count(c);
	struct scratch room = scratch_take(stack, sizeof(stack),
	    n * sizeof(struct select_member));
	int r = -ENOMEM;

	if (room.p == NULL)
		return r;
	pthread_cleanup_push(scratch_give, &room);
	r = select_asked(c, room.p, n);
	pthread_cleanup_pop(1);
	return r;
}

/* False for what is left to the kernel: odd pointers, sizes and times. */
static bool
select_take(struct select_call *c, const long *arg)
{
	c->n = (int)arg[0];
	if (c->n < 0 || c->n > FD_SETSIZE)
		return false;
	c->words = (c->n + WORD_BITS - 1) / WORD_BITS;
	for (int i = 0; i < SETS; i++) {
		c->set[i] = (unsigned long *)arg[1 + i];
		if (c->set[i] != NULL && c->words > 0 &&
		    !plx_seen_readable(c->set[i],
			(size_t)c->words * sizeof(unsigned long)))
			return false;
	}
	return true;
}

static long
select_by_kernel(const long *arg)
{
	return plx_real.select((int)arg[0], (fd_set *)arg[1], (fd_set *)arg[2],
	    (fd_set *)arg[3], (struct timeval *)arg[4]);
}

/* Linux tells how much time was left. */
static void
timeval_left(struct timeval *timeout, int64_t end_ns)
{
	int64_t left = end_ns - plx_sys_now_ns();

	if (timeout == NULL)
		return;
	if (left < 0)
		left = 0;
	timeout->tv_sec = left / 1000000000;
	timeout->tv_usec = left % 1000000000 / 1000;
}

long
face_select(const long *arg)
{
	struct timeval *timeout = (struct timeval *)arg[4];
	struct select_call c = { .timeout_ns = -1 };
	int64_t end_ns = 0;
	int r;

	if (timeout != NULL) {
		if (!plx_seen_readable(timeout, sizeof(*timeout)) ||
		    timeout->tv_sec < 0 || timeout->tv_usec < 0)
			return select_by_kernel(arg);
		c.timeout_ns = plx_path_ns_of_timeval(timeout);
		if (__builtin_add_overflow(plx_sys_now_ns(), c.timeout_ns,
			&end_ns))
			return select_by_kernel(arg);
	}
	if (!select_take(&c, arg))
		return select_by_kernel(arg);
	r = select_by_engine(&c);
	if (r == -EINVAL)
		return select_by_kernel(arg); /* more than poll takes */
	timeval_left(timeout, end_ns);
	return plx_ret(r);
}

static long
pselect_by_kernel(const long *arg)
{
	return plx_real.pselect((int)arg[0], (fd_set *)arg[1], (fd_set *)arg[2],
	    (fd_set *)arg[3], (const struct timespec *)arg[4],
	    (const sigset_t *)arg[5]);
}

long
face_pselect(const long *arg)
{
	struct select_call c = { .mask = (const sigset_t *)arg[5] };
	int r;

	if (face_timeout_ns((const struct timespec *)arg[4], &c.timeout_ns) <
		0 ||
	    !select_take(&c, arg))
		return pselect_by_kernel(arg);
	r = select_by_engine(&c);
	if (r == -EINVAL)
		return pselect_by_kernel(arg);
	return plx_ret(r);
}

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

#include "core/mutant.h"
#include "core/sys.h"
#include "core/transient.h"
#include "shim/errno.h"
#include "shim/face.h"
#include "shim/real.h"
#include "shim/scratch.h"
#include "shim/seen.h"

#define WORD_BITS     ((int)(sizeof(unsigned long) * CHAR_BIT))
#define SETS          3
#define STACK_MEMBERS 32

/* What makes a bit of each set: read, write, except. */
static const plx_mask set_conditions[SETS] = {
	PLX_IN | PLX_RDNORM | PLX_RDBAND | PLX_HUP | PLX_ERR | PLX_NVAL,
	PLX_OUT | PLX_WRNORM | PLX_WRBAND | PLX_ERR | PLX_NVAL,
	PLX_PRI | PLX_NVAL,
};

/* The same, as far as it has to be asked for. */
static const plx_mask set_wants[SETS] = {
	PLX_IN | PLX_RDNORM | PLX_RDBAND,
	PLX_OUT | PLX_WRNORM | PLX_WRBAND,
	PLX_PRI,
};

#define SET_WORDS (FD_SETSIZE / (int)(sizeof(unsigned long) * CHAR_BIT))

struct select_call {
	int n;
	int words;
	unsigned long *set[SETS];          /* the program's, or NULL */
	unsigned long in[SETS][SET_WORDS]; /* what it asked */
	unsigned long odd[SET_WORDS];      /* open, but not to be polled */
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
	return (set[fd / WORD_BITS] >> (fd % WORD_BITS) & 1) != 0;
}

static void
bit_set(unsigned long *set, int fd)
{
	set[fd / WORD_BITS] |= 1ul << (fd % WORD_BITS);
}

static plx_mask
wants_of(const struct select_call *c, int fd)
{
	plx_mask want = 0;

	for (int i = 0; i < SETS; i++) {
		if (bit_of(c->in[i], fd))
			want |= set_wants[i];
	}
	/* Accepts "not open" as an answer. */
	if (want != 0 && bit_of(c->odd, fd))
		want |= PLX_NVAL;
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
 * One member that poll calls not open. The kernel's own select is asked, for
 * this bit and no time: closed (the call fails), beyond its table (the call ends
 * before it), or open without being pollable (O_PATH: a bit in each set).
 * Returns the number the call goes up to, or -EBADF.
 */
static int
closed_ask(struct select_call *c, int fd, int below)
{
	unsigned long bits[SET_WORDS];
	int r;

	memset(bits, 0, sizeof(bits));
	bit_set(bits, fd);
	r = plx_sys_select_bit(fd + 1, bits);
	if (r < 0)
		return -EBADF;
	if (r == 0)
		return PLX_MUTATE(select_has_no_table, fd - fd % WORD_BITS,
		    -EBADF);
	bit_set(c->odd, fd);
	return below;
}

/*
 * How far the kernel looks. Bits from n on, in the word that n ends in, are
 * cleared if that word is within its table and stay if it is not; with a member
 * in the word that is known, otherwise its own select is asked.
 */
static int
last_word_ask(const struct select_call *c)
{
	const int at = c->words - 1;
	const int within = c->n % WORD_BITS;
	const unsigned long members = within == 0 ? ~0ul : (1ul << within) - 1;
	unsigned long bits[SET_WORDS];
	unsigned long stray = 0;

	for (int i = 0; c->n > 0 && i < SETS; i++) {
		if ((c->in[i][at] & members) != 0)
			return c->n;
		stray |= c->in[i][at];
	}
	if (stray == 0)
		return c->n;
	memset(bits, 0, sizeof(bits));
	bits[at] = stray;
	if (plx_sys_select_bit(c->n, bits) < 0 || bits[at] == 0)
		return c->n;
	return at * WORD_BITS;
}

/* One set's answer; how many bits it has. */
static int
set_out(const struct select_call *c, int i, const struct transient *v,
    uint32_t n, unsigned long *fresh)
{
	int count = 0;

	memset(fresh, 0, SET_WORDS * sizeof(*fresh));
	for (uint32_t k = 0; k < n; k++) {
		if ((v[k].have & set_conditions[i]) == 0 ||
		    !bit_of(c->in[i], v[k].fd))
			continue;
		bit_set(fresh, v[k].fd);
		count++;
	}
	return count;
}

/* Bits of the words below `below`; the others are left as they were. */
static int
bits_out(const struct select_call *c, const struct transient *v, uint32_t n,
    int below, bool last)
{
	const size_t words = (size_t)(below + WORD_BITS - 1) / WORD_BITS;
	unsigned long fresh[SETS][SET_WORDS];
	int count = 0;

	for (int i = 0; i < SETS; i++)
		count += set_out(c, i, v, n, fresh[i]);
	if (count == 0 && !last)
		return 0;
	for (int i = 0; i < SETS; i++) {
		if (c->set[i] != NULL &&
		    user_store(c->set[i], fresh[i],
			words * sizeof(fresh[0][0])) < 0)
			return -EFAULT;
	}
	return count;
}

static int
select_asked(struct select_call *c, void *room, uint32_t n_max)
{
	struct transient *v = room;
	struct pollfd *raw = (void *)(v + n_max);
	int64_t deadline = plx_sys_now_ns();
	int64_t left = c->timeout_ns;
	int below = last_word_ask(c);

	if (left > 0 && __builtin_add_overflow(deadline, left, &deadline))
		deadline = INT64_MAX;
	for (;;) {
		const uint32_t n = members_fill(c, v, below);
		uint32_t closed = 0;
		int r = transient_wait(plx_policy_of(PLX_FACE_SELECT), v, n,
		    raw, left, c->mask, &closed);

		if (r == -EBADF) {
			below = closed_ask(c, v[closed].fd, below);
			if (below < 0)
				return below;
			continue; /* as the kernel sees them now */
		}
		if (r < 0)
			return r;
		/* A hang-up in the write set alone makes no bit: sleep on. */
		r = bits_out(c, v, n, below, r == 0 || left == 0);
		if (r != 0 || left == 0)
			return r;
		if (left < 0)
			continue;
		left = deadline - plx_sys_now_ns();
		left = left < 0 ? 0 : left;
	}
}

static int
select_by_engine(struct select_call *c)
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
		if (c->set[i] != NULL)
			memcpy(c->in[i], c->set[i],
			    (size_t)c->words * sizeof(unsigned long));
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

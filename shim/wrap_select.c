/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_select.c - select, pselect, and the check that fortified FD_SET makes.
 *
 * Sets may be larger than an fd_set (the program sized them by n), so bits are
 * counted in words up to n and never by sizeof. Authority: select(2).
 */
#include "shim/calls.h"

#include <limits.h>

#include "core/check.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/face.h"
#include "shim/hooks.h"
#include "shim/path.h"
#include "shim/private.h"
#include "shim/real.h"

#define WORD_BITS ((int)(sizeof(unsigned long) * CHAR_BIT))

static const plx_mask set_wants[3] = { PLX_IN, PLX_OUT, PLX_PRI };

static bool
set_has(const fd_set *set, int fd)
{
	const unsigned long *word = (const void *)set;

	return set != NULL &&
	    (word[fd / WORD_BITS] >> (fd % WORD_BITS) & 1) != 0;
}

static struct plx_record
member_rec(struct plx_call call, int n, fd_set *const sets[3], int fd)
{
	struct plx_record rec = plx_rec_fd(PLX_OP_MEMBER, call, fd);
	int i;

	rec.n = (uint32_t)n;
	for (i = 2; i >= 0; i--) {
		if (!set_has(sets[i], fd))
			continue;
		rec.want |= set_wants[i];
		rec.address = (uint64_t)(uintptr_t)sets[i];
	}
	return rec;
}

/* The first bit at or after fd that is set in any of them, or n. */
static int
member_next(int n, fd_set *const sets[3], int fd)
{
	for (; fd < n; fd++) {
		unsigned long word = 0;
		int i;

		for (i = 0; i < 3; i++)
			if (sets[i] != NULL)
				word |= ((const unsigned long *)(const void *)
					sets[i])[fd / WORD_BITS];
		word >>= fd % WORD_BITS;
		if (word != 0)
			fd += __builtin_ctzl(word);
		else
			fd |= WORD_BITS - 1;
		if (word != 0)
			break;
	}
	return fd < n ? fd : n;
}

static bool
sets_readable(int n, fd_set *const sets[3])
{
	const size_t bytes = ((size_t)n + WORD_BITS - 1) / WORD_BITS *
	    sizeof(unsigned long);
	int i;

	for (i = 0; i < 3; i++)
		if (sets[i] != NULL && !plx_seen_readable(sets[i], bytes))
			return false;
	return true;
}

/* Before the kernel sees them: 0, or the error to fail the call with. */
static int
select_members_ask(struct plx_call call, int n, fd_set *const sets[3])
{
	int fd;
	int r;

	if ((n <= FD_SETSIZE && !checks_veto()) || n < 0 ||
	    !sets_readable(n, sets))
		return 0;
	for (fd = member_next(n, sets, 0); fd < n;
	     fd = member_next(n, sets, fd + 1)) {
		struct plx_record rec = member_rec(call, n, sets, fd);

		if (!checks_wants_member(fd))
			continue;
		r = plx_emit_before(&rec);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * After EBADF the sets are as the program gave them: say who is closed. After
 * success, bits above the table of descriptors are still there.
 */
static void
select_members_emit(struct plx_call call, int n, fd_set *const sets[3],
    int result)
{
	int fd;

	/* A count beyond the sets is no error: the kernel stops at its table. */
	if (n > FD_SETSIZE && !sets_readable(n, sets))
		n = FD_SETSIZE;
	for (fd = member_next(n, sets, 0); fd < n;
	     fd = member_next(n, sets, fd + 1)) {
		struct plx_record rec = member_rec(call, n, sets, fd);

		if (!checks_wants_member(fd))
			continue;
		rec.ret = result;
		rec.have = result == -EBADF ? PLX_NVAL : 0;
		plx_emit_after(&rec);
	}
}

static uint64_t
select_address(fd_set *const sets[3])
{
	const fd_set *set = sets[0];

	if (set == NULL)
		set = sets[1] != NULL ? sets[1] : sets[2];
	return (uint64_t)(uintptr_t)set;
}

/* Whether the sets may hold a number that means something to us. */
static bool
select_looks(int n)
{
	return plx_active_is(PLX_ACTIVE_TRACKED) ||
	    (plx_active_is(PLX_ACTIVE_HIDDEN) && n > private_fd_lowest());
}

long
plx_path_select(struct plx_make *m, int n, int64_t timeout_ns)
{
	fd_set *const sets[3] = { (fd_set *)m->arg[1], (fd_set *)m->arg[2],
		(fd_set *)m->arg[3] };
	bool listening = plx_seen(m->call);
	struct plx_waiting waiting = { m, timeout_ns };
	struct plx_record rec;
	long ret;
	int r;

	/* A number that is not open for the program fails the whole call. */
	if (select_looks(n) && plx_hook_select(n, sets))
		return plx_ret(-EBADF);
	if (!listening)
		return plx_path_wait(m, timeout_ns);
	r = select_members_ask(m->call, n, sets);
	if (r < 0)
		return plx_ret(r);
	rec = plx_rec(PLX_OP_WAIT_ENTER, m->call);
	rec.n = n < 0 ? 0 : (uint32_t)n;
	rec.timeout_ns = timeout_ns;
	rec.address = select_address(sets);
	ret = plx_seen_wait(&rec, plx_path_waits,
	    (const long *)(const void *)&waiting);
	if (ret >= 0 || errno == EBADF)
		select_members_emit(m->call, n, sets, plx_result(ret));
	plx_seen_waited(&rec, ret);
	return ret;
}

static long
make_select(const long *arg)
{
	return plx_real.select((int)arg[0], (fd_set *)arg[1], (fd_set *)arg[2],
	    (fd_set *)arg[3], (struct timeval *)arg[4]);
}

static long
make_pselect(const long *arg)
{
	return plx_real.pselect((int)arg[0], (fd_set *)arg[1], (fd_set *)arg[2],
	    (fd_set *)arg[3], (const struct timespec *)arg[4],
	    (const sigset_t *)arg[5]);
}

/* truth=engine: the engine answers. */
static bool
engine(void)
{
	return plx_active_is(PLX_ACTIVE_ENGINE);
}

int
plx_w_select(int n, fd_set *in, fd_set *out, fd_set *ex,
    struct timeval *timeout)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.select(n, in, out, ex, timeout);
	m = PLX_MAKE(select, engine() ? face_select : make_select, n, (long)in,
	    (long)out, (long)ex, (long)timeout);
	return (int)plx_path_select(&m, n, plx_path_ns_of_timeval(timeout));
}

int
plx_w_pselect(int n, fd_set *in, fd_set *out, fd_set *ex,
    const struct timespec *timeout, const sigset_t *mask)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.pselect(n, in, out, ex, timeout, mask);
	m = PLX_MAKE(pselect, engine() ? face_pselect : make_pselect, n,
	    (long)in, (long)out, (long)ex, (long)timeout, (long)mask);
	return (int)plx_path_select(&m, n, plx_path_ns_of_timespec(timeout));
}

static void
fd_bit_seen(struct plx_call call, long fd)
{
	struct plx_record rec;

	if (!plx_seen(call))
		return;
	rec = plx_rec_fd(PLX_OP_FD_BIT, call,
	    fd < INT_MIN || fd > INT_MAX ? -1 : (int)fd);
	plx_emit_after(&rec);
}

/* Aborts for numbers that an fd_set has no room for; say so before. */
long
plx_w___fdelt_chk(long fd)
{
	if (plx_active())
		fd_bit_seen(PLX_CALL(fd_set), fd);
	return plx_real.__fdelt_chk(fd);
}

long
plx_w___fdelt_warn(long fd)
{
	if (plx_active())
		fd_bit_seen(PLX_CALL(fd_set), fd);
	return plx_real.__fdelt_warn(fd);
}

#define PLX_CALLS_SELECT
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_range.c - close_range and closefrom, split around numbers of ours.
 *
 * Authority: close_range(2).
 */
#include "shim/calls.h"

#include <limits.h>
#include <linux/close_range.h>

#include "core/fdtab.h"
#include "core/mutant.h"
#include "core/report_abi.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/hooks.h"
#include "shim/path.h"
#include "shim/private.h"
#include "shim/process.h"
#include "shim/real.h"

static void
range_emit(struct plx_call call, unsigned first, unsigned last)
{
	struct plx_record rec = plx_rec_fd(PLX_OP_FD_CLOSE_RANGE, call,
	    first > INT_MAX ? INT_MAX : (int)first);

	rec.other = last > INT_MAX ? INT_MAX : (int)last;
	(void)plx_emit_before(&rec);
}

/* Every number in the range that means something to us is about to go. */
static void
range_hook(unsigned first, unsigned last)
{
	int end = last > INT_MAX ? INT_MAX : (int)last;
	int fd = first > INT_MAX ? -1 : (int)first;

	if (PLX_MUTATE(ranges_are_not_told, fd < 0, true))
		return;
	for (fd = fdtab_next(fd, end); fd >= 0; fd = fdtab_next(fd + 1, end))
		if (!plx_hook_private(fd))
			plx_hook_closing(fd);
}

/* The first number in the range that is to stay as it is, or -1. */
static int
range_private(unsigned first, unsigned last)
{
	int fd = first > INT_MAX ? -1 : private_fd_next((int)first);

	while (fd >= 0 && !plx_hook_kept(fd))
		fd = private_fd_next(fd + 1);
	return fd < 0 || (unsigned)fd > last ? -1 : fd;
}

/* True if the kernel will take it: else nothing happens but an error. */
static bool
range_valid(unsigned first, unsigned last, unsigned flags)
{
	return first <= last &&
	    (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) == 0;
}

/* The pieces between private numbers. Only the first may unshare the table. */
static long
range_split(struct plx_make *m, unsigned first, unsigned last, unsigned flags)
{
	long ret = 0;

	for (;;) {
		int hole = range_private(first, last);
		unsigned end = hole < 0 ? last : (unsigned)hole - 1;

		if (hole < 0 || (unsigned)hole > first) {
			m->arg[0] = first;
			m->arg[1] = end;
			m->arg[2] = flags;
			ret = m->make(m->arg);
			if (ret < 0)
				return ret;
			flags &= ~CLOSE_RANGE_UNSHARE;
		}
		if (hole < 0 || (unsigned)hole >= last)
			return ret;
		first = (unsigned)hole + 1;
	}
}

long
plx_path_close_range(struct plx_make *m, unsigned first, unsigned last,
    int flags)
{
	const unsigned bits = (unsigned)flags;
	const bool closes = (bits & CLOSE_RANGE_CLOEXEC) == 0;
	const bool listening = plx_seen(m->call);

	if (!range_valid(first, last, bits))
		return m->make(m->arg);
	if ((bits & CLOSE_RANGE_UNSHARE) != 0)
		plx_process_unseen(PLX_UNSEEN_UNSHARE);
	if (listening && closes)
		range_emit(m->call, first, last);
	if (!plx_active_is(PLX_ACTIVE_NUMBERS))
		return m->make(m->arg);
	if (closes)
		range_hook(first, last);
	return range_split(m, first, last, bits);
}

static long
make_close_range(const long *arg)
{
	return plx_real.close_range((unsigned)arg[0], (unsigned)arg[1],
	    (int)arg[2]);
}

int
plx_w_close_range(unsigned first, unsigned last, int flags)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.close_range(first, last, flags);
	m = PLX_MAKE(close_range, make_close_range, first, last, flags);
	return (int)plx_path_close_range(&m, first, last, flags);
}

static void
closefrom_seen(struct plx_make *m, unsigned first)
{
	if (plx_seen(m->call))
		range_emit(m->call, first, UINT_MAX);
	if (!plx_active_is(PLX_ACTIVE_NUMBERS)) {
		plx_real.closefrom((int)first);
		return;
	}
	range_hook(first, UINT_MAX);
	if (range_private(first, UINT_MAX) < 0)
		plx_real.closefrom((int)first);
	else
		(void)range_split(m, first, UINT_MAX, 0);
}

void
plx_w_closefrom(int first)
{
	struct plx_make m;

	if (!plx_active()) {
		plx_real.closefrom(first);
		return;
	}
	m = PLX_MAKE(closefrom, make_close_range, 0);
	/* Negative is 0, as libc has it. */
	closefrom_seen(&m, first < 0 ? 0 : (unsigned)first);
}

#define PLX_CALLS_RANGE
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

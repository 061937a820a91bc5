/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * private.c - see private.h. The entry of fdtab says that a number is ours and
 * leads to a row with the rest; rows are claimed by compare-and-swap.
 */
#include "shim/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/fdtab.h"
#include "core/sys.h"
#include "shim/active.h"

/* Room that is left below the limit for descriptors of ours. */
#define BELOW_LIMIT 32
#define LIMIT_CAP   1024
#define BASE_MIN    16

struct private_row {
	_Atomic int fd_plus_one; /* 0: free */
	void (*moved)(int old_fd, int new_fd);
	bool inherited; /* over exec, and kept by the child of a fork */
};

/* fd_plus_one of a row that is being filled. */
#define ROW_BUSY (-1)

static struct private_row private_rows[PRIVATE_FDS_MAX];
static _Atomic unsigned private_hint;        /* where a free row may be */
static _Atomic int private_lowest = INT_MAX; /* no number below is ours */

static int
base_now(void)
{
	struct rlimit limit = { .rlim_cur = LIMIT_CAP };
	rlim_t soft;

	(void)plx_sys(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0, 0);
	soft = limit.rlim_cur < LIMIT_CAP ? limit.rlim_cur : LIMIT_CAP;
	return soft < BASE_MIN + BELOW_LIMIT ? BASE_MIN
					     : (int)soft - BELOW_LIMIT;
}

/* A high number for the same open file; lower if there is no room. */
static int
high_dup(int fd, int cmd)
{
	int base;
	int r = -EMFILE;

	for (base = base_now(); base > 0; base /= 2) {
		r = plx_sys_fcntl(fd, cmd, base);
		if (r != -EMFILE && r != -EINVAL)
			break;
	}
	return r;
}

/* The row behind a number: the entry's object is its index. NULL: none. */
static struct private_row *
row_of(int fd)
{
	struct fd_entry entry = fdtab_get(fd);

	if (entry.kind != FD_PRIVATE || entry.object >= PRIVATE_FDS_MAX)
		return NULL;
	return &private_rows[entry.object];
}

/* A row whose number was closed behind us is free as well. */
static bool
row_is_free(struct private_row *row, int fd_plus_one)
{
	return fd_plus_one != ROW_BUSY &&
	    (fd_plus_one == 0 || row_of(fd_plus_one - 1) != row);
}

static struct private_row *
row_claim(void)
{
	/* relaxed: a place to start. */
	unsigned start = atomic_fetch_add_explicit(&private_hint, 1,
	    memory_order_relaxed);
	unsigned i;

	for (i = 0; i < PRIVATE_FDS_MAX; i++) {
		struct private_row
		    *row = &private_rows[(start + i) % PRIVATE_FDS_MAX];
		int was = atomic_load_explicit(&row->fd_plus_one,
		    memory_order_relaxed);

		/* acquire: pairs with row_give. */
		if (row_is_free(row, was) &&
		    atomic_compare_exchange_strong_explicit(&row->fd_plus_one,
			&was, ROW_BUSY, memory_order_acquire,
			memory_order_relaxed))
			return row;
	}
	return NULL;
}

static void
row_give(struct private_row *row)
{
	/* release: the row may be taken again. */
	atomic_store_explicit(&row->fd_plus_one, 0, memory_order_release);
}

/* The number now leads to the row. The row is complete by then. */
static int
row_publish(struct private_row *row, int fd)
{
	int r = fdtab_publish(fd, FD_PRIVATE, (uint32_t)(row - private_rows));
	int lowest;

	if (r < 0)
		return r;
	/* relaxed: a bound that only falls; the number is new to all. */
	lowest = atomic_load_explicit(&private_lowest, memory_order_relaxed);
	while (fd < lowest &&
	    !atomic_compare_exchange_weak_explicit(&private_lowest, &lowest, fd,
		memory_order_relaxed, memory_order_relaxed))
		;
	atomic_store_explicit(&row->fd_plus_one, fd + 1, memory_order_release);
	return 0;
}

static int
row_fill(int fd, void (*moved)(int old_fd, int new_fd), bool inherited)
{
	struct private_row *row = row_claim();
	int r;

	if (row == NULL)
		return -ENOSPC;
	row->moved = moved;
	row->inherited = inherited;
	if (inherited)
		plx_active_set(PLX_ACTIVE_HIDDEN);
	else
		plx_shim_track();
	r = row_publish(row, fd);
	if (r < 0)
		row_give(row);
	return r < 0 ? r : fd;
}

int
private_fd_adopt(int fd, void (*moved)(int old_fd, int new_fd))
{
	int high = high_dup(fd, F_DUPFD_CLOEXEC);
	int r;

	(void)plx_sys_close(fd);
	if (high < 0)
		return high;
	r = row_fill(high, moved, false);
	if (r < 0)
		(void)plx_sys_close(high);
	return r;
}

int
private_fd_keep(int fd, void (*moved)(int old_fd, int new_fd))
{
	int high = fd;
	int r;

	if (fd < base_now()) {
		high = high_dup(fd, F_DUPFD);
		(void)plx_sys_close(fd);
		if (high < 0)
			return high;
	}
	r = row_fill(high, moved, true);
	if (r < 0)
		(void)plx_sys_close(high);
	return r;
}

bool
private_fd_inherited(int fd)
{
	const struct private_row *row = row_of(fd);

	return row != NULL && row->inherited;
}

void
private_fd_drop(int fd)
{
	struct private_row *row = row_of(fd);

	if (row == NULL)
		return;
	(void)fdtab_forget(fd);
	row_give(row);
	(void)plx_sys_close(fd);
}

void
private_fd_move(int fd)
{
	struct private_row *row = row_of(fd);
	int high;

	if (row == NULL)
		return;
	high = high_dup(fd, row->inherited ? F_DUPFD : F_DUPFD_CLOEXEC);
	if (high >= 0 && row_publish(row, high) < 0) {
		(void)plx_sys_close(high);
		high = -1;
	}
	if (row->moved != NULL)
		row->moved(fd, high < 0 ? -1 : high);
	if (high < 0)
		row_give(row);
	(void)fdtab_forget(fd);
}

int
private_fd_lowest(void)
{
	/* relaxed: see row_publish. */
	return atomic_load_explicit(&private_lowest, memory_order_relaxed);
}

int
private_fd_next(int from)
{
	int fd = fdtab_next(from, FDTAB_FDS_MAX - 1);

	while (fd >= 0 && fdtab_kind(fd) != FD_PRIVATE)
		fd = fdtab_next(fd + 1, FDTAB_FDS_MAX - 1);
	return fd;
}

void
private_fd_fork_child(void)
{
	int fd = private_fd_next(0);

	for (; fd >= 0; fd = private_fd_next(fd + 1)) {
		struct private_row *row = row_of(fd);

		if (row != NULL && !row->inherited)
			private_fd_drop(fd);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * private.c - see private.h. Besides the kind in fdtab there is one row a
 * descriptor, found by its number; rows are claimed and given back by
 * compare-and-swap.
 */
#include "shim/private.h"

#include <errno.h>
#include <fcntl.h>
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
	_Atomic int fd_plus_one;     /* 0: free */
	_Atomic uint32_t generation; /* of the number, when it became ours */
	void (*moved)(int old_fd, int new_fd);
	bool inherited; /* over exec, and kept by the child of a fork */
};

static struct private_row private_rows[PRIVATE_FDS_MAX];

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

/* The number -1 marks a row that is being filled. */
#define ROW_BUSY (-1)

/*
 * The number of a row, or -1. Core closes what it hid by itself, and then the
 * number may be anybody's: the row is stale, and free for the next.
 */
static int
row_fd(const struct private_row *row)
{
	/* acquire: pairs with the release in row_publish. */
	int fd = atomic_load_explicit(&row->fd_plus_one, memory_order_acquire) -
	    1;
	struct fd_entry entry;

	if (fd < 0)
		return -1;
	entry = fdtab_get(fd);
	/* relaxed: ordered by the acquire above. */
	return entry.kind == FD_PRIVATE &&
		entry.generation ==
		    atomic_load_explicit(&row->generation, memory_order_relaxed)
	    ? fd
	    : -1;
}

static struct private_row *
row_of(int fd)
{
	int i;

	for (i = 0; fd >= 0 && i < PRIVATE_FDS_MAX; i++)
		if (row_fd(&private_rows[i]) == fd)
			return &private_rows[i];
	return NULL;
}

static void
row_publish(struct private_row *row, int fd)
{
	/* relaxed: ordered by the release below. */
	atomic_store_explicit(&row->generation, fdtab_generation(fd),
	    memory_order_relaxed);
	/* release: pairs with row_fd. */
	atomic_store_explicit(&row->fd_plus_one, fd + 1, memory_order_release);
}

static struct private_row *
row_claim(void)
{
	int i;

	for (i = 0; i < PRIVATE_FDS_MAX; i++) {
		struct private_row *row = &private_rows[i];
		int was = atomic_load_explicit(&row->fd_plus_one,
		    memory_order_relaxed);

		if (was == ROW_BUSY || row_fd(row) >= 0)
			continue;
		if (atomic_compare_exchange_strong_explicit(&row->fd_plus_one,
			&was, ROW_BUSY, memory_order_acquire,
			memory_order_relaxed))
			return row;
	}
	return NULL;
}

static int
row_fill(int fd, void (*moved)(int old_fd, int new_fd), bool inherited)
{
	struct private_row *row = row_claim();
	int r;

	if (row == NULL)
		return -ENOSPC;
	plx_shim_track();
	r = fdtab_publish(fd, FD_PRIVATE, 0);
	if (r < 0) {
		atomic_store_explicit(&row->fd_plus_one, 0,
		    memory_order_release);
		return r;
	}
	row->moved = moved;
	row->inherited = inherited;
	row_publish(row, fd);
	return fd;
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

void
private_fd_drop(int fd)
{
	struct private_row *row = row_of(fd);

	if (row == NULL)
		return;
	/* release: the row may be taken again. */
	atomic_store_explicit(&row->fd_plus_one, 0, memory_order_release);
	(void)fdtab_forget(fd);
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
	if (high >= 0 && fdtab_publish(high, FD_PRIVATE, 0) < 0) {
		(void)plx_sys_close(high);
		high = -1;
	}
	if (row->moved != NULL)
		row->moved(fd, high);
	if (high < 0)
		atomic_store_explicit(&row->fd_plus_one, 0,
		    memory_order_release);
	else
		row_publish(row, high);
	(void)fdtab_forget(fd);
}

int
private_fd_next(int from)
{
	int best = -1;
	int i;

	for (i = 0; i < PRIVATE_FDS_MAX; i++) {
		int fd = row_fd(&private_rows[i]);

		if (fd >= from && fd >= 0 && (best < 0 || fd < best))
			best = fd;
	}
	return best;
}

void
private_fd_fork_child(void)
{
	int i;

	for (i = 0; i < PRIVATE_FDS_MAX; i++) {
		int fd = row_fd(&private_rows[i]);

		if (fd >= 0 && !private_rows[i].inherited)
			private_fd_drop(fd);
	}
}

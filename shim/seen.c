/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seen.c - records and counts of the wrappers, see seen.h.
 */
#include "shim/seen.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "shim/active.h"
#include "shim/errno.h"

#define PAGE_BYTES   4096
#define SIGSET_BYTES 8
/* No such way of changing a signal mask: the kernel reads the set and says so. */
#define HOW_NONE (-1)

bool
plx_seen(struct plx_call call)
{
	plx_shim_enter();
	if (!plx_active_is(PLX_ACTIVE_LISTEN))
		return false;
	plx_count(call.api);
	return plx_listening();
}

struct plx_record
plx_rec(enum plx_op op, struct plx_call call)
{
	return (struct plx_record){
		.op = op,
		.api = (uint16_t)call.api,
		.set = -1,
		.fd = -1,
		.other = -1,
		.timeout_ns = -1,
		.caller = (uint64_t)(uintptr_t)call.caller,
	};
}

struct plx_record
plx_rec_fd(enum plx_op op, struct plx_call call, int fd)
{
	struct plx_record rec = plx_rec(op, call);

	rec.fd = fd;
	return rec;
}

static void
open_emit(struct plx_call call, enum plx_fd_what what, int open_flags, int fd)
{
	struct plx_record rec = plx_rec_fd(PLX_OP_FD_OPEN, call, fd);

	rec.extra = (uint16_t)what;
	rec.ret = fd;
	if ((open_flags & O_CLOEXEC) != 0)
		rec.n |= PLX_OPEN_CLOEXEC;
	if ((open_flags & O_NONBLOCK) != 0)
		rec.n |= PLX_OPEN_NONBLOCK;
	plx_emit_after(&rec);
}

int
plx_seen_open(struct plx_call call, enum plx_fd_what what, int open_flags,
    int fd)
{
	if (plx_seen(call) && fd >= 0)
		open_emit(call, what, open_flags, fd);
	return fd;
}

int
plx_seen_open2(struct plx_call call, enum plx_fd_what what, int open_flags,
    const int fds[2], int ret)
{
	if (plx_seen(call) && ret == 0) {
		open_emit(call, what, open_flags, fds[0]);
		open_emit(call, what, open_flags, fds[1]);
	}
	return ret;
}

static void
waited_emit(const struct plx_record *enter, int result)
{
	struct plx_record rec = *enter;

	rec.op = PLX_OP_WAIT_LEAVE;
	rec.ret = result;
	plx_emit_after(&rec);
}

static void
wait_cancelled(void *enter)
{
	waited_emit(enter, -ECANCELED);
}

/*
 * A function of its own: pthread_cleanup_push is a kind of setjmp here, and
 * what lives in registers around it would be lost.
 */
static long
wait_make(struct plx_record *enter, long (*make)(const long *arg),
    const long *arg)
{
	volatile long ret;

	pthread_cleanup_push(wait_cancelled, enter);
	ret = make(arg);
	pthread_cleanup_pop(0);
	return ret;
}

long
plx_seen_wait(const struct plx_record *enter, long (*make)(const long *arg),
    const long *arg)
{
	struct plx_record rec = *enter;
	int r = plx_emit_before(&rec);

	if (r < 0)
		return plx_ret(r);
	return wait_make(&rec, make, arg);
}

void
plx_seen_waited(const struct plx_record *enter, long ret)
{
	waited_emit(enter, plx_result(ret));
}

static bool
word_readable(uintptr_t at)
{
	/* With no set at all the kernel has nothing to read. */
	return at != 0 &&
	    plx_sys(SYS_rt_sigprocmask, HOW_NONE, (long)at, 0, SIGSET_BYTES, 0,
		0) != -EFAULT;
}

bool
plx_seen_readable(const void *p, size_t len_bytes)
{
	uintptr_t first = (uintptr_t)p;
	uintptr_t last;
	uintptr_t at;

	/* In a sandbox no call may be added to the program's. */
	if (len_bytes == 0 || plx_sandboxed())
		return true;
	if (__builtin_add_overflow(first, len_bytes - 1, &last))
		return false;
	/* The words that hold the first and last bytes, then one in each page. */
	first &= ~(uintptr_t)(SIGSET_BYTES - 1);
	last &= ~(uintptr_t)(SIGSET_BYTES - 1);
	if (!word_readable(first))
		return false;
	for (at = (first | (PAGE_BYTES - 1)) + 1; at != 0 && at <= last;
	     at += PAGE_BYTES)
		if (!word_readable(at))
			return false;
	return true;
}

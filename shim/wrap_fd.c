/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_fd.c - close, the dup family, fcntl.
 *
 * The engine hears of a close before the kernel does (fdtab.h). A number of
 * ours is not there for the program: close of it is a no-op that succeeds (who
 * closes it found it by listing what is open, and may assert that it was), the
 * others answer EBADF, and a dup onto it makes ours move away first.
 */
#include "shim/calls.h"

#include <fcntl.h>

#include "core/mutant.h"
#include "core/sys.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/hooks.h"
#include "shim/path.h"
#include "shim/private.h"
#include "shim/real.h"

/* A call about one descriptor, with a veto before and the result after. */
static long
fd_made(struct plx_make *m, struct plx_record *rec)
{
	long ret;
	int r = plx_emit_before(rec);

	if (r < 0)
		return plx_ret(r);
	ret = m->make(m->arg);
	rec->ret = plx_result(ret);
	plx_emit_after(rec);
	return ret;
}

long
plx_path_close(struct plx_make *m, int fd)
{
	bool listening = plx_seen(m->call);
	struct plx_record rec;

	if (plx_active_is(PLX_ACTIVE_NUMBERS)) {
		if (plx_hook_kept(fd))
			return 0;
		plx_hook_closing(fd);
	}
	if (!listening)
		return m->make(m->arg);
	rec = plx_rec_fd(PLX_OP_FD_CLOSE, m->call, fd);
	return fd_made(m, &rec);
}

static long
dup_made(struct plx_make *m, int old_fd, int new_fd)
{
	struct plx_record rec = plx_rec_fd(PLX_OP_FD_DUP, m->call, new_fd);
	long ret;
	int r;

	rec.other = old_fd;
	r = plx_emit_before(&rec);
	if (r < 0)
		return plx_ret(r);
	ret = m->make(m->arg);
	rec.ret = plx_result(ret);
	if (ret >= 0)
		rec.fd = (int)ret;
	plx_emit_after(&rec);
	return ret;
}

long
plx_path_dup(struct plx_make *m, int fd)
{
	bool listening = plx_seen(m->call);
	bool tracked = plx_active_is(PLX_ACTIVE_NUMBERS);
	long ret;

	if (tracked) {
		plx_hook_publish(fd);
		if (plx_hook_private(fd))
			m->arg[0] = -1;
	}
	ret = listening ? dup_made(m, fd, -1) : m->make(m->arg);
	if (tracked && ret >= 0)
		plx_hook_dup(fd, (int)ret);
	return ret;
}

/* The number new_fd is about to be replaced, if old_fd is open. */
static void
dup_over_hook(struct plx_make *m, int old_fd, int new_fd)
{
	plx_hook_publish(old_fd);
	if (plx_hook_private(old_fd))
		m->arg[0] = -1;
	else if (old_fd != new_fd && plx_hook_known(new_fd) &&
	    plx_sys_fcntl(old_fd, F_GETFD, 0) >= 0) {
		if (plx_hook_private(new_fd))
			private_fd_move(new_fd);
		if (PLX_MUTATE(replacing_is_not_told, true, false))
			plx_hook_closing(new_fd);
	}
}

long
plx_path_dup_over(struct plx_make *m, int old_fd, int new_fd)
{
	bool listening = plx_seen(m->call);
	bool tracked = plx_active_is(PLX_ACTIVE_NUMBERS);
	long ret;

	if (tracked)
		dup_over_hook(m, old_fd, new_fd);
	ret = listening ? dup_made(m, old_fd, new_fd) : m->make(m->arg);
	if (tracked && ret >= 0 && old_fd != new_fd)
		plx_hook_dup(old_fd, new_fd);
	return ret;
}

static enum plx_op
fcntl_op(int cmd)
{
	switch (cmd) {
	case F_SETFD:
		return PLX_OP_FD_CLOEXEC;
	case F_SETFL:
		return PLX_OP_FD_NONBLOCK;
	default:
		return PLX_OP_NONE;
	}
}

long
plx_path_fcntl(struct plx_make *m, int fd, int cmd, long arg)
{
	struct plx_record rec;
	bool listening;
	long ret;

	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		return plx_path_dup(m, fd);
	listening = plx_seen(m->call);
	if (plx_active_is(PLX_ACTIVE_NUMBERS) && plx_hook_private(fd))
		m->arg[0] = -1;
	if (!listening || fcntl_op(cmd) == PLX_OP_NONE)
		return m->make(m->arg);
	rec = plx_rec_fd(fcntl_op(cmd), m->call, fd);
	rec.extra = (arg & (cmd == F_SETFD ? FD_CLOEXEC : O_NONBLOCK)) != 0;
	ret = m->make(m->arg);
	rec.ret = plx_result(ret);
	if (ret >= 0)
		plx_emit_after(&rec);
	return ret;
}

static long
make_close(const long *arg)
{
	return plx_real.close((int)arg[0]);
}

static long
make_dup(const long *arg)
{
	return plx_real.dup((int)arg[0]);
}

static long
make_dup2(const long *arg)
{
	return plx_real.dup2((int)arg[0], (int)arg[1]);
}

static long
make_dup3(const long *arg)
{
	return plx_real.dup3((int)arg[0], (int)arg[1], (int)arg[2]);
}

static long
make_fcntl(const long *arg)
{
	return plx_real.fcntl((int)arg[0], (int)arg[1], arg[2]);
}

int
plx_w_close(int fd)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.close(fd);
	m = PLX_MAKE(close, make_close, fd);
	return (int)plx_path_close(&m, fd);
}

int
plx_w_dup(int fd)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.dup(fd);
	m = PLX_MAKE(dup, make_dup, fd);
	return (int)plx_path_dup(&m, fd);
}

int
plx_w_dup2(int old_fd, int new_fd)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.dup2(old_fd, new_fd);
	m = PLX_MAKE(dup2, make_dup2, old_fd, new_fd);
	return (int)plx_path_dup_over(&m, old_fd, new_fd);
}

int
plx_w_dup3(int old_fd, int new_fd, int flags)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.dup3(old_fd, new_fd, flags);
	m = PLX_MAKE(dup3, make_dup3, old_fd, new_fd, flags);
	return (int)plx_path_dup_over(&m, old_fd, new_fd);
}

int
plx_w_fcntl(int fd, int cmd, long arg)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.fcntl(fd, cmd, arg);
	m = PLX_MAKE(fcntl, make_fcntl, fd, cmd, arg);
	return (int)plx_path_fcntl(&m, fd, cmd, arg);
}

#define PLX_CALLS_FD
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

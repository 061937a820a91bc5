/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - fork and what forks inside libc. See fork.h.
 *
 * No lock is taken before a fork (nothing of ours is held over a call), so
 * there is nothing to release after it, and no atfork handler unless we are
 * blind: a page that reads zero in the child (core/proc.h) tells. The program's own handlers run
 * in the child before we do; the first wrapper that they call takes over.
 */
#include "shim/fork.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "core/iset.h"
#include "core/proc.h"
#include "core/report.h"
#include "shim/active.h"
#include "shim/calls.h"
#include "shim/errno.h"
#include "shim/hooks.h"
#include "shim/private.h"
#include "shim/real.h"
#include "shim/seen.h"

void
plx_fork_child(void)
{
	struct plx_record rec;

	if (!plx_proc_forked())
		return;
	plx_proc_adopt();
	/* Closes the sets that are not inherited. */
	iset_fork_child();
	private_fd_fork_child();
	report_adopt();
	if (plx_listening()) {
		rec = plx_rec(PLX_OP_FORK_CHILD,
		    (struct plx_call){ PLX_API_fork, NULL });
		plx_emit_after(&rec);
	}
}

void
plx_fork_prepare(void)
{
	if (plx_active_is(PLX_ACTIVE_TRACKED))
		plx_hook_fork_prepare();
}

void
plx_fork_watch(void)
{
	static atomic_flag watched = ATOMIC_FLAG_INIT;

	if (plx_proc_presence() != PLX_PRESENCE_BLIND ||
	    atomic_flag_test_and_set(&watched))
		return;
	/* Out of memory: as without it, kevent refuses in the child. */
	(void)pthread_atfork(plx_fork_prepare, NULL, plx_fork_child);
}

/* After the real call, in both processes; pid as libc returned it. */
static void
forked(struct plx_call call, bool listening, int pid)
{
	struct plx_record rec;

	if (pid == 0) {
		plx_fork_child();
		return;
	}
	if (!listening || pid < 0)
		return;
	rec = plx_rec(PLX_OP_FORK_PARENT, call);
	rec.ret = pid;
	plx_emit_after(&rec);
}

static pid_t
fork_seen(struct plx_call call, pid_t (*real)(void))
{
	bool listening = plx_seen(call);
	pid_t pid;

	plx_fork_prepare();
	pid = real();
	forked(call, listening, pid);
	return pid;
}

pid_t
plx_w_fork(void)
{
	if (!plx_active())
		return plx_real.fork();
	return fork_seen(PLX_CALL(fork), plx_real.fork);
}

pid_t
plx_w__Fork(void)
{
	if (!plx_active())
		return plx_real._Fork();
	return fork_seen(PLX_CALL(fork), plx_real._Fork);
}

/* libc closes fd, if it is none of them, and makes it 0, 1 and 2. */
static void
login_emit(struct plx_call call, int fd)
{
	struct plx_record rec;
	int i;

	for (i = 0; i <= STDERR_FILENO; i++) {
		rec = plx_rec_fd(PLX_OP_FD_DUP, call, i);
		rec.other = fd;
		rec.ret = i;
		plx_emit_after(&rec);
	}
	if (fd > STDERR_FILENO) {
		rec = plx_rec_fd(PLX_OP_FD_CLOSE, call, fd);
		plx_emit_after(&rec);
	}
}

static void
standard_hook(void)
{
	int i;

	if (!plx_active_is(PLX_ACTIVE_TRACKED))
		return;
	for (i = 0; i <= STDERR_FILENO; i++)
		plx_hook_closing(i);
}

/* libc put something else in the place of each standard stream. */
static void
standard_emit(struct plx_call call)
{
	struct plx_record rec;
	int i;

	for (i = 0; i <= STDERR_FILENO; i++) {
		rec = plx_rec_fd(PLX_OP_FD_CLOSE, call, i);
		(void)plx_emit_before(&rec);
		plx_emit_after(&rec);
		rec = plx_rec_fd(PLX_OP_FD_OPEN, call, i);
		rec.extra = PLX_WHAT_FILE;
		rec.ret = i;
		plx_emit_after(&rec);
	}
}

/*
 * Returns in the child only: the parent ends inside libc. What it opens for
 * the standard streams it closes again.
 */
int
plx_w_daemon(int keep_dir, int keep_stdio)
{
	struct plx_call call = PLX_CALL(fork);
	bool listening;
	int ret;

	if (!plx_active())
		return plx_real.daemon(keep_dir, keep_stdio);
	listening = plx_seen(call);
	plx_fork_prepare();
	ret = plx_real.daemon(keep_dir, keep_stdio);
	plx_fork_child();
	if (ret != 0 || keep_stdio != 0)
		return ret;
	standard_hook();
	if (listening)
		standard_emit(call);
	return ret;
}

int
plx_w_forkpty(int *ret_fd, char *name, const struct termios *termios,
    const struct winsize *winsize)
{
	struct plx_call call = PLX_CALL(fork);
	bool listening;
	int pid;

	if (!plx_active())
		return plx_real.forkpty(ret_fd, name, termios, winsize);
	listening = plx_seen(call);
	plx_fork_prepare();
	pid = plx_real.forkpty(ret_fd, name, termios, winsize);
	forked(call, listening, pid);
	if (pid == 0) {
		standard_hook();
		if (listening)
			standard_emit(call);
	} else if (pid > 0 && listening) {
		struct plx_record rec = plx_rec_fd(PLX_OP_FD_OPEN, call,
		    *ret_fd);

		rec.extra = PLX_WHAT_FILE;
		rec.ret = rec.fd;
		plx_emit_after(&rec);
	}
	return pid;
}

int
plx_w_login_tty(int fd)
{
	struct plx_call call = PLX_CALL(other);
	bool listening;
	int ret;

	if (!plx_active())
		return plx_real.login_tty(fd);
	listening = plx_seen(call);
	standard_hook();
	ret = plx_real.login_tty(fd);
	if (ret == 0 && listening)
		login_emit(call, fd);
	return ret;
}

void
plx_vfork_note(const void *caller)
{
	struct plx_call call = { PLX_API_vfork, caller };
	struct plx_record rec;

	if (!plx_seen(call))
		return;
	rec = plx_rec(PLX_OP_VFORK, call);
	(void)plx_emit_before(&rec);
}

#define PLX_CALLS_FORK
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

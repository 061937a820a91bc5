/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_syscall.c - the calls of interest that come by syscall(2).
 *
 * The assembly asks plx_syscall_wanted with every number and, if it says so,
 * jumps to plx_syscall_seen with the arguments as they came. Here the kernel's
 * own conventions hold: select changes its timeout, ppoll and pselect6 too,
 * signal sets come with their size; we pass everything on and look only at what
 * a record needs. Pointers may be bad: nothing is read before the kernel has.
 */
#include "shim/syscall.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "core/mutant.h"
#include "core/report.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/exec.h"
#include "shim/fork.h"
#include "shim/path.h"
#include "shim/process.h"
#include "shim/real.h"
#include "shim/signal.h"

/* Where the number of the call stands in plx_make.arg. */
#define ARG_NR (PLX_ARGS_MAX - 1)

/* How a number is handled. */
enum raw_kind {
	RAW_NONE = 0,
	RAW_POLL,
	RAW_PPOLL,
	RAW_SELECT,
	RAW_PSELECT,
	RAW_EPOLL_CREATE,
	RAW_EPOLL_CREATE1,
	RAW_EPOLL_CTL,
	RAW_EPOLL_WAIT, /* milliseconds */
	RAW_EPOLL_PWAIT2,
	RAW_CLOSE,
	RAW_CLOSE_RANGE,
	RAW_DUP,
	RAW_DUP_OVER,
	RAW_FCNTL,
	RAW_FORK,
	RAW_EXECVE,
	RAW_EXECVEAT,
	RAW_PRCTL,
	RAW_SECCOMP,
	RAW_UNSHARE,
	RAW_IO_URING,
	RAW_SIGACTION,
	RAW_KILL,
	RAW_TGKILL,
	RAW_TKILL,
};

struct raw_row {
	uint16_t nr;
	uint8_t kind;
	uint8_t api;
};

static const struct raw_row raw_rows[] = {
#ifdef SYS_poll
	{ SYS_poll, RAW_POLL, PLX_API_poll },
	{ SYS_select, RAW_SELECT, PLX_API_select },
	{ SYS_epoll_create, RAW_EPOLL_CREATE, PLX_API_epoll_create },
	{ SYS_epoll_wait, RAW_EPOLL_WAIT, PLX_API_epoll_wait },
	{ SYS_dup2, RAW_DUP_OVER, PLX_API_dup2 },
	{ SYS_fork, RAW_FORK, PLX_API_fork },
#endif
	{ SYS_ppoll, RAW_PPOLL, PLX_API_ppoll },
	{ SYS_pselect6, RAW_PSELECT, PLX_API_pselect },
	{ SYS_epoll_create1, RAW_EPOLL_CREATE1, PLX_API_epoll_create1 },
	{ SYS_epoll_ctl, RAW_EPOLL_CTL, PLX_API_epoll_ctl },
	{ SYS_epoll_pwait, RAW_EPOLL_WAIT, PLX_API_epoll_pwait },
	{ SYS_epoll_pwait2, RAW_EPOLL_PWAIT2, PLX_API_epoll_pwait2 },
	{ SYS_close, RAW_CLOSE, PLX_API_close },
	{ SYS_close_range, RAW_CLOSE_RANGE, PLX_API_close_range },
	{ SYS_dup, RAW_DUP, PLX_API_dup },
	{ SYS_dup3, RAW_DUP_OVER, PLX_API_dup3 },
	{ SYS_fcntl, RAW_FCNTL, PLX_API_fcntl },
	{ SYS_execve, RAW_EXECVE, PLX_API_exec },
	{ SYS_execveat, RAW_EXECVEAT, PLX_API_exec },
	{ SYS_prctl, RAW_PRCTL, PLX_API_prctl },
	{ SYS_seccomp, RAW_SECCOMP, PLX_API_other },
	{ SYS_unshare, RAW_UNSHARE, PLX_API_other },
	{ SYS_io_uring_setup, RAW_IO_URING, PLX_API_other },
	{ SYS_rt_sigaction, RAW_SIGACTION, PLX_API_other },
	{ SYS_kill, RAW_KILL, PLX_API_other },
	{ SYS_rt_sigqueueinfo, RAW_KILL, PLX_API_other },
	{ SYS_tgkill, RAW_TGKILL, PLX_API_other },
	{ SYS_rt_tgsigqueueinfo, RAW_TGKILL, PLX_API_other },
	{ SYS_tkill, RAW_TKILL, PLX_API_other },
};

#define RAW_ROWS_N (sizeof(raw_rows) / sizeof(raw_rows[0]))

static const struct raw_row *
raw_row_of(long nr)
{
	size_t i;

	for (i = 0; i < RAW_ROWS_N; i++)
		if (raw_rows[i].nr == nr)
			return &raw_rows[i];
	return NULL;
}

int
plx_syscall_wanted(long nr)
{
	if (PLX_MUTATE(raw_calls_are_not_seen, raw_row_of(nr) != NULL, false))
		return 1;
	if (plx_active_is(PLX_ACTIVE_LISTEN))
		plx_count(PLX_API_syscall);
	return 0;
}

static long
make_raw(const long *arg)
{
	return plx_real_syscall(arg[ARG_NR], arg[0], arg[1], arg[2], arg[3],
	    arg[4], arg[5]);
}

/* A timeout that may be a bad pointer: then the kernel will not sleep. */
static int64_t
raw_timespec_ns(long timeout)
{
	const struct timespec *span = (const struct timespec *)timeout;

	if (span != NULL && !plx_seen_readable(span, sizeof(*span)))
		return 0;
	return plx_path_ns_of_timespec(span);
}

static int64_t
raw_timeval_ns(long timeout)
{
	const struct timeval *span = (const struct timeval *)timeout;

	if (span != NULL && !plx_seen_readable(span, sizeof(*span)))
		return 0;
	return plx_path_ns_of_timeval(span);
}

static long
raw_poll(struct plx_make *m, int64_t timeout_ns)
{
	/* The kernel takes the count as unsigned int. */
	return plx_path_poll(m, (struct pollfd *)m->arg[0], (unsigned)m->arg[1],
	    timeout_ns);
}

static long
raw_select(struct plx_make *m, int64_t timeout_ns)
{
	return plx_path_select(m, (int)m->arg[0], timeout_ns);
}

static long
raw_epoll_wait(struct plx_make *m, int64_t timeout_ns)
{
	return plx_path_epoll_wait(m, (int)m->arg[0],
	    (struct epoll_event *)m->arg[1], (int)m->arg[2], timeout_ns);
}

static long
raw_wait(struct plx_make *m, enum raw_kind kind)
{
	switch ((int)kind) {
	case RAW_POLL:
		return raw_poll(m, plx_path_ns_of_ms((int)m->arg[2]));
	case RAW_PPOLL:
		return raw_poll(m, raw_timespec_ns(m->arg[2]));
	case RAW_SELECT:
		return raw_select(m, raw_timeval_ns(m->arg[4]));
	case RAW_PSELECT:
		return raw_select(m, raw_timespec_ns(m->arg[4]));
	case RAW_EPOLL_WAIT:
		return raw_epoll_wait(m, plx_path_ns_of_ms((int)m->arg[3]));
	default:
		return raw_epoll_wait(m, raw_timespec_ns(m->arg[3]));
	}
}

static long
raw_fork(struct plx_make *m)
{
	bool listening = plx_seen(m->call);
	struct plx_record rec;
	long pid;

	plx_fork_prepare();
	pid = m->make(m->arg);
	if (pid == 0)
		plx_fork_child();
	if (pid <= 0 || !listening)
		return pid;
	rec = plx_rec(PLX_OP_FORK_PARENT, m->call);
	rec.ret = (int)pid;
	plx_emit_after(&rec);
	return pid;
}

/* which: the place of the environment among the arguments. */
static long
raw_exec(struct plx_make *m, int which)
{
	struct plx_record rec = plx_rec(PLX_OP_EXEC, m->call);
	struct exec_env env;
	long ret;
	int r = 0;

	if (plx_seen(m->call))
		r = plx_emit_before(&rec);
	if (r < 0)
		return plx_ret(r);
	exec_env_make(&env, (char *const *)m->arg[which]);
	m->arg[which] = (long)env.envp;
	ret = m->make(m->arg);
	exec_env_drop(&env);
	return ret;
}

static long
raw_process(struct plx_make *m, enum raw_kind kind)
{
	bool sandbox;
	long ret;

	(void)plx_seen(m->call);
	sandbox = (kind == RAW_SECCOMP ||
		      (kind == RAW_PRCTL && m->arg[0] == PR_SET_SECCOMP)) &&
	    plx_sandbox_enter();
	ret = m->make(m->arg);
	if (sandbox)
		plx_sandbox_made(ret);
	if (kind == RAW_UNSHARE)
		plx_unshare_made(m->arg[0], ret);
	if (kind == RAW_IO_URING && ret >= 0)
		plx_process_unseen(PLX_UNSEEN_IO_URING);
	return ret;
}

static long
raw_fd(struct plx_make *m, enum raw_kind kind)
{
	switch ((int)kind) {
	case RAW_CLOSE:
		return plx_path_close(m, (int)m->arg[0]);
	case RAW_CLOSE_RANGE:
		return plx_path_close_range(m, (unsigned)m->arg[0],
		    (unsigned)m->arg[1], (int)m->arg[2]);
	case RAW_DUP:
		return plx_path_dup(m, (int)m->arg[0]);
	case RAW_DUP_OVER:
		return plx_path_dup_over(m, (int)m->arg[0], (int)m->arg[1]);
	default:
		return plx_path_fcntl(m, (int)m->arg[0], (int)m->arg[1],
		    m->arg[2]);
	}
}

static long
raw_signal(struct plx_make *m, enum raw_kind kind)
{
	const int at = kind == RAW_TGKILL ? 2 : 1; /* the signal's place */
	int pid = (int)m->arg[0];
	bool counted;
	long ret;

	(void)plx_seen(m->call);
	if (kind == RAW_SIGACTION)
		return plx_signal_raw_action(m->make, m->arg);
	/* A thread of ours, or not. */
	if (kind == RAW_TKILL && plx_signal_thread(pid))
		pid = plx_signal_self();
	counted = pid != 0 || kind == RAW_KILL
	    ? plx_signal_send(pid, (int)m->arg[at])
	    : false;
	ret = m->make(m->arg);
	plx_signal_sent(counted, (int)m->arg[at], ret);
	return ret;
}

static long
raw_made(struct plx_make *m, enum raw_kind kind)
{
	switch (kind) {
	case RAW_POLL:
	case RAW_PPOLL:
	case RAW_SELECT:
	case RAW_PSELECT:
	case RAW_EPOLL_WAIT:
	case RAW_EPOLL_PWAIT2:
		return raw_wait(m, kind);
	case RAW_EPOLL_CREATE:
		return plx_path_epoll_create(m, 0);
	case RAW_EPOLL_CREATE1:
		return plx_path_epoll_create(m, (int)m->arg[0]);
	case RAW_EPOLL_CTL:
		return plx_path_epoll_ctl(m, (int)m->arg[0], (int)m->arg[1],
		    (int)m->arg[2], (const struct epoll_event *)m->arg[3]);
	case RAW_CLOSE:
	case RAW_CLOSE_RANGE:
	case RAW_DUP:
	case RAW_DUP_OVER:
	case RAW_FCNTL:
		return raw_fd(m, kind);
	case RAW_FORK:
		return raw_fork(m);
	case RAW_EXECVE:
		return raw_exec(m, 2);
	case RAW_EXECVEAT:
		return raw_exec(m, 3);
	case RAW_PRCTL:
	case RAW_SECCOMP:
	case RAW_UNSHARE:
	case RAW_IO_URING:
		return raw_process(m, kind);
	case RAW_SIGACTION:
	case RAW_KILL:
	case RAW_TGKILL:
	case RAW_TKILL:
		return raw_signal(m, kind);
	case RAW_NONE:
		break;
	}
	return m->make(m->arg);
}

long
plx_syscall_seen(long nr, long a, long b, long c, long d, long e, long f)
{
	const struct raw_row *row = raw_row_of(nr);
	struct plx_make m = {
		.call = { (enum plx_api)row->api, PLX_CALLER() },
		.make = make_raw,
		.arg = { a, b, c, d, e, f, nr },
	};

	return raw_made(&m, (enum raw_kind)row->kind);
}

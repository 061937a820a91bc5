/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_process.c - what changes the process as a whole: limits, filters of
 * system calls, sharing of the descriptor table.
 */
#include "shim/process.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "core/iset.h"
#include "core/proc.h"
#include "core/report.h"
#include "shim/active.h"
#include "shim/calls.h"
#include "shim/real.h"
#include "shim/seen.h"

bool
plx_sandbox_enter(void)
{
	if (!plx_proc_is_owner())
		return false;
	/* The engine's sets of epoll would go on only with calls of ours. */
	(void)iset_fork_prepare();
	plx_active_sandbox();
	return true;
}

void
plx_process_unseen(uint32_t bits)
{
	if (plx_proc_is_owner())
		report_mark_unseen(bits);
}

void
plx_sandbox_made(long ret)
{
	if (ret < 0)
		plx_active_unsandbox();
	else
		report_mark_unseen(PLX_UNSEEN_SECCOMP);
}

int
plx_w_prctl(int option, long a, long b, long c, long d)
{
	bool sandbox;
	int ret;

	if (!plx_active())
		return plx_real.prctl(option, a, b, c, d);
	(void)plx_seen(PLX_CALL(prctl));
	sandbox = option == PR_SET_SECCOMP && plx_sandbox_enter();
	ret = plx_real.prctl(option, a, b, c, d);
	if (sandbox)
		plx_sandbox_made(ret);
	return ret;
}

void
plx_unshare_made(long flags, long ret)
{
	if (ret == 0 && (flags & CLONE_FILES) != 0)
		plx_process_unseen(PLX_UNSEEN_UNSHARE);
}

int
plx_w_unshare(int flags)
{
	int ret;

	if (!plx_active())
		return plx_real.unshare(flags);
	(void)plx_seen(PLX_CALL(other));
	ret = plx_real.unshare(flags);
	plx_unshare_made(flags, ret);
	return ret;
}

int
plx_w_setrlimit(int resource, const struct rlimit *limit)
{
	if (plx_active())
		(void)plx_seen(PLX_CALL(setrlimit));
	return plx_real.setrlimit(resource, limit);
}

int
plx_w_prlimit(pid_t pid, int resource, const struct rlimit *limit,
    struct rlimit *ret_old)
{
	if (plx_active())
		(void)plx_seen(PLX_CALL(setrlimit));
	return plx_real.prlimit(pid, resource, limit, ret_old);
}

#define PLX_CALLS_PROCESS
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal.c - see signal.h.
 *
 * A row is written under a lock with all signals blocked, so that no handler of
 * the writing thread finds it half done; a handler reads it as a sequence lock.
 *
 * Authority: sigaction(2), signal(7); kernel/signal.c for what is discarded.
 */
#include "shim/signal.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/lock.h"
#include "core/proc.h"
#include "core/signals.h"
#include "core/sys.h"
#include "shim/active.h"
#include "shim/real.h"
#include "shim/seen.h"

#define ACTION_WORDS ((sizeof(struct sigaction) + 7) / 8)

struct signal_row {
	_Atomic uint32_t turn;      /* odd: being written */
	_Atomic uint32_t installed; /* 1: the program's own is here */
	_Atomic uint64_t word[ACTION_WORDS];
};

static struct signal_row signal_rows[SIGNALS_MAX + 1];
static struct plx_lock signal_lock;

static void
row_store(struct signal_row *row, const struct sigaction *action)
{
	uint64_t words[ACTION_WORDS] = { 0 };

	memcpy(words, action, sizeof(*action));
	(void)atomic_fetch_add_explicit(&row->turn, 1, memory_order_acq_rel);
	for (size_t i = 0; i < ACTION_WORDS; i++)
		atomic_store_explicit(&row->word[i], words[i],
		    memory_order_release);
	(void)atomic_fetch_add_explicit(&row->turn, 1, memory_order_release);
}

static void
row_load(const struct signal_row *row, struct sigaction *ret_action)
{
	uint64_t words[ACTION_WORDS] = { 0 };
	uint32_t before;
	uint32_t after;

	/* A writer has all its signals blocked, and is another thread. */
	do {
		before = atomic_load_explicit(&row->turn, memory_order_acquire);
		for (size_t i = 0; i < ACTION_WORDS; i++)
			words[i] = atomic_load_explicit(&row->word[i],
			    memory_order_acquire);
		after = atomic_load_explicit(&row->turn, memory_order_relaxed);
	} while (before != after || (before & 1) != 0);
	memcpy(ret_action, words, sizeof(*ret_action));
}

static bool
row_installed(const struct signal_row *row)
{
	return atomic_load_explicit(&row->installed, memory_order_acquire) != 0;
}

/* --- what the kernel is told --- */

static void on_signal(int sig, siginfo_t *info, void *context);

static bool
ignored_by_default(int sig)
{
	return sig == SIGCHLD || sig == SIGCONT || sig == SIGURG ||
	    sig == SIGWINCH;
}

static bool
is_ignored(int sig, const struct sigaction *action)
{
	return action->sa_handler == SIG_IGN ||
	    (action->sa_handler == SIG_DFL && ignored_by_default(sig));
}

/* FreeBSD: an ignored SIGCHLD is not recorded; its children reap themselves. */
static bool
is_counted(int sig, const struct sigaction *action)
{
	return sig != SIGCHLD || action->sa_handler != SIG_IGN;
}

static void
real_of(int sig, const struct sigaction *own, struct sigaction *ret_real)
{
	const int kept = SA_NOCLDSTOP | SA_NOCLDWAIT;

	*ret_real = *own;
	if (!is_counted(sig, own) ||
	    (own->sa_handler == SIG_DFL && !ignored_by_default(sig)))
		return; /* nobody would live to count */
	ret_real->sa_sigaction = on_signal;
	ret_real->sa_flags = (own->sa_flags & ~(int)SA_RESETHAND) | SA_SIGINFO;
	if (!is_ignored(sig, own))
		return;
	ret_real->sa_flags = (own->sa_flags & kept) | SA_SIGINFO | SA_RESTART |
	    SA_ONSTACK;
	sigemptyset(&ret_real->sa_mask);
}

static int
real_set(int sig, const struct sigaction *own)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction real;
	const int saved = errno;
	int r;

	real_of(sig, own, &real);
	/* What is pending is discarded when it becomes ignored. */
	if (is_ignored(sig, own))
		(void)plx_real.sigaction(sig, &ignore, NULL);
	r = plx_real.sigaction(sig, &real, NULL) < 0 ? -errno : 0;
	errno = saved;
	return r;
}

/* In a sandbox nobody asks, and there are no children in our memory. */
static bool
is_ours(void)
{
	return plx_sandboxed() || plx_proc_is_owner();
}

/* --- the handler --- */

static bool
sent_by_self(const siginfo_t *info)
{
	return (info->si_code == SI_USER || info->si_code == SI_TKILL ||
		   info->si_code == SI_QUEUE) &&
	    info->si_pid == plx_proc_owner_pid();
}

static void
row_reset(int sig, struct sigaction own)
{
	const uint64_t before = plx_sys_signals_block();

	own.sa_handler = SIG_DFL;
	if (plx_lock_take(&signal_lock) == 0) {
		row_store(&signal_rows[sig], &own);
		(void)real_set(sig, &own);
		plx_lock_drop(&signal_lock);
	}
	plx_sys_signals_restore(before);
}

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	const int saved = errno;
	struct sigaction own;

	if (is_ours())
		signal_arrived(sig, sent_by_self(info));
	row_load(&signal_rows[sig], &own);
	signal_ran(!is_ignored(sig, &own));
	if (is_ignored(sig, &own)) {
		errno = saved;
		return;
	}
	if (own.sa_handler == SIG_DFL) {
		/* It became so after the kernel had chosen us. */
		(void)real_set(sig, &own);
		(void)plx_sys(SYS_tgkill, plx_sys_getpid(), plx_sys_gettid(),
		    sig, 0, 0, 0);
		errno = saved;
		return;
	}
	if ((own.sa_flags & (int)SA_RESETHAND) != 0)
		row_reset(sig, own);
	errno = saved;
	own.sa_sigaction(sig, info, context);
}

/* --- the program's side --- */

bool
plx_signal_virtual(int sig)
{
	return plx_active() && signal_watched(sig);
}

/* A child that shares our memory: its dispositions are its own. */
static int
action_of_another(int sig, const struct sigaction *action,
    struct sigaction *ret_old)
{
	const int ret = plx_real.sigaction(sig, action, ret_old);

	if (ret == 0 && ret_old != NULL && ret_old->sa_sigaction == on_signal)
		row_load(&signal_rows[sig], ret_old);
	return ret;
}

static int
action_locked(int sig, const struct sigaction *action,
    struct sigaction *ret_old)
{
	struct signal_row *row = &signal_rows[sig];
	struct sigaction old;
	int r = 0;

	if (!row_installed(row))
		return plx_real.sigaction(sig, action, ret_old);
	row_load(row, &old);
	if (action != NULL) {
		struct sigaction own = *action;

		row_store(row, &own);
		r = real_set(sig, &own);
		if (r < 0)
			row_store(row, &old);
	}
	if (r < 0) {
		errno = -r;
		return -1;
	}
	if (ret_old != NULL)
		*ret_old = old;
	return 0;
}

int
plx_signal_action(int sig, const struct sigaction *action,
    struct sigaction *ret_old)
{
	uint64_t before;
	int ret;

	if (!is_ours())
		return action_of_another(sig, action, ret_old);
	before = plx_sys_signals_block();
	(void)plx_lock_take(&signal_lock);
	ret = action_locked(sig, action, ret_old);
	plx_lock_drop(&signal_lock);
	plx_sys_signals_restore(before);
	return ret;
}

/* The kernel's own structure on x86-64 and aarch64. */
struct kernel_action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

static void
action_in(const struct kernel_action *from, struct sigaction *to)
{
	memset(to, 0, sizeof(*to));
	memcpy(&to->sa_handler, &from->handler, sizeof(from->handler));
	to->sa_flags = (int)from->flags;
	memcpy(&to->sa_mask, &from->mask, sizeof(from->mask));
}

static void
action_out(const struct sigaction *from, struct kernel_action *to)
{
	memcpy(&to->handler, &from->sa_handler, sizeof(to->handler));
	to->flags = (uint64_t)(unsigned int)from->sa_flags;
	memcpy(&to->restorer, &from->sa_restorer, sizeof(to->restorer));
	memcpy(&to->mask, &from->sa_mask, sizeof(to->mask));
}

long
plx_signal_raw_action(long (*make)(const long *arg), const long *arg)
{
	const struct kernel_action *new = (const struct kernel_action *)arg[1];
	struct kernel_action *old = (struct kernel_action *)arg[2];
	struct sigaction action;
	struct sigaction before;
	int ret;

	if (!plx_signal_virtual((int)arg[0]) || arg[3] != sizeof(old->mask) ||
	    (new != NULL && !plx_seen_readable(new, sizeof(*new))))
		return make(arg);
	if (new != NULL)
		action_in(new, &action);
	ret = plx_signal_action((int)arg[0], new != NULL ? &action : NULL,
	    &before);
	if (ret == 0 && old != NULL)
		action_out(&before, old);
	return ret;
}

/* --- for the engine; signals are blocked --- */

int
plx_signal_watch(int sig)
{
	struct signal_row *row = &signal_rows[sig];
	const int saved = errno;
	struct sigaction own;
	int r = 0;

	if (plx_proc_presence() != PLX_PRESENCE_INTERPOSED)
		return -ENOTSUP;
	if (plx_sandboxed())
		return -EPERM;
	(void)plx_lock_take(&signal_lock);
	if (plx_real.sigaction(sig, NULL, &own) < 0)
		r = -errno;
	errno = saved;
	if (r >= 0) {
		row_store(row, &own);
		r = real_set(sig, &own);
	}
	/* The kernel never refuses what it told, but for these two. */
	if (sig == SIGKILL || sig == SIGSTOP)
		r = -EINVAL;
	if (r >= 0)
		atomic_store_explicit(&row->installed, 1, memory_order_release);
	plx_lock_drop(&signal_lock);
	return r;
}

void
plx_signal_unwatch(int sig)
{
	struct signal_row *row = &signal_rows[sig];
	const int saved = errno;
	struct sigaction own;

	(void)plx_lock_take(&signal_lock);
	row_load(row, &own);
	atomic_store_explicit(&row->installed, 0, memory_order_release);
	(void)plx_real.sigaction(sig, &own, NULL);
	errno = saved;
	plx_lock_drop(&signal_lock);
}

/* --- sends --- */

bool
plx_signal_thread(int tid)
{
	return plx_sys(SYS_tgkill, plx_proc_owner_pid(), tid, 0, 0, 0, 0) == 0;
}

int
plx_signal_self(void)
{
	return plx_proc_owner_pid();
}

static bool
means_us(int pid)
{
	if (pid == plx_proc_owner_pid() || pid == 0)
		return true;
	return pid < -1 && pid == -(int)plx_sys(SYS_getpgid, 0, 0, 0, 0, 0, 0);
}

bool
plx_signal_send(int pid, int sig)
{
	struct sigaction own;

	if (!plx_signal_virtual(sig) || !means_us(pid) || !is_ours())
		return false;
	row_load(&signal_rows[sig], &own);
	if (!is_counted(sig, &own))
		return false;
	signal_sending(sig);
	return true;
}

void
plx_signal_sent(bool counted, int sig, long ret)
{
	if (counted)
		signal_sent(sig, ret != 0);
}

/* --- around exec --- */

static void
ignored_set(bool really)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	for (int sig = 1; sig <= SIGNALS_MAX; sig++) {
		struct sigaction own;

		if (!row_installed(&signal_rows[sig]))
			continue;
		row_load(&signal_rows[sig], &own);
		if (own.sa_handler != SIG_IGN)
			continue;
		if (really)
			(void)plx_real.sigaction(sig, &ignore, NULL);
		else
			(void)real_set(sig, &own);
	}
}

void
plx_signal_exec(void)
{
	ignored_set(true);
}

void
plx_signal_exec_failed(void)
{
	ignored_set(false);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_signal.c - dispositions, and signals that the process sends itself. Of a
 * signal that nobody watches, each is the next definition's.
 *
 * What libc makes of its older names is remade here from sigaction, as libc's
 * own versions call libc's sigaction.
 *
 * Authority: signal(2), sysv_signal(3), sigset(3), siginterrupt(3).
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/signals.h"
#include "core/sys.h"
#include "shim/active.h"
#include "shim/calls.h"
#include "shim/real.h"
#include "shim/seen.h"
#include "shim/signal.h"

/* Signals that siginterrupt made interrupt; for those that follow. */
static _Atomic uint64_t interrupting;

static uint64_t
bit_of(int sig)
{
	return UINT64_C(1) << (sig - 1);
}

/* In each wrapper itself: the caller is the program. */
#define COUNT()                                          \
	do {                                             \
		if (plx_active())                        \
			(void)plx_seen(PLX_CALL(other)); \
	} while (0)

int
plx_w_sigaction(int sig, const struct sigaction *action,
    struct sigaction *ret_old)
{
	COUNT();
	if (!plx_signal_virtual(sig))
		return plx_real.sigaction(sig, action, ret_old);
	return plx_signal_action(sig, action, ret_old);
}

static sighandler_t
handler_set(int sig, struct sigaction *action)
{
	struct sigaction old;

	if (action->sa_handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	return plx_signal_action(sig, action, &old) < 0 ? SIG_ERR
							: old.sa_handler;
}

sighandler_t
plx_w_signal(int sig, sighandler_t handler)
{
	struct sigaction action = { .sa_handler = handler };

	COUNT();
	if (!plx_signal_virtual(sig))
		return plx_real.signal(sig, handler);
	sigaddset(&action.sa_mask, sig);
	if ((atomic_load_explicit(&interrupting, memory_order_relaxed) &
		bit_of(sig)) == 0)
		action.sa_flags = SA_RESTART;
	return handler_set(sig, &action);
}

sighandler_t
plx_w_sysv_signal(int sig, sighandler_t handler)
{
	struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = (int)(SA_RESETHAND | SA_NODEFER),
	};

	COUNT();
	if (!plx_signal_virtual(sig))
		return plx_real.sysv_signal(sig, handler);
	return handler_set(sig, &action);
}

/* Blocks or unblocks one signal of this thread; whether it was blocked. */
static bool
mask_set(int how, int sig)
{
	sigset_t one;
	sigset_t before;

	sigemptyset(&one);
	sigaddset(&one, sig);
	sigemptyset(&before);
	(void)pthread_sigmask(how, &one, &before);
	return sigismember(&before, sig) == 1;
}

sighandler_t
plx_w_sigset(int sig, sighandler_t disposition)
{
	struct sigaction action = { .sa_handler = disposition };
	sighandler_t old;

	COUNT();
	if (!plx_signal_virtual(sig))
		return plx_real.sigset(sig, disposition);
	if (disposition == SIG_HOLD) {
		struct sigaction now;

		if (plx_signal_action(sig, NULL, &now) < 0)
			return SIG_ERR;
		return mask_set(SIG_BLOCK, sig) ? SIG_HOLD : now.sa_handler;
	}
	old = handler_set(sig, &action);
	if (old == SIG_ERR)
		return old;
	return mask_set(SIG_UNBLOCK, sig) ? SIG_HOLD : old;
}

int
plx_w_sigignore(int sig)
{
	const struct sigaction action = { .sa_handler = SIG_IGN };

	COUNT();
	if (!plx_signal_virtual(sig))
		return plx_real.sigignore(sig);
	return plx_signal_action(sig, &action, NULL);
}

int
plx_w_siginterrupt(int sig, int interrupt)
{
	struct sigaction action;

	COUNT();
	/* Remembered for signal(), whoever watches when. */
	if (sig > 0 && sig <= SIGNALS_MAX && interrupt != 0)
		(void)atomic_fetch_or_explicit(&interrupting, bit_of(sig),
		    memory_order_relaxed);
	else if (sig > 0 && sig <= SIGNALS_MAX)
		(void)atomic_fetch_and_explicit(&interrupting, ~bit_of(sig),
		    memory_order_relaxed);
	if (!plx_signal_virtual(sig))
		return plx_real.siginterrupt(sig, interrupt);
	if (plx_signal_action(sig, NULL, &action) < 0)
		return -1;
	action.sa_flags &= ~SA_RESTART;
	if (interrupt == 0)
		action.sa_flags |= SA_RESTART;
	return plx_signal_action(sig, &action, NULL);
}

/* --- sends --- */

int
plx_w_kill(pid_t pid, int sig)
{
	bool counted;
	int ret;

	COUNT();
	counted = plx_signal_send(pid, sig);
	ret = plx_real.kill(pid, sig);
	plx_signal_sent(counted, sig, ret);
	return ret;
}

int
plx_w_killpg(pid_t group, int sig)
{
	bool counted;
	int ret;

	COUNT();
	counted = plx_signal_send(group == 0 ? 0 : -group, sig);
	ret = plx_real.killpg(group, sig);
	plx_signal_sent(counted, sig, ret);
	return ret;
}

int
plx_w_raise(int sig)
{
	bool counted;
	int ret;

	COUNT();
	counted = plx_signal_send(plx_signal_self(), sig);
	ret = plx_real.raise(sig);
	plx_signal_sent(counted, sig, ret);
	return ret;
}

int
plx_w_sigqueue(pid_t pid, int sig, union sigval value)
{
	bool counted;
	int ret;

	COUNT();
	counted = plx_signal_send(pid, sig);
	ret = plx_real.sigqueue(pid, sig, value);
	plx_signal_sent(counted, sig, ret);
	return ret;
}

int
plx_w_pthread_kill(pthread_t thread, int sig)
{
	bool counted;
	int ret;

	COUNT();
	counted = plx_signal_send(plx_signal_self(), sig);
	ret = plx_real.pthread_kill(thread, sig);
	plx_signal_sent(counted, sig, ret);
	return ret;
}

int
plx_w_pthread_sigqueue(pthread_t thread, int sig, union sigval value)
{
	bool counted;
	int ret;

	COUNT();
	counted = plx_signal_send(plx_signal_self(), sig);
	ret = plx_real.pthread_sigqueue(thread, sig, value);
	plx_signal_sent(counted, sig, ret);
	return ret;
}

int
plx_w_tgkill(pid_t pid, pid_t tid, int sig)
{
	bool counted;
	int ret;

	COUNT();
	counted = pid > 0 && plx_signal_send(pid, sig);
	ret = plx_real.tgkill(pid, tid, sig);
	plx_signal_sent(counted, sig, ret);
	return ret;
}

#define PLX_CALLS_SIGNAL
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

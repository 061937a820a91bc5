/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant.c - which mutant this process is, and the mutants of whole calls.
 */
#include "tests/differential/mutants/mutant.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>

#include "shim/path.h"
#include "shim/real.h"

#define VARIABLE "POLLUX_MUTANT="
/* Before the object's own constructor, which has no priority. */
#define FIRST 101

enum plx_mutant plx_mutant;

static const char *const names[PLX_MUTANT_MAX] = {
	"none",
#define MUTANT(name, mode, program, test) #name,
#include "tests/differential/mutants/mutants.def"
#undef MUTANT
};

__attribute__((constructor(FIRST), used)) static void
mutant_start(int argc, char **argv, char **envp)
{
	const char *wanted = NULL;

	(void)argc;
	(void)argv;
	for (; envp != NULL && *envp != NULL; envp++)
		if (strncmp(*envp, VARIABLE, sizeof(VARIABLE) - 1) == 0)
			wanted = *envp + sizeof(VARIABLE) - 1;
	for (unsigned int i = 0; wanted != NULL && i < PLX_MUTANT_MAX; i++)
		if (strcmp(names[i], wanted) == 0)
			plx_mutant = (enum plx_mutant)i;
}

/* The call as it came, for the mutants that spoil its answer. */
static _Thread_local long (*made)(const long *arg);

static long
answer_spoilt(const long *arg)
{
	int saved = errno;
	long ret = made(arg);

	if (plx_mutant == PLX_MUTANT_errno_of_failures_is_einval && ret < 0)
		errno = EINVAL;
	if (plx_mutant == PLX_MUTANT_success_clears_errno && ret >= 0)
		errno = 0;
	if (plx_mutant == PLX_MUTANT_success_counts_one_more && ret > 0)
		ret++;
	while (plx_mutant == PLX_MUTANT_interruption_is_restarted && ret < 0 &&
	    errno == EINTR) {
		errno = saved;
		ret = made(arg);
	}
	return ret;
}

static void
spoil_poll(struct plx_make *m)
{
	long *arg = m->arg;

	if (plx_mutant == PLX_MUTANT_poll_drops_the_last_member && arg[1] > 1)
		arg[1]--;
	if (m->call.api == PLX_API_ppoll) {
		if (plx_mutant == PLX_MUTANT_ppoll_forgets_the_mask)
			arg[3] = 0;
		if (plx_mutant == PLX_MUTANT_ppoll_forgets_the_timeout) {
			static const struct timespec zero;

			arg[2] = (long)&zero;
		}
		return;
	}
	if (plx_mutant == PLX_MUTANT_poll_infinite_is_zero && arg[2] < 0)
		arg[2] = 0;
	if (plx_mutant == PLX_MUTANT_poll_timeout_is_zero && arg[2] > 0)
		arg[2] = 0;
}

static void
spoil_select(struct plx_make *m)
{
	static _Thread_local struct timeval copy;
	long *arg = m->arg;

	if (plx_mutant == PLX_MUTANT_select_loses_one_descriptor && arg[0] > 0)
		arg[0]--;
	if (plx_mutant == PLX_MUTANT_select_loses_the_third_set)
		arg[3] = 0;
	if (plx_mutant == PLX_MUTANT_select_keeps_the_rest_to_itself &&
	    m->call.api == PLX_API_select && arg[4] > 4096) {
		copy = *(struct timeval *)arg[4];
		arg[4] = (long)&copy;
	}
	if (plx_mutant == PLX_MUTANT_pselect_forgets_the_mask &&
	    m->call.api == PLX_API_pselect)
		arg[5] = 0;
}

static void
spoil_epoll_ctl(struct plx_make *m)
{
	static _Thread_local struct epoll_event copy;
	long *arg = m->arg;

	if (plx_mutant == PLX_MUTANT_epoll_ctl_swaps_mod_and_add &&
	    arg[1] == EPOLL_CTL_ADD)
		arg[1] = EPOLL_CTL_MOD;
	if (arg[3] < 4096 || arg[1] == EPOLL_CTL_DEL)
		return;
	copy = *(struct epoll_event *)arg[3];
	if (plx_mutant == PLX_MUTANT_epoll_ctl_drops_oneshot)
		copy.events &= ~(uint32_t)EPOLLONESHOT;
	if (plx_mutant == PLX_MUTANT_epoll_ctl_drops_edge)
		copy.events &= ~(uint32_t)EPOLLET;
	if (plx_mutant == PLX_MUTANT_epoll_ctl_cuts_the_data)
		copy.data.u64 = copy.data.u32;
	arg[3] = (long)&copy;
}

static void
spoil_epoll_wait(struct plx_make *m)
{
	static const struct timespec zero;
	long *arg = m->arg;

	if (plx_mutant == PLX_MUTANT_epoll_wait_takes_one_more && arg[2] > 0)
		arg[2]++;
	if (plx_mutant == PLX_MUTANT_epoll_wait_infinite_is_zero &&
	    m->call.api == PLX_API_epoll_wait && arg[3] < 0)
		arg[3] = 0;
	if (plx_mutant == PLX_MUTANT_epoll_pwait_forgets_the_mask &&
	    m->call.api != PLX_API_epoll_wait)
		arg[4] = 0;
	if (plx_mutant == PLX_MUTANT_epoll_pwait2_forgets_the_timeout &&
	    m->call.api == PLX_API_epoll_pwait2)
		arg[3] = (long)&zero;
}

static long
dup_instead(const long *arg)
{
	return plx_real.dup((int)arg[0]);
}

static long
nothing_instead(const long *arg)
{
	(void)arg;
	return 0;
}

static void
spoil_fd(struct plx_make *m)
{
	long *arg = m->arg;

	if (plx_mutant == PLX_MUTANT_close_does_nothing &&
	    m->call.api == PLX_API_close)
		m->make = nothing_instead;
	if (plx_mutant == PLX_MUTANT_dup2_is_dup && m->call.api == PLX_API_dup2)
		m->make = dup_instead;
	if (plx_mutant == PLX_MUTANT_dup3_forgets_cloexec &&
	    m->call.api == PLX_API_dup3)
		arg[2] = 0;
	if (plx_mutant == PLX_MUTANT_fcntl_forgets_its_argument &&
	    m->call.api == PLX_API_fcntl)
		arg[2] = 0;
	if (plx_mutant == PLX_MUTANT_close_range_closes_one_less &&
	    m->call.api == PLX_API_close_range)
		arg[1]--;
}

void
plx_mutate_make(struct plx_make *m)
{
	if (plx_mutant == PLX_MUTANT_none)
		return;
	if (m->call.api == PLX_API_poll || m->call.api == PLX_API_ppoll)
		spoil_poll(m);
	else if (m->call.api == PLX_API_select ||
	    m->call.api == PLX_API_pselect)
		spoil_select(m);
	else if (m->call.api == PLX_API_epoll_ctl)
		spoil_epoll_ctl(m);
	else if (m->call.api >= PLX_API_epoll_wait &&
	    m->call.api <= PLX_API_epoll_pwait2)
		spoil_epoll_wait(m);
	else
		spoil_fd(m);
	if (plx_mutant == PLX_MUTANT_epoll_create1_forgets_cloexec &&
	    m->call.api == PLX_API_epoll_create1)
		m->arg[0] &= ~(long)EPOLL_CLOEXEC;
	if (plx_mutant >= PLX_MUTANT_errno_of_failures_is_einval &&
	    plx_mutant <= PLX_MUTANT_interruption_is_restarted) {
		made = m->make;
		m->make = answer_spoilt;
	}
}

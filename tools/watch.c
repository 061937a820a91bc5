/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.c - one poll loop over a signalfd and pidfds. Nothing here runs in a
 * signal handler.
 */
#include "tools/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/holders.h"

/* How often the region is looked at while something is awaited in it. */
#define LOOK_MS 10
/* A program that has not waited for events by then is up all the same. */
#define UP_MS 5000
/* From the end of the program to the first line of what it started last. */
#define EXEC_GRACE_MS 500
/* How often /proc is looked through for one that is about to attach. */
#define SCAN_MS 50
/* From our SIGTERM to SIGKILL. */
#define KILL_MS 10000
/* Before it is said that others are awaited. */
#define PATIENCE_MS 1000
/* For the command of --while to end, when the program has ended by itself. */
#define COMPANION_MS 3000

enum place {
	AT_SIGNAL,
	AT_CHILD,
	AT_COMPANION,
	AT_OTHERS,
	PLACES = AT_OTHERS + PLX_PROCS_MAX,
};

/* The command of --while. */
enum companion {
	COMPANION_NONE,    /* not asked for */
	COMPANION_AWAITED, /* the program is not up yet */
	COMPANION_RUNS,
	COMPANION_ENDED,
};

struct waiting {
	struct plx_watch *watch;
	struct pollfd poll[PLACES]; /* fd < 0: nothing there */
	pid_t other[PLX_PROCS_MAX];
	uint32_t others_n; /* slots of the region looked at */
	bool looked[PLX_PROCS_MAX];
	enum companion companion;
	pid_t companion_pid;
	int64_t scan_ms;   /* when to look through /proc again */
	bool held;         /* what was found there */
	int64_t lonely_ms; /* since when it has nobody to talk to */
	bool said;
	bool killed;
	unsigned signals_n;
	int64_t start_ms;
	int64_t child_end_ms; /* 0: it lives */
	int64_t term_ms;      /* when we sent SIGTERM, or 0 */
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
plx_watch_signals(sigset_t *ret_old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, ret_old);
}

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
hold_other(struct waiting *w, uint32_t i, pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return; /* ended */
	/* The number may be another process's by now. */
	if (!plx_holds_region(pid, w->watch->inode)) {
		close(fd);
		return;
	}
	w->poll[AT_OTHERS + i].fd = fd;
	w->other[i] = pid;
}

/* Opens pidfds of processes that attached since the last look. */
static void
look_for_others(struct waiting *w)
{
	const struct plx_region *region = w->watch->region;

	w->others_n = plx_region_processes(region);
	for (uint32_t i = 0; i < w->others_n; i++) {
		const struct plx_proc_slot *proc = plx_region_process(region,
		    i);

		if (proc == NULL || w->looked[i])
			continue;
		w->looked[i] = true;
		if (proc->pid != w->watch->pid)
			hold_other(w, i, proc->pid);
	}
}

static bool
others_live(const struct waiting *w)
{
	for (uint32_t i = 0; i < w->others_n; i++) {
		if (w->poll[AT_OTHERS + i].fd >= 0)
			return true;
	}
	return false;
}

static bool
is_first_of_pid(const struct plx_region *region, uint32_t i)
{
	int32_t pid = region->proc[i].pid;

	for (uint32_t j = 0; j < i; j++) {
		if (region->proc[j].pid == pid)
			return false;
	}
	return true;
}

/* Children that were made and that have not attached yet (or never will). */
static bool
children_outstanding(const struct plx_region *region)
{
	uint64_t made = 0;
	uint64_t attached = 0;

	for (uint32_t i = 0; i < plx_region_processes(region); i++) {
		const struct plx_proc_slot *proc = plx_region_process(region,
		    i);

		if (proc == NULL)
			return true;
		made += plx_calls(proc, PLX_API_fork) +
		    plx_calls(proc, PLX_API_vfork) +
		    plx_calls(proc, PLX_API_posix_spawn);
		attached += is_first_of_pid(region, i);
	}
	return made + 1 > attached && made != 0;
}

static void
signal_all(struct waiting *w, int signal)
{
	if (w->child_end_ms == 0) {
		kill(w->watch->pid, signal);
		return;
	}
	for (uint32_t i = 0; i < w->others_n; i++) {
		int fd = w->poll[AT_OTHERS + i].fd;

		if (fd >= 0)
			(void)pidfd_send_signal(fd, signal, NULL, 0);
	}
}

static void
give_up(struct waiting *w, int signal)
{
	if (w->child_end_ms != 0)
		return;
	plx_note("not waiting any longer; %s (pid %d) still runs",
	    w->watch->name, w->watch->pid);
	w->watch->status = signal;
}

/* A signal for us. Returns false when it is one too many. */
static bool
take_signal(struct waiting *w)
{
	struct signalfd_siginfo info;

	if (read(w->poll[AT_SIGNAL].fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (++w->signals_n > 1) {
		give_up(w, (int)info.ssi_signo);
		return false;
	}
	/* From the terminal the whole process group has it already. */
	if (info.ssi_code != SI_KERNEL || w->child_end_ms != 0)
		signal_all(w, (int)info.ssi_signo);
	return true;
}

/* Up: it, or a process of it, has begun to wait for events. */
static bool
is_up(const struct waiting *w)
{
	static const enum plx_api waits[] = { PLX_API_select, PLX_API_pselect,
		PLX_API_poll, PLX_API_ppoll, PLX_API_epoll_wait,
		PLX_API_epoll_pwait, PLX_API_epoll_pwait2, PLX_API_kevent };
	const struct plx_region *region = w->watch->region;

	for (uint32_t i = 0; i < plx_region_processes(region); i++) {
		const struct plx_proc_slot *proc = plx_region_process(region,
		    i);

		for (size_t j = 0;
		     proc != NULL && j < sizeof(waits) / sizeof(waits[0]);
		     j++) {
			if (plx_calls(proc, waits[j]) != 0)
				return true;
		}
	}
	return now_ms() - w->start_ms > UP_MS;
}

static void
start_companion(struct waiting *w)
{
	const char *command = w->watch->meanwhile;
	char pid_text[16];
	sigset_t none;
	pid_t pid;

	snprintf(pid_text, sizeof(pid_text), "%d", w->watch->pid);
	pid = fork();
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setenv("POLLUX_PID", pid_text, 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(PLX_EXIT_NOT_FOUND);
	}
	w->companion = COMPANION_RUNS;
	w->companion_pid = pid;
	w->poll[AT_COMPANION].fd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (w->poll[AT_COMPANION].fd < 0) {
		plx_note("cannot run --while: %s", strerror(errno));
		w->companion = COMPANION_ENDED;
		w->watch->meanwhile_code = PLX_EXIT_FAILED;
	}
}

static void
end_companion(struct waiting *w)
{
	int status = 0;

	(void)waitpid(w->companion_pid, &status, 0);
	w->watch->meanwhile_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						       : WEXITSTATUS(status);
	close(w->poll[AT_COMPANION].fd);
	w->poll[AT_COMPANION].fd = -1;
	w->companion = COMPANION_ENDED;
	w->term_ms = now_ms();
	w->watch->ended_by_us = w->child_end_ms == 0;
	signal_all(w, SIGTERM);
}

static void
end_child(struct waiting *w)
{
	(void)waitpid(w->watch->pid, &w->watch->status, 0);
	w->poll[AT_CHILD].fd = -1;
	w->child_end_ms = now_ms();
	look_for_others(w);
}

static void
end_others(struct waiting *w)
{
	for (uint32_t i = 0; i < w->others_n; i++) {
		struct pollfd *p = &w->poll[AT_OTHERS + i];

		if (p->fd >= 0 && p->revents != 0) {
			close(p->fd);
			p->fd = -1;
		}
	}
}

static void
say_waiting(struct waiting *w)
{
	unsigned n = 0;
	pid_t first = 0;

	for (uint32_t i = 0; i < w->others_n; i++) {
		if (w->poll[AT_OTHERS + i].fd >= 0 && n++ == 0)
			first = w->other[i];
	}
	plx_note("%s has ended; waiting for %u process%s that it left behind "
		 "(pid %d%s); interrupt to stop waiting",
	    w->watch->name, n, n == 1 ? "" : "es", first, n == 1 ? "" : " ...");
	w->said = true;
}

/*
 * A child that was made but has not attached. One of fork(2) has the region
 * mapped from its first moment; one that execs is waited for a while only.
 */
static bool
child_is_coming(struct waiting *w)
{
	int64_t now = now_ms();

	if (!children_outstanding(w->watch->region))
		return false;
	if (now >= w->scan_ms) {
		w->held = plx_region_is_held(w->watch->inode);
		w->scan_ms = now + SCAN_MS;
	}
	return w->held || now - w->child_end_ms <= EXEC_GRACE_MS;
}

/* The program and all that it left behind have ended. */
static bool
nobody_left(struct waiting *w)
{
	if (w->child_end_ms == 0)
		return false;
	look_for_others(w);
	return !others_live(w) && !child_is_coming(w);
}

static void
look_after_companion(struct waiting *w)
{
	if (w->companion == COMPANION_AWAITED && nobody_left(w)) {
		plx_note("%s ended before the command of --while was run",
		    w->watch->name);
		w->companion = COMPANION_ENDED;
		w->watch->meanwhile_code = PLX_EXIT_FAILED;
	} else if (w->companion == COMPANION_AWAITED && is_up(w)) {
		start_companion(w);
	} else if (w->companion == COMPANION_RUNS && nobody_left(w)) {
		if (w->lonely_ms == 0)
			w->lonely_ms = now_ms();
		if (now_ms() - w->lonely_ms > COMPANION_MS)
			kill(w->companion_pid, SIGTERM);
	}
}

/*
 * What does not end on SIGTERM is killed; that others are awaited is said. The
 * moment is looked for at each turn.
 */
static void
look_after_patience(struct waiting *w)
{
	int64_t now = now_ms();

	if (w->term_ms != 0 && !w->killed && now - w->term_ms > KILL_MS) {
		plx_note("%s did not end on SIGTERM; killing it",
		    w->watch->name);
		signal_all(w, SIGKILL);
		w->killed = true;
	}
	if (w->companion == COMPANION_NONE && w->watch->wait_all && !w->said &&
	    w->child_end_ms != 0 && now - w->child_end_ms > PATIENCE_MS &&
	    others_live(w))
		say_waiting(w);
}

static bool
is_over(struct waiting *w)
{
	if (w->child_end_ms == 0 || w->companion == COMPANION_AWAITED ||
	    w->companion == COMPANION_RUNS)
		return false;
	return !w->watch->wait_all || nobody_left(w);
}

/* Until when nothing can happen that no descriptor announces. */
static int
next_look_ms(const struct waiting *w)
{
	if (w->child_end_ms != 0 || w->companion == COMPANION_AWAITED)
		return LOOK_MS;
	return w->term_ms != 0 ? PATIENCE_MS : -1;
}

static int
wait_loop(struct waiting *w)
{
	while (!is_over(w)) {
		look_after_companion(w);
		look_after_patience(w);
		if (poll(w->poll, PLACES, next_look_ms(w)) < 0 &&
		    errno != EINTR)
			return -errno;
		if (w->poll[AT_SIGNAL].revents != 0 && !take_signal(w))
			return 0;
		if (w->poll[AT_COMPANION].revents != 0)
			end_companion(w);
		if (w->poll[AT_CHILD].revents != 0)
			end_child(w);
		end_others(w);
	}
	return 0;
}

int
plx_watch_run(struct plx_watch *watch)
{
	struct waiting *w = plx_alloc(1, sizeof(*w));
	int r;

	w->watch = watch;
	w->companion = watch->meanwhile != NULL ? COMPANION_AWAITED
						: COMPANION_NONE;
	w->start_ms = now_ms();
	for (size_t i = 0; i < PLACES; i++) {
		w->poll[i].fd = -1;
		w->poll[i].events = POLLIN;
	}
	w->poll[AT_SIGNAL].fd = open_signals();
	w->poll[AT_CHILD].fd = pidfd_open(watch->pid, 0);
	if (w->poll[AT_SIGNAL].fd < 0 || w->poll[AT_CHILD].fd < 0)
		r = -errno;
	else
		r = wait_loop(w);
	for (size_t i = 0; i < PLACES; i++) {
		if (w->poll[i].fd >= 0)
			close(w->poll[i].fd);
	}
	free(w);
	return r;
}

int
plx_watch_exit(int status)
{
	struct rlimit no_core = { 0, 0 };
	sigset_t set;

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	/* The program has left its core; ours would replace it. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	fflush(NULL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

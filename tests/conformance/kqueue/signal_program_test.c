/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_SIGNAL, what the program must not notice (S09, S11, S12,
 * S16, S17, S19, S20, S22-S24).
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t runs;

static void
on_signal(int sig)
{
	(void)sig;
	runs++;
}

static int
watch(int sig)
{
	return kq_op(kq, (uintptr_t)sig, EVFILT_SIGNAL, EV_ADD);
}

static void
assert_count(int sig, int n)
{
	assert_one(kq, sig, EVFILT_SIGNAL);
	ck_assert_int_eq(ev[0].data, n);
}

/* The kernel's own idea, which a library may differ from meanwhile. */
struct kernel_action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/* What is in a line of /proc/self/status that is a set of signals. */
static uint64_t
status_mask(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long mask = 0;
	char line[256];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			mask = strtoull(line + strlen(name), NULL, 16);
	fclose(file);
	return mask;
}

static bool
is_in(uint64_t mask, int sig)
{
	return (mask >> (sig - 1) & 1) != 0;
}

START_TEST(s09_disposition_is_the_kernels_again)
{
	/* After the last watch, nothing of ours is left in the kernel. */
	assert_ok(watch(SIGUSR1));
	assert_ok(watch(SIGWINCH));
	ck_assert(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
	assert_ok(kq_op(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE));
	assert_ok(kq_op(kq, SIGWINCH, EVFILT_SIGNAL, EV_DELETE));
	ck_assert(is_in(status_mask("SigIgn:"), SIGUSR1));
	ck_assert(!is_in(status_mask("SigCgt:"), SIGUSR1));
	ck_assert(!is_in(status_mask("SigCgt:"), SIGWINCH));
}
END_TEST

START_TEST(s11_handler_set_while_it_is_watched)
{
	/* Each way to set one; each returns the one before. */
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;

	runs = 0;
	assert_ok(watch(SIGUSR1));
	ck_assert(signal(SIGUSR1, on_signal) == SIG_DFL);
	assert_ok(raise(SIGUSR1));
	ck_assert_int_eq(runs, 1);
	action.sa_flags = SA_NODEFER;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGHUP);
	assert_ok(sigaction(SIGUSR1, &action, &old));
	ck_assert(old.sa_handler == on_signal);
	ck_assert_int_eq(old.sa_flags & SA_RESTART, SA_RESTART);
	assert_ok(sigaction(SIGUSR1, NULL, &old));
	ck_assert(old.sa_handler == on_signal);
	ck_assert_int_eq(old.sa_flags & (SA_NODEFER | SA_SIGINFO), SA_NODEFER);
	ck_assert_int_eq(sigismember(&old.sa_mask, SIGHUP), 1);
	ck_assert_int_eq(sigismember(&old.sa_mask, SIGUSR1), 0);
	assert_ok(raise(SIGUSR1));
	ck_assert_int_eq(runs, 2);
	assert_count(SIGUSR1, 2);
}
END_TEST

START_TEST(s11_handler_for_once)
{
	/* sysv_signal(3): the disposition is reset when it runs. */
	struct sigaction old;

	runs = 0;
	assert_ok(watch(SIGWINCH));
	ck_assert(sysv_signal(SIGWINCH, on_signal) == SIG_DFL);
	assert_ok(raise(SIGWINCH));
	assert_ok(raise(SIGWINCH));
	ck_assert_int_eq(runs, 1);
	assert_ok(sigaction(SIGWINCH, NULL, &old));
	ck_assert(old.sa_handler == SIG_DFL);
	assert_count(SIGWINCH, 2);
}
END_TEST

START_TEST(s12_library_is_never_seen)
{
	/* sigaction(2) and the system call tell the program's own. */
	struct sigaction old;
	struct kernel_action raw = { 0 };

	assert_ok(watch(SIGWINCH));
	assert_ok(watch(SIGUSR1));
	assert_ok(sigaction(SIGWINCH, NULL, &old));
	ck_assert(old.sa_handler == SIG_DFL);
	ck_assert_int_eq(old.sa_flags, 0);
	ck_assert(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
	assert_ok(sigaction(SIGUSR1, NULL, &old));
	ck_assert(old.sa_handler == SIG_IGN);
	assert_ok((int)syscall(SYS_rt_sigaction, SIGUSR1, NULL, &raw, 8));
	ck_assert_uint_eq(raw.handler, (uintptr_t)SIG_IGN);
}
END_TEST

static int
die_of(void *arg)
{
	int queue = kqueue();
	int sig = *(int *)arg;

	signal(sig, SIG_IGN);
	if (kq_op(queue, (uintptr_t)sig, EVFILT_SIGNAL, EV_ADD) != 0)
		return 1;
	if (raise(sig) != 0)
		return 2;
	signal(sig, SIG_DFL);
	raise(sig);
	return 3;
}

START_TEST(s16_default_action_still_kills)
{
	/* kqueue(2): the action is taken whether it is watched or not. */
	int sig = SIGTERM;

	ck_assert_int_eq(in_child(die_of, &sig), 128 + SIGTERM);
}
END_TEST

START_TEST(s17_ignored_end_of_a_child_is_not_recorded)
{
	/* FreeBSD: SIGCHLD that is ignored; and the child reaps itself. */
	pid_t pid;

	ck_assert(signal(SIGCHLD, SIG_IGN) == SIG_DFL);
	assert_ok(watch(SIGCHLD));
	pid = fork();
	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
	assert_ok(raise(SIGCHLD));
	assert_silent(kq);
	signal(SIGCHLD, SIG_DFL);
}
END_TEST

/* A program that tells what it ignores and what is blocked. */
static char *const GREP[] = {
	(char[]){ "grep" },
	(char[]){ "-E" },
	(char[]){ "SigBlk|SigIgn|SigCgt" },
	(char[]){ "/proc/self/status" },
	NULL,
};

static void
assert_child_sees(FILE *out, uint64_t ignored, uint64_t not_ignored)
{
	unsigned long long blocked = 1;
	unsigned long long ignores = 0;
	unsigned long long caught = 0;

	ck_assert_int_eq(fscanf(out, "SigBlk: %llx SigIgn: %llx SigCgt: %llx",
			     &blocked, &ignores, &caught),
	    3);
	ck_assert_uint_eq(ignores & ignored, ignored);
	ck_assert_uint_eq(ignores & not_ignored, 0);
	ck_assert_uint_eq(blocked, status_mask("SigBlk:"));
}

static FILE *
spawn_grep(void)
{
	posix_spawn_file_actions_t actions;
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	assert_ok(posix_spawn_file_actions_init(&actions));
	assert_ok(posix_spawn_file_actions_adddup2(&actions, fds[1], 1));
	assert_ok(posix_spawn_file_actions_addclose(&actions, fds[0]));
	assert_ok(posix_spawnp(&pid, "grep", &actions, NULL, GREP, environ));
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return fdopen(fds[0], "r");
}

static FILE *
fork_grep(bool by_vfork)
{
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = by_vfork ? vfork() : fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		execvp("grep", GREP);
		_exit(99);
	}
	close(fds[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return fdopen(fds[0], "r");
}

START_TEST(s19_next_program_gets_the_real_dispositions)
{
	/* execve(2): ignored stays ignored; by each way to make one. */
	const uint64_t usr1 = UINT64_C(1) << (SIGUSR1 - 1);
	const uint64_t usr2 = UINT64_C(1) << (SIGUSR2 - 1);
	FILE *out = NULL;

	assert_ok(watch(SIGUSR1));
	assert_ok(watch(SIGUSR2));
	ck_assert(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
	ck_assert(signal(SIGUSR2, on_signal) == SIG_DFL);
	if (_i == 0)
		out = spawn_grep();
	else if (_i < 3)
		out = fork_grep(_i == 2);
	else
		out = popen("grep -E 'SigBlk|SigIgn|SigCgt' /proc/self/status",
		    "r");
	ck_assert_ptr_nonnull(out);
	assert_child_sees(out, usr1, usr2);
	if (_i == 3)
		pclose(out);
	else
		fclose(out);
	/* Here it is counted as before. */
	assert_ok(raise(SIGUSR1));
	assert_count(SIGUSR1, 1);
}
END_TEST

START_TEST(s20_mask_is_untouched)
{
	/* Neither by adding nor by collecting nor by deleting. */
	const uint64_t before = status_mask("SigBlk:");

	assert_ok(watch(SIGUSR1));
	ck_assert_uint_eq(status_mask("SigBlk:"), before);
	signal(SIGUSR1, on_signal);
	assert_ok(raise(SIGUSR1));
	assert_count(SIGUSR1, 1);
	ck_assert_uint_eq(status_mask("SigBlk:"), before);
	assert_ok(kq_op(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE));
	ck_assert_uint_eq(status_mask("SigBlk:"), before);
}
END_TEST

static int
raise_in_child(void *arg)
{
	(void)arg;
	runs = 0;
	return raise(SIGUSR1) == 0 && runs == 1 ? 0 : 1;
}

START_TEST(s22_signal_of_a_forked_child)
{
	/* The child has the handler, and the parent no event. */
	signal(SIGUSR1, on_signal);
	assert_ok(watch(SIGUSR1));
	ck_assert_int_eq(in_child(raise_in_child, NULL), 0);
	assert_silent(kq);
	assert_ok(raise(SIGUSR1));
	assert_count(SIGUSR1, 1);
}
END_TEST

START_TEST(s23_ignored_signal_does_not_wake_a_waiter)
{
	/* A thread that sleeps in kevent for something else. */
	int other = own(kqueue());
	struct waiter w;

	ck_assert(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
	assert_ok(watch(SIGUSR1));
	assert_ok(kq_op(other, 1, EVFILT_USER, EV_ADD));
	waiter_start(&w, other, 1);
	for (int i = 0; i < 10; i++)
		assert_ok(pthread_kill(w.thread, SIGUSR1));
	waiter_asleep(&w);
	ck_assert(!waiter_done(&w));
	assert_ok(kq_trigger(other, 1));
	ck_assert_int_eq(waiter_join(&w), 1);
	assert_count(SIGUSR1, 10);
}
END_TEST

/* One sleep of each kind in a thread; ends by data, with its result. */
static int sleep_kind;
static int sleep_fd;

static void *
sleep_main(void *arg)
{
	struct pollfd p = { .fd = sleep_fd, .events = POLLIN };
	struct timeval tv = { 3, 0 };
	struct timespec ts = { 3, 0 };
	struct epoll_event event = { .events = EPOLLIN };
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	fd_set set;
	int r = -1;

	(void)arg;
	FD_ZERO(&set);
	FD_SET(sleep_fd, &set);
	epoll_ctl(epfd, EPOLL_CTL_ADD, sleep_fd, &event);
	errno = 0;
	switch (sleep_kind) {
	case 0:
		r = poll(&p, 1, -1);
		break;
	case 1:
		r = poll(&p, 1, 3000);
		break;
	case 2:
		r = ppoll(&p, 1, &ts, NULL);
		break;
	case 3:
		r = select(sleep_fd + 1, &set, NULL, NULL, &tv);
		break;
	case 4:
		r = pselect(sleep_fd + 1, &set, NULL, NULL, &ts, NULL);
		break;
	case 5:
		r = epoll_wait(epfd, &event, 1, -1);
		break;
	case 6:
		r = epoll_pwait(epfd, &event, 1, 3000, NULL);
		break;
	default:
		r = epoll_pwait2(epfd, &event, 1, &ts, NULL);
		break;
	}
	if (r != 1)
		r = -errno;
	close(epfd);
	return (void *)(intptr_t)r;
}

/* Until all that was sent was handled: it is counted by other means, too. */
static void
send_ignored(pthread_t thread, int n)
{
	for (int i = 0; i < n; i++) {
		assert_ok(pthread_kill(thread, SIGUSR1));
		/* Not to be merged with the next. */
		while (is_in(status_mask("SigPnd:"), SIGUSR1))
			;
	}
}

START_TEST(s23_ignored_signal_interrupts_no_sleep)
{
	/* poll, select and epoll in all their forms go on. */
	pthread_t thread;
	void *result;
	int fds[2];

	make_pipe(fds);
	sleep_fd = fds[0];
	sleep_kind = _i;
	ck_assert(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
	assert_ok(watch(SIGUSR1));
	assert_ok(pthread_create(&thread, NULL, sleep_main, NULL));
	send_ignored(thread, 200);
	put(fds[1], 1);
	assert_ok(pthread_join(thread, &result));
	ck_assert_int_eq((int)(intptr_t)result, 1);
	assert_count(SIGUSR1, 200);
}
END_TEST

START_TEST(s24_stop_and_continue)
{
	/* Both are counted where they are sent. */
	assert_ok(watch(SIGCONT));
	assert_ok(watch(SIGTSTP));
	signal(SIGTSTP, SIG_IGN);
	assert_ok(kill(getpid(), SIGTSTP));
	assert_ok(kill(getpid(), SIGCONT));
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 2);
	ck_assert_int_eq(ev[0].data, 1);
	ck_assert_int_eq(ev[1].data, 1);
	signal(SIGTSTP, SIG_DFL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: signals, unnoticed");
	TCase *c = kq_tcase(s, "program");

	tcase_add_test(c, s09_disposition_is_the_kernels_again);
	tcase_add_test(c, s11_handler_set_while_it_is_watched);
	tcase_add_test(c, s11_handler_for_once);
	tcase_add_test(c, s12_library_is_never_seen);
	tcase_add_test(c, s16_default_action_still_kills);
	tcase_add_test(c, s17_ignored_end_of_a_child_is_not_recorded);
	tcase_add_loop_test(c, s19_next_program_gets_the_real_dispositions, 0,
	    4);
	tcase_add_test(c, s20_mask_is_untouched);
	tcase_add_test(c, s22_signal_of_a_forked_child);
	tcase_add_test(c, s23_ignored_signal_does_not_wake_a_waiter);
	tcase_add_loop_test(c, s23_ignored_signal_interrupts_no_sleep, 0, 8);
	tcase_add_test(c, s24_stop_and_continue);
#ifdef __SANITIZE_THREAD__
	skip("the thread sanitizer has virtual dispositions of its own");
	return 0;
#else
	return plx_check_main(s);
#endif
}

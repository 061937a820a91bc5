/* SPDX-License-Identifier: BSD-2-Clause */
/* Description: EVFILT_PROC, the end of processes (P01-P13, P20-P24, P27). */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDS (EV_EOF | EV_ONESHOT | EV_CLEAR)

static int
watch(int queue, pid_t pid, unsigned int fflags)
{
	return kq_change(queue, (uintptr_t)pid, EVFILT_PROC, EV_ADD, fflags, 0,
	    NULL);
}

/* A child that lives until finish(); its end is then the given one. */
static int gate[2];

static pid_t
start(void (*end)(void))
{
	pid_t pid;
	char c;

	make_pipe(gate);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	close(gate[1]);
	(void)!read(gate[0], &c, 1);
	end();
	_exit(99);
}

static void
finish(void)
{
	drop(gate[1]);
	drop(gate[0]);
}

static void
reap(pid_t pid)
{
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* Until it is a zombie, which stays. */
static void
until_ended(pid_t pid)
{
	siginfo_t info;

	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void
exit_7(void)
{
	_exit(7);
}

static void
die_term(void)
{
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
}

static void
assert_exit(int queue, pid_t pid, int status)
{
	assert_comes(queue, pid, EVFILT_PROC);
	ck_assert_uint_eq(ev[0].fflags, NOTE_EXIT);
	ck_assert_uint_eq(ev[0].flags, ENDS);
	ck_assert_int_eq(ev[0].data, status);
}

START_TEST(p01_p03_p04_exit_tells_status_once_and_reaps_nothing)
{
	/* FreeBSD kqueue(2) NOTE_EXIT; the knote goes with its process. */
	pid_t pid = start(exit_7);
	int status;

	assert_ok(watch(kq, pid, NOTE_EXIT));
	assert_silent(kq);
	finish();
	assert_exit(kq, pid, 7 << 8);
	assert_silent(kq);
	assert_fails(kq_op(kq, (uintptr_t)pid, EVFILT_PROC, EV_DELETE), ENOENT);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

START_TEST(p02_signal_that_killed_is_in_the_status)
{
	/* kqueue(2): data is the status of wait(2). */
	pid_t pid = start(die_term);

	assert_ok(watch(kq, pid, NOTE_EXIT));
	finish();
	assert_exit(kq, pid, SIGTERM);
	reap(pid);
}
END_TEST

START_TEST(p02_core_bit_is_as_wait_tells)
{
	/* The status is compared with what the program's own wait says. */
	pid_t pid = start(abort);
	int64_t data;
	int status;

	assert_ok(watch(kq, pid, NOTE_EXIT));
	finish();
	assert_comes(kq, pid, EVFILT_PROC);
	data = ev[0].data;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
	ck_assert_int_eq(data, status);
}
END_TEST

START_TEST(p05_reaped_before_it_is_collected)
{
	/* FreeBSD: the status was latched at exit. Here: Linux 6.15. */
	pid_t pid = start(exit_7);

	assert_ok(watch(kq, pid, NOTE_EXIT));
	finish();
	reap(pid);
	assert_exit(kq, pid, 7 << 8);
}
END_TEST

START_TEST(p06_zombie_fires_at_add)
{
	/* FreeBSD filt_procattach with NOTE_EXIT; without it, ESRCH. */
	pid_t pid = start(exit_7);

	finish();
	until_ended(pid);
	assert_fails(watch(kq, pid, 0), ESRCH);
	assert_ok(watch(kq, pid, NOTE_EXIT));
	assert_exit(kq, pid, 7 << 8);
	reap(pid);
}
END_TEST

START_TEST(p07_p08_no_such_process)
{
	/* kqueue(2) ESRCH: reaped, out of range, nobody. */
	pid_t pid = start(exit_7);

	finish();
	reap(pid);
	assert_fails(watch(kq, pid, NOTE_EXIT), ESRCH);
	assert_fails(watch(kq, 99999999, NOTE_EXIT), ESRCH);
	assert_fails(watch(kq, 0, NOTE_EXIT), ESRCH);
	assert_fails(watch(kq, -1, NOTE_EXIT), ESRCH);
	assert_fails(kq_op(kq, (uintptr_t)pid, EVFILT_PROC, EV_DELETE), ENOENT);
}
END_TEST

/* A grandchild that ends with 42 when the gate opens; its parent stays. */
static pid_t
start_grandchild(pid_t *ret_parent, int hold[2])
{
	int tell[2];
	pid_t pid;

	make_pipe(gate);
	make_pipe(hold);
	make_pipe(tell);
	*ret_parent = fork();
	if (*ret_parent == 0) {
		char c;

		close(gate[1]);
		close(hold[1]);
		pid = fork();
		if (pid == 0) {
			(void)!read(gate[0], &c, 1);
			_exit(42);
		}
		(void)!write(tell[1], &pid, sizeof(pid));
		(void)!read(hold[0], &c, 1);
		_exit(0);
	}
	ck_assert_int_eq(read(tell[0], &pid, sizeof(pid)), sizeof(pid));
	return pid;
}

START_TEST(p09_grandchild_that_nobody_reaps)
{
	/* Any visible process; the status needs the right to trace it. */
	int hold[2];
	pid_t parent;
	pid_t pid = start_grandchild(&parent, hold);

	if (geteuid() != 0) {
		assert_fails(watch(kq, pid, NOTE_EXIT), EPERM);
		assert_ok(watch(kq, pid, NOTE_EXIT | NOTE_ANYSTATUS));
		finish();
		assert_comes(kq, pid, EVFILT_PROC);
		ck_assert_uint_eq(ev[0].fflags, NOTE_EXIT);
	} else {
		assert_ok(watch(kq, pid, NOTE_EXIT));
		finish();
		assert_exit(kq, pid, 42 << 8);
	}
	drop(hold[1]);
	reap(parent);
}
END_TEST

/* As a user without rights, one that is no child: 0, or where it went wrong. */
static int
refused_without_rights(void *arg)
{
	const pid_t pid = *(pid_t *)arg;
	int queue = kqueue();
	int fds;

	if (setresgid(65534, 65534, 65534) != 0 ||
	    setresuid(65534, 65534, 65534) != 0)
		return 1;
	fds = open_fds();
	if (watch(queue, pid, NOTE_EXIT) != -EPERM)
		return 2;
	/* What was refused left nothing behind. */
	if (open_fds() != fds)
		return 3;
	if (kq_op(queue, (uintptr_t)pid, EVFILT_PROC, EV_DELETE) != -ENOENT)
		return 4;
	if (watch(queue, pid, NOTE_EXIT | NOTE_ANYSTATUS) != 0)
		return 5;
	(void)!write(gate[1], "", 1);
	return kq_wait(queue, ev, 1) == 1 && ev[0].fflags == NOTE_EXIT &&
		ev[0].ident == (uintptr_t)pid
	    ? 0
	    : 6;
}

START_TEST(p20_status_that_nobody_tells_is_refused)
{
	/* Design: it fires as promised, or ADD fails with EPERM. */
	int hold[2];
	pid_t parent;
	pid_t pid;

	if (geteuid() != 0) {
		skip("changing the user needs root");
		return;
	}
	pid = start_grandchild(&parent, hold);
	ck_assert_int_eq(in_child(refused_without_rights, &pid), 0);
	finish();
	drop(hold[1]);
	reap(parent);
}
END_TEST

START_TEST(p10_deleted_watch_is_silent)
{
	/* kqueue(2) EV_DELETE. */
	pid_t pid = start(exit_7);

	assert_ok(watch(kq, pid, NOTE_EXIT));
	assert_ok(kq_op(kq, (uintptr_t)pid, EVFILT_PROC, EV_DELETE));
	finish();
	until_ended(pid);
	assert_silent(kq);
	reap(pid);
}
END_TEST

START_TEST(p11_two_queues_share_a_descriptor)
{
	/* Both get the event; the process costs one descriptor. */
	int other = own(kqueue());
	pid_t pid = start(exit_7);
	int fds;

	assert_ok(watch(kq, pid, NOTE_EXIT));
	fds = open_fds();
	assert_ok(watch(other, pid, NOTE_EXIT));
	ck_assert_int_eq(open_fds(), fds);
	finish();
	assert_exit(kq, pid, 7 << 8);
	assert_exit(other, pid, 7 << 8);
	ck_assert_int_lt(open_fds(), fds);
	reap(pid);
}
END_TEST

START_TEST(p12_p13_without_notes_it_never_fires)
{
	/* FreeBSD: fflags of any change replace what is asked for. */
	pid_t pid = start(exit_7);

	assert_ok(watch(kq, pid, 0));
	assert_ok(watch(kq, pid, NOTE_EXIT));
	assert_ok(watch(kq, pid, 0));
	finish();
	until_ended(pid);
	assert_silent(kq);
	/* It was asked again in time. */
	assert_ok(watch(kq, pid, NOTE_EXIT));
	assert_exit(kq, pid, 7 << 8);
	reap(pid);
}
END_TEST

START_TEST(p13_disarmed_after_its_end_it_is_silent)
{
	/* The event waits, uncollected, and is taken back. */
	pid_t pid = start(exit_7);

	assert_ok(watch(kq, pid, NOTE_EXIT));
	finish();
	until_ended(pid);
	assert_ok(watch(kq, pid, 0));
	assert_silent(kq);
	reap(pid);
	assert_fails(watch(kq, pid, NOTE_EXIT), ESRCH);
}
END_TEST

START_TEST(p13_disabled_watch_keeps_its_event)
{
	/* kqueue(2) EV_DISABLE, EV_ENABLE. */
	pid_t pid = start(exit_7);

	assert_ok(watch(kq, pid, NOTE_EXIT));
	assert_ok(kq_change(kq, (uintptr_t)pid, EVFILT_PROC, EV_DISABLE,
	    NOTE_EXIT, 0, NULL));
	finish();
	until_ended(pid);
	assert_silent(kq);
	assert_ok(kq_change(kq, (uintptr_t)pid, EVFILT_PROC, EV_ENABLE,
	    NOTE_EXIT, 0, NULL));
	assert_exit(kq, pid, 7 << 8);
	reap(pid);
}
END_TEST

static const unsigned int UNKNOWN[] = {
	NOTE_REAP,
	NOTE_PDSIGCHLD,
	NOTE_CHILD,
	NOTE_TRACKERR,
	0x100,
};
#define UNKNOWN_MAX ((int)(sizeof(UNKNOWN) / sizeof(UNKNOWN[0])))

START_TEST(p20_note_that_nobody_delivers_is_refused)
{
	/* Design: it fires, or ADD fails. */
	assert_fails(watch(kq, getpid(), NOTE_EXIT | UNKNOWN[_i]), EINVAL);
	assert_fails(kq_op(kq, (uintptr_t)getpid(), EVFILT_PROC, EV_DELETE),
	    ENOENT);
}
END_TEST

START_TEST(p22_child_that_is_not_waited_for)
{
	/* SIGCHLD ignored: it is reaped at once, the event comes. */
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = start(exit_7);
	assert_ok(watch(kq, pid, NOTE_EXIT));
	finish();
	assert_exit(kq, pid, 7 << 8);
	signal(SIGCHLD, SIG_DFL);
}
END_TEST

START_TEST(p23_own_process)
{
	/* Registered, never seen by itself. */
	assert_ok(watch(kq, getpid(), NOTE_EXIT));
	assert_silent(kq);
	assert_ok(kq_op(kq, (uintptr_t)getpid(), EVFILT_PROC, EV_DELETE));
}
END_TEST

START_TEST(p24_many_children_all_end)
{
	/* None is lost, none comes twice. */
	enum {
		CHILDREN = 300
	};
	static pid_t pids[CHILDREN];
	static bool came[CHILDREN];
	int got = 0;

	make_pipe(gate);
	for (int i = 0; i < CHILDREN; i++) {
		char c;

		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] == 0) {
			close(gate[1]);
			(void)!read(gate[0], &c, 1);
			_exit(i % 128);
		}
		assert_ok(watch(kq, pids[i], NOTE_EXIT));
	}
	finish();
	while (got < CHILDREN) {
		int n = kq_wait(kq, ev, EVS);

		ck_assert_int_gt(n, 0);
		got += n;
		for (int e = 0; e < n; e++) {
			int i = 0;

			while (
			    i < CHILDREN && (uintptr_t)pids[i] != ev[e].ident)
				i++;
			ck_assert_int_lt(i, CHILDREN);
			ck_assert(!came[i]);
			came[i] = true;
			ck_assert_int_eq(ev[e].data, (i % 128) << 8);
		}
	}
	assert_silent(kq);
	for (int i = 0; i < CHILDREN; i++)
		reap(pids[i]);
}
END_TEST

static void *
sleep_on_gate(void *arg)
{
	char c;

	(void)arg;
	(void)!read(gate[0], &c, 1);
	_exit(5);
}

/* The first thread ends; the process goes on until the other one's exit. */
static pid_t
start_leaderless(void)
{
	pid_t pid;

	make_pipe(gate);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pthread_t thread;

		close(gate[1]);
		if (pthread_create(&thread, NULL, sleep_on_gate, NULL) != 0)
			_exit(98);
		pthread_exit(NULL);
	}
	return pid;
}

START_TEST(p27_process_lives_as_long_as_a_thread_of_it)
{
	/* The end of the first thread is none of the process. */
	pid_t pid = start_leaderless();

	assert_ok(watch(kq, pid, NOTE_EXIT));
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 50), 0);
	finish();
	assert_exit(kq, pid, 5 << 8);
	reap(pid);
}
END_TEST

START_TEST(p11_sleeper_is_woken)
{
	/* A thread that waits meanwhile. */
	pid_t pid = start(exit_7);
	struct waiter w;

	assert_ok(watch(kq, pid, NOTE_EXIT));
	waiter_start(&w, kq, 1);
	finish();
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_uint_eq(w.events[0].ident, (uintptr_t)pid);
	ck_assert_int_eq(w.events[0].data, 7 << 8);
	reap(pid);
}
END_TEST

START_TEST(p10_closed_queue_gives_its_descriptors_back)
{
	/* Queues come and go with their watches in place. */
	pid_t pid = start(exit_7);
	int fds = open_fds();

	for (int i = 0; i < 100; i++) {
		int queue = kqueue();

		assert_ok(watch(queue, pid, NOTE_EXIT));
		close(queue);
	}
	if (getenv("KQ_BLIND") == NULL)
		ck_assert_int_eq(open_fds(), fds);
	finish();
	reap(pid);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: processes");
	TCase *c = kq_tcase(s, "exit");
	TCase *w = kq_tcase(s, "who");

	tcase_add_test(c, p01_p03_p04_exit_tells_status_once_and_reaps_nothing);
	tcase_add_test(c, p02_signal_that_killed_is_in_the_status);
	tcase_add_test(c, p02_core_bit_is_as_wait_tells);
	tcase_add_test(c, p05_reaped_before_it_is_collected);
	tcase_add_test(c, p06_zombie_fires_at_add);
	tcase_add_test(c, p07_p08_no_such_process);
	tcase_add_test(c, p10_deleted_watch_is_silent);
	tcase_add_test(c, p10_closed_queue_gives_its_descriptors_back);
	tcase_add_test(c, p11_two_queues_share_a_descriptor);
	tcase_add_test(c, p11_sleeper_is_woken);
	tcase_add_test(c, p12_p13_without_notes_it_never_fires);
	tcase_add_test(c, p13_disarmed_after_its_end_it_is_silent);
	tcase_add_test(c, p13_disabled_watch_keeps_its_event);
	tcase_add_test(w, p09_grandchild_that_nobody_reaps);
	tcase_add_loop_test(w, p20_note_that_nobody_delivers_is_refused, 0,
	    UNKNOWN_MAX);
	tcase_add_test(w, p20_status_that_nobody_tells_is_refused);
	tcase_add_test(w, p22_child_that_is_not_waited_for);
	tcase_add_test(w, p23_own_process);
	tcase_add_test(w, p24_many_children_all_end);
	tcase_add_test(w, p27_process_lives_as_long_as_a_thread_of_it);
	return plx_check_main(s);
}

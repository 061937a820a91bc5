/* SPDX-License-Identifier: BSD-2-Clause */
/* Description: EVFILT_PROC, whose end is told (P09, P20, P22-P24, P27). */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

static void
exit_7(void)
{
	_exit(7);
}

static void
assert_exit(int queue, pid_t pid, int status)
{
	assert_comes(queue, pid, EVFILT_PROC);
	ck_assert_uint_eq(ev[0].fflags, NOTE_EXIT);
	ck_assert_uint_eq(ev[0].flags, ENDS);
	ck_assert_int_eq(ev[0].data, status);
}

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

/* Without capabilities, one that is no child: 0, or where it went wrong. */
static int
refused_without_rights(void *arg)
{
	const pid_t pid = *(pid_t *)arg;
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { 0 };
	int queue = kqueue();
	int fds;

	if (syscall(SYS_capset, &head, none) != 0)
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
	pid_t pid = start_grandchild(&parent, hold);

	ck_assert_int_eq(in_child(refused_without_rights, &pid), 0);
	finish();
	drop(hold[1]);
	reap(parent);
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

int
main(void)
{
	Suite *s = suite_create("kqueue: whose end");
	TCase *c = kq_tcase(s, "who");

	tcase_add_test(c, p09_grandchild_that_nobody_reaps);
	tcase_add_test(c, p20_status_that_nobody_tells_is_refused);
	tcase_add_loop_test(c, p20_note_that_nobody_delivers_is_refused, 0,
	    UNKNOWN_MAX);
	tcase_add_test(c, p22_child_that_is_not_waited_for);
	tcase_add_test(c, p23_own_process);
	tcase_add_test(c, p24_many_children_all_end);
	tcase_add_test(c, p27_process_lives_as_long_as_a_thread_of_it);
	return plx_check_main(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Description: EVFILT_PROC, the end of processes (P01-P08, P10-P13). */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <poll.h>
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

START_TEST(p11_queue_is_readable_while_an_end_waits)
{
	/* Seen by poll(2); nothing is shown of what was not asked for. */
	pid_t pid = start(exit_7);
	struct pollfd p = { .fd = kq, .events = POLLIN };

	assert_ok(watch(kq, pid, NOTE_EXIT));
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	finish();
	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
	assert_ok(watch(kq, pid, 0));
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	assert_ok(watch(kq, pid, NOTE_EXIT));
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	assert_exit(kq, pid, 7 << 8);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
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

	tcase_add_test(c, p01_p03_p04_exit_tells_status_once_and_reaps_nothing);
	tcase_add_test(c, p02_signal_that_killed_is_in_the_status);
	tcase_add_test(c, p02_core_bit_is_as_wait_tells);
	tcase_add_test(c, p05_reaped_before_it_is_collected);
	tcase_add_test(c, p06_zombie_fires_at_add);
	tcase_add_test(c, p07_p08_no_such_process);
	tcase_add_test(c, p10_deleted_watch_is_silent);
	tcase_add_test(c, p11_two_queues_share_a_descriptor);
	tcase_add_test(c, p11_queue_is_readable_while_an_end_waits);
	tcase_add_test(c, p12_p13_without_notes_it_never_fires);
	tcase_add_test(c, p13_disarmed_after_its_end_it_is_silent);
	tcase_add_test(c, p13_disabled_watch_keeps_its_event);
	tcase_add_test(c, p11_sleeper_is_woken);
	tcase_add_test(c, p10_closed_queue_gives_its_descriptors_back);
	return plx_check_main(s);
}

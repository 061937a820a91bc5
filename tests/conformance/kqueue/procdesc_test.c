/* SPDX-License-Identifier: BSD-2-Clause */
/* Description: EVFILT_PROCDESC, processes by their descriptor (P25, P26). */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDS (EV_EOF | EV_ONESHOT | EV_CLEAR)

static int gate[2];
static pid_t pid;
static int pidfd;

static int
change(unsigned int flags, unsigned int fflags)
{
	return kq_change(kq, (uintptr_t)pidfd, EVFILT_PROCDESC, flags, fflags,
	    0, NULL);
}

static void
start(void)
{
	char c;

	make_pipe(gate);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(gate[1]);
		(void)!read(gate[0], &c, 1);
		_exit(7);
	}
	pidfd = own((int)syscall(SYS_pidfd_open, pid, 0));
}

static void
finish(void)
{
	siginfo_t info;

	drop(gate[1]);
	drop(gate[0]);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void
assert_exit(void)
{
	assert_comes(kq, pidfd, EVFILT_PROCDESC);
	ck_assert_uint_eq(ev[0].fflags, NOTE_EXIT);
	ck_assert_uint_eq(ev[0].flags, ENDS);
	ck_assert_int_eq(ev[0].data, 7 << 8);
	assert_silent(kq);
}

static void
reap(void)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}

START_TEST(p25_exit_through_a_pidfd)
{
	/* FreeBSD kqueue(2) EVFILT_PROCDESC. Nothing is reaped. */
	start();
	assert_ok(change(EV_ADD, NOTE_EXIT));
	assert_silent(kq);
	finish();
	assert_exit();
	assert_fails(change(EV_DELETE, 0), ENOENT);
	reap();
}
END_TEST

START_TEST(p25_exit_before_it_is_added)
{
	/* FreeBSD: fires at once; also when it was reaped (Linux 6.15). */
	start();
	finish();
	assert_ok(change(EV_ADD, NOTE_EXIT));
	assert_exit();
	reap();
	assert_ok(change(EV_ADD, NOTE_EXIT));
	assert_exit();
}
END_TEST

START_TEST(p25_without_notes_it_never_fires)
{
	/* FreeBSD: nothing is asked for. */
	start();
	assert_ok(change(EV_ADD, 0));
	assert_ok(change(EV_ADD, NOTE_EXIT));
	assert_ok(change(EV_ADD, 0));
	finish();
	assert_silent(kq);
	assert_ok(change(EV_ADD, NOTE_EXIT));
	assert_exit();
	reap();
}
END_TEST

START_TEST(p25_closed_descriptor_takes_it_along)
{
	/* The filter is the descriptor's. */
	start();
	assert_ok(change(EV_ADD, NOTE_EXIT));
	drop(pidfd);
	finish();
	assert_silent(kq);
	reap();
}
END_TEST

START_TEST(p25_beside_a_reader_of_the_same_descriptor)
{
	/* Two filters of one descriptor do not disturb each other. */
	start();
	assert_ok(change(EV_ADD, NOTE_EXIT));
	assert_ok(kq_op(kq, (uintptr_t)pidfd, EVFILT_READ, EV_ADD));
	assert_silent(kq);
	finish();
	ck_assert_int_eq(kq_wait(kq, ev, EVS), 2);
	ck_assert_int_eq(ev[0].filter + ev[1].filter,
	    EVFILT_READ + EVFILT_PROCDESC);
	assert_one(kq, pidfd, EVFILT_READ);
	reap();
}
END_TEST

START_TEST(p26_other_descriptors_are_refused)
{
	/* EINVAL: no process; EBADF: no descriptor. */
	int fds[2];

	make_pair(fds);
	pidfd = fds[0];
	assert_fails(change(EV_ADD, NOTE_EXIT), EINVAL);
	pidfd = kq;
	assert_fails(change(EV_ADD, NOTE_EXIT), EINVAL);
	pidfd = -1;
	assert_fails(change(EV_ADD, NOTE_EXIT), EBADF);
	pidfd = 1000;
	assert_fails(change(EV_ADD, NOTE_EXIT), EBADF);
}
END_TEST

START_TEST(p26_notes_that_nobody_delivers)
{
	/* Design: it fires, or ADD fails. */
	start();
	assert_fails(change(EV_ADD, NOTE_EXIT | NOTE_PDSIGCHLD), EINVAL);
	assert_fails(change(EV_ADD, NOTE_EXEC), EINVAL);
	assert_fails(change(EV_ADD, NOTE_FORK), EPERM);
	assert_fails(change(EV_DELETE, 0), ENOENT);
	finish();
	reap();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: process descriptors");
	TCase *c = kq_tcase(s, "procdesc");

	tcase_add_test(c, p25_exit_through_a_pidfd);
	tcase_add_test(c, p25_exit_before_it_is_added);
	tcase_add_test(c, p25_without_notes_it_never_fires);
	tcase_add_test(c, p25_closed_descriptor_takes_it_along);
	tcase_add_test(c, p25_beside_a_reader_of_the_same_descriptor);
	tcase_add_test(c, p26_other_descriptors_are_refused);
	tcase_add_test(c, p26_notes_that_nobody_delivers);
	return plx_check_main(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: what close(2) does to interests (K62-K69). They hang on the
 * number: it goes, they go, whatever else still holds the open file.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fds[2];

static void
by_close(int fd)
{
	assert_ok(close(fd));
}

static void
by_dup2(int fd)
{
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(dup2(other, fd), fd);
	assert_ok(close(other));
	assert_ok(close(fd));
}

static void
by_dup3(int fd)
{
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(dup3(other, fd, O_CLOEXEC), fd);
	assert_ok(close(other));
	assert_ok(close(fd));
}

static void
by_close_range(int fd)
{
	assert_ok(close_range((unsigned int)fd, (unsigned int)fd, 0));
}

static void
by_fclose(int fd)
{
	FILE *f = fdopen(fd, "r");

	ck_assert_ptr_nonnull(f);
	assert_ok(fclose(f));
}

static void
by_syscall(int fd)
{
	ck_assert_int_eq(syscall(SYS_close, fd), 0);
}

/* K62 alone first, then K64 and K66. */
static void (*const CLOSERS[])(int) = {
	by_close,
	by_dup2,
	by_dup3,
	by_close_range,
	by_fclose,
	by_syscall,
};
#define CLOSERS_MAX ((int)(sizeof(CLOSERS) / sizeof(CLOSERS[0])))

/* A watched socket with a byte in it, and perhaps a dup of it. */
static void
watched(bool keep_dup)
{
	make_pair(fds);
	if (keep_dup)
		own(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
	assert_ok(kq_change(kq, fds[0], EVFILT_READ, EV_ADD, 0, 0,
	    (void *)(uintptr_t)1));
	assert_ok(kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD | EV_CLEAR));
	put(fds[1], 1);
}

START_TEST(k62_k64_k66_closed_descriptor_is_silent)
{
	/* kqueue(2): close removes. Each way of closing, nothing else open. */
	watched(false);
	CLOSERS[_i](disown(fds[0]));
	assert_silent(kq);
	assert_fails(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE), EBADF);
}
END_TEST

START_TEST(k63_k64_k66_closed_descriptor_with_a_dup_is_silent)
{
	/* kqueue(2): "any kevents that reference the descriptor"; BSD keys by
	 * number. epoll would go on for the dup. */
	watched(true);
	CLOSERS[_i](disown(fds[0]));
	assert_silent(kq);
	put(fds[1], 1);
	assert_silent(kq);
}
END_TEST

START_TEST(k65_reused_number_is_a_new_descriptor)
{
	/* kqueue(2): no stale event, no stale udata; EV_ADD is a first one. */
	int number, again[2];

	watched(_i == 1);
	number = fds[0];
	drop(number);
	ck_assert_int_eq(pipe2(again, O_CLOEXEC), 0);
	ck_assert_int_eq(own(again[0]), number);
	own(again[1]);
	put(again[1], 2);
	assert_silent(kq);
	assert_fails(kq_op(kq, number, EVFILT_READ, EV_DELETE), ENOENT);
	assert_ok(kq_op(kq, number, EVFILT_READ, EV_ADD));
	assert_one(kq, number, EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 2);
	ck_assert_ptr_null(ev[0].udata);
	ck_assert_uint_eq(ev[0].flags, 0);
}
END_TEST

START_TEST(k67_pending_event_vanishes_with_its_descriptor)
{
	/* kqueue(2). Seen pending by a first call with room for one. */
	int other[2];

	watched(_i == 1);
	make_pair(other);
	put(other[1], 1);
	assert_ok(kq_op(kq, other[0], EVFILT_READ, EV_ADD));
	ck_assert_int_eq(kq_poll(kq, ev, 1), 1);
	drop(fds[0]);
	assert_one(kq, other[0], EVFILT_READ);
}
END_TEST

START_TEST(k68_of_three_dups_only_the_closed_one_goes)
{
	/* NetBSD t_vnode "interest", for sockets. */
	int dups[3];

	make_pair(fds);
	for (int i = 0; i < 3; i++) {
		dups[i] = own(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
		assert_ok(kq_op(kq, dups[i], EVFILT_READ, EV_ADD));
	}
	put(fds[1], 1);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 3);
	drop(dups[1]);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 2);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_ne(ev[i].ident, (uintptr_t)dups[1]);
}
END_TEST

START_TEST(k69_thread_that_waits_on_a_closed_queue_gets_ebadf)
{
	/* OpenBSD, NetBSD, macOS; FreeBSD would sleep on. Within a second. */
	struct waiter w;
	int64_t start;
	int number = kq;

	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD));
	waiter_start(&w, kq, 1);
	start = now_ns(CLOCK_MONOTONIC);
	kq = -1;
	assert_ok(close(number));
	assert_fails(waiter_join(&w), EBADF);
	ck_assert_int_lt(now_ns(CLOCK_MONOTONIC) - start, 1000 * MS);
}
END_TEST

START_TEST(k69_every_waiting_thread_gets_ebadf)
{
	/* As before, with four threads and a timer and a descriptor watched. */
	struct waiter w[4];
	int number = kq;

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(
	    kq_change(kq, 1, EVFILT_TIMER, EV_ADD, NOTE_SECONDS, 1000, NULL));
	for (int i = 0; i < 4; i++)
		waiter_start(&w[i], kq, 1);
	kq = -1;
	assert_ok(close(number));
	for (int i = 0; i < 4; i++)
		assert_fails(waiter_join(&w[i]), EBADF);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: close");
	TCase *c = kq_tcase(s, "close");

	tcase_add_loop_test(c, k62_k64_k66_closed_descriptor_is_silent, 0,
	    CLOSERS_MAX);
	tcase_add_loop_test(c,
	    k63_k64_k66_closed_descriptor_with_a_dup_is_silent, 0, CLOSERS_MAX);
	tcase_add_loop_test(c, k65_reused_number_is_a_new_descriptor, 0, 2);
	tcase_add_loop_test(c, k67_pending_event_vanishes_with_its_descriptor,
	    0, 2);
	tcase_add_test(c, k68_of_three_dups_only_the_closed_one_goes);
	tcase_add_test(c, k69_thread_that_waits_on_a_closed_queue_gets_ebadf);
	tcase_add_test(c, k69_every_waiting_thread_gets_ebadf);
	return plx_check_main(s);
}

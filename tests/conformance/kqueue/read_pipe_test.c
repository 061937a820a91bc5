/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_READ on pipes, fifos, terminals and the kernel's other
 * descriptors (R03, R16-R19, R27-R29, R31).
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

static int fds[2];

static void
watch(int fd)
{
	assert_ok(kq_op(kq, fd, EVFILT_READ, EV_ADD));
}

START_TEST(r03_pipe_counts_exactly)
{
	/* kqueue(2): bytes buffered, over more than one page; then the end. */
	static const size_t SIZES[] = { 1, 4095, 1, 8192, 3 };
	int64_t total = 0;

	make_pipe(fds);
	watch(fds[0]);
	assert_silent(kq);
	for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
		put(fds[1], SIZES[i]);
		total += (int64_t)SIZES[i];
		assert_one(kq, fds[0], EVFILT_READ);
		ck_assert_int_eq(ev[0].data, total);
	}
	drop(fds[1]);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_EOF);
	ck_assert_int_eq(ev[0].data, total);
	take(fds[0], (size_t)total);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_EOF);
	ck_assert_int_eq(ev[0].data, 0);
}
END_TEST

/* A fifo in the place of make_file's file, which goes. */
static const char *
make_fifo(void)
{
	int fd = make_file("");

	assert_ok(unlink(file_path()));
	assert_ok(mkfifo(file_path(), 0600));
	drop(fd);
	return file_path();
}

START_TEST(r16_r17_r18_fifo_ends_and_begins_again)
{
	/* FreeBSD: no writer yet is no end; the last writer's close is one; a
	 * new writer clears it. */
	const char *fifo = make_fifo();
	int reader = own(open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	int writer;

	watch(reader);
	assert_silent(kq);
	for (int i = 0; i < 3; i++) {
		writer = own(open(fifo, O_WRONLY | O_CLOEXEC));
		assert_silent(kq);
		put(writer, 3);
		assert_one(kq, reader, EVFILT_READ);
		ck_assert_int_eq(ev[0].data, 3);
		ck_assert_uint_eq(ev[0].flags, 0);
		take(reader, 3);
		assert_silent(kq);
		drop(writer);
		assert_one(kq, reader, EVFILT_READ);
		ck_assert_uint_eq(ev[0].flags, EV_EOF);
		ck_assert_int_eq(ev[0].data, 0);
	}
}
END_TEST

START_TEST(r19_fifo_opened_for_both_has_no_end)
{
	/* NetBSD t_fifo: the reader is a writer itself; data is 3. */
	const char *fifo = make_fifo();
	int both = own(open(fifo, O_RDWR | O_CLOEXEC));
	int writer = own(open(fifo, O_WRONLY | O_CLOEXEC));

	watch(both);
	put(writer, 3);
	drop(writer);
	assert_one(kq, both, EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 3);
	ck_assert_uint_eq(ev[0].flags, 0);
	take(both, 3);
	assert_silent(kq);
}
END_TEST

static void
make_pty(int *master, int *slave)
{
	struct termios t;

	*master = own(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	assert_ok(grantpt(*master));
	assert_ok(unlockpt(*master));
	*slave = own(open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC));
	assert_ok(tcgetattr(*slave, &t));
	cfmakeraw(&t);
	assert_ok(tcsetattr(*slave, TCSANOW, &t));
}

START_TEST(r27_pty_tells_data_both_ways_and_the_end_to_its_master)
{
	/* OpenBSD kqueue-pty: raw mode, so each byte is seen. */
	int master, slave;

	make_pty(&master, &slave);
	watch(master);
	watch(slave);
	assert_silent(kq);
	put(master, 3);
	assert_comes(kq, slave, EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 3);
	take(slave, 3);
	assert_silent(kq);
	put(slave, 2);
	assert_comes(kq, master, EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 2);
	take(master, 2);
	assert_silent(kq);
	drop(slave);
	assert_comes(kq, master, EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_EOF);
}
END_TEST

START_TEST(r28_data_of_an_eventfd_is_its_counter)
{
	/* FreeBSD 13 eventfd(2). The counter is not taken: read finds it. */
	static const uint64_t SUMS[] = { 1, 5, UINT64_C(5000000000) };
	uint64_t sum = 0, got;
	int fd = own(eventfd(0, EFD_CLOEXEC));

	watch(fd);
	assert_silent(kq);
	for (size_t i = 0; i < 3; i++) {
		uint64_t more = SUMS[i] - sum;

		ck_assert_int_eq(write(fd, &more, 8), 8);
		sum += more;
		assert_one(kq, fd, EVFILT_READ);
		ck_assert_int_eq(ev[0].data, (int64_t)sum);
	}
	ck_assert_int_eq(read(fd, &got, 8), 8);
	ck_assert_uint_eq(got, sum);
	assert_silent(kq);
}
END_TEST

START_TEST(r29_timerfd_is_readable_when_it_expired)
{
	/* Linux; kqueue(2)'s rule for any descriptor: ready when read is. */
	struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };
	int fd = own(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	uint64_t n;

	watch(fd);
	assert_silent(kq);
	assert_ok(timerfd_settime(fd, 0, &soon, NULL));
	assert_comes(kq, fd, EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, 0);
	ck_assert_int_eq(read(fd, &n, sizeof(n)), 8);
	assert_silent(kq);
}
END_TEST

START_TEST(r29_signalfd_is_readable_when_a_signal_is_pending)
{
	/* Linux, as before. */
	struct signalfd_siginfo info;
	sigset_t set, old;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	assert_ok(pthread_sigmask(SIG_BLOCK, &set, &old));
	fd = own(signalfd(-1, &set, SFD_CLOEXEC));
	watch(fd);
	assert_silent(kq);
	assert_ok(raise(SIGUSR1));
	assert_one(kq, fd, EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, 0);
	ck_assert_int_eq(read(fd, &info, sizeof(info)), sizeof(info));
	assert_silent(kq);
	assert_ok(pthread_sigmask(SIG_SETMASK, &old, NULL));
}
END_TEST

START_TEST(r29_inotify_is_readable_with_its_size)
{
	/* Linux, as before; FIONREAD tells the bytes of the records. */
	char records[256];
	int file = make_file("");
	int fd = own(inotify_init1(IN_CLOEXEC));
	ssize_t n;

	ck_assert_int_ge(inotify_add_watch(fd, file_path(), IN_MODIFY), 0);
	watch(fd);
	assert_silent(kq);
	put(file, 1);
	assert_one(kq, fd, EVFILT_READ);
	n = read(fd, records, sizeof(records));
	ck_assert_int_eq(ev[0].data, n);
	assert_silent(kq);
}
END_TEST

static const char *const DEVICES[] = { "/dev/null", "/dev/zero" };

START_TEST(r31_null_and_zero_are_always_ready)
{
	/* OpenBSD, DragonFly: seltrue, data 0; never a hang. */
	int fd = own(open(DEVICES[_i], O_RDWR | O_CLOEXEC));

	watch(fd);
	for (int i = 0; i < 2; i++) {
		assert_one(kq, fd, EVFILT_READ);
		ck_assert_int_eq(ev[0].data, 0);
		ck_assert_uint_eq(ev[0].flags, 0);
	}
	assert_ok(kq_op(kq, fd, EVFILT_READ, EV_DELETE));
	assert_silent(kq);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: read, pipes and others");
	TCase *c = kq_tcase(s, "pipes and fifos");

	tcase_add_test(c, r03_pipe_counts_exactly);
	tcase_add_test(c, r16_r17_r18_fifo_ends_and_begins_again);
	tcase_add_test(c, r19_fifo_opened_for_both_has_no_end);
	c = kq_tcase(s, "others");
	tcase_add_test(c,
	    r27_pty_tells_data_both_ways_and_the_end_to_its_master);
	tcase_add_test(c, r28_data_of_an_eventfd_is_its_counter);
	tcase_add_test(c, r29_timerfd_is_readable_when_it_expired);
	tcase_add_test(c, r29_signalfd_is_readable_when_a_signal_is_pending);
	tcase_add_test(c, r29_inotify_is_readable_with_its_size);
	tcase_add_loop_test(c, r31_null_and_zero_are_always_ready, 0, 2);
	return plx_check_main(s);
}

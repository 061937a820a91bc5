/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_WRITE (W01-W13, W17), and the two filters that look at
 * sockets from the side.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fds[2];

static void
watch(int fd, unsigned int flags)
{
	assert_ok(kq_op(kq, fd, EVFILT_WRITE, EV_ADD | flags));
}

static void
make_stream(int kind)
{
	if (kind == 0)
		make_pair(fds);
	else
		make_tcp_pair(fds);
}

START_TEST(w01_w02_data_is_the_free_space)
{
	/* kqueue(2) EVFILT_WRITE: what still fits; less after a write. */
	int64_t idle;

	make_stream(_i);
	watch(fds[0], 0);
	assert_one(kq, fds[0], EVFILT_WRITE);
	idle = ev[0].data;
	ck_assert_int_gt(idle, 4096);
	ck_assert_uint_eq(ev[0].flags, 0);
	ck_assert_uint_eq(ev[0].fflags, 0);
	put(fds[0], 4096);
	assert_one(kq, fds[0], EVFILT_WRITE);
	/* TCP may have sent it by now: then the space is free again. */
	if (_i == 0)
		ck_assert_int_le(ev[0].data, idle - 4096);
	else
		ck_assert_int_le(ev[0].data, idle);
	ck_assert_int_gt(ev[0].data, 0);
}
END_TEST

START_TEST(w03_full_socket_is_silent_until_drained)
{
	/* kqueue(2), level and EV_CLEAR. */
	make_stream(_i % 2);
	(void)fill(fds[0]);
	watch(fds[0], _i < 2 ? 0 : EV_CLEAR);
	assert_silent(kq);
	while (kq_poll(kq, ev, EVS) == 0) {
		if (drain(fds[1]) == 0)
			break;
	}
	if (ev[0].filter != EVFILT_WRITE)
		assert_comes(kq, fds[0], EVFILT_WRITE);
	ck_assert_int_gt(ev[0].data, 0);
	ck_assert_uint_eq(ev[0].flags, _i < 2 ? 0 : EV_CLEAR);
}
END_TEST

START_TEST(w04_closed_peer_is_eof)
{
	/* kqueue(2): nobody reads any more. A TCP peer says so by a reset. */
	make_stream(_i);
	watch(fds[0], EV_CLEAR);
	assert_one(kq, fds[0], EVFILT_WRITE);
	drop(fds[1]);
	if (_i == 1)
		put(fds[0], 1);
	do {
		assert_comes(kq, fds[0], EVFILT_WRITE);
	} while ((ev[0].flags & EV_EOF) == 0);
}
END_TEST

START_TEST(w05_refused_connect_is_eof_and_the_error_stays)
{
	/* kqueue(2): EV_EOF, fflags the error; design 3.15: the program's own
	 * getsockopt finds it afterwards, once. */
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int listener = make_listener(AF_INET, 1);
	int error, fd;

	assert_ok(getsockname(listener, (struct sockaddr *)&address, &len));
	drop(listener);
	fd = own(
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (connect(fd, (struct sockaddr *)&address, len) != -1 ||
	    errno != EINPROGRESS) {
		skip("the refusal came before connect returned");
		return;
	}
	watch(fd, 0);
	for (int i = 0; i < 2; i++) {
		assert_comes(kq, fd, EVFILT_WRITE);
		ck_assert_uint_eq(ev[0].flags, EV_EOF);
		ck_assert_uint_eq(ev[0].fflags, ECONNREFUSED);
	}
	len = sizeof(error);
	assert_ok(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	ck_assert_int_eq(error, ECONNREFUSED);
	assert_ok(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(w06_socket_that_never_connected_is_silent)
{
	/* kqueue(2): only a connected stream can be written. Linux' poll says
	 * POLLOUT and POLLHUP here. */
	int fd = own(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	watch(fd, 0);
	assert_silent(kq);
}
END_TEST

/* A socket whose connect is under way: the listener's queue is full. */
static int
connecting(int listener)
{
	struct sockaddr_in address;
	struct tcp_info info;
	socklen_t len = sizeof(address);

	assert_ok(getsockname(listener, (struct sockaddr *)&address, &len));
	for (int i = 0; i < 8; i++) {
		int fd = own(socket(AF_INET,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));

		(void)connect(fd, (struct sockaddr *)&address, len);
		len = sizeof(info);
		assert_ok(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
		if (info.tcpi_state == TCP_SYN_SENT)
			return fd;
		len = sizeof(address);
	}
	return -1;
}

START_TEST(w06_connecting_socket_is_silent_until_connected)
{
	/* kqueue(2). The listener takes the next connection only when another
	 * one was accepted; TCP tries again after a second. */
	int listener = make_listener(AF_INET, 0);
	int fd = connecting(listener);

	ck_assert_int_ge(fd, 0);
	watch(fd, 0);
	assert_silent(kq);
	own(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	assert_comes(kq, fd, EVFILT_WRITE);
	ck_assert_uint_eq(ev[0].flags, 0);
	ck_assert_int_gt(ev[0].data, 0);
}
END_TEST

static const int DOMAINS[] = { AF_INET, AF_INET6, AF_UNIX };

START_TEST(w07_listener_never_fires)
{
	/* kqueue(2); with a connection waiting as well. */
	int listener = make_listener(DOMAINS[_i], 4);

	watch(listener, 0);
	assert_silent(kq);
	(void)connect_to(listener);
	assert_silent(kq);
}
END_TEST

START_TEST(w08_data_of_a_pipe_is_capacity_minus_content)
{
	/* kqueue(2). */
	int64_t size;

	make_pipe(fds);
	size = fcntl(fds[1], F_GETPIPE_SZ);
	watch(fds[1], 0);
	assert_one(kq, fds[1], EVFILT_WRITE);
	ck_assert_int_eq(ev[0].data, size);
	put(fds[1], 4096);
	put(fds[1], 904);
	assert_one(kq, fds[1], EVFILT_WRITE);
	ck_assert_int_eq(ev[0].data, size - 5000);
}
END_TEST

START_TEST(w09_full_pipe_fires_when_pipe_buf_is_free)
{
	/* NetBSD t_pipe: not one byte earlier. */
	make_pipe(fds);
	(void)fill(fds[1]);
	watch(fds[1], 0);
	assert_silent(kq);
	take(fds[0], 1);
	assert_silent(kq);
	take(fds[0], PIPE_BUF - 2);
	assert_silent(kq);
	take(fds[0], 1);
	assert_one(kq, fds[1], EVFILT_WRITE);
	ck_assert_int_eq(ev[0].data, PIPE_BUF);
	ck_assert_uint_eq(ev[0].flags, 0);
}
END_TEST

START_TEST(w10_pipe_without_reader_is_eof)
{
	/* kqueue(2): EV_EOF, data 0; full or empty. */
	make_pipe(fds);
	if (_i == 1)
		(void)fill(fds[1]);
	watch(fds[1], EV_CLEAR);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), _i == 0);
	drop(fds[0]);
	assert_one(kq, fds[1], EVFILT_WRITE);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR | EV_EOF);
	ck_assert_int_eq(ev[0].data, 0);
}
END_TEST

START_TEST(w11_low_water_mark_waits_for_that_much_space)
{
	/* kqueue(2) NOTE_LOWAT: half of what an idle socket has. */
	int64_t half, start;

	make_stream(_i);
	watch(fds[0], EV_ONESHOT);
	assert_one(kq, fds[0], EVFILT_WRITE);
	half = ev[0].data / 2;
	(void)fill(fds[0]);
	assert_ok(kq_change(kq, fds[0], EVFILT_WRITE, EV_ADD, NOTE_LOWAT, half,
	    NULL));
	start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 100), 0);
	ck_assert_int_lt(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start, 50 * MS);
	while (kq_wait_ms(kq, ev, EVS, 10) == 0)
		(void)drain(fds[1]);
	ck_assert_int_eq(ev[0].filter, EVFILT_WRITE);
	ck_assert_int_ge(ev[0].data, half);
}
END_TEST

START_TEST(w12_regular_file_is_always_ready)
{
	/* All BSDs, whatever the page says; data 0. */
	int file = make_file("x");

	watch(file, 0);
	for (int i = 0; i < 3; i++) {
		assert_one(kq, file, EVFILT_WRITE);
		ck_assert_int_eq(ev[0].data, 0);
		ck_assert_uint_eq(ev[0].flags, 0);
	}
}
END_TEST

START_TEST(w13_datagram_socket_is_ready)
{
	/* kqueue(2): connected or not. */
	int fd = own(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	watch(fd, 0);
	assert_one(kq, fd, EVFILT_WRITE);
	ck_assert_int_gt(ev[0].data, 0);
	ck_assert_uint_eq(ev[0].flags, 0);
}
END_TEST

START_TEST(w13_eventfd_tells_what_can_be_added)
{
	/* FreeBSD 13 eventfd(2): silent when full, at 2^64 - 2. */
	uint64_t most = UINT64_MAX - 1, one = 1;
	int fd = own(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	watch(fd, 0);
	assert_one(kq, fd, EVFILT_WRITE);
	ck_assert_int_eq(write(fd, &most, 8), 8);
	assert_silent(kq);
	ck_assert_int_eq(read(fd, &most, 8), 8);
	assert_one(kq, fd, EVFILT_WRITE);
	ck_assert_int_eq(write(fd, &one, 8), 8);
}
END_TEST

START_TEST(w17_write_filter_on_the_read_end_of_a_pipe_fails)
{
	/* Linux pipes have one direction: EINVAL; and READ on the other end. */
	make_pipe(fds);
	assert_fails(kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD), EINVAL);
	assert_fails(kq_op(kq, fds[1], EVFILT_READ, EV_ADD), EINVAL);
}
END_TEST

static void
add_others(Suite *s)
{
	TCase *c = kq_tcase(s, "others");

	tcase_add_test(c, w12_regular_file_is_always_ready);
	tcase_add_test(c, w13_datagram_socket_is_ready);
	tcase_add_test(c, w13_eventfd_tells_what_can_be_added);
}

int
main(void)
{
	Suite *s = suite_create("kqueue: write");
	TCase *c = kq_tcase(s, "sockets");

	tcase_add_loop_test(c, w01_w02_data_is_the_free_space, 0, 2);
	tcase_add_loop_test(c, w03_full_socket_is_silent_until_drained, 0, 4);
	tcase_add_loop_test(c, w04_closed_peer_is_eof, 0, 2);
	tcase_add_test(c, w05_refused_connect_is_eof_and_the_error_stays);
	tcase_add_test(c, w06_socket_that_never_connected_is_silent);
	tcase_add_test(c, w06_connecting_socket_is_silent_until_connected);
	tcase_add_loop_test(c, w07_listener_never_fires, 0, 3);
	tcase_add_loop_test(c, w11_low_water_mark_waits_for_that_much_space, 0,
	    2);
	c = kq_tcase(s, "pipes");
	tcase_add_test(c, w08_data_of_a_pipe_is_capacity_minus_content);
	tcase_add_test(c, w09_full_pipe_fires_when_pipe_buf_is_free);
	tcase_add_loop_test(c, w10_pipe_without_reader_is_eof, 0, 2);
	tcase_add_test(c, w17_write_filter_on_the_read_end_of_a_pipe_fails);
	add_others(s);
	return plx_check_main(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_READ on sockets (R01, R02, R04-R15, R30, R32, R33).
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fds[2];

static void
watch(int fd, unsigned int flags, unsigned int fflags, int64_t data)
{
	assert_ok(
	    kq_change(kq, fd, EVFILT_READ, EV_ADD | flags, fflags, data, NULL));
}

static void
lowat_of(int fd, int want)
{
	int have;
	socklen_t len = sizeof(have);

	assert_ok(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &have, &len));
	ck_assert_int_eq(have, want);
}

START_TEST(r01_r02_data_is_the_number_of_bytes)
{
	/* kqueue(2) EVFILT_READ; silent before and when drained. */
	make_pair(fds);
	watch(fds[0], 0, 0, 0);
	assert_silent(kq);
	for (int i = 1; i <= 2; i++) {
		put(fds[1], 1);
		assert_one(kq, fds[0], EVFILT_READ);
		ck_assert_int_eq(ev[0].data, i);
		ck_assert_uint_eq(ev[0].flags, 0);
		ck_assert_uint_eq(ev[0].fflags, 0);
	}
	take(fds[0], 2);
	assert_silent(kq);
}
END_TEST

START_TEST(r04_closed_peer_is_eof)
{
	/* kqueue(2): EV_EOF, data 0; again in each call (level). */
	if (_i == 0)
		make_pair(fds);
	else
		make_tcp_pair(fds);
	watch(fds[0], 0, 0, 0);
	drop(fds[1]);
	for (int i = 0; i < 2; i++) {
		assert_comes(kq, fds[0], EVFILT_READ);
		ck_assert_uint_eq(ev[0].flags, EV_EOF);
		ck_assert_uint_eq(ev[0].fflags, 0);
		ck_assert_int_eq(ev[0].data, 0);
	}
}
END_TEST

START_TEST(r05_eof_comes_with_the_bytes_that_are_left)
{
	/* kqueue(2): one event, EV_EOF and data N. */
	if (_i == 0)
		make_pair(fds);
	else
		make_tcp_pair(fds);
	put(fds[1], 7);
	assert_ok(shutdown(fds[1], SHUT_WR));
	watch(fds[0], EV_CLEAR, 0, 0);
	do {
		/* TCP: the end may come a moment after the bytes. */
		assert_comes(kq, fds[0], EVFILT_READ);
		ck_assert_int_eq(ev[0].data, 7);
	} while (_i == 1 && (ev[0].flags & EV_EOF) == 0);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR | EV_EOF);
	take(fds[0], 7);
	ck_assert_int_eq(read(fds[0], &(char){ 0 }, 1), 0);
}
END_TEST

START_TEST(r06_eof_is_reported_below_the_low_water_mark)
{
	/* kqueue(2) NOTE_LOWAT: the end fires whatever the mark. */
	make_pair(fds);
	watch(fds[0], 0, NOTE_LOWAT, 100);
	put(fds[1], 3);
	assert_silent(kq);
	assert_ok(shutdown(fds[1], SHUT_WR));
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_EOF);
	ck_assert_int_eq(ev[0].data, 3);
}
END_TEST

START_TEST(r07_low_water_mark_is_silent_below_and_does_not_spin)
{
	/* kqueue(2) NOTE_LOWAT: 9 of 10 silent, and the wait costs no time of
	 * the processor; the tenth byte fires. */
	int64_t start;

	if (_i == 0)
		make_pair(fds);
	else
		make_tcp_pair(fds);
	watch(fds[0], 0, NOTE_LOWAT, 10);
	put(fds[1], 9);
	start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 200), 0);
	ck_assert_int_lt(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start, 50 * MS);
	put(fds[1], 1);
	assert_comes(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 10);
	lowat_of(fds[0], 1);
	take(fds[0], 1);
	assert_silent(kq);
}
END_TEST

START_TEST(r08_two_queues_have_marks_of_their_own)
{
	/* kqueue(2) NOTE_LOWAT: of the interest, not of the socket. */
	int second = own(kqueue());

	make_tcp_pair(fds);
	watch(fds[0], 0, NOTE_LOWAT, 5);
	assert_ok(kq_change(second, fds[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, 50,
	    NULL));
	put(fds[1], 5);
	assert_comes(kq, fds[0], EVFILT_READ);
	assert_silent(second);
	put(fds[1], 45);
	assert_comes(second, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 50);
	lowat_of(fds[0], 1);
}
END_TEST

START_TEST(r09_mark_of_the_socket_is_honoured)
{
	/* kqueue(2): without NOTE_LOWAT the mark is SO_RCVLOWAT. TCP: Linux
	 * knows it for no other stream. */
	const int four = 4;

	make_tcp_pair(fds);
	assert_ok(
	    setsockopt(fds[0], SOL_SOCKET, SO_RCVLOWAT, &four, sizeof(four)));
	watch(fds[0], 0, 0, 0);
	put(fds[1], 3);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 50), 0);
	put(fds[1], 1);
	assert_comes(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 4);
	lowat_of(fds[0], 4);
}
END_TEST

static const int DOMAINS[] = { AF_INET, AF_INET6, AF_UNIX };

START_TEST(r10_data_of_a_listener_is_its_queue)
{
	/* kqueue(2): "the size of the listen backlog", that is, who waits. */
	int listener = make_listener(DOMAINS[_i], 16);

	watch(listener, 0, 0, 0);
	assert_silent(kq);
	for (int i = 0; i < 3; i++)
		(void)connect_to(listener);
	for (int left = 3; left > 0; left--) {
		assert_comes(kq, listener, EVFILT_READ);
		ck_assert_int_eq(ev[0].data, left);
		ck_assert_uint_eq(ev[0].flags, 0);
		own(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	}
	assert_silent(kq);
}
END_TEST

START_TEST(r11_reset_is_eof_with_its_error_and_stays_readable)
{
	/* kqueue(2): fflags has the socket's error; design 3.15: the program's
	 * own read finds it all the same. */
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	char byte;

	make_tcp_pair(fds);
	watch(fds[0], 0, 0, 0);
	assert_ok(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	drop(fds[1]);
	for (int i = 0; i < 2; i++) {
		assert_comes(kq, fds[0], EVFILT_READ);
		ck_assert_uint_eq(ev[0].flags, EV_EOF);
		ck_assert_uint_eq(ev[0].fflags, ECONNRESET);
	}
	ck_assert_int_eq(read(fds[0], &byte, 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

/* Two UDP sockets, each connected to the other. */
static void
make_udp_pair(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 2; i++) {
		fds[i] = own(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		a.sin_port = 0;
		assert_ok(bind(fds[i], (struct sockaddr *)&a, sizeof(a)));
	}
	for (int i = 0; i < 2; i++) {
		assert_ok(getsockname(fds[i], (struct sockaddr *)&a, &len));
		assert_ok(connect(fds[1 - i], (struct sockaddr *)&a, len));
	}
}

START_TEST(r12_datagrams_fire_and_empty_ones_are_no_eof)
{
	/* kqueue(2). data: the first datagram, all that Linux tells. */
	char bytes[8] = "";

	make_udp_pair();
	watch(fds[0], 0, 0, 0);
	assert_silent(kq);
	ck_assert_int_eq(send(fds[1], bytes, 5, 0), 5);
	assert_comes(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 5);
	ck_assert_int_eq(recv(fds[0], bytes, sizeof(bytes), 0), 5);
	assert_silent(kq);
	ck_assert_int_eq(send(fds[1], bytes, 0, 0), 0);
	assert_comes(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, 0);
	ck_assert_int_eq(ev[0].data, 0);
	ck_assert_int_eq(recv(fds[0], bytes, sizeof(bytes), 0), 0);
	assert_silent(kq);
}
END_TEST

START_TEST(r13_icmp_error_fires_without_eof)
{
	/* kqueue(2): a datagram socket has no end. The peer is closed, so the
	 * kernel answers what is sent with "port unreachable". */
	char byte = 0;

	make_udp_pair();
	drop(fds[1]);
	watch(fds[0], 0, 0, 0);
	ck_assert_int_eq(send(fds[0], &byte, 1, 0), 1);
	assert_comes(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags & EV_EOF, 0);
	ck_assert_int_eq(recv(fds[0], &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
}
END_TEST

START_TEST(r14_own_shutdown_is_eof)
{
	/* kqueue(2): the read side is shut, by whomever. */
	if (_i == 0)
		make_pair(fds);
	else
		make_tcp_pair(fds);
	watch(fds[0], 0, 0, 0);
	assert_silent(kq);
	assert_ok(shutdown(fds[0], SHUT_RD));
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_EOF);
}
END_TEST

START_TEST(r15_clear_tells_arrivals_with_the_total)
{
	/* kqueue(2) EV_CLEAR: reading a part is no event, a new byte is. */
	make_pair(fds);
	watch(fds[0], EV_CLEAR, 0, 0);
	put(fds[1], 5);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 5);
	take(fds[0], 2);
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 4);
	assert_silent(kq);
}
END_TEST

START_TEST(r30_read_and_write_of_one_socket_are_two_interests)
{
	/* kqueue(2): (ident, filter). Each mix of level and edge; then one is
	 * deleted and the other stays. */
	unsigned int read_mode = (_i & 1) != 0 ? EV_CLEAR : 0;
	unsigned int write_mode = (_i & 2) != 0 ? EV_CLEAR : 0;

	make_pair(fds);
	put(fds[1], 1);
	watch(fds[0], read_mode, 0, 0);
	assert_ok(kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD | write_mode));
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 2);
	ck_assert_int_eq(ev[0].filter + ev[1].filter,
	    EVFILT_READ + EVFILT_WRITE);
	ck_assert_int_eq(kq_poll(kq, ev, EVS),
	    (read_mode == 0) + (write_mode == 0));
	put(fds[1], 1);
	assert_ok(
	    kq_op(kq, fds[0], _i < 4 ? EVFILT_WRITE : EVFILT_READ, EV_DELETE));
	if (_i < 4) {
		assert_one(kq, fds[0], EVFILT_READ);
		ck_assert_int_eq(ev[0].data, 2);
	} else if (write_mode == 0) {
		assert_one(kq, fds[0], EVFILT_WRITE);
	} else {
		/* An arrival is nothing to the write side. */
		assert_silent(kq);
	}
}
END_TEST

START_TEST(r32_descriptor_is_usable_after_oneshot)
{
	/* kevent(2) EV_ONESHOT: the interest goes, the descriptor stays; a new
	 * interest of it is a first one. */
	make_pair(fds);
	for (int i = 0; i < 3; i++) {
		watch(fds[0], EV_ONESHOT, 0, 0);
		put(fds[1], 1);
		assert_one(kq, fds[0], EVFILT_READ);
		take(fds[0], 1);
		assert_silent(kq);
	}
	watch(fds[0], 0, 0, 0);
	put(fds[1], 2);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 2);
}
END_TEST

START_TEST(r33_packet_socket_is_never_at_its_end)
{
	/* libkqueue #33 (libpcap): data > 0, no EOF. A datagram on lo. */
	struct sockaddr_ll lo = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("lo") };
	int packets = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	char byte = 0;

	if (packets < 0) {
		skip("packet sockets need CAP_NET_RAW");
		return;
	}
	own(packets);
	watch(packets, 0, 0, 0);
	assert_silent(kq);
	assert_ok(bind(packets, (struct sockaddr *)&lo, sizeof(lo)));
	make_udp_pair();
	ck_assert_int_eq(send(fds[1], &byte, 1, 0), 1);
	assert_comes(kq, packets, EVFILT_READ);
	ck_assert_int_gt(ev[0].data, 0);
	ck_assert_uint_eq(ev[0].flags, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: read, sockets");
	TCase *c = kq_tcase(s, "streams");

	tcase_add_test(c, r01_r02_data_is_the_number_of_bytes);
	tcase_add_loop_test(c, r04_closed_peer_is_eof, 0, 2);
	tcase_add_loop_test(c, r05_eof_comes_with_the_bytes_that_are_left, 0,
	    2);
	tcase_add_test(c, r11_reset_is_eof_with_its_error_and_stays_readable);
	tcase_add_loop_test(c, r14_own_shutdown_is_eof, 0, 2);
	tcase_add_test(c, r15_clear_tells_arrivals_with_the_total);
	tcase_add_loop_test(c,
	    r30_read_and_write_of_one_socket_are_two_interests, 0, 8);
	tcase_add_test(c, r32_descriptor_is_usable_after_oneshot);
	c = kq_tcase(s, "low water marks");
	tcase_add_test(c, r06_eof_is_reported_below_the_low_water_mark);
	tcase_add_loop_test(c,
	    r07_low_water_mark_is_silent_below_and_does_not_spin, 0, 2);
	tcase_add_test(c, r08_two_queues_have_marks_of_their_own);
	tcase_add_test(c, r09_mark_of_the_socket_is_honoured);
	c = kq_tcase(s, "other sockets");
	tcase_add_loop_test(c, r10_data_of_a_listener_is_its_queue, 0, 3);
	tcase_add_test(c, r12_datagrams_fire_and_empty_ones_are_no_eof);
	tcase_add_test(c, r13_icmp_error_fires_without_eof);
	tcase_add_test(c, r33_packet_socket_is_never_at_its_end);
	return plx_check_main(s);
}

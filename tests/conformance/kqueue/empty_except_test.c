/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_EMPTY (W14, W15) and EVFILT_EXCEPT (W16), alone and
 * beside READ and WRITE of the same socket.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/conformance/kqueue/observer.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int fds[2];

/* --- EMPTY --- */

START_TEST(w14_empty_fires_when_everything_was_acknowledged)
{
	/* FreeBSD 11 EVFILT_EMPTY, NetBSD t_empty: idle, unread by a slow peer,
	 * drained. On TCP and on AF_UNIX, level and oneshot. */
	size_t left;

	if ((_i & 1) == 0)
		make_tcp_pair(fds);
	else
		make_pair(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY,
	    EV_ADD | (_i < 2 ? 0 : EV_ONESHOT)));
	assert_one(kq, fds[0], EVFILT_EMPTY);
	ck_assert_int_eq(ev[0].data, 0);
	left = fill(fds[0]);
	if (_i >= 2)
		assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_ADD | EV_ONESHOT));
	assert_silent(kq);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
	while (left > 0)
		left -= drain(fds[1]);
	assert_comes(kq, fds[0], EVFILT_EMPTY);
	if (_i < 2)
		assert_one(kq, fds[0], EVFILT_EMPTY);
	else
		assert_silent(kq);
}
END_TEST

START_TEST(w14_empty_with_clear_fires_again_after_more_was_sent)
{
	/* FreeBSD: an activation of the send buffer. Silent while nothing is
	 * sent, and told once though all was gone before anybody looked. */
	make_tcp_pair(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_ADD | EV_CLEAR));
	assert_one(kq, fds[0], EVFILT_EMPTY);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 120), 0);
	put(fds[0], 100);
	assert_comes(kq, fds[0], EVFILT_EMPTY);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 120), 0);
}
END_TEST

START_TEST(w14_disabled_empty_is_looked_at_when_enabled)
{
	/* Level: what is true at EV_ENABLE fires, what is not does not. */
	make_pair(fds);
	put(fds[0], 10);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_ADD | EV_DISABLE));
	take(fds[1], 10);
	assert_silent(kq);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_ENABLE));
	assert_one(kq, fds[0], EVFILT_EMPTY);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_DISABLE));
	assert_silent(kq);
	put(fds[0], 10);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_ENABLE));
	assert_silent(kq);
	take(fds[1], 10);
	assert_comes(kq, fds[0], EVFILT_EMPTY);
}
END_TEST

START_TEST(w14_empty_wakes_a_sleeper)
{
	/* The thread sleeps without a limit until the peer has read. */
	struct waiter w;

	make_pair(fds);
	put(fds[0], 10);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_ADD));
	waiter_start(&w, kq, 1);
	take(fds[1], 10);
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_int_eq(w.events[0].filter, EVFILT_EMPTY);
}
END_TEST

START_TEST(w14_listening_socket_is_empty)
{
	/* FreeBSD filt_soempty: always. */
	int fd = make_listener(AF_INET, 4);

	assert_ok(kq_op(kq, fd, EVFILT_EMPTY, EV_ADD));
	assert_one(kq, fd, EVFILT_EMPTY);
}
END_TEST

START_TEST(w14_closed_socket_is_gone)
{
	/* kqueue(2): close removes, also what is looked at by a timer. */
	make_pair(fds);
	put(fds[0], 10);
	assert_ok(kq_op(kq, fds[0], EVFILT_EMPTY, EV_ADD));
	drop(fds[0]);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
	assert_fails(kq_op(kq, fds[0], EVFILT_EMPTY, EV_DELETE), EBADF);
}
END_TEST

START_TEST(w15_empty_on_other_descriptors_is_einval)
{
	/* NetBSD: sockets only. */
	make_pipe(fds);
	assert_fails(kq_op(kq, fds[1], EVFILT_EMPTY, EV_ADD), EINVAL);
	assert_fails(kq_op(kq, make_file("0"), EVFILT_EMPTY, EV_ADD), EINVAL);
	assert_fails(kq_op(kq, kq, EVFILT_EMPTY, EV_ADD), EINVAL);
	assert_fails(kq_op(kq, 9999, EVFILT_EMPTY, EV_ADD), EBADF);
}
END_TEST

/* --- EXCEPT --- */

static void
send_urgent(void)
{
	ck_assert_int_eq(send(fds[1], "!", 1, MSG_OOB), 1);
}

static void
take_urgent(void)
{
	char byte;

	ck_assert_int_eq(recv(fds[0], &byte, 1, MSG_OOB), 1);
}

static int
except_add(unsigned int flags)
{
	return kq_change(kq, fds[0], EVFILT_EXCEPT, EV_ADD | flags, NOTE_OOB, 0,
	    NULL);
}

START_TEST(w16_except_fires_for_urgent_data)
{
	/* OpenBSD, macOS: not for other data; level until it was read, and the
	 * queue's number shows the same. */
	make_tcp_pair(fds);
	assert_ok(except_add(0));
	assert_silent(kq);
	put(fds[1], 1);
	assert_silent(kq);
	send_urgent();
	for (int i = 0; i < 3; i++) {
		assert_comes(kq, fds[0], EVFILT_EXCEPT);
		ck_assert_uint_eq(ev[0].fflags, NOTE_OOB);
		ck_assert_uint_eq(ev[0].flags & EV_EOF, 0);
	}
	ck_assert(poll_sees(kq));
	take_urgent();
	ck_assert(!poll_sees(kq));
	assert_silent(kq);
}
END_TEST

START_TEST(w16_except_with_modes)
{
	/* CLEAR once for each, ONESHOT once, DISPATCH until enabled. */
	static const unsigned int modes[] = { EV_CLEAR, EV_ONESHOT,
		EV_DISPATCH };

	make_tcp_pair(fds);
	assert_ok(except_add(modes[_i]));
	send_urgent();
	assert_comes(kq, fds[0], EVFILT_EXCEPT);
	assert_silent(kq);
	take_urgent();
	send_urgent();
	if (modes[_i] == EV_CLEAR)
		assert_comes(kq, fds[0], EVFILT_EXCEPT);
	assert_silent(kq);
	if (modes[_i] == EV_DISPATCH) {
		assert_ok(kq_change(kq, fds[0], EVFILT_EXCEPT, EV_ENABLE,
		    NOTE_OOB, 0, NULL));
		assert_comes(kq, fds[0], EVFILT_EXCEPT);
	}
}
END_TEST

START_TEST(w16_except_tells_the_end)
{
	/* macOS: EV_EOF when nothing can come any more. */
	make_tcp_pair(fds);
	assert_ok(except_add(0));
	assert_ok(shutdown(fds[1], SHUT_WR));
	assert_comes(kq, fds[0], EVFILT_EXCEPT);
	ck_assert_uint_eq(ev[0].flags & EV_EOF, EV_EOF);
	ck_assert_uint_eq(ev[0].fflags, 0);
}
END_TEST

START_TEST(w16_except_needs_oob_and_a_socket)
{
	/* OpenBSD: there is nothing else to wait for. */
	make_tcp_pair(fds);
	assert_fails(kq_op(kq, fds[0], EVFILT_EXCEPT, EV_ADD), EINVAL);
	make_pipe(fds);
	assert_fails(except_add(0), EINVAL);
	fds[0] = make_file("0");
	assert_fails(except_add(0), EINVAL);
	fds[0] = own(open("/dev/null", O_RDWR | O_CLOEXEC));
	assert_fails(except_add(0), EINVAL);
	fds[0] = own(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	assert_ok(except_add(0));
	assert_silent(kq);
}
END_TEST

/* Three interests in one socket, each level or edge, added in each order. */
static const int FILTERS[3] = { EVFILT_READ, EVFILT_WRITE, EVFILT_EXCEPT };

static int
filters_seen(void)
{
	int seen = 0;
	int n = kq_poll(kq, ev, EVS);

	for (int i = 0; i < n; i++) {
		for (int f = 0; f < 3; f++)
			seen |= ev[i].filter == FILTERS[f] ? 1 << f : 0;
	}
	return seen;
}

/* Collect until `want` was there; the mask of what was. */
static int
filters_until(int want)
{
	const int64_t end = now_ns(CLOCK_MONOTONIC) + PATIENCE_MS * MS;
	int seen = 0;

	while ((seen & want) != want && now_ns(CLOCK_MONOTONIC) < end) {
		seen |= filters_seen();
	}
	return seen;
}

START_TEST(w16_three_filters_of_one_socket)
{
	/* Design 3.11: they share what they can. Levels stay while true, edges
	 * come at least once for each arrival, and none is lost. */
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	const int edges = _i % 8;

	make_tcp_pair(fds);
	for (int i = 0; i < 3; i++) {
		const int f = orders[_i / 8][i];

		assert_ok(kq_change(kq, fds[0], FILTERS[f],
		    EV_ADD | ((edges & 1 << f) != 0 ? EV_CLEAR : 0),
		    f == 2 ? NOTE_OOB : 0, 0, NULL));
	}
	ck_assert_int_eq(filters_seen(), 2);
	ck_assert_int_eq(filters_seen(), 2 & ~edges);
	for (int round = 0; round < 3; round++) {
		put(fds[1], 1);
		send_urgent();
		ck_assert_int_eq(filters_until(5) & 5, 5);
		/* Both levels are still there, neither edge. */
		(void)filters_seen();
		ck_assert_int_eq(filters_seen(), 7 & ~edges);
		take_urgent();
		take(fds[0], 1);
		(void)filters_seen();
		ck_assert_int_eq(filters_seen(), 2 & ~edges);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: empty and except");
	TCase *c = kq_tcase(s, "empty");

	tcase_add_loop_test(c, w14_empty_fires_when_everything_was_acknowledged,
	    0, 4);
	tcase_add_test(c, w14_empty_with_clear_fires_again_after_more_was_sent);
	tcase_add_test(c, w14_disabled_empty_is_looked_at_when_enabled);
	tcase_add_test(c, w14_empty_wakes_a_sleeper);
	tcase_add_test(c, w14_listening_socket_is_empty);
	tcase_add_test(c, w14_closed_socket_is_gone);
	tcase_add_test(c, w15_empty_on_other_descriptors_is_einval);
	c = kq_tcase(s, "except");
	tcase_add_test(c, w16_except_fires_for_urgent_data);
	tcase_add_loop_test(c, w16_except_with_modes, 0, 3);
	tcase_add_test(c, w16_except_tells_the_end);
	tcase_add_test(c, w16_except_needs_oob_and_a_socket);
	tcase_add_loop_test(c, w16_three_filters_of_one_socket, 0, 48);
	return plx_check_main(s);
}

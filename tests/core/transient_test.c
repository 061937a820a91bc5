/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: sets that live for one call, by the rows of select and poll.
 */
#include "core/transient.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/os.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define CLOSED 900

static int ends[2];
static struct pollfd raw[16];
static uint32_t closed_at;

static void
pipe_start(void)
{
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
}

static void
pipe_end(void)
{
	ck_assert_int_eq(close(ends[0]), 0);
	ck_assert_int_eq(close(ends[1]), 0);
}

static int
ask(enum plx_face face, struct transient *v, uint32_t n)
{
	closed_at = UINT32_MAX;
	return transient_wait(plx_policy_of(face), v, n, raw, 0, NULL,
	    &closed_at);
}

static const enum plx_face faces[] = { PLX_FACE_SELECT, PLX_FACE_POLL };

START_TEST(transient_answers_each_interest)
{
	/* Both faces: what is there, and nothing for what is not. */
	struct transient v[4] = {
		{ .fd = ends[0], .want = PLX_IN },
		{ .fd = ends[1], .want = PLX_OUT },
		{ .fd = ends[0], .want = PLX_PRI, .have = 0xffff },
		{ .fd = -1, .want = PLX_IN, .have = 0xffff },
	};

	ck_assert_int_eq(ask(faces[_i], v, 4), 2);
	ck_assert_uint_eq(v[0].have, PLX_IN);
	ck_assert_uint_eq(v[1].have, PLX_OUT);
	ck_assert_uint_eq(v[2].have, 0);
	ck_assert_uint_eq(v[3].have, 0);
}
END_TEST

START_TEST(transient_of_nothing_is_nothing)
{
	/* poll(NULL, 0, 0). */
	ck_assert_int_eq(ask(faces[_i], NULL, 0), 0);
	ck_assert_uint_eq(atomic_load(&embed.sleeps_n), 1);
}
END_TEST

START_TEST(transient_poll_same_place_twice_answers_both)
{
	/* The key is a place in the array. */
	struct transient v[2] = {
		{ .fd = ends[0], .want = PLX_IN },
		{ .fd = ends[0], .want = PLX_IN },
	};

	ck_assert_int_eq(ask(PLX_FACE_POLL, v, 2), 2);
	ck_assert_uint_eq(v[0].have, PLX_IN);
	ck_assert_uint_eq(v[1].have, PLX_IN);
}
END_TEST

START_TEST(transient_poll_closed_member_is_nval)
{
	/* poll(2): POLLNVAL, counted, beside what the others have. */
	struct transient v[2] = {
		{ .fd = CLOSED, .want = PLX_IN },
		{ .fd = ends[0], .want = PLX_IN },
	};

	ck_assert_int_eq(ask(PLX_FACE_POLL, v, 2), 2);
	ck_assert_uint_eq(v[0].have, PLX_NVAL);
	ck_assert_uint_eq(v[1].have, PLX_IN);
}
END_TEST

START_TEST(transient_select_closed_member_fails_the_call)
{
	/* select(2): EBADF and the sets untouched; the first is named. */
	struct transient v[3] = {
		{ .fd = ends[0], .want = PLX_IN, .have = 0x1234 },
		{ .fd = CLOSED, .want = PLX_IN, .have = 0x1234 },
		{ .fd = CLOSED + 1, .want = PLX_IN, .have = 0x1234 },
	};

	ck_assert_int_eq(ask(PLX_FACE_SELECT, v, 3), -EBADF);
	ck_assert_uint_eq(closed_at, 1);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(v[i].have, 0x1234);
}
END_TEST

START_TEST(transient_select_member_that_may_be_closed_does_not_fail)
{
	/* PLX_NVAL wanted: the kernel ignores bits beyond its table. */
	struct transient v[2] = {
		{ .fd = CLOSED, .want = PLX_IN | PLX_NVAL },
		{ .fd = ends[0], .want = PLX_IN },
	};

	ck_assert_int_eq(ask(PLX_FACE_SELECT, v, 2), 2);
	ck_assert_uint_eq(v[0].have, PLX_NVAL);
	ck_assert_uint_eq(v[1].have, PLX_IN);
}
END_TEST

START_TEST(transient_poll_reports_errors_unasked)
{
	/* poll(2): POLLHUP and POLLERR come without being asked for. */
	struct transient v[1] = { { .want = 0 } };
	int gone[2];

	ck_assert_int_eq(pipe(gone), 0);
	ck_assert_int_eq(close(gone[1]), 0);
	v[0].fd = gone[0];
	ck_assert_int_eq(ask(PLX_FACE_POLL, v, 1), 1);
	ck_assert_uint_eq(v[0].have, PLX_HUP);
	ck_assert_int_eq(close(gone[0]), 0);
}
END_TEST

static struct {
	int64_t timeout_ns;
	const sigset_t *mask;
	int answer;
} fake;

static int
fake_poll(struct pollfd *fds, unsigned int fds_n, int64_t timeout_ns,
    const sigset_t *mask)
{
	fake.timeout_ns = timeout_ns;
	fake.mask = mask;
	/* Whatever happened before it failed. */
	for (unsigned int i = 0; i < fds_n; i++)
		fds[i].revents = POLLIN;
	return fake.answer;
}

static const int failures[] = { -EINTR, -EINVAL, -ENOMEM, -EFAULT };

START_TEST(transient_failure_is_passed_on_and_writes_nothing)
{
	/* transient.h; and the time and mask go to the one blocking call. */
	struct transient v[1] = { { .fd = 0, .want = PLX_IN, .have = 99 } };
	sigset_t mask;

	ck_assert_int_eq(sigemptyset(&mask), 0);
	plx_os.poll = fake_poll;
	fake.answer = failures[_i];
	ck_assert_int_eq(transient_wait(plx_policy_of(PLX_FACE_SELECT), v, 1,
			     raw, 123456789012, &mask, &closed_at),
	    failures[_i]);
	ck_assert_uint_eq(v[0].have, 99);
	ck_assert_int_eq(fake.timeout_ns, 123456789012);
	ck_assert_ptr_eq(fake.mask, &mask);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("transient");
	TCase *tcase = embed_tcase_face(suite, "one call", PLX_FACE_MAX);

	tcase_add_checked_fixture(tcase, pipe_start, pipe_end);
	add_rows(tcase, transient_answers_each_interest, faces);
	add_rows(tcase, transient_of_nothing_is_nothing, faces);
	tcase_add_test(tcase, transient_poll_same_place_twice_answers_both);
	tcase_add_test(tcase, transient_poll_closed_member_is_nval);
	tcase_add_test(tcase, transient_select_closed_member_fails_the_call);
	tcase_add_test(tcase,
	    transient_select_member_that_may_be_closed_does_not_fail);
	tcase_add_test(tcase, transient_poll_reports_errors_unasked);
	add_rows(tcase, transient_failure_is_passed_on_and_writes_nothing,
	    failures);
	return plx_check_main(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lifecycle_test.c - registrations that outlive their number: records, and the findings they give.
 */
#include <errno.h>
#include <stdio.h>

#include "tests/checks/records.h"

START_TEST(epoll_close_of_a_dup_is_px201_and_its_event_px202)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_dup(rec_base + 1, rec_base + 2);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(0, 201, 'E', PLX_CERTAIN);
	ck_found(1, 202, 'E', PLX_CERTAIN);
	ck_assert_int_eq(found(1)->fd, rec_base + 1);
	ck_assert_uint_ne(found(1)->stack[PLX_STACK_CLOSED], PLX_NO_STACK);
	ck_assert_uint_ne(found(1)->stack[PLX_STACK_REGISTERED], PLX_NO_STACK);
	ck_assert_uint_ne(found(1)->stack[PLX_STACK_OPENED], PLX_NO_STACK);
}
END_TEST

/* Another thread closes while this one is in its wait: it may be in time. */
START_TEST(epoll_event_harvested_before_the_close_is_silent)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_dup(rec_base + 1, rec_base + 2);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_wait(set);
	rec_close(rec_base + 1);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

/* The remedy: name the open file by the old number again, then remove. */
START_TEST(epoll_ghost_lives_again_when_dup2_names_it)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_dup(rec_base + 1, rec_base + 2);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	rec_dup(rec_base + 2, rec_base + 1);
	rec_wait(set);
	rec_deliver(set, 7);
	/* The old registration is in force again, and known. */
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 8, -EEXIST);
	ck_assert_uint_eq(found_n(), 2);
	ck_assert_uint_ne(found(1)->stack[PLX_STACK_REGISTERED], PLX_NO_STACK);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
	rec_wait(set);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

START_TEST(epoll_event_of_an_earlier_generation_is_px204)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_dup(rec_base + 1, rec_base + 2);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	rec_open(rec_base + 1);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(1, 204, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(1)->generation, 2);
	ck_assert_uint_eq(found(1)->generation_registered, 1);
}
END_TEST

/* The same user data in two registrations: which one is not known. */
START_TEST(epoll_ambiguous_event_is_silent)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_dup(rec_base + 1, rec_base + 2);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

/* Two ghosts with one user data: which of them it was is not known. */
START_TEST(epoll_event_of_one_of_two_ghosts_is_silent)
{
	const int set = rec_set(rec_base);
	int i;

	for (i = 1; i <= 3; i += 2) {
		rec_open(rec_base + i);
		rec_dup(rec_base + i, rec_base + i + 1);
		rec_ctl(PLX_OP_ATTACH, set, rec_base + i, 7, 0);
		rec_close(rec_base + i);
	}
	i = (int)found_n();
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_int_eq((int)found_n(), i);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

/*
 * A thread is between the two records of its ATTACH: the kernel may have the
 * new registration, with user data that a ghost's had, and the shadow not yet.
 */
START_TEST(epoll_event_during_an_attach_is_silent)
{
	const int set = rec_set(rec_base);
	struct plx_record rec = rec_of(PLX_OP_ATTACH, set, rec_base + 3);

	rec_open(rec_base + 1);
	rec_dup(rec_base + 1, rec_base + 2);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	rec_open(rec_base + 3);
	rec.data = 7;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 1);
	plx_emit_after(&rec);
	/* Even when the new one is gone again: its events may still come. */
	rec_ctl(PLX_OP_DETACH, set, rec_base + 3, 0, 0);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

/* close of the last number removes the registration: legal on Linux. */
START_TEST(epoll_close_while_registered_is_silent)
{
	const int set = rec_set(rec_base);
	int i;

	for (i = 0; i < 1000; i++) {
		rec_open(rec_base + 1);
		rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
		rec_wait(set);
		rec_deliver(set, 7);
		rec_close(rec_base + 1);
	}
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

START_TEST(epoll_set_is_its_open_file_not_its_number)
{
	const int set = rec_set(rec_base);

	rec_dup(set, rec_base + 5);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(set);
	rec_ctl(PLX_OP_DETACH, rec_base + 5, rec_base + 1, 0, 0);
	rec_ctl(PLX_OP_DETACH, rec_base + 5, rec_base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 103, 'I', PLX_CERTAIN);
}
END_TEST

static const TTest **const tests[] = {
	&epoll_close_of_a_dup_is_px201_and_its_event_px202,
	&epoll_event_harvested_before_the_close_is_silent,
	&epoll_ghost_lives_again_when_dup2_names_it,
	&epoll_event_of_an_earlier_generation_is_px204,
	&epoll_ambiguous_event_is_silent,
	&epoll_event_of_one_of_two_ghosts_is_silent,
	&epoll_event_during_an_attach_is_silent,
	&epoll_close_while_registered_is_silent,
	&epoll_set_is_its_open_file_not_its_number,
};

int
main(void)
{
	return rec_suite_main("lifecycle", tests,
	    sizeof(tests) / sizeof(tests[0]));
}

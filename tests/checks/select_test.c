/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select_test.c - select, poll, kqueue, and counting: records, and the findings they give.
 */
#include <errno.h>
#include <stdio.h>

#include "tests/checks/records.h"

START_TEST(select_names_the_closed_member_px507)
{
	struct plx_record rec = rec_member(PLX_API_select, rec_base + 1,
	    PLX_NVAL, -EBADF);

	rec_open(rec_base + 1);
	rec_close(rec_base + 1);
	rec_wait(-1);
	ck_assert(checks_wants_member(rec_base + 1));
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 507, 'E', PLX_CERTAIN);
	ck_assert_int_eq(found(0)->fd, rec_base + 1);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_CLOSED], PLX_NO_STACK);
}
END_TEST

START_TEST(select_ignores_the_closed_member_px508)
{
	struct plx_record rec = rec_member(PLX_API_select, rec_base + 1, 0, 0);

	rec_open(rec_base + 1);
	rec_close(rec_base + 1);
	rec_wait(-1);
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 508, 'E', PLX_CERTAIN);
}
END_TEST

/* Another thread closes it while select sleeps: select saw it open. */
START_TEST(select_member_closed_meanwhile_is_silent)
{
	struct plx_record rec = rec_member(PLX_API_select, rec_base + 1, 0, 0);

	rec_open(rec_base + 1);
	rec_wait(-1);
	rec_close(rec_base + 1);
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

START_TEST(select_open_members_are_not_asked_for)
{
	rec_open(rec_base + 1);
	ck_assert(!checks_wants_member(rec_base + 1));
	ck_assert(checks_wants_member(1024));
}
END_TEST

START_TEST(select_bit_above_the_frame_is_px501_fatal)
{
	unsigned long small[16] = { 0 };
	struct plx_record rec = rec_member(PLX_API_select, 1 << 16, 0, 0);

	rec.address = (uint64_t)(uintptr_t)small;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 501, 'F', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 1);
	ck_assert_uint_eq(small[0], 0);
}
END_TEST

/* Large sets are legal on Linux, on the stack as well. */
START_TEST(select_bit_in_a_large_set_is_px501_warning)
{
	unsigned long large[64] = { 0 };
	struct plx_record rec = rec_member(PLX_API_select, 1500, 0, 0);

	rec.address = (uint64_t)(uintptr_t)large;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 501, 'W', PLX_LIKELY);
	ck_assert_uint_eq(large[0], 0);
}
END_TEST

START_TEST(poll_nval_thrice_is_px509)
{
	struct plx_record rec = rec_member(PLX_API_poll, rec_base + 1, PLX_NVAL,
	    1);
	int i;

	rec_open(rec_base + 1);
	rec_close(rec_base + 1);
	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(found_n(), 0);
		plx_emit_after(&rec);
	}
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 509, 'E', PLX_CERTAIN);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_CLOSED], PLX_NO_STACK);
}
END_TEST

/* A probe for liveness: one closed member, each time in another array. */
START_TEST(poll_nval_as_a_probe_is_silent)
{
	struct plx_record rec = rec_member(PLX_API_poll, rec_base + 1, PLX_NVAL,
	    1);
	int i;

	for (i = 0; i < 10; i++) {
		rec.address += 64;
		plx_emit_after(&rec);
	}
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

START_TEST(kqueue_add_over_another_udata_is_px701)
{
	struct plx_record rec = rec_of(PLX_OP_KQ_REPLACE, rec_base,
	    rec_base + 1);

	rec.api = PLX_API_kevent;
	rec.data = 1;
	rec.address = 1;
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 0);
	rec.address = 2;
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 701, 'W', PLX_CERTAIN);
}
END_TEST

START_TEST(kqueue_delete_of_nothing_is_px702)
{
	struct plx_record rec = rec_of(PLX_OP_KQ_MISSING, rec_base,
	    rec_base + 1);

	rec.api = PLX_API_kevent;
	rec.ret = -ENOENT;
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 702, 'W', PLX_CERTAIN);
}
END_TEST

/* Equal site, equal finding: counted, not repeated. */
START_TEST(equal_findings_are_counted)
{
	const int set = rec_set(rec_base);
	int i;

	rec_open(rec_base + 1);
	for (i = 0; i < 5; i++)
		rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_assert_uint_eq(found(0)->count, 5);
}
END_TEST

/* More registrations than buckets: they are all found again. */
START_TEST(shadow_finds_each_of_many_registrations)
{
	enum {
		MANY = 5000,
		FAR = 100000
	};
	const int set = rec_set(rec_base);
	int i;

	for (i = 0; i < MANY; i++) {
		rec_open(FAR + i);
		rec_ctl(PLX_OP_ATTACH, set, FAR + i, (uint64_t)i, 0);
	}
	for (i = 0; i < MANY; i++)
		rec_ctl(PLX_OP_DETACH, set, FAR + i, 0, 0);
	ck_assert_uint_eq(report_unseen(), 0);
	for (i = 0; i < MANY; i++) {
		rec_ctl(PLX_OP_ATTACH, set, FAR + i, (uint64_t)i, 0);
		rec_close(FAR + i);
	}
	ck_assert_uint_eq(report_unseen(), 0);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/* Last: from here on nothing in this process is certain. */
START_TEST(open_over_an_open_number_ends_certainty)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_open(rec_base + 1);
	ck_assert_uint_ne(report_unseen() & PLX_UNSEEN_CLOSE, 0);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 8, -EEXIST);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 101, 'E', PLX_LIKELY);
}
END_TEST

static const TTest **const tests[] = {
	&select_names_the_closed_member_px507,
	&select_ignores_the_closed_member_px508,
	&select_member_closed_meanwhile_is_silent,
	&select_open_members_are_not_asked_for,
	&select_bit_above_the_frame_is_px501_fatal,
	&select_bit_in_a_large_set_is_px501_warning,
	&poll_nval_thrice_is_px509,
	&poll_nval_as_a_probe_is_silent,
	&kqueue_add_over_another_udata_is_px701,
	&kqueue_delete_of_nothing_is_px702,
	&equal_findings_are_counted,
	&shadow_finds_each_of_many_registrations,
	&open_over_an_open_number_ends_certainty,
};

int
main(void)
{
	return rec_suite_main("select", tests,
	    sizeof(tests) / sizeof(tests[0]));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: events that the program fires: bits, triggers, level and edge,
 * and that they cost neither descriptors nor kernel calls.
 */
#include <errno.h>

#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define MANY 100000u

static int
user_add(uint64_t ident, uint32_t flags)
{
	return reg(set, .filter = FILTER_USER, .ident = ident, .op = ISET_ADD,
	    .flags = flags);
}

static int
user_op(uint64_t ident, uint32_t op)
{
	return reg(set, .filter = FILTER_USER, .ident = ident, .op = op);
}

static int
trigger(uint64_t ident)
{
	return reg(set, .filter = FILTER_USER, .ident = ident,
	    .fopts = FOPT_TRIGGER);
}

struct bits {
	enum user_combine combine;
	uint32_t before, given, after;
};

static const struct bits bits[] = {
	{ USER_NOP, 0x00ff00, 0xabcdef, 0x00ff00 },
	{ USER_AND, 0x00ff0f, 0x0f0f00, 0x000f00 },
	{ USER_OR, 0x00ff00, 0x0f000f, 0x0fff0f },
	{ USER_COPY, 0x00ff00, 0xabcdef, 0xabcdef },
	/* 24 bits: the rest are not the user's. */
	{ USER_OR, 0, 0xff000001, 0x000001 },
	{ USER_COPY, 0x123456, 0xff000000, 0 },
	{ USER_AND, 0xffffff, 0xff00ff00, 0x00ff00 },
};

START_TEST(user_bits_are_combined)
{
	/* FreeBSD kqueue(2) NOTE_FFAND, NOTE_FFOR, NOTE_FFCOPY. */
	const struct bits *row = &bits[_i];

	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .user_bits = row->before),
	    0);
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .combine = row->combine, .user_bits = row->given,
			     .data = 99, .fopts = FOPT_TRIGGER),
	    0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].user_bits, row->after);
	ck_assert_int_eq(got[0].data, 99);
}
END_TEST

START_TEST(user_level_stays_until_taken_back)
{
	/* Without CLEAR it is there in each wait; CLEAR in a change ends it. */
	ck_assert_int_eq(user_add(1, 0), 0);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(trigger(1), 0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .flags = KN_CLEAR),
	    0);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_uint_eq(set->soft_n, 0);
}
END_TEST

START_TEST(user_edge_is_told_once_for_any_number_of_triggers)
{
	/* EV_CLEAR. */
	ck_assert_int_eq(user_add(1, KN_CLEAR), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(trigger(1), 0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(trigger(1), 0);
	ck_assert_int_eq(take(set, 8), 1);
}
END_TEST

START_TEST(user_trigger_in_the_add_fires)
{
	/* design 3.16. */
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .flags = KN_ONESHOT,
			     .fopts = FOPT_TRIGGER, .udata = 11),
	    0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 11);
	ck_assert_int_eq(trigger(1), -ENOENT);
}
END_TEST

START_TEST(user_trigger_while_disabled_is_kept)
{
	/* Told when enabled, however it was disabled. */
	ck_assert_int_eq(user_add(1, KN_DISPATCH), 0);
	ck_assert_int_eq(user_op(1, ISET_DISABLE), 0);
	ck_assert_int_eq(trigger(1), 0);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(user_op(1, ISET_ENABLE), 0);
	ck_assert_int_eq(take(set, 8), 1);
	/* Dispatch disabled it; it is still true. */
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(user_op(1, ISET_ENABLE), 0);
	ck_assert_int_eq(take(set, 8), 1);
}
END_TEST

START_TEST(user_taken_back_while_disabled_shows_nothing_when_enabled)
{
	/* INV-POLL: what others see is what a wait returns. */
	iset_publish(kq);
	ck_assert_int_eq(user_add(1, 0), 0);
	ck_assert_int_eq(trigger(1), 0);
	ck_assert(readable(kq));
	ck_assert_int_eq(user_op(1, ISET_DISABLE), 0);
	ck_assert(!readable(kq));
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .flags = KN_CLEAR),
	    0);
	ck_assert_int_eq(user_op(1, ISET_ENABLE), 0);
	ck_assert(!readable(kq));
	ck_assert_int_eq(take(set, 8), 0);
}
END_TEST

START_TEST(user_forced_oneshot_fires_once_untriggered)
{
	/* EV_FORCEONESHOT, on a new interest and on an old one. */
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD | ISET_FORCE_ONESHOT),
	    0);
	ck_assert_int_eq(user_add(2, 0), 0);
	ck_assert_int_eq(user_op(2, ISET_FORCE_ONESHOT), 0);
	ck_assert_int_eq(take(set, 8), 2);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(user_op(1, ISET_DELETE), -ENOENT);
	ck_assert_int_eq(user_op(2, ISET_DELETE), -ENOENT);
}
END_TEST

START_TEST(user_100000_cost_no_descriptor_and_no_kernel_call)
{
	/* design 3.12: flags. All found again by ident, in order fired. */
	const int fds = fds_open();
	uint64_t next = 0;
	int n;

	for (uint64_t i = 0; i < MANY; i++)
		ck_assert_int_eq(user_add(i << 40 | i, KN_CLEAR), 0);
	for (uint64_t i = 0; i < MANY; i++)
		ck_assert_int_eq(trigger(i << 40 | i), 0);
	ck_assert_int_eq(fds_open(), fds);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 0);
	while ((n = take(set, EMBED_GOT)) > 0) {
		for (int i = 0; i < n; i++, next++)
			ck_assert_uint_eq(got[i].ident, next << 40 | next);
	}
	ck_assert_uint_eq(next, MANY);
	for (uint64_t i = 0; i < MANY; i++)
		ck_assert_int_eq(user_op(i << 40 | i, ISET_DELETE), 0);
	ck_assert_uint_eq(set->hash.n, 0);
}
END_TEST

START_TEST(user_trigger_shows_to_those_who_look)
{
	/* INV-POLL: one call to show, one to hide, none between. */
	iset_publish(kq);
	ck_assert_int_eq(user_add(1, KN_CLEAR), 0);
	ck_assert(!readable(kq));
	ck_assert_int_eq(trigger(1), 0);
	ck_assert(readable(kq));
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 1);
	ck_assert_int_eq(trigger(1), 0);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 1);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert(!readable(kq));
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 2);
	ck_assert_int_eq(trigger(1), 0);
	ck_assert(readable(kq));
	ck_assert_int_eq(user_op(1, ISET_DELETE), 0);
	ck_assert(!readable(kq));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("user");
	TCase *tcase = embed_tcase(suite, "user events");

	add_rows(tcase, user_bits_are_combined, bits);
	tcase_add_test(tcase, user_level_stays_until_taken_back);
	tcase_add_test(tcase,
	    user_edge_is_told_once_for_any_number_of_triggers);
	tcase_add_test(tcase, user_trigger_in_the_add_fires);
	tcase_add_test(tcase, user_trigger_while_disabled_is_kept);
	tcase_add_test(tcase,
	    user_taken_back_while_disabled_shows_nothing_when_enabled);
	tcase_add_test(tcase, user_forced_oneshot_fires_once_untriggered);
	tcase_add_test(tcase,
	    user_100000_cost_no_descriptor_and_no_kernel_call);
	tcase_add_test(tcase, user_trigger_shows_to_those_who_look);
	return plx_check_main(suite);
}

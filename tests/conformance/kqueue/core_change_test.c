/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: a list of changes (K32-K50): how failures and receipts come
 * back, and what a second change does to an interest that exists.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAG(n) ((void *)(uintptr_t)(n))

/* kevent with these changes and this much room, and no timeout at all. */
static int
apply(const struct kevent *changes, int nchanges, int room)
{
	int r = kevent(kq, changes, nchanges, ev, room, NULL);

	return r < 0 ? -errno : r;
}

/* ADD of the user events 1 and 3; between them a READ of no descriptor. */
static void
middle_bad(struct kevent changes[3])
{
	EV_SET(&changes[0], 1, EVFILT_USER, EV_ADD, 0, 0, TAG(1));
	EV_SET(&changes[1], -1, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, TAG(2));
	EV_SET(&changes[2], 3, EVFILT_USER, EV_ADD, 0, 0, TAG(3));
}

START_TEST(k32_failure_with_room_is_an_entry_and_the_rest_is_applied)
{
	/* kevent(2), FreeBSD: a copy of the change, flags EV_ERROR alone. */
	struct kevent changes[3];

	middle_bad(changes);
	ck_assert_int_eq(apply(changes, 3, 3), 1);
	ck_assert_uint_eq(ev[0].ident, UINTPTR_MAX);
	ck_assert_int_eq(ev[0].filter, EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_ERROR);
	ck_assert_int_eq(ev[0].data, EBADF);
	ck_assert_ptr_eq(ev[0].udata, TAG(2));
	assert_ok(kq_trigger(kq, 1));
	assert_ok(kq_trigger(kq, 3));
}
END_TEST

START_TEST(k33_failure_without_room_stops_there)
{
	/* kevent(2): -1; earlier changes stay, later ones are not applied. */
	struct kevent changes[3];

	middle_bad(changes);
	assert_fails(apply(changes, 3, 0), EBADF);
	assert_ok(kq_trigger(kq, 1));
	assert_fails(kq_trigger(kq, 3), ENOENT);
}
END_TEST

START_TEST(k34_second_failure_beyond_the_room_is_the_result)
{
	/* FreeBSD: the written entry is not reported, the errno is the second's. */
	struct kevent changes[2];

	EV_SET(&changes[0], -1, EVFILT_READ, EV_ADD, 0, 0, NULL);
	EV_SET(&changes[1], 9, EVFILT_USER, EV_DELETE, 0, 0, NULL);
	assert_fails(apply(changes, 2, 1), ENOENT);
}
END_TEST

START_TEST(k35_failure_entries_come_without_events)
{
	/* FreeBSD: returns before it looks for events; the next call has them. */
	struct kevent changes[2];

	EV_SET(&changes[0], 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL);
	EV_SET(&changes[1], -1, EVFILT_READ, EV_ADD, 0, 0, NULL);
	ck_assert_int_eq(apply(changes, 2, EVS), 1);
	ck_assert_uint_eq(ev[0].flags, EV_ERROR);
	assert_one(kq, 1, EVFILT_USER);
}
END_TEST

START_TEST(k36_receipt_returns_at_once_with_null_timeout)
{
	/* kevent(2) EV_RECEIPT: data 0, no waiting although there is room. */
	struct kevent change;

	EV_SET(&change, 1, EVFILT_USER, EV_ADD | EV_RECEIPT, 0, 0, TAG(1));
	ck_assert_int_eq(apply(&change, 1, EVS), 1);
	ck_assert_uint_eq(ev[0].ident, 1);
	ck_assert_int_eq(ev[0].filter, EVFILT_USER);
	ck_assert_uint_eq(ev[0].flags, EV_ERROR);
	ck_assert_int_eq(ev[0].data, 0);
	ck_assert_ptr_eq(ev[0].udata, TAG(1));
}
END_TEST

START_TEST(k37_receipt_of_a_failure_has_its_errno)
{
	/* kevent(2) EV_RECEIPT. */
	struct kevent change;

	EV_SET(&change, 1, EVFILT_USER, EV_DELETE | EV_RECEIPT, 0, 0, NULL);
	ck_assert_int_eq(apply(&change, 1, EVS), 1);
	ck_assert_uint_eq(ev[0].flags, EV_ERROR);
	ck_assert_int_eq(ev[0].data, ENOENT);
}
END_TEST

START_TEST(k38_receipts_come_in_the_order_of_the_changes)
{
	/* kevent(2): three changes, three answers. */
	struct kevent changes[3];

	for (unsigned int i = 0; i < 3; i++)
		EV_SET(&changes[i], 3 - i, EVFILT_USER, EV_ADD | EV_RECEIPT, 0,
		    0, NULL);
	ck_assert_int_eq(apply(changes, 3, 3), 3);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_uint_eq(ev[i].ident, 3 - i);
}
END_TEST

START_TEST(k39_receipt_without_room_returns_0_and_stops)
{
	/* FreeBSD: the change was applied, later ones silently are not. */
	struct kevent changes[2];

	EV_SET(&changes[0], 1, EVFILT_USER, EV_ADD | EV_RECEIPT, 0, 0, NULL);
	EV_SET(&changes[1], 2, EVFILT_USER, EV_ADD, 0, 0, NULL);
	ck_assert_int_eq(apply(changes, 2, 0), 0);
	assert_ok(kq_trigger(kq, 1));
	assert_fails(kq_trigger(kq, 2), ENOENT);
}
END_TEST

START_TEST(k40_changes_and_events_may_be_one_array)
{
	/* kevent(2): errors, receipts and events, each over its own changes. */
	struct kevent both[20];

	for (unsigned int i = 0; i < 20; i++)
		EV_SET(&both[i], i % 2 != 0 ? -1 : (intptr_t)i,
		    i % 2 != 0 ? EVFILT_READ : EVFILT_USER, EV_ADD,
		    i % 2 != 0 ? 0 : NOTE_TRIGGER, 0, TAG(i));
	ck_assert_int_eq(kevent(kq, both, 20, both, 20, NULL), 10);
	for (unsigned int i = 0; i < 10; i++) {
		ck_assert_uint_eq(both[i].flags, EV_ERROR);
		ck_assert_ptr_eq(both[i].udata, TAG(2 * i + 1));
	}
	for (unsigned int i = 0; i < 10; i++)
		EV_SET(&both[i], 2 * i, EVFILT_USER, 0, NOTE_TRIGGER, 0,
		    TAG(100 + i));
	ck_assert_int_eq(kevent(kq, both, 10, both, 20, NULL), 10);
	for (unsigned int i = 0; i < 10; i++)
		ck_assert_ptr_eq(both[i].udata, TAG(100 + both[i].ident / 2));
}
END_TEST

START_TEST(k41_event_used_as_change_is_accepted)
{
	/* FreeBSD masks EV_SYSFLAGS off what comes in: EV_EOF and EV_ERROR. */
	int fds[2];

	make_pair(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_CLEAR));
	drop(fds[1]);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR | EV_EOF);
	ck_assert_int_eq(apply(ev, 1, 0), 0);
	ev[0].flags = EV_SYSFLAGS | EV_DELETE;
	ck_assert_int_eq(apply(ev, 1, 0), 0);
	assert_fails(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(k42_udata_and_ext_come_back_as_they_were)
{
	/* kqueue(2), FreeBSD 12: no filter of ours claims ext[0] or ext[1]. */
	struct kevent change;
	static const uint64_t EXT[4] = { UINT64_MAX, 1, UINT64_C(1) << 63,
		UINT64_C(0x0123456789abcdef) };

	EV_SET(&change, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0,
	    TAG(UINT64_C(0xfedcba9876543210)));
	memcpy(change.ext, EXT, sizeof(EXT));
	ck_assert_int_eq(apply(&change, 1, 1), 1);
	ck_assert_ptr_eq(ev[0].udata, TAG(UINT64_C(0xfedcba9876543210)));
	ck_assert_mem_eq(ev[0].ext, EXT, sizeof(EXT));
}
END_TEST

START_TEST(k43_adding_again_replaces_udata_and_gives_one_event)
{
	/* kevent(2) EV_ADD: modifies the parameters, no duplicate. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_change(kq, fds[0], EVFILT_READ, EV_ADD, 0, 0, TAG(1)));
	put(fds[1], 1);
	assert_ok(kq_change(kq, fds[0], EVFILT_READ, EV_ADD, 0, 0, TAG(2)));
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_ptr_eq(ev[0].udata, TAG(2));
}
END_TEST

START_TEST(k44_trigger_replaces_udata)
{
	/* FreeBSD: udata is overwritten by every change. */
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, 0, 0, TAG(1)));
	assert_ok(kq_change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0, TAG(2)));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_ptr_eq(ev[0].udata, TAG(2));
}
END_TEST

START_TEST(k45_keepudata_keeps_udata)
{
	/* kqueue(2) EV_KEEPUDATA, of a user event and of a descriptor. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, 0, 0, TAG(1)));
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_KEEPUDATA, NOTE_TRIGGER, 0,
	    TAG(2)));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_ptr_eq(ev[0].udata, TAG(1));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_DELETE));
	put(fds[1], 1);
	assert_ok(kq_change(kq, fds[0], EVFILT_READ, EV_ADD | EV_DISABLE, 0, 0,
	    TAG(3)));
	assert_ok(kq_change(kq, fds[0], EVFILT_READ, EV_ENABLE | EV_KEEPUDATA,
	    0, 0, TAG(4)));
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_ptr_eq(ev[0].udata, TAG(3));
	ck_assert_uint_eq(ev[0].flags, 0);
}
END_TEST

START_TEST(k46_adding_again_leaves_a_disabled_interest_disabled)
{
	/* FreeBSD's code (the page's "adding enables" is about new ones). */
	int fds[2];

	make_pipe(fds);
	put(fds[1], 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_DISABLE));
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_silent(kq);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_ENABLE));
	assert_one(kq, fds[0], EVFILT_READ);
}
END_TEST

START_TEST(k47_adding_again_without_clear_keeps_clear)
{
	/* FreeBSD: modes are fixed at the first EV_ADD. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_CLEAR));
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR);
	assert_silent(kq);
}
END_TEST

START_TEST(k48_adding_again_with_oneshot_does_not_make_it_one)
{
	/* FreeBSD: modes are fixed at the first EV_ADD. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(
	    kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_ONESHOT | EV_DISPATCH));
	put(fds[1], 1);
	for (int i = 0; i < 3; i++) {
		assert_one(kq, fds[0], EVFILT_READ);
		ck_assert_uint_eq(ev[0].flags, 0);
	}
}
END_TEST

START_TEST(k49_forceoneshot_delivers_once_true_or_not)
{
	/* kqueue(2) EV_FORCEONESHOT, on a pipe that is empty. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_silent(kq);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_FORCEONESHOT));
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags & EV_ONESHOT, EV_ONESHOT);
	put(fds[1], 1);
	assert_silent(kq);
	assert_fails(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(k50_events_do_not_show_actions)
{
	/* FreeBSD: modes and conditions only; EV_ADD and EV_ENABLE are not. */
	int fds[2];

	make_pair(fds);
	put(fds[1], 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_ENABLE));
	assert_ok(
	    kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD | EV_ENABLE | EV_CLEAR));
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD | EV_ENABLE,
	    NOTE_TRIGGER, 0, NULL));
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 3);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(ev[i].flags,
		    ev[i].filter == EVFILT_WRITE ? EV_CLEAR : 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: changes");
	TCase *c = kq_tcase(s, "answers");

	tcase_add_test(c,
	    k32_failure_with_room_is_an_entry_and_the_rest_is_applied);
	tcase_add_test(c, k33_failure_without_room_stops_there);
	tcase_add_test(c, k34_second_failure_beyond_the_room_is_the_result);
	tcase_add_test(c, k35_failure_entries_come_without_events);
	tcase_add_test(c, k36_receipt_returns_at_once_with_null_timeout);
	tcase_add_test(c, k37_receipt_of_a_failure_has_its_errno);
	tcase_add_test(c, k38_receipts_come_in_the_order_of_the_changes);
	tcase_add_test(c, k39_receipt_without_room_returns_0_and_stops);
	tcase_add_test(c, k40_changes_and_events_may_be_one_array);
	c = kq_tcase(s, "second change");
	tcase_add_test(c, k41_event_used_as_change_is_accepted);
	tcase_add_test(c, k42_udata_and_ext_come_back_as_they_were);
	tcase_add_test(c, k43_adding_again_replaces_udata_and_gives_one_event);
	tcase_add_test(c, k44_trigger_replaces_udata);
	tcase_add_test(c, k45_keepudata_keeps_udata);
	tcase_add_test(c, k46_adding_again_leaves_a_disabled_interest_disabled);
	tcase_add_test(c, k47_adding_again_without_clear_keeps_clear);
	tcase_add_test(c, k48_adding_again_with_oneshot_does_not_make_it_one);
	tcase_add_test(c, k49_forceoneshot_delivers_once_true_or_not);
	tcase_add_test(c, k50_events_do_not_show_actions);
	return plx_check_main(s);
}

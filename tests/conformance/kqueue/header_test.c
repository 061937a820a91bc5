/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: <sys/event.h> beside the headers it meets in programs: layout,
 * FreeBSD's numbers, and EV_SET. Which dialects it compiles in is header.sh's.
 */
#include <aio.h>
#include <check.h>
#include <poll.h>
#include <pollux.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/time.h>

#include "tests/support/check_main.h"

START_TEST(header_layout_is_freebsd_12s)
{
	/* FreeBSD sys/event.h since 12.0, LP64. */
	ck_assert_uint_eq(sizeof(struct kevent), 64);
	ck_assert_uint_eq(offsetof(struct kevent, ident), 0);
	ck_assert_uint_eq(offsetof(struct kevent, filter), 8);
	ck_assert_uint_eq(offsetof(struct kevent, flags), 10);
	ck_assert_uint_eq(offsetof(struct kevent, fflags), 12);
	ck_assert_uint_eq(offsetof(struct kevent, data), 16);
	ck_assert_uint_eq(offsetof(struct kevent, udata), 24);
	ck_assert_uint_eq(offsetof(struct kevent, ext), 32);
}
END_TEST

/* clang-format off */
static const struct {
	const char *name;
	int64_t have;
	int64_t want;
} NUMBERS[] = {
#define N(name, want) { #name, name, want }
	N(EVFILT_READ, -1), N(EVFILT_WRITE, -2), N(EVFILT_AIO, -3),
	N(EVFILT_VNODE, -4), N(EVFILT_PROC, -5), N(EVFILT_SIGNAL, -6),
	N(EVFILT_TIMER, -7), N(EVFILT_PROCDESC, -8), N(EVFILT_FS, -9),
	N(EVFILT_LIO, -10), N(EVFILT_USER, -11), N(EVFILT_SENDFILE, -12),
	N(EVFILT_EMPTY, -13),
	N(EV_ADD, 0x1), N(EV_DELETE, 0x2), N(EV_ENABLE, 0x4),
	N(EV_DISABLE, 0x8), N(EV_ONESHOT, 0x10), N(EV_CLEAR, 0x20),
	N(EV_RECEIPT, 0x40), N(EV_DISPATCH, 0x80), N(EV_FORCEONESHOT, 0x100),
	N(EV_KEEPUDATA, 0x200), N(EV_SYSFLAGS, 0xf000), N(EV_DROP, 0x1000),
	N(EV_FLAG1, 0x2000), N(EV_FLAG2, 0x4000), N(EV_ERROR, 0x4000),
	N(EV_EOF, 0x8000),
	N(NOTE_LOWAT, 0x1), N(NOTE_FILE_POLL, 0x2),
	N(NOTE_FFNOP, 0), N(NOTE_FFAND, 0x40000000), N(NOTE_FFOR, 0x80000000),
	N(NOTE_FFCOPY, 0xc0000000), N(NOTE_FFCTRLMASK, 0xc0000000),
	N(NOTE_FFLAGSMASK, 0x00ffffff), N(NOTE_TRIGGER, 0x01000000),
	N(NOTE_SECONDS, 1), N(NOTE_MSECONDS, 2), N(NOTE_USECONDS, 4),
	N(NOTE_NSECONDS, 8), N(NOTE_ABSTIME, 0x10), N(NOTE_ABSOLUTE, 0x10),
	N(NOTE_DELETE, 0x1), N(NOTE_WRITE, 0x2), N(NOTE_EXTEND, 0x4),
	N(NOTE_ATTRIB, 0x8), N(NOTE_LINK, 0x10), N(NOTE_RENAME, 0x20),
	N(NOTE_REVOKE, 0x40), N(NOTE_OPEN, 0x80), N(NOTE_CLOSE, 0x100),
	N(NOTE_CLOSE_WRITE, 0x200), N(NOTE_READ, 0x400),
	N(NOTE_EXIT, 0x80000000), N(NOTE_FORK, 0x40000000),
	N(NOTE_EXEC, 0x20000000), N(NOTE_REAP, 0x10000000),
	N(NOTE_PCTRLMASK, 0xf0000000), N(NOTE_PDATAMASK, 0x000fffff),
	N(NOTE_TRACK, 1), N(NOTE_TRACKERR, 2), N(NOTE_CHILD, 4),
	N(VQ_NOTRESP, 1), N(VQ_NEEDAUTH, 2), N(VQ_LOWDISK, 4), N(VQ_MOUNT, 8),
	N(VQ_UNMOUNT, 0x10), N(VQ_DEAD, 0x20), N(VQ_ASSIST, 0x40),
	N(VQ_NOTRESPLOCK, 0x80),
	N(KQUEUE_CLOEXEC, 1), N(KQUEUE_CPONFORK, 2),
#undef N
};
/* clang-format on */

START_TEST(header_numbers_are_freebsds)
{
	/* kqueue.md 1.3; programs and their objects have them compiled in. */
	for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
		ck_assert_msg(NUMBERS[i].have == NUMBERS[i].want, "%s is %#jx",
		    NUMBERS[i].name, (uintmax_t)NUMBERS[i].have);
}
END_TEST

START_TEST(header_numbers_of_our_own_collide_with_nothing)
{
	/* Names that FreeBSD has not: filters apart from its, notes apart from
	 * those of the same filter. */
	ck_assert_int_lt(EVFILT_EXCEPT, EVFILT_JAILDESC);
	ck_assert_int_lt(EVFILT_NETDEV, EVFILT_JAILDESC);
	ck_assert_int_ne(EVFILT_EXCEPT, EVFILT_NETDEV);
	ck_assert_int_ge(EVFILT_EXCEPT, -EVFILT_SYSCOUNT);
	ck_assert_int_ge(EVFILT_NETDEV, -EVFILT_SYSCOUNT);
	ck_assert_uint_eq(NOTE_EOF & (NOTE_LOWAT | NOTE_FILE_POLL), 0);
	ck_assert_uint_eq(NOTE_TRUNCATE & 0x7ff, 0);
	ck_assert_uint_eq(NOTE_EXITSTATUS & (NOTE_PCTRLMASK | NOTE_PDATAMASK),
	    0);
	ck_assert_uint_eq(NOTE_PDSIGCHLD & (NOTE_PCTRLMASK | NOTE_PDATAMASK),
	    0);
}
END_TEST

START_TEST(header_ev_set_evaluates_each_argument_once)
{
	/* Programs write EV_SET(&changes[n++], ...). */
	struct kevent two[2];
	int n = 0, ident = 1, filter = -2, flags = 4, fflags = 5, data = 6;
	char place[2];
	char *udata = place;

	two[1].ident = 99;
	for (int i = 0; i < 4; i++)
		two[0].ext[i] = 1;
	EV_SET(&two[n++], ident++, filter++, flags++, fflags++, data++,
	    udata++);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(ident, 2);
	ck_assert_int_eq(filter, -1);
	ck_assert_int_eq(flags, 5);
	ck_assert_int_eq(fflags, 6);
	ck_assert_int_eq(data, 7);
	ck_assert_ptr_eq(udata, place + 1);
	ck_assert_uint_eq(two[0].ident, 1);
	ck_assert_int_eq(two[0].filter, -2);
	ck_assert_uint_eq(two[0].flags, 4);
	ck_assert_uint_eq(two[0].fflags, 5);
	ck_assert_int_eq(two[0].data, 6);
	ck_assert_ptr_eq(two[0].udata, place);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(two[0].ext[i], 0);
	ck_assert_uint_eq(two[1].ident, 99);
	/* One statement, without braces. */
	if (n == 1)
		EV_SET(&two[1], -1, EVFILT_READ, EV_ADD, 0, -1, NULL);
	else
		ck_abort();
	ck_assert_uint_eq(two[1].ident, UINTPTR_MAX);
	ck_assert_int_eq(two[1].data, -1);
}
END_TEST

START_TEST(header_version_is_that_of_the_loaded_object)
{
	/* pollux.h: one build, so the two are the same. */
	ck_assert_int_eq(pollux_version(), POLLUX_VERSION);
	ck_assert_int_ge(POLLUX_VERSION, 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: the header");
	TCase *c = tcase_create("header");

	tcase_add_test(c, header_layout_is_freebsd_12s);
	tcase_add_test(c, header_numbers_are_freebsds);
	tcase_add_test(c, header_numbers_of_our_own_collide_with_nothing);
	tcase_add_test(c, header_ev_set_evaluates_each_argument_once);
	tcase_add_test(c, header_version_is_that_of_the_loaded_object);
	suite_add_tcase(s, c);
	return plx_check_main(s);
}

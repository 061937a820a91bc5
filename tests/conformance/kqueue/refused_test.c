/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: what cannot be delivered is refused when it is added, with a
 * clear errno (design 3.16): filters without an implementation, notes that a
 * filter does not know, objects that it cannot watch. A08 and A13 are here.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <unistd.h>

static const struct {
	int filter;
	unsigned int fflags;
	int error;
} FILTERS[] = {
	{ EVFILT_AIO, 0, EPERM }, /* A08: by aio requests only */
	{ EVFILT_LIO, 0, EPERM },
	{ EVFILT_VNODE, NOTE_WRITE, EINVAL }, /* of a socket */
	{ EVFILT_FS, VQ_MOUNT, EINVAL },
	{ EVFILT_SENDFILE, 0, EINVAL },
	{ EVFILT_JAIL, NOTE_JAIL_SET, EINVAL },
	{ EVFILT_JAILDESC, NOTE_JAIL_SET, EINVAL },
	{ EVFILT_EXCEPT, 0, EINVAL }, /* urgent data, or nothing */
	{ EVFILT_NETDEV, NOTE_LINKUP, EINVAL },
};
#define FILTERS_MAX ((int)(sizeof(FILTERS) / sizeof(FILTERS[0])))

START_TEST(refused_filter_fails_at_add)
{
	/* A13, A08. The identifier is a descriptor, and the process is no
	 * signal number and no child: nothing else is wrong with it. */
	int fds[2];

	make_pair(fds);
	assert_fails(kq_change(kq, fds[0], FILTERS[_i].filter, EV_ADD,
			 FILTERS[_i].fflags, 0, NULL),
	    FILTERS[_i].error);
	assert_silent(kq);
}
END_TEST

static const struct {
	int filter;
	unsigned int fflags;
} NOTES[] = {
	{ EVFILT_READ, 0x4 },
	{ EVFILT_READ, 0x80000000 },
	{ EVFILT_READ, NOTE_LOWAT | 0x10 },
	{ EVFILT_WRITE, 0x4 },
	{ EVFILT_TIMER, 0x20 },
	{ EVFILT_VNODE, 0x800 },
	{ EVFILT_EXCEPT, NOTE_OOB | 0x1 },
	{ EVFILT_EMPTY, 0x1 },
};
#define NOTES_MAX ((int)(sizeof(NOTES) / sizeof(NOTES[0])))

START_TEST(refused_note_fails_at_add)
{
	/* Design: a bit that nobody would ever deliver is not accepted. */
	int fds[2];

	make_pair(fds);
	assert_fails(kq_change(kq, fds[0], NOTES[_i].filter, EV_ADD,
			 NOTES[_i].fflags, 1, NULL),
	    EINVAL);
	assert_fails(kq_op(kq, fds[0], NOTES[_i].filter, EV_DELETE), ENOENT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: refusals");
	TCase *c = kq_tcase(s, "refused");

	tcase_add_loop_test(c, refused_filter_fails_at_add, 0, FILTERS_MAX);
	tcase_add_loop_test(c, refused_note_fails_at_add, 0, NOTES_MAX);
	return plx_check_main(s);
}

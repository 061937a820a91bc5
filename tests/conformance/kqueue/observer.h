/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who can look at a queue's descriptor: this process by poll, select and epoll,
 * and another process, to which this library is nothing.
 */
#ifndef PLX_TESTS_KQUEUE_OBSERVER_H
#define PLX_TESTS_KQUEUE_OBSERVER_H

#include <stdbool.h>

/*
 * observer_start - a child that polls descriptors of this process, which it
 * borrows by pidfd_getfd(2). False (and a SKIP line) where that is forbidden.
 */
bool observer_start(void);
/* observer_stop - the child ends; without one nothing happens. */
void observer_stop(void);
/* Whether the child's poll finds `fd` readable; without a child, our own. */
bool observer_sees(int fd);

bool poll_sees(int fd);
bool select_sees(int fd);
bool epoll_sees(int fd);

/* Each of them finds `fd` readable, or each does not. */
#define assert_seen(fd, want)                                              \
	do {                                                               \
		ck_assert_msg(observer_sees(fd) == (want),                 \
		    "another process's poll: not %d", (want));             \
		ck_assert_msg(poll_sees(fd) == (want), "poll: not %d",     \
		    (want));                                               \
		ck_assert_msg(select_sees(fd) == (want), "select: not %d", \
		    (want));                                               \
		ck_assert_msg(epoll_sees(fd) == (want), "epoll: not %d",   \
		    (want));                                               \
	} while (0)

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prog.h - what the acceptance programs share.
 *
 * Each program makes one mistake with descriptors, proves by the kernel's own
 * list that it was made (or not, with -DFIX), and exits 0 if so. The functions
 * that the findings' stacks are to name are never inlined and never end in a
 * call, so that each has a frame.
 */
#ifndef PLX_TESTS_CHECKS_PROG_H
#define PLX_TESTS_CHECKS_PROG_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME __attribute__((noinline))

#ifdef FIX
#define FIXED 1
#else
#define FIXED 0
#endif

/* EXPECT - the claim of the program; without it the program proves nothing. */
#define EXPECT(condition)                                                 \
	do {                                                              \
		if (!(condition)) {                                       \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", \
			    __FILE__, __LINE__, #condition, errno);       \
			exit(1);                                          \
		}                                                         \
	} while (0)

/* kernel_lists - how often the kernel lists the number as a member of epfd. */
int kernel_lists(int epfd, int fd);
/* open_ready_pair - a connected pair with a byte waiting in ret_fds[0]. */
void open_ready_pair(int ret_fds[2]);
/* ctl - epoll_ctl: 0 or -Exxx. */
int ctl(int epfd, int op, int fd, uint32_t events, uint64_t data);
/* wait_once - the number of events of one wait that never sleeps. */
int wait_once(int epfd, struct epoll_event *ret_event);

#endif

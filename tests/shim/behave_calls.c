/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls with pointers of all kinds, calls by syscall(2), and what select does
 * to its arguments. Authority: the man pages; EFAULT is the kernel's to say.
 */
#include "tests/shim/behave.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGSET_BYTES 8

/*
 * The first page of a process is never mapped. Volatile, as compilers know too
 * much about these calls.
 */
static void *volatile nowhere = (void *)(uintptr_t)16;
static volatile nfds_t too_many = (nfds_t)-1;

/* 0, or what errno says. */
static long
outcome(long ret)
{
	return ret < 0 ? -errno : ret;
}

int
behave_bad_pointers(void)
{
	void *low = nowhere;
	char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pollfd *fds = (void *)(edge + 4096 - sizeof(*fds));
	struct timeval soon = { 0, 1 };
	int set = epoll_create1(0);
	int ends[2];
	int bad = 0;

	if (edge == MAP_FAILED || munmap(edge + 4096, 4096) != 0 ||
	    pipe(ends) != 0)
		return 2;
	fds->fd = ends[0];
	fds->events = POLLIN;
	bad |= behave_check("epoll_ctl",
	    outcome(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], low)), -EFAULT);
	bad |= behave_check("epoll_ctl null",
	    outcome(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], NULL)), -EFAULT);
	bad |= behave_check("epoll_wait, nothing to store",
	    outcome(epoll_wait(set, low, 1, 0)), 0);
	bad |= behave_check("epoll_pwait2",
	    outcome(epoll_pwait2(set, low, 1, low, NULL)), -EFAULT);
	bad |= behave_check("poll", outcome(poll(low, 1, 0)), -EFAULT);
	bad |= behave_check("poll null", outcome(poll(NULL, 1, 0)), -EFAULT);
	bad |= behave_check("poll half", outcome(poll(fds, 2, 0)), -EFAULT);
	bad |= behave_check("poll at the edge", outcome(poll(fds, 1, 0)), 0);
	bad |= behave_check("poll, too many", outcome(poll(fds, too_many, 0)),
	    -EINVAL);
	bad |= behave_check("raw ppoll",
	    outcome(syscall(SYS_ppoll, fds, 1, low, NULL, SIGSET_BYTES)),
	    -EFAULT);
	bad |= behave_check("raw select",
	    outcome(syscall(SYS_select, 8, low, NULL, NULL, &soon)), -EFAULT);
	bad |= behave_check("raw select, timeout",
	    outcome(syscall(SYS_select, 0, NULL, NULL, NULL, low)), -EFAULT);
	bad |= behave_check("raw pselect6",
	    outcome(syscall(SYS_pselect6, 0, NULL, NULL, NULL, low, NULL)),
	    -EFAULT);
	bad |= behave_check("select",
	    outcome(select(8, low, NULL, NULL, &soon)), -EFAULT);
	bad |= behave_check("sendmsg", outcome(sendmsg(ends[1], low, 0)),
	    -ENOTSOCK);
	bad |= behave_check("recvmsg", outcome(recvmsg(ends[0], low, 0)),
	    -ENOTSOCK);
	return bad;
}

static int
raw_descriptors(int fd)
{
	int bad = 0;

	bad |= behave_check("dup", outcome(syscall(SYS_dup, fd)), 6);
	bad |= behave_check("dup2", outcome(syscall(SYS_dup2, fd, 40)), 40);
	bad |= behave_check("dup2 same", outcome(syscall(SYS_dup2, 40, 40)),
	    40);
	bad |= behave_check("dup3 same", outcome(syscall(SYS_dup3, 40, 40, 0)),
	    -EINVAL);
	bad |= behave_check("dup3",
	    outcome(syscall(SYS_dup3, fd, 41, O_CLOEXEC)), 41);
	bad |= behave_check("fcntl", outcome(syscall(SYS_fcntl, 41, F_GETFD)),
	    FD_CLOEXEC);
	bad |= behave_check("fcntl dup",
	    outcome(syscall(SYS_fcntl, fd, F_DUPFD, 60)), 60);
	bad |= behave_check("close", outcome(syscall(SYS_close, 41)), 0);
	bad |= behave_check("close again", outcome(syscall(SYS_close, 41)),
	    -EBADF);
	bad |= behave_check("close_range",
	    outcome(syscall(SYS_close_range, 40, 70, 0)), 0);
	bad |= behave_check("closed", outcome(syscall(SYS_close, 60)), -EBADF);
	return bad;
}

/* Seven arguments: all of them must arrive. mmap takes six. */
static int
raw_arguments(void)
{
	char *page = (char *)syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);

	if (page == MAP_FAILED)
		return behave_check("mmap", -errno, 0);
	memset(page, 1, 4096);
	return behave_check("munmap", outcome(syscall(SYS_munmap, page, 4096)),
	    0);
}

int
behave_raw_calls(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 99 };
	struct epoll_event got[2] = { 0 };
	struct timespec span = { 1, 0 };
	struct timeval left = { 5, 0 };
	struct pollfd one = { .events = POLLIN };
	unsigned long in = 0;
	int ends[2];
	int bad = 0;
	int set;

	if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
		return 2;
	set = (int)syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
	bad |= behave_check("epoll_create1", set, 5);
	bad |= behave_check("epoll_ctl",
	    outcome(
		syscall(SYS_epoll_ctl, set, EPOLL_CTL_ADD, ends[0], &event)),
	    0);
	bad |= behave_check("epoll_wait",
	    outcome(syscall(SYS_epoll_wait, set, got, 2, -1)), 1);
	bad |= behave_check("data", (long)got[0].data.u64, 99);
	bad |= behave_check("epoll_pwait",
	    outcome(
		syscall(SYS_epoll_pwait, set, got, 2, -1, NULL, SIGSET_BYTES)),
	    1);
	bad |= behave_check("epoll_pwait, no such size",
	    outcome(syscall(SYS_epoll_pwait, set, got, 2, 0, &in, 4)), -EINVAL);
	bad |= behave_check("epoll_pwait2",
	    outcome(syscall(SYS_epoll_pwait2, set, got, 2, &span, NULL,
		SIGSET_BYTES)),
	    1);
	one.fd = ends[0];
	bad |= behave_check("poll", outcome(syscall(SYS_poll, &one, 1, -1)), 1);
	bad |= behave_check("ppoll",
	    outcome(syscall(SYS_ppoll, &one, 1, &span, NULL, SIGSET_BYTES)), 1);
	in = 1UL << ends[0];
	bad |= behave_check("select",
	    outcome(syscall(SYS_select, ends[0] + 1, &in, NULL, NULL, &left)),
	    1);
	/* The kernel writes what is left: less than it was. */
	bad |= behave_check("select, time left", left.tv_sec, 4);
	bad |= behave_check("pselect6",
	    outcome(syscall(SYS_pselect6, ends[0] + 1, &in, NULL, NULL, &span,
		NULL)),
	    1);
	bad |= raw_descriptors(ends[0]);
	bad |= raw_arguments();
	return bad;
}

/*
 * A closed number fails the call and leaves the sets alone; bits beyond n in
 * the last word are cleared, later words are not touched.
 */
int
behave_select_details(void)
{
	unsigned long in[32] = { 0 };
	struct timeval timeout = { 3, 7 };
	int bad = 0;

	in[0] = 1UL << 50;
	bad |= behave_check("closed",
	    outcome(select(51, (fd_set *)(void *)in, NULL, NULL, &timeout)),
	    -EBADF);
	bad |= behave_check("set as it was", in[0] == 1UL << 50, 1);
	in[0] = 1UL << 20 | 1UL << 30;
	in[1] = 1UL << 6;
	if (dup2(STDOUT_FILENO, 20) != 20)
		return 2;
	timeout.tv_sec = 0;
	bad |= behave_check("writable",
	    outcome(select(21, NULL, (fd_set *)(void *)in, NULL, &timeout)), 1);
	bad |= behave_check("bit kept", in[0] == 1UL << 20, 1);
	bad |= behave_check("next word", in[1] == 1UL << 6, 1);
	/* Larger than an fd_set. */
	if (dup2(STDOUT_FILENO, 1500) == 1500) {
		in[1500 / 64] |= 1UL << 1500 % 64;
		in[1] = 0;
		bad |= behave_check("large set",
		    outcome(select(1501, NULL, (fd_set *)(void *)in, NULL,
			&timeout)),
		    2);
	}
	return bad;
}

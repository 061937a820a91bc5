/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: hidden FILE
 *
 * Runs under the shared object with a descriptor of its own that leads to FILE
 * (the record, with follow=1), and treats its number as programs treat numbers
 * that they did not open: asks, closes, sweeps, takes it. Ends by running
 * itself with one more argument, to be found in the record as well.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed;

static void
check(const char *what, long got, long expected)
{
	if (got == expected)
		return;
	printf("%s: %ld, not %ld (errno %d)\n", what, got, expected, errno);
	failed = 1;
}

static long
outcome(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* The number that leads to the file, by the system's own list; -1: none. */
static int
number_of(const char *path)
{
	struct stat wanted;
	struct stat st;
	int fd;

	if (stat(path, &wanted) != 0)
		return -1;
	for (fd = 0; fd < 1100; fd++)
		/* By number only, as the shared object hides nothing of it. */
		if (fstat(fd, &st) == 0 && st.st_ino == wanted.st_ino &&
		    st.st_dev == wanted.st_dev)
			return fd;
	return -1;
}

static void
asked(int fd)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = 1, .events = POLLOUT } };
	struct epoll_event event = { .events = EPOLLIN };
	unsigned long in[32] = { 0 };
	int set = epoll_create1(0);

	in[fd / 64] = 1UL << fd % 64;
	check("fcntl", outcome(fcntl(fd, F_GETFD)), -EBADF);
	check("dup", outcome(dup(fd)), -EBADF);
	check("dup2 from", outcome(dup2(fd, 50)), -EBADF);
	check("raw dup", outcome(syscall(SYS_dup, fd)), -EBADF);
	check("poll", outcome(poll(fds, 2, -1)), 2);
	check("poll says", fds[0].revents, POLLNVAL);
	check("poll says of stdout", fds[1].revents, POLLOUT);
	check("select",
	    outcome(select(fd + 1, (fd_set *)(void *)in, NULL, NULL, NULL)),
	    -EBADF);
	check("epoll_ctl", outcome(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)),
	    -EBADF);
	check("epoll_wait", outcome(epoll_wait(fd, &event, 1, 0)), -EBADF);
	check("close of a set", close(set), 0);
}

/* Everything that closes everything, and what survives it. */
static void
swept(int fd)
{
	struct stat st;

	check("close", close(fd), 0);
	check("close again", close(fd), 0);
	check("raw close", syscall(SYS_close, fd), 0);
	check("close_range", close_range(3, ~0U, 0), 0);
	check("raw close_range", syscall(SYS_close_range, 3, ~0U, 0), 0);
	closefrom(3);
	check("a range up to it", close_range(3, (unsigned)fd, 0), 0);
	check("a range from it", close_range((unsigned)fd, ~0U, 0), 0);
	check("only it", close_range((unsigned)fd, (unsigned)fd, 0), 0);
	check("still there", fstat(fd, &st), 0);
	check("lowest number", dup(1), 3);
	check("close 3", close(3), 0);
}

static void
taken(const char *path, int fd)
{
	int moved;

	check("onto itself", outcome(dup2(fd, fd)), -EBADF);
	check("from nothing", outcome(dup2(77, fd)), -EBADF);
	check("not moved by that", number_of(path), fd);
	check("dup2", dup2(1, fd), fd);
	moved = number_of(path);
	check("moved", moved >= 0 && moved != fd, 1);
	check("the program's now", fcntl(fd, F_GETFD), 0);
	asked(moved);
	check("dup3", dup3(1, moved, O_CLOEXEC), moved);
	moved = number_of(path);
	check("moved again", moved >= 0 && moved != fd, 1);
	swept(moved);
}

/* The child of a fork has it too, and so has that of a vfork, for its exec. */
static void
children(char **argv, int fd)
{
	char *none[] = { NULL };
	int status = -1;
	struct stat st;
	pid_t pid = fork();

	if (pid == 0) {
		asked(fd);
		swept(fd);
		_exit(failed);
	}
	check("fork", waitpid(pid, &status, 0) == pid && status == 0, 1);
	pid = vfork();
	if (pid == 0) {
		close(fd);
		close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		close_range(3, ~0U, 0);
		execle(argv[0], argv[0], argv[1], "again", (char *)NULL, none);
		_exit(9);
	}
	check("vfork", waitpid(pid, &status, 0) == pid && status == 0, 1);
	check("parent's", fstat(fd, &st), 0);
	check("parent's, hidden", outcome(fcntl(fd, F_GETFD)), -EBADF);
}

int
main(int argc, char **argv)
{
	char *none[] = { NULL };
	int fd;

	if (argc < 2)
		return 2;
	fd = number_of(argv[1]);
	check("high", fd > 900, 1);
	check("lowest number", dup(1), 3);
	check("close 3", close(3), 0);
	if (fd < 0)
		return 1;
	if (argc > 2)
		return failed;
	asked(fd);
	swept(fd);
	children(argv, fd);
	taken(argv[1], fd);
	if (failed)
		return failed;
	/* Without any environment. */
	execle(argv[0], argv[0], argv[1], "again", (char *)NULL, none);
	return 2;
}

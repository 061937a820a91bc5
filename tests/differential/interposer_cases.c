/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program sees of its descriptors, whether or not we are there.
 * Authority: POSIX "lowest available descriptor", dup(2), fcntl(2),
 * close_range(2); checklist 128, 131-136.
 */
#include "tests/differential/diff.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* A little of each face, without transcript. */
static int
use_everything(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd one = { .events = POLLIN };
	struct timeval zero = { 0, 0 };
	struct bits in;
	int epfd = diff_epoll();
	int fd = (int)QUIET(eventfd(1, 0));

	QUIET(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	QUIET(epoll_wait(epfd, &event, 1, 0));
	one.fd = fd;
	QUIET(poll(&one, 1, 0));
	bits_clear(&in);
	bits_add(&in, fd);
	QUIET(select(fd + 1, bits_fds(&in), NULL, NULL, &zero));
	QUIET(close(fd));
	return epfd;
}

static void
say_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			diff_say("  open: %s", entry->d_name);
	QUIET(closedir(dir));
}

CASE(d132_numbers_are_the_lowest_free_ones)
{
	int fd[2];

	CALL(dup(0));
	CALL(use_everything());
	CALL(dup(0));
	CALL(epoll_create1(0));
	CALL(eventfd(0, 0));
	diff_pipe(fd);
	diff_say("pipe %d %d", fd[0], fd[1]);
	CALL(close(4));
	CALL(close(6));
	CALL(open("/dev/null", O_RDONLY));
	CALL(epoll_create(1));
	CALL(fcntl(0, F_DUPFD, 0));
	CALL(fcntl(0, F_DUPFD, 5));
	CALL(fcntl(0, F_DUPFD_CLOEXEC, 100));
	CALL(socket(AF_UNIX, SOCK_STREAM, 0));
}

CASE(d132_proc_lists_the_same_descriptors)
{
	say_descriptors();
	CALL(use_everything());
	say_descriptors();
}

CASE(d132_waits_leak_no_descriptor)
{
	struct pollfd one = { .fd = 0, .events = POLLIN };
	struct epoll_event event;
	struct timeval zero = { 0, 0 };
	int epfd = use_everything();

	for (int i = 0; i < 20000; i++) {
		QUIET(poll(&one, 1, 0));
		QUIET(epoll_wait(epfd, &event, 1, 0));
		QUIET(select(0, NULL, NULL, NULL, &zero));
	}
	CALL(dup(0));
	for (int i = 0; i < 2000; i++)
		QUIET(close(use_everything()));
	CALL(dup(0));
}

CASE(d133_closing_every_number_breaks_nothing)
{
	int closed = 0;

	CALL(use_everything());
	for (int fd = 3; fd < 1100; fd++)
		if (close(fd) == 0)
			closed++;
	diff_say("%d were open", closed);
	CALL(use_everything());
	closefrom(3);
	CALL(use_everything());
	CALL(close_range(3, ~0U, 0));
	CALL(use_everything());
	CALL(syscall(SYS_close_range, 3, ~0U, 0));
	CALL(use_everything());
}

CASE(d133_taking_every_number_breaks_nothing)
{
	int taken = 0;
	int epfd = use_everything();
	int fd = (int)QUIET(eventfd(1, 0));

	diff_add(epfd, fd, EPOLLIN, 5);
	for (int to = 5; to < 1024; to++)
		if (dup2(0, to) == to)
			taken++;
	diff_say("%d taken", taken);
	diff_wait0(epfd, 4);
	CALL(dup(0));
	CALL(epoll_create1(0));
	CALL(close(1023));
	CALL(epoll_create1(0));
	diff_add(1023, fd, EPOLLIN | EPOLLET, 6);
	diff_wait0(1023, 4);
	diff_wait0(epfd, 4);
}

CASE(d128_as_many_descriptors_as_the_limit)
{
	int last = 0;

	CALL(use_everything());
	for (int fd; (fd = dup(0)) >= 0;)
		last = fd;
	diff_say("last %d: %s", last, strerrorname_np(errno));
	QUIET(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1100, 2000 }));
	for (int fd; (fd = open("/dev/null", O_RDONLY)) >= 0;)
		last = fd;
	diff_say("last %d: %s", last, strerrorname_np(errno));
}

CASE(d128_lowered_limits)
{
	struct rlimit limit = { 10, 1000 };
	struct pollfd one = { .fd = 0, .events = POLLIN };

	QUIET(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(use_everything());
	CALL(dup2(0, 10));
	CALL(dup2(0, 9));
	CALL(fcntl(0, F_DUPFD, 10));
	CALL(fcntl(0, F_DUPFD, 9));
	limit.rlim_cur = 0;
	QUIET(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(epoll_create1(0));
	CALL(dup(0));
	CALL(poll(NULL, 0, 0));
	CALL(poll(&one, 1, 0));
}

CASE(dup_and_close_check_their_arguments)
{
	int fd[2];

	CALL(close(-1));
	CALL(close(99));
	CALL(close(INT_MAX));
	CALL(close(INT_MIN));
	CALL(dup(-1));
	CALL(dup(99));
	CALL(dup2(-1, 5));
	CALL(dup2(99, 5));
	CALL(dup2(99, 99));
	CALL(dup2(0, -1));
	CALL(dup2(0, 1024));
	CALL(dup2(0, INT_MAX));
	CALL(dup2(0, 0));
	CALL(dup3(0, 0, 0));
	CALL(dup3(0, 5, 1));
	CALL(dup3(0, 5, O_CLOEXEC));
	CALL(fcntl(5, F_GETFD));
	CALL(dup3(99, 5, 0));
	CALL(fcntl(5, F_GETFD));
	CALL(fcntl(0, F_DUPFD, -1));
	CALL(fcntl(0, F_DUPFD, 1024));
	CALL(fcntl(99, F_DUPFD, 3));
	CALL(fcntl(0, 9999));
	CALL(close_range(9, 3, 0));
	CALL(close_range(3, 9, 64));
	CALL(pipe2(fd, 0x1234));
	CALL(pipe2(NULL, 0));
}

CASE(fcntl_and_ioctl_pass_every_kind_of_argument)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = diff_file();
	int fd[2];
	int value = -1;

	CALL(fcntl(file, F_GETLK, &lock));
	diff_say("  type %d", lock.l_type);
	CALL(fcntl(file, F_SETLK, &lock));
	CALL(fcntl(file, F_SETFD, FD_CLOEXEC));
	CALL(fcntl(file, F_GETFD));
	CALL(fcntl(file, F_SETFL, O_APPEND));
	CALL(fcntl(file, F_GETFL) & ~0100000);
	CALL(fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
	diff_pipe(fd);
	CALL(fcntl(fd[0], F_SETPIPE_SZ, 8192));
	CALL(fcntl(fd[1], F_GETPIPE_SZ));
	CALL(fcntl(fd[0], F_SETOWN, 1));
	CALL(fcntl(fd[0], F_GETOWN));
	diff_put(fd[1], 5);
	CALL(ioctl(fd[0], FIONREAD, &value));
	diff_say("  value %d", value);
	value = 1;
	CALL(ioctl(fd[0], FIONBIO, &value));
	CALL(fcntl(fd[0], F_GETFL));
	CALL(ioctl(fd[0], FIOCLEX));
	CALL(fcntl(fd[0], F_GETFD));
	CALL(ioctl(fd[0], 0xd001, NULL));
	CALL(ioctl(-1, FIONREAD, &value));
}

CASE(reads_and_writes_pass)
{
	char text[16] = "";
	struct iovec parts[2] = { { text, 2 }, { text + 4, 3 } };
	int fd[2];

	diff_pipe(fd);
	CALL(write(fd[1], "abcdefgh", 8));
	CALL(writev(fd[1], parts, 2));
	CALL(read(fd[0], text, 3));
	CALL(readv(fd[0], parts, 2));
	diff_say("  %s", text + 4);
	CALL(write(fd[0], "x", 1));
	CALL(read(fd[1], text, 1));
	CALL(read(99, text, 1));
	CALL(read(fd[0], DIFF_BAD, 1));
	CALL(close(fd[0]));
	CALL(write(fd[1], "x", 1));
}

CASE(d136_syscall_passes_every_other_call)
{
	char text[8] = "";
	int fd[2];

	CALL(syscall(-1));
	CALL(syscall(100000, 1, 2, 3, 4, 5, 6));
	CALL(syscall(SYS_getpid) == getpid());
	CALL(syscall(SYS_pipe2, fd, O_CLOEXEC));
	CALL(syscall(SYS_write, fd[1], "seven", 5));
	CALL(syscall(SYS_read, fd[0], text, 7));
	diff_say("  %s", text);
	CALL(syscall(SYS_pwrite64, diff_file(), "text", 4, 1L << 33));
	CALL(syscall(SYS_mmap, NULL, 4096, 3, 0x22, -1, 0) > 0);
	CALL(syscall(SYS_dup, 0));
	CALL(syscall(SYS_dup2, 0, 30));
	CALL(syscall(SYS_dup3, 0, 31, O_CLOEXEC));
	CALL(syscall(SYS_fcntl, 0, F_DUPFD, 40));
	CALL(syscall(SYS_close, 30));
	CALL(syscall(SYS_close, 30));
	CALL(dup2(31, 30));
}

CASE(numbers_closed_by_another_name_are_forgotten)
{
	int epfd = diff_epoll();
	FILE *stream;
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	diff_add(epfd, fd[0], EPOLLIN, 1);
	stream = fdopen(fd[0], "r");
	CALL(fclose(stream));
	diff_wait0(epfd, 4);
	CALL(eventfd(1, 0));
	diff_add(epfd, fd[0], EPOLLIN, 2);
	diff_wait0(epfd, 4);
	stream = fopen("/dev/null", "r");
	CALL(fileno(stream));
	stream = freopen("/dev/zero", "r", stream);
	CALL(fileno(stream));
	CALL(fclose(stream));
	CALL(epoll_create1(0));
}

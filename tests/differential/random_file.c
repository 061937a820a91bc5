/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors of a random sequence: opened, written, read, duplicated, closed.
 */
#include "tests/differential/random.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

bool random_no_dup;

static unsigned char kinds[RANDOM_FDS];
static char buffer[65536];

void
random_keep(int fd, enum random_kind kind)
{
	if (fd < 0)
		return;
	if (fd >= RANDOM_FDS)
		(void)close(fd);
	else
		kinds[fd] = (unsigned char)kind;
}

int
random_fd_of(enum random_kind kind, uint32_t draw)
{
	int found = -1;
	uint32_t count = 0;

	for (int fd = 3; fd < RANDOM_FDS; fd++)
		count += kinds[fd] == kind;
	if (count == 0)
		return -1;
	draw %= count;
	for (int fd = 3; fd < RANDOM_FDS; fd++) {
		if (kinds[fd] != kind)
			continue;
		found = fd;
		if (draw-- == 0)
			break;
	}
	return found;
}

int
random_fd(uint32_t draw)
{
	int open[RANDOM_FDS];
	uint32_t count = 0;

	for (int fd = 3; fd < RANDOM_FDS; fd++)
		if (kinds[fd] != RANDOM_CLOSED)
			open[count++] = fd;
	if (count == 0 || draw % 16 == 0)
		return 3 + (int)(draw / 16 % (RANDOM_FDS - 3));
	return open[draw / 16 % count];
}

static bool
has_room(void)
{
	int fds = 0;

	for (int fd = 3; fd < RANDOM_FDS; fd++)
		fds += kinds[fd] == RANDOM_CLOSED;
	return fds >= 4;
}

static void
open_something(const struct random_step *step)
{
	int fd[2] = { -1, -1 };

	if (!has_room()) {
		random_say("no room");
		return;
	}
	switch (step->with[0] % 3) {
	case 0:
		random_say("pipe%s", random_result(pipe2(fd, O_NONBLOCK)));
		random_keep(fd[0], RANDOM_PIPE_READ);
		random_keep(fd[1], RANDOM_PIPE_WRITE);
		break;
	case 1:
		random_say("socketpair%s",
		    random_result(socketpair(AF_UNIX,
			SOCK_STREAM | SOCK_NONBLOCK, 0, fd)));
		random_keep(fd[0], RANDOM_SOCKET);
		random_keep(fd[1], RANDOM_SOCKET);
		break;
	default:
		fd[0] = eventfd(step->with[1] % 2, EFD_NONBLOCK);
		random_say("eventfd%s", random_result(fd[0]));
		random_keep(fd[0], RANDOM_EVENTFD);
		break;
	}
	if (fd[1] >= 0)
		random_say("  %d %d", fd[0], fd[1]);
}

static void
write_something(const struct random_step *step)
{
	static const size_t sizes[] = { 1, 8, 8, 100, 4096, 65536 };
	size_t size = sizes[step->with[1] % 6];
	int fd = random_fd(step->with[0]);

	if (fd < RANDOM_FDS && kinds[fd] == RANDOM_EVENTFD) {
		memset(buffer, 0, 8);
		buffer[0] = 1;
		size = 8;
	}
	random_say("write %d %zu%s", fd, size,
	    random_result(write(fd, buffer, size)));
}

static void
read_something(const struct random_step *step)
{
	static const size_t sizes[] = { 1, 8, 4096, 65536 };
	size_t size = sizes[step->with[1] % 4];
	int fd = random_fd(step->with[0]);

	random_say("read %d %zu%s", fd, size,
	    random_result(read(fd, buffer, size)));
}

static void
close_something(const struct random_step *step)
{
	int fd = random_fd(step->with[0]);

	if (step->with[1] % 4 == 0)
		random_say("SYS_close %d%s", fd,
		    random_result(syscall(SYS_close, fd)));
	else if (step->with[1] % 4 == 1)
		random_say("close_range %d%s", fd,
		    random_result(close_range((unsigned)fd, (unsigned)fd, 0)));
	else
		random_say("close %d%s", fd, random_result(close(fd)));
	kinds[fd] = RANDOM_CLOSED;
}

static void
dup_something(const struct random_step *step)
{
	int from = random_fd(step->with[0]);
	int to = random_fd(step->with[1]);
	int r;

	switch (has_room() ? step->with[2] % 6 : step->with[2] % 3) {
	case 0:
		r = dup2(from, to);
		random_say("dup2 %d %d%s", from, to, random_result(r));
		break;
	case 1:
		r = dup3(from, to, O_CLOEXEC);
		random_say("dup3 %d %d%s", from, to, random_result(r));
		break;
	case 2:
		r = (int)syscall(SYS_dup2, from, to);
		random_say("SYS_dup2 %d %d%s", from, to, random_result(r));
		break;
	case 3:
		r = fcntl(from, F_DUPFD, to);
		random_say("F_DUPFD %d %d%s", from, to, random_result(r));
		break;
	default:
		r = dup(from);
		random_say("dup %d%s", from, random_result(r));
		break;
	}
	if (r >= 0)
		random_keep(r, (enum random_kind)kinds[from]);
}

static void
shut_something(const struct random_step *step)
{
	int fd = random_fd_of(RANDOM_SOCKET, step->with[0]);
	int how = (int)(step->with[1] % 3);

	random_say("shutdown %d %d%s", fd, how,
	    random_result(shutdown(fd, how)));
}

void
random_file_step(const struct random_step *step)
{
	switch (step->with[3] % 16) {
	case 0:
	case 1:
	case 2:
	case 3:
		open_something(step);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		write_something(step);
		break;
	case 8:
	case 9:
	case 10:
		read_something(step);
		break;
	case 11:
	case 12:
		close_something(step);
		break;
	case 13:
		shut_something(step);
		break;
	default:
		if (!random_no_dup)
			dup_something(step);
		break;
	}
}

void
random_close_all(void)
{
	for (int fd = 3; fd < RANDOM_FDS; fd++) {
		if (kinds[fd] != RANDOM_CLOSED)
			(void)close(fd);
		kinds[fd] = RANDOM_CLOSED;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors for the differential programs. None of these calls is written to
 * the transcript, but the numbers that they get are in the cases' own lines.
 */
#include "tests/differential/diff.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void
diff_pipe(int fd[2])
{
	QUIET(pipe(fd));
}

void
diff_unix_pair(int fd[2])
{
	QUIET(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
}

int
diff_tcp_listen(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	QUIET(fd);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	QUIET(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	QUIET(listen(fd, 8));
	return fd;
}

/* fd[0] is the accepted side, fd[1] the connecting one. */
void
diff_tcp_pair(int fd[2])
{
	struct sockaddr_in address;
	socklen_t bytes = sizeof(address);
	int listener = diff_tcp_listen();

	QUIET(getsockname(listener, (struct sockaddr *)&address, &bytes));
	fd[1] = (int)QUIET(socket(AF_INET, SOCK_STREAM, 0));
	QUIET(connect(fd[1], (struct sockaddr *)&address, sizeof(address)));
	fd[0] = (int)QUIET(accept(listener, NULL, NULL));
	QUIET(close(listener));
}

/* A regular file without a name. */
int
diff_file(void)
{
	int fd = (int)QUIET(memfd_create("diff", 0));

	QUIET(write(fd, "file", 4));
	return fd;
}

void
diff_put(int fd, size_t count)
{
	static const char zeros[65536];

	QUIET(write(fd, zeros, count));
}

void
diff_take(int fd, size_t count)
{
	static char sink[65536];

	QUIET(read(fd, sink, count));
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

void
diff_send_fd(int socket, int fd)
{
	char byte = 'f';
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	union control control = { { 0 } };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	QUIET(sendmsg(socket, &message, 0));
}

int
diff_receive_fd(int socket)
{
	char byte = 0;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	union control control;
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	int fd = -1;

	QUIET(recvmsg(socket, &message, 0));
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

int
diff_epoll(void)
{
	return (int)QUIET(epoll_create1(EPOLL_CLOEXEC));
}

void
diff_add(int epfd, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	QUIET(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
}

long
diff_wait0(int epfd, int max)
{
	struct epoll_event events[64];
	long n;

	diff_fill_events(events, 64);
	n = CALL(epoll_wait(epfd, events, max, 0));
	diff_say_events(events, n, 64);
	return n;
}

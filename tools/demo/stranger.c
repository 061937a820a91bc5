/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stranger.c - a loop that removes a connection from its set after closing it.
 * In between another thread accepts one and gets the same number.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int loop; /* the epoll set */
static int peer; /* the other end of the newest connection */

static int
conn_open(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return -1;
	peer = ends[1];
	event.data.fd = ends[0];
	(void)epoll_ctl(loop, EPOLL_CTL_ADD, ends[0], &event);
	return ends[0];
}

static void *
acceptor(void *arg)
{
	(void)conn_open();
	return arg;
}

static void
conn_free(int fd)
{
	pthread_t thread;

	(void)close(fd);
	/* A busy server: meanwhile a connection comes in elsewhere. */
	(void)pthread_create(&thread, NULL, acceptor, NULL);
	(void)pthread_join(thread, NULL);
	(void)epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL);
}

int
main(void)
{
	struct epoll_event event;
	int fd;

	loop = epoll_create1(EPOLL_CLOEXEC);
	fd = conn_open();
	(void)write(peer, "quit", 4);
	(void)epoll_wait(loop, &event, 1, -1);
	conn_free(fd);
	(void)write(peer, "hello", 5);
	printf("events of the new connection: %d\n",
	    epoll_wait(loop, &event, 1, 100));
	return 0;
}

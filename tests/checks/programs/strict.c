/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What level strict promises: a silent hazard becomes the documented errno, and
 * nothing is done. Run at that level only.
 */
#include <sys/select.h>

#include "tests/checks/programs/prog.h"

static int shared_epfd;
static int victim;

static void *
stranger(void *unused)
{
	int fds[2];

	open_ready_pair(fds);
	EXPECT(fds[0] == victim);
	EXPECT(ctl(shared_epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 8) == 0);
	return unused;
}

/* PX105: the removal that is owed to a closed one is refused. */
static void
strangers_are_spared(void)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;
	pthread_t thread;
	int fds[2];

	open_ready_pair(fds);
	victim = fds[0];
	shared_epfd = epfd;
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, victim, EPOLLIN, 7) == 0);
	EXPECT(wait_once(epfd, &event) == 1);
	close(victim);
	EXPECT(pthread_create(&thread, NULL, stranger, NULL) == 0);
	EXPECT(pthread_join(thread, NULL) == 0);
	EXPECT(ctl(epfd, EPOLL_CTL_DEL, victim, 0, 0) == -ENOENT);
	EXPECT(kernel_lists(epfd, victim) == 1);
	EXPECT(wait_once(epfd, &event) == 1 && event.data.u64 == 8);
	/* Its own removal works. */
	EXPECT(ctl(epfd, EPOLL_CTL_DEL, victim, 0, 0) == 0);
	close(epfd);
}

/* PX202: the event of a ghost is not handed out; others are. */
static void
ghosts_are_filtered(void)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[4];
	int ghost[2];
	int live[2];
	int other;

	open_ready_pair(ghost);
	open_ready_pair(live);
	other = dup(ghost[0]);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, ghost[0], EPOLLIN, 70) == 0);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, live[0], EPOLLIN, 71) == 0);
	EXPECT(epoll_wait(epfd, events, 4, 0) == 2);
	close(ghost[0]);
	EXPECT(kernel_lists(epfd, ghost[0]) == 1);
	EXPECT(epoll_wait(epfd, events, 4, 0) == 1);
	EXPECT(events[0].data.u64 == 71);
	close(other);
	close(epfd);
}

/* PX301: a child cannot edit a set that its parent waits on. */
static void
parents_keep_their_set(void)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;
	int fds[2];
	int gate[2];
	int status;
	pid_t pid;
	char c = 0;

	open_ready_pair(fds);
	EXPECT(pipe(gate) == 0);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 5) == 0);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		EXPECT(read(gate[0], &c, 1) == 1);
		_exit(ctl(epfd, EPOLL_CTL_DEL, fds[0], 0, 0) == -EPERM ? 0 : 1);
	}
	EXPECT(wait_once(epfd, &event) == 1);
	EXPECT(write(gate[1], &c, 1) == 1);
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	EXPECT(kernel_lists(epfd, fds[0]) == 1);
	EXPECT(wait_once(epfd, &event) == 1);
}

FRAME static int
ask_too_many(int fd)
{
	struct timeval now = { 0, 0 };
	fd_set in;
	int n;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	n = select(4096, &in, NULL, NULL, &now);
	EXPECT(FD_ISSET(fd, &in));
	return n < 0 ? -errno : n;
}

/* PX501 and PX508. */
static void
selects_are_refused(void)
{
	struct timeval now = { 0, 0 };
	fd_set in;
	int fds[2];

	open_ready_pair(fds);
	EXPECT(ask_too_many(fds[0]) == -EINVAL);
	FD_ZERO(&in);
	FD_SET(fds[0], &in);
	EXPECT(select(1000 + 1, &in, NULL, NULL, &now) == 1);
	FD_SET(1000, &in);
	EXPECT(select(1000 + 1, &in, NULL, NULL, &now) == -1);
	EXPECT(errno == EBADF);
}

int
main(void)
{
	strangers_are_spared();
	ghosts_are_filtered();
	parents_keep_their_set();
	selects_are_refused();
	return 0;
}

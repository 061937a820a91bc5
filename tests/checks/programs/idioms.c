/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What well-behaved programs do: none of it may be found, beyond information.
 */
#include "tests/checks/programs/prog.h"

#define ROUNDS 300

/* Event libraries: add, and change when it is there already; and back. */
static void
add_or_modify(int epfd, int fd)
{
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 1) == 0);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLOUT, 1) == -EEXIST);
	EXPECT(ctl(epfd, EPOLL_CTL_MOD, fd, EPOLLOUT, 1) == 0);
	EXPECT(ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0) == 0);
	EXPECT(ctl(epfd, EPOLL_CTL_MOD, fd, EPOLLIN, 1) == -ENOENT);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 1) == 0);
	EXPECT(ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0) == 0);
	/* A second removal. */
	EXPECT(ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0) == -ENOENT);
}

FRAME static int
release(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0);

	return r;
}

/* A destructor that removes, whether its descriptor is still open or not. */
static void
remove_either_way(int epfd)
{
	volatile int i;
	int fds[2];

	for (i = 0; i < 2; i++) {
		open_ready_pair(fds);
		EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 1) == 0);
		if (i == 1)
			close(fds[0]);
		release(epfd, fds[0]);
		if (i == 0)
			close(fds[0]);
		close(fds[1]);
	}
}

/* Connections that come and go, their removal left to close. */
static void
churn(int epfd)
{
	struct epoll_event event;
	int fds[2];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		open_ready_pair(fds);
		EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET,
			   (uint64_t)fds[0]) == 0);
		EXPECT(wait_once(epfd, &event) == 1);
		if (i % 3 == 0)
			EXPECT(ctl(epfd, EPOLL_CTL_DEL, fds[0], 0, 0) == 0);
		close(fds[0]);
		close(fds[1]);
		EXPECT(wait_once(epfd, &event) == 0);
	}
}

struct job {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int epfd;
	int fd; /* -1: none; -2: no more */
};

/* A pool's worker: gets descriptors handed over, removes or just closes. */
static void *
worker(void *argument)
{
	struct job *job = argument;
	int i = 0;

	pthread_mutex_lock(&job->lock);
	for (;;) {
		while (job->fd == -1)
			pthread_cond_wait(&job->changed, &job->lock);
		if (job->fd == -2)
			break;
		if (i++ % 2 == 0)
			release(job->epfd, job->fd);
		close(job->fd);
		job->fd = -1;
		pthread_cond_signal(&job->changed);
	}
	pthread_mutex_unlock(&job->lock);
	return NULL;
}

static void
pool(int epfd)
{
	struct job job = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
		epfd, -1 };
	pthread_t thread;
	int fds[2];
	int i;

	EXPECT(pthread_create(&thread, NULL, worker, &job) == 0);
	pthread_mutex_lock(&job.lock);
	for (i = 0; i < ROUNDS; i++) {
		open_ready_pair(fds);
		close(fds[1]);
		EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 9) == 0);
		job.fd = fds[0];
		pthread_cond_signal(&job.changed);
		while (job.fd != -1)
			pthread_cond_wait(&job.changed, &job.lock);
	}
	job.fd = -2;
	pthread_cond_signal(&job.changed);
	pthread_mutex_unlock(&job.lock);
	EXPECT(pthread_join(thread, NULL) == 0);
}

/* Children that run something while connections come and go. */
static void
children(int epfd)
{
	struct epoll_event event;
	int fds[2];
	int status;
	int gate[2];
	char c;
	pid_t pid;

	open_ready_pair(fds);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 33) == 0);
	EXPECT(pipe(gate) == 0);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		close(gate[1]);
		_exit(read(gate[0], &c, 1) == 0 ? 0 : 1);
	}
	/* The child has it still, but nobody waits before the child is gone. */
	close(fds[0]);
	close(gate[0]);
	close(gate[1]);
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	EXPECT(wait_once(epfd, &event) == 0);
	close(fds[1]);
}

/* A set made before the fork and used by the child alone. */
static void
set_for_the_child(void)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;
	int fds[2];
	int status;
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		open_ready_pair(fds);
		EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 1) == 0);
		EXPECT(wait_once(epfd, &event) == 1);
		_exit(0);
	}
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	close(epfd);
}

/* Is it open? Asked by poll, and by control with a number below 0. */
static void
probes(void)
{
	struct pollfd member = { .fd = 900, .events = POLLIN };

	EXPECT(poll(&member, 1, 0) == 1 && member.revents == POLLNVAL);
	EXPECT(fcntl(901, F_GETFD) == -1);
	EXPECT(close(902) == -1);
}

/* stdio opens and closes inside libc. */
static void
files(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		FILE *file = fopen("/proc/self/comm", "re");
		int fds[2];

		EXPECT(file != NULL);
		EXPECT(fclose(file) == 0);
		open_ready_pair(fds);
		close(fds[0]);
		close(fds[1]);
	}
}

int
main(void)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	int fds[2];

	open_ready_pair(fds);
	add_or_modify(epfd, fds[0]);
	remove_either_way(epfd);
	churn(epfd);
	pool(epfd);
	children(epfd);
	set_for_the_child();
	probes();
	files();
	churn(epfd);
	return 0;
}

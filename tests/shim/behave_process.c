/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children that share our memory, children of threads, sandboxes.
 */
#include "tests/shim/behave.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOSE_MAX 1100
#define THREADS_N 4
#define FORKS_N   40

static int
status_of(pid_t pid)
{
	int status = -1;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

/*
 * As Python's subprocess and OpenJDK do: the child of a vfork, in its parent's
 * memory, closes everything. The parent's descriptors and registrations live.
 */
int
behave_vfork_closer(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 5 };
	int set = epoll_create1(EPOLL_CLOEXEC);
	int ends[2];
	int bad = 0;
	pid_t pid;

	if (pipe(ends) != 0 ||
	    epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) != 0)
		return 2;
	pid = vfork();
	if (pid == 0) {
		for (int fd = 3; fd < CLOSE_MAX; fd++)
			close(fd);
		close_range(3, ~0U, 0);
		dup2(0, 20);
		fcntl(0, F_DUPFD, 30);
		_exit(9);
	}
	bad |= behave_check("child", WEXITSTATUS(status_of(pid)), 9);
	bad |= behave_check("write", write(ends[1], "x", 1), 1);
	bad |= behave_check("event", epoll_wait(set, &event, 1, -1), 1);
	bad |= behave_check("data", (long)event.data.u64, 5);
	bad |= behave_check("delete",
	    epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL), 0);
	bad |= behave_check("close", close(ends[0]), 0);
	bad |= behave_check("next number", dup(0), ends[0]);
	return bad;
}

/* What a child of a fork may be expected to do with every call. */
static int
child_works(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd one = { .events = POLLIN };
	int set = epoll_create1(0);
	int ends[2];

	if (set < 0 || pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
		return 1;
	if (epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) != 0 ||
	    epoll_wait(set, &event, 1, -1) != 1)
		return 2;
	one.fd = ends[0];
	if (poll(&one, 1, -1) != 1 || close(set) != 0 || close(ends[0]) != 0)
		return 3;
	return close(ends[1]) == 0 ? 0 : 4;
}

static void *
thread_forks(void *unused)
{
	long failed = 0;

	(void)unused;
	for (int i = 0; i < FORKS_N; i++) {
		pid_t pid = i % 2 == 0 ? fork() : _Fork();

		if (pid == 0)
			_exit(child_works());
		failed += status_of(pid) != 0;
		failed += child_works() != 0;
	}
	return (void *)failed;
}

int
behave_fork_threads(void)
{
	pthread_t threads[THREADS_N];
	void *failed = NULL;
	long sum = 0;

	for (int i = 0; i < THREADS_N; i++)
		if (pthread_create(&threads[i], NULL, thread_forks, NULL) != 0)
			return 2;
	for (int i = 0; i < THREADS_N; i++) {
		pthread_join(threads[i], &failed);
		sum += (long)failed;
	}
	return behave_check("failures", sum, 0);
}

/* Strict mode: only read, write, exit and sigreturn; anything else kills. */
int
behave_seccomp_strict(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
			_exit(3);
		if (write(STDOUT_FILENO, "alive\n", 6) != 6)
			syscall(SYS_exit, 4);
		syscall(SYS_exit, 0);
	}
	return behave_check("strict child", status_of(pid), 0);
}

#define ALLOW(name)                                            \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* The calls that filtered_child makes, and not one more. */
static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW(poll),
	ALLOW(epoll_wait),
	ALLOW(epoll_ctl),
	ALLOW(close),
	ALLOW(dup),
	ALLOW(write),
	ALLOW(exit_group),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static int
filtered_child(int raw)
{
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter };
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd one = { .events = POLLIN };
	int set = epoll_create1(0);
	int ends[2];
	long r;

	if (pipe(ends) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 1;
	r = raw != 0
	    ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)
	    : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	if (r != 0)
		return 2;
	one.fd = ends[0];
	if (write(ends[1], "x", 1) != 1 || poll(&one, 1, -1) != 1)
		return 3;
	if (epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) != 0 ||
	    epoll_wait(set, &event, 1, -1) != 1)
		return 4;
	return dup(ends[0]) < 0 || close(ends[0]) != 0 ? 5 : 0;
}

int
behave_seccomp_filter(void)
{
	int bad = 0;

	for (int raw = 0; raw < 2; raw++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(filtered_child(raw));
		bad |= behave_check("filtered child", status_of(pid), 0);
	}
	/* A filter that is refused changes nothing. */
	bad |= behave_check("refused",
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL), -1);
	bad |= behave_check("why", errno, EFAULT);
	return bad;
}

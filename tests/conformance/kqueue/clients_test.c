/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: what real clients do and existing implementations broke
 * (design 4): start-up probes, churn on reused numbers, many processes.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define POOL  8
#define STEPS 600

static int fds[2];

START_TEST(client_probe_with_ident_minus_1_is_answered_at_once)
{
	/* Event libraries start so: room for events, no timeout; the answer must
	 * be one EV_ERROR entry for ident -1. For READ and for WRITE. */
	struct kevent probe;

	EV_SET(&probe, -1, _i == 0 ? EVFILT_READ : EVFILT_WRITE, EV_ADD, 0, 0,
	    NULL);
	ck_assert_int_eq(kevent(kq, &probe, 1, ev, EVS, NULL), 1);
	ck_assert_int_eq((int)ev[0].ident, -1);
	ck_assert_uint_eq(ev[0].flags, EV_ERROR);
	ck_assert_int_eq(ev[0].data, EBADF);
}
END_TEST

START_TEST(client_may_add_the_same_a_hundred_times)
{
	/* In one call and in many, with nevents 0; it is one interest. */
	struct kevent same[100];

	make_pair(fds);
	put(fds[1], 1);
	for (int i = 0; i < 100; i++) {
		EV_SET(&same[i], fds[0], EVFILT_READ, EV_ADD, 0, 0, NULL);
		assert_ok(kevent(kq, &same[i], 1, NULL, 0, NULL));
	}
	assert_ok(kevent(kq, same, 100, NULL, 0, NULL));
	assert_one(kq, fds[0], EVFILT_READ);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	assert_silent(kq);
}
END_TEST

/* A pool of sockets, what is registered of them, and who may look. */
struct pool {
	int fds[POOL][2];
	bool read[POOL];
	bool write[POOL];
};

static bool
pool_open(struct pool *pool, int i)
{
	pool->read[i] = pool->write[i] = false;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		   pool->fds[i]) == 0;
}

/* 0 when EV_DELETE answers as it should. */
static int
pool_delete(int fd, int filter, bool *registered)
{
	int expected = *registered ? 0 : -ENOENT;

	*registered = false;
	return kq_op(kq, fd, filter, EV_DELETE) != expected;
}

/* One random step; 0, or what failed. */
static int
pool_step(struct pool *pool, int i, unsigned int what)
{
	int fd = pool->fds[i][0];
	char bytes[16];

	switch (what) {
	case 0:
	case 1:
		pool->read[i] = true;
		return kq_op(kq, fd, EVFILT_READ, EV_ADD);
	case 2:
	case 3:
		pool->write[i] = true;
		return kq_op(kq, fd, EVFILT_WRITE, EV_ADD);
	case 4:
		return pool_delete(fd, EVFILT_READ, &pool->read[i]);
	case 5:
		return pool_delete(fd, EVFILT_WRITE, &pool->write[i]);
	case 6:
		return write(pool->fds[i][1], "", 1) != 1;
	case 7:
		(void)!recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		return 0;
	default:
		close(fd);
		close(pool->fds[i][1]);
		return pool_open(pool, i) ? 0 : 2;
	}
}

/* Whether the queue and poll(2) agree about every interest. */
static bool
pool_agrees(const struct pool *pool)
{
	struct pollfd p[POOL];
	int n = kq_poll(kq, ev, EVS);
	int expected = 0;

	for (int i = 0; i < POOL; i++)
		p[i] = (struct pollfd){ .fd = pool->fds[i][0],
			.events = POLLIN | POLLOUT };
	if (poll(p, POOL, 0) < 0)
		return false;
	for (int i = 0; i < POOL; i++) {
		expected += pool->read[i] && (p[i].revents & POLLIN) != 0;
		expected += pool->write[i] && (p[i].revents & POLLOUT) != 0;
	}
	for (int e = 0; e < n; e++) {
		int i = 0;

		while (i < POOL && ev[e].ident != (uintptr_t)p[i].fd)
			i++;
		if (i == POOL)
			return false;
		if (ev[e].filter == EVFILT_READ ? !pool->read[i]
						: !pool->write[i])
			return false;
	}
	return n == expected;
}

/* STEPS random steps; 0, or the step after which something was wrong. */
static int
churn(unsigned int seed)
{
	struct pool pool;
	int wrong = 0;

	for (int i = 0; i < POOL; i++) {
		if (!pool_open(&pool, i))
			return 1;
	}
	for (int step = 1; step <= STEPS && wrong == 0; step++) {
		int i = rand_r(&seed) % POOL;

		if (pool_step(&pool, i, (unsigned int)rand_r(&seed) % 9) != 0 ||
		    !pool_agrees(&pool))
			wrong = step;
	}
	for (int i = 0; i < POOL; i++) {
		close(pool.fds[i][0]);
		close(pool.fds[i][1]);
	}
	return wrong;
}

START_TEST(client_read_and_write_come_and_go_on_reused_numbers)
{
	/* The oracle is poll(2) on the same descriptors after each step. */
	int wrong = churn((unsigned int)_i + 1);

	ck_assert_msg(wrong == 0, "seed %d: differs at step %d", _i + 1, wrong);
	assert_silent(kq);
}
END_TEST

static int
churn_in_worker(void *arg)
{
	kq = kqueue();
	return kq < 0 ? 2 : churn(*(unsigned int *)arg) != 0;
}

START_TEST(client_workers_of_one_master_do_the_same)
{
	/* Forked from a master that has a queue with interests of its own; each
	 * makes its queue after fork. They run at the same time. */
	pid_t workers[4];
	int status;

	make_pair(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int seed = 100 + i;

		workers[i] = fork();
		if (workers[i] == 0)
			_exit(churn_in_worker(&seed));
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(workers[i], &status, 0), workers[i]);
		ck_assert_int_eq(status, 0);
	}
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
}
END_TEST

/* How many entries a directory of /proc has, without . and .. */
static int
entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

struct parent_view {
	int fds; /* of the parent's, which are the program's own */
};

static int
child_is_clean(void *arg)
{
	const struct parent_view *view = arg;

	if (entries("/proc/self/task") != 1)
		return 1;
	if (open_fds() != view->fds)
		return 2;
	/* Its queue is unlocked, empty, and its numbers start anew. */
	kq = kqueue();
	if (kq_poll(kq, ev, EVS) != 0)
		return 3;
	if (kq_op(kq, 1, EVFILT_USER, EV_DELETE) != -ENOENT)
		return 4;
	return 0;
}

START_TEST(client_worker_inherits_nothing_of_the_library)
{
	/* No thread, no lock, no descriptor, no counter: counted before the
	 * library had anything. A thread waits in the parent while it forks, and
	 * nothing happens to it. */
	struct parent_view view;
	struct waiter w;

	make_pair(fds);
	view.fds = open_fds();
	kq = kqueue();
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD));
	waiter_start(&w, kq, 1);
	for (int i = 0; i < 5; i++)
		assert_ok(in_child(child_is_clean, &view));
	waiter_asleep(&w);
	assert_ok(kq_trigger(kq, 1));
	ck_assert_int_eq(waiter_join(&w), 1);
}
END_TEST

START_TEST(client_finds_a_refused_connection_itself)
{
	/* READ and WRITE registered, as event libraries do; after the event the
	 * program asks getsockopt(SO_ERROR), once. */
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int listener = make_listener(AF_INET, 1);
	int error = 0, fd;

	assert_ok(getsockname(listener, (struct sockaddr *)&address, &len));
	drop(listener);
	fd = own(
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	(void)connect(fd, (struct sockaddr *)&address, len);
	assert_ok(kq_op(kq, fd, EVFILT_READ, EV_ADD));
	assert_ok(kq_op(kq, fd, EVFILT_WRITE, EV_ADD));
	ck_assert_int_ge(kq_wait(kq, ev, EVS), 1);
	ck_assert_int_ge(kq_poll(kq, ev, EVS), 1);
	len = sizeof(error);
	assert_ok(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	ck_assert_int_eq(error, ECONNREFUSED);
}
END_TEST

START_TEST(client_closes_through_the_system_call)
{
	/* syscall(SYS_close) and SYS_dup3, with a dup open. */
	int null = own(open("/dev/null", O_RDONLY | O_CLOEXEC));
	int fd;

	make_pair(fds);
	fd = disown(fds[0]);
	own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	assert_ok(kq_op(kq, fd, EVFILT_READ, EV_ADD));
	put(fds[1], 1);
	if (_i == 0) {
		ck_assert_int_eq(syscall(SYS_close, fd), 0);
	} else {
		ck_assert_int_eq(syscall(SYS_dup3, null, fd, O_CLOEXEC), fd);
		own(fd);
	}
	assert_silent(kq);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: clients");
	TCase *c = kq_tcase(s, "clients");

	tcase_add_loop_test(c,
	    client_probe_with_ident_minus_1_is_answered_at_once, 0, 2);
	tcase_add_test(c, client_may_add_the_same_a_hundred_times);
	tcase_add_loop_test(c,
	    client_read_and_write_come_and_go_on_reused_numbers, 0, 20);
	tcase_add_test(c, client_finds_a_refused_connection_itself);
	c = kq_tcase(s, "close");
	tcase_add_loop_test(c, client_closes_through_the_system_call, 0, 2);
	c = kq_tcase(s, "processes");
	tcase_add_test(c, client_workers_of_one_master_do_the_same);
	c = kq_tcase_cold(s, "cold processes");
	tcase_add_test(c, client_worker_inherits_nothing_of_the_library);
	return plx_check_main(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: the descriptor of a queue (K70-K81, K90): dup, poll, nesting,
 * read and write, fork, exec, and the flags it is made with.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAIN_MAX 500

START_TEST(k70_dup_shares_the_queue)
{
	/* kqueue(2): one queue, two numbers; either may be closed first. */
	int second = own(fcntl(kq, F_DUPFD_CLOEXEC, 0));
	int third = own(dup(kq));

	assert_ok(kq_op(second, 1, EVFILT_USER, EV_ADD));
	assert_ok(kq_trigger(kq, 1));
	assert_one(third, 1, EVFILT_USER);
	assert_one(kq, 1, EVFILT_USER);
	assert_ok(close(kq));
	kq = -1;
	assert_one(second, 1, EVFILT_USER);
	drop(second);
	assert_one(third, 1, EVFILT_USER);
	assert_ok(kq_op(third, 1, EVFILT_USER, EV_DELETE));
	assert_silent(third);
}
END_TEST

static int
seen_by_poll(void)
{
	struct pollfd p = { .fd = kq, .events = POLLIN | POLLRDNORM };
	int n = poll(&p, 1, 0);

	ck_assert_int_eq(p.revents, n == 1 ? POLLIN | POLLRDNORM : 0);
	return n;
}

static int
seen_by_select(void)
{
	struct timeval zero = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(kq, &set);
	return select(kq + 1, &set, NULL, NULL, &zero);
}

static int
seen_by_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int set = epoll_create1(EPOLL_CLOEXEC);
	int n;

	assert_ok(epoll_ctl(set, EPOLL_CTL_ADD, kq, &e));
	n = epoll_wait(set, &e, 1, 0);
	close(set);
	return n;
}

static int (*const OBSERVERS[])(
    void) = { seen_by_poll, seen_by_select, seen_by_epoll };

START_TEST(k71_queue_is_readable_while_something_is_pending)
{
	/* kqueue(2): 0 before, 1 with an event, 0 when it was collected. */
	int (*observe)(void) = OBSERVERS[_i];

	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(observe(), 0);
		assert_ok(kq_trigger(kq, 1));
		ck_assert_int_eq(observe(), 1);
		assert_one(kq, 1, EVFILT_USER);
		ck_assert_int_eq(observe(), 0);
	}
}
END_TEST

START_TEST(k72_queue_in_a_queue_counts_what_is_pending)
{
	/* kqueue(2): EVFILT_READ of a queue; data is the number of events. */
	int outer = own(kqueue());

	assert_ok(kq_op(outer, kq, EVFILT_READ, EV_ADD));
	assert_silent(outer);
	for (uintptr_t i = 1; i <= 3; i++) {
		assert_ok(kq_change(kq, i, EVFILT_USER, EV_ADD | EV_CLEAR,
		    NOTE_TRIGGER, 0, NULL));
		assert_one(outer, kq, EVFILT_READ);
		ck_assert_int_eq(ev[0].data, (int64_t)i);
	}
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 3);
	assert_silent(outer);
}
END_TEST

START_TEST(k73_outer_clear_fires_once_for_each_inner_activation)
{
	/* FreeBSD kqueue_peek_signal, with a user event as the source. */
	int outer = own(kqueue());

	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	assert_ok(kq_op(outer, kq, EVFILT_READ, EV_ADD | EV_CLEAR));
	for (int i = 0; i < 100; i++) {
		assert_ok(kq_trigger(kq, 1));
		assert_one(outer, kq, EVFILT_READ);
		assert_silent(outer);
		assert_one(kq, 1, EVFILT_USER);
		assert_silent(kq);
		assert_silent(outer);
	}
}
END_TEST

static const int CHAIN_LENGTHS[] = { 2, 4, 5, 6, 7, 20, 100, CHAIN_MAX };

START_TEST(k74_leaf_event_reaches_the_top_of_a_chain)
{
	/* OpenBSD kqueue-regress 4: 500 queues, each watches the one before.
	 * Built from the leaf up and from the top down. */
	static int chain[CHAIN_MAX];
	int n = CHAIN_LENGTHS[_i / 2];

	for (int i = 0; i < n; i++)
		chain[i] = own(kqueue());
	for (int i = 1; i < n; i++) {
		int up = _i % 2 == 0 ? i : n - i;

		assert_ok(kq_op(chain[up], chain[up - 1], EVFILT_READ, EV_ADD));
	}
	assert_ok(kq_op(chain[0], 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	assert_silent(chain[n - 1]);
	assert_ok(kq_trigger(chain[0], 1));
	assert_one(chain[n - 1], chain[n - 2], EVFILT_READ);
	assert_one(chain[0], 1, EVFILT_USER);
	assert_silent(chain[n - 1]);
}
END_TEST

START_TEST(k74_leaf_event_wakes_a_thread_at_the_top_of_a_chain)
{
	/* As before, but the thread at the top already sleeps. */
	static int chain[CHAIN_MAX];
	int n = CHAIN_LENGTHS[_i];
	struct waiter w;

	for (int i = 0; i < n; i++)
		chain[i] = own(kqueue());
	for (int i = 1; i < n; i++)
		assert_ok(kq_op(chain[i], chain[i - 1], EVFILT_READ, EV_ADD));
	assert_ok(kq_op(chain[0], 1, EVFILT_USER, EV_ADD));
	waiter_start(&w, chain[n - 1], 1);
	assert_ok(kq_trigger(chain[0], 1));
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_uint_eq(w.events[0].ident, (uintptr_t)chain[n - 2]);
}
END_TEST

START_TEST(k75_queue_cannot_watch_itself)
{
	/* FreeBSD: EINVAL; through a dup as well, it is the same queue. */
	int second = own(fcntl(kq, F_DUPFD_CLOEXEC, 0));

	assert_fails(kq_op(kq, kq, EVFILT_READ, EV_ADD), EINVAL);
	assert_fails(kq_op(kq, second, EVFILT_READ, EV_ADD), EINVAL);
	assert_fails(kq_op(second, kq, EVFILT_READ, EV_ADD), EINVAL);
}
END_TEST

START_TEST(k76_write_filter_on_a_queue_is_einval)
{
	/* kqueue(2): only EVFILT_READ. */
	int outer = own(kqueue());

	assert_fails(kq_op(outer, kq, EVFILT_WRITE, EV_ADD), EINVAL);
}
END_TEST

START_TEST(k77_read_and_write_on_a_queue_fail)
{
	/* BSD: ENXIO or EOPNOTSUPP; Linux, for the set below: EINVAL. */
	char byte = 0;

	ck_assert_int_eq(read(kq, &byte, 1), -1);
	ck_assert_int_eq(write(kq, &byte, 1), -1);
}
END_TEST

static int
queue_is_gone(void *arg)
{
	int number = *(int *)arg;
	struct stat st;

	if (fstat(number, &st) != -1 || errno != EBADF)
		return 1;
	if (kq_poll(number, ev, EVS) != -EBADF)
		return 2;
	if (close(number) != -1 || errno != EBADF)
		return 3;
	return 0;
}

START_TEST(k78_queue_is_closed_in_a_forked_child)
{
	/* kqueue(2): "not inherited by a child"; its dups neither. The parent
	 * goes on. */
	int second = own(fcntl(kq, F_DUPFD_CLOEXEC, 0));
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	assert_ok(in_child(queue_is_gone, &kq));
	assert_ok(in_child(queue_is_gone, &second));
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
	take(fds[0], 1);
	assert_ok(kq_trigger(kq, 1));
	assert_one(second, 1, EVFILT_USER);
}
END_TEST

static int
close_and_reuse(void *arg)
{
	int *fds = arg;
	int own_queue, again[2];

	if (close(fds[0]) != 0 || pipe(again) != 0)
		return 1;
	own_queue = kqueue();
	if (own_queue < 0)
		return 2;
	if (kq_op(own_queue, again[0], EVFILT_READ, EV_ADD) != 0)
		return 3;
	if (write(again[1], "", 1) != 1)
		return 4;
	return kq_poll(own_queue, ev, EVS) == 1 ? 0 : 5;
}

START_TEST(k79_nothing_a_child_does_disturbs_the_parent)
{
	/* Linux: one kernel set behind both; the child must not touch it. It
	 * closes the watched number, makes a queue of its own and exits. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	for (int i = 0; i < 3; i++)
		assert_ok(in_child(close_and_reuse, fds));
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 1);
}
END_TEST

/* Read all that `from` gives into text; its length. */
static void
slurp(int from, char *text, size_t max)
{
	size_t n = 0;
	ssize_t r;

	while (n < max - 1 && (r = read(from, text + n, max - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
}

static char *const LS[] = { (char[]){ "ls" }, (char[]){ "-l" },
	(char[]){ "/proc/self/fd" }, NULL };

static pid_t
spawn_ls(int out)
{
	char *env[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	assert_ok(posix_spawn(&pid, "/bin/ls", &actions, NULL, LS, env));
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static pid_t
vfork_ls(int out)
{
	char *env[] = { NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		if (dup2(out, 1) == 1)
			execve("/bin/ls", LS, env);
		_exit(127);
	}
	return pid;
}

static pid_t (*const STARTERS[])(int) = { spawn_ls, vfork_ls };

START_TEST(k80_executed_program_holds_nothing_of_ours)
{
	/* Design: close-on-exec everywhere. The child lists its descriptors. */
	char list[4096];
	int fds[2], status;
	pid_t pid;

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(
	    kq_change(kq, 1, EVFILT_TIMER, EV_ADD, NOTE_SECONDS, 1000, NULL));
	pid = STARTERS[_i](fds[1]);
	ck_assert_int_gt(pid, 0);
	drop(fds[1]);
	assert_comes(kq, fds[0], EVFILT_READ);
	slurp(fds[0], list, sizeof(list));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_ptr_nonnull(strstr(list, " -> "));
	ck_assert_msg(strstr(list, "anon_inode") == NULL, "%s", list);
}
END_TEST

START_TEST(k81_flags_of_kqueue1_and_kqueuex)
{
	/* kqueue(2). Close-on-exec always is a listed deviation of ours. */
	int with[] = { own(kqueue1(0)), own(kqueue1(O_CLOEXEC)),
		own(kqueue1(O_CLOEXEC | O_NONBLOCK)), own(kqueuex(0)),
		own(kqueuex(KQUEUE_CLOEXEC)) };

	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		ck_assert_int_eq(fcntl(with[i], F_GETFD), FD_CLOEXEC);
		assert_ok(kq_op(with[i], 1, EVFILT_USER, EV_ADD));
	}
	ck_assert_int_eq(kqueue1(O_APPEND), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(kqueue1(-1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(kqueuex(0x80), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(k90_copy_on_fork_is_refused)
{
	/* Rulings 2: EINVAL unless done fully. */
	ck_assert_int_eq(kqueuex(KQUEUE_CPONFORK), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: its descriptor");
	TCase *c = kq_tcase(s, "object");

	tcase_add_test(c, k70_dup_shares_the_queue);
	tcase_add_loop_test(c, k71_queue_is_readable_while_something_is_pending,
	    0, 3);
	tcase_add_test(c, k75_queue_cannot_watch_itself);
	tcase_add_test(c, k76_write_filter_on_a_queue_is_einval);
	tcase_add_test(c, k77_read_and_write_on_a_queue_fail);
	tcase_add_test(c, k81_flags_of_kqueue1_and_kqueuex);
	tcase_add_test(c, k90_copy_on_fork_is_refused);
	c = kq_tcase(s, "nesting");
	tcase_add_test(c, k72_queue_in_a_queue_counts_what_is_pending);
	tcase_add_test(c, k73_outer_clear_fires_once_for_each_inner_activation);
	tcase_add_loop_test(c, k74_leaf_event_reaches_the_top_of_a_chain, 0,
	    2 * 8);
	tcase_add_loop_test(c,
	    k74_leaf_event_wakes_a_thread_at_the_top_of_a_chain, 0, 8);
	c = kq_tcase(s, "fork and exec");
	tcase_add_test(c, k78_queue_is_closed_in_a_forked_child);
	tcase_add_test(c, k79_nothing_a_child_does_disturbs_the_parent);
	tcase_add_loop_test(c, k80_executed_program_holds_nothing_of_ours, 0,
	    2);
	return plx_check_main(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: sets of raw masks: members that outlive their number, and the
 * set that goes back to the kernel before two processes share it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fdtab.h"
#include "core/sys.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define MANY 10000

static int
raw_add(int fd, plx_mask want, uint64_t udata)
{
	return reg(set, .filter = FILTER_FD, .ident = (uint64_t)fd,
	    .op = ISET_ADD, .want = want, .udata = udata);
}

static int
socket_new(void)
{
	const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* --- orphans --- */

START_TEST(orphan_10000_closed_members_do_not_grow_memory)
{
	/* epoll(7): the kernel forgets them with their file; so do we. */
	const uint32_t knotes = atomic_load(&plx_knotes.used);
	const uint32_t sources = atomic_load(&plx_sources.used);

	for (uint64_t i = 0; i < MANY; i++) {
		const int fd = socket_new();

		ck_assert_int_eq(raw_add(fd, PLX_OUT, i), 0);
		fd_close(fd);
	}
	ck_assert_uint_le(atomic_load(&plx_knotes.used) - knotes, 300);
	ck_assert_uint_le(atomic_load(&plx_sources.used) - sources, 300);
	ck_assert_int_eq(take(set, 8), 0);
}
END_TEST

START_TEST(orphan_audit_keeps_those_whose_file_lives)
{
	/* 100 live by a dup among 10,000 that are gone. */
	enum {
		LIVE = 100
	};
	int dups[LIVE];
	int live = 0;

	for (int i = 0; i < MANY; i++) {
		const int fd = socket_new();

		ck_assert_int_eq(raw_add(fd, PLX_OUT, (uint64_t)i), 0);
		if (i % (MANY / LIVE) == 0)
			dups[live++] = fd_dup(fd);
		fd_close(fd);
	}
	ck_assert_uint_ge(set->orphans_n, LIVE);
	ck_assert_uint_le(set->orphans_n, 3 * LIVE + 64);
	ck_assert_int_eq(take(set, 1000), LIVE);
	for (int i = 0; i < LIVE; i++) {
		ck_assert_uint_eq(got[i].udata % (MANY / LIVE), 0);
		fd_close(dups[i]);
	}
	ck_assert_int_eq(take(set, 1000), 0);
}
END_TEST

START_TEST(orphan_number_of_the_same_file_again_is_the_old_member)
{
	/* epoll_ctl(2): the key is (open file, fd), so MOD finds it. */
	const int fd = socket_new();
	const int other = fd_dup(fd);

	ck_assert_int_eq(raw_add(fd, PLX_OUT, 1), 0);
	fd_close(fd);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(set->orphans_n, 1);
	ck_assert_int_eq(dup2(other, fd), fd);
	ck_assert_int_eq(raw_add(fd, PLX_OUT, 2), -EEXIST);
	ck_assert_uint_eq(set->orphans_n, 0);
	ck_assert_int_eq(reg(set, .filter = FILTER_FD, .ident = (uint64_t)fd,
			     .op = ISET_MODIFY, .want = PLX_OUT, .udata = 3),
	    0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 3);
	ck_assert_int_eq(reg(set, .filter = FILTER_FD, .ident = (uint64_t)fd,
			     .op = ISET_DELETE),
	    0);
	fd_close(fd);
	fd_close(other);
}
END_TEST

START_TEST(orphan_number_of_another_file_is_a_new_member)
{
	/* Both are members then; each has its own data. */
	const int fd = socket_new();
	const int other = fd_dup(fd);

	ck_assert_int_eq(raw_add(fd, PLX_OUT, 1), 0);
	fd_close(fd);
	ck_assert_int_eq(socket_new(), fd);
	ck_assert_int_eq(raw_add(fd, PLX_OUT, 2), 0);
	ck_assert_int_eq(take(set, 8), 2);
	ck_assert_uint_eq(got[0].udata + got[1].udata, 3);
	fd_close(other);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 2);
	fd_close(fd);
}
END_TEST

/* --- back to the kernel --- */

/* The data that the kernel has for fd, by its own list. */
static uint64_t
kernel_data(int fd)
{
	char text[8192];
	char key[32];
	const char *at;
	unsigned long long data;

	kernel_list(kq, text, sizeof(text));
	(void)snprintf(key, sizeof(key), "tfd: %8d ", fd);
	at = strstr(text, key);
	ck_assert_ptr_nonnull(at);
	at = strstr(at, "data: ");
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "data: %llx", &data), 1);
	return data;
}

START_TEST(give_back_puts_the_programs_data_into_the_kernel)
{
	/* The numbers are plain, and the kernel's own answers are right. */
	struct epoll_event events[4];
	const int fd = socket_new();
	const int name = fd_dup(kq);

	ck_assert_int_eq(raw_add(fd, PLX_OUT, UINT64_C(0xfedcba9876543210)), 0);
	ck_assert_uint_ne(kernel_data(fd), UINT64_C(0xfedcba9876543210));
	ck_assert_int_eq(_i == 0 ? iset_fork_prepare() : !iset_give_back(kq),
	    1);
	ck_assert_uint_eq(kernel_data(fd), UINT64_C(0xfedcba9876543210));
	ck_assert_int_eq(fdtab_kind(kq), FD_PLAIN);
	ck_assert_int_eq(fdtab_kind(name), FD_PLAIN);
	ck_assert_ptr_null(iset_get(kq, PLX_FACE_EPOLL));
	ck_assert_int_eq(epoll_wait(name, events, 4, 0), 1);
	ck_assert_uint_eq(events[0].data.u64, UINT64_C(0xfedcba9876543210));
	ck_assert_uint_eq(events[0].events, EPOLLOUT);
	fd_close(name);
	fd_close(fd);
}
END_TEST

static int
wait_in_child(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 5 };
	struct epoll_event events[4];

	iset_fork_child();
	if (epoll_wait(kq, events, 4, 0) != 1 || events[0].data.u64 != 77)
		return 1;
	return epoll_ctl(kq, EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : 2;
}

START_TEST(give_back_lets_a_forked_child_share_the_set)
{
	/* fork(2), epoll(7): what the child changes, the parent sees. */
	const int fd = socket_new();
	int status;
	pid_t pid;

	ck_assert_int_eq(raw_add(fd, PLX_OUT, 77), 0);
	ck_assert_int_eq(iset_fork_prepare(), 1);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(wait_in_child(fd));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(kernel_data(fd), 5);
	fd_close(fd);
}
END_TEST

START_TEST(give_back_is_refused_while_a_member_outlives_its_number)
{
	/* Its item cannot be told anything; the set stays the engine's. */
	const int fd = socket_new();
	const int other = fd_dup(fd);

	ck_assert_int_eq(raw_add(fd, PLX_OUT, 1), 0);
	fd_close(fd);
	ck_assert_int_eq(iset_give_back(kq), -EBUSY);
	ck_assert_int_eq(iset_fork_prepare(), 0);
	ck_assert_int_eq(fdtab_kind(kq), FD_ISET);
	ck_assert_int_eq(take(set, 8), 1);
	fd_close(other);
	/* Gone now, as the kernel's list says. */
	ck_assert_int_eq(iset_give_back(kq), 0);
	ck_assert_int_eq(fdtab_kind(kq), FD_PLAIN);
}
END_TEST

static int member;

static int
give_back_while_asleep(int epfd, struct epoll_event *ret_events, int events_max,
    int64_t timeout_ns, const sigset_t *mask)
{
	(void)timeout_ns;
	(void)mask;
	ck_assert_int_eq(iset_give_back(kq), 0);
	ck_assert_int_eq(write(member, "x", 1), 1);
	return plx_sys_epoll_peek(epfd, ret_events, events_max);
}

START_TEST(give_back_while_a_thread_sleeps_hands_it_the_programs_data)
{
	/* It was asleep in the engine, and wakes with the kernel's event. */
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(raw_add(fds[0], PLX_IN, 1234567), 0);
	member = fds[1];
	embed.sleep = give_back_while_asleep;
	ck_assert_int_eq(take_within(set, 8, PATIENCE_NS), 1);
	ck_assert_uint_eq(got[0].udata, 1234567);
	ck_assert_uint_eq(got[0].have, PLX_IN);
	fd_close(fds[0]);
	fd_close(fds[1]);
}
END_TEST

START_TEST(give_back_leaves_a_queue_alone)
{
	/* Only what a fork shares; kqueue stays the parent's. */
	struct iset *other;
	const int fd = set_open(PLX_FACE_KQUEUE, &other);

	ck_assert_int_eq(iset_give_back(fd), 0);
	ck_assert_int_eq(fdtab_kind(fd), FD_ISET);
	ck_assert_int_eq(iset_fork_prepare(), 1); /* the epoll set */
	ck_assert_int_eq(fdtab_kind(fd), FD_ISET);
	set_close(fd, other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("orphan");
	TCase *orphans = embed_tcase_face(suite, "orphans", PLX_FACE_EPOLL);
	TCase *give = embed_tcase_face(suite, "give back", PLX_FACE_EPOLL);

	tcase_add_test(orphans, orphan_10000_closed_members_do_not_grow_memory);
	tcase_add_test(orphans, orphan_audit_keeps_those_whose_file_lives);
	tcase_add_test(orphans,
	    orphan_number_of_the_same_file_again_is_the_old_member);
	tcase_add_test(orphans, orphan_number_of_another_file_is_a_new_member);
	tcase_add_loop_test(give,
	    give_back_puts_the_programs_data_into_the_kernel, 0, 2);
	tcase_add_test(give, give_back_lets_a_forked_child_share_the_set);
	tcase_add_test(give,
	    give_back_is_refused_while_a_member_outlives_its_number);
	tcase_add_test(give,
	    give_back_while_a_thread_sleeps_hands_it_the_programs_data);
	tcase_add_test(give, give_back_leaves_a_queue_alone);
	return plx_check_main(suite);
}

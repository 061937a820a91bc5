/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: descriptors are closed, dup'ed and used again, members as well
 * as the sets' own numbers; what outlives its number; the child of a fork.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fdtab.h"
#include "core/proc.h"
#include "core/sys.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

static int
member_add(int fd, uint64_t udata)
{
	const bool raw = set->face == PLX_FACE_EPOLL;

	return reg(set, .filter = raw ? FILTER_FD : FILTER_WRITE,
	    .ident = (uint64_t)fd, .op = ISET_ADD, .want = PLX_OUT,
	    .udata = udata);
}

static int
member_delete(int fd)
{
	const bool raw = set->face == PLX_FACE_EPOLL;

	return reg(set, .filter = raw ? FILTER_FD : FILTER_WRITE,
	    .ident = (uint64_t)fd, .op = ISET_DELETE);
}

static int
socket_new(void)
{
	const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(number_used_again_has_nothing_of_the_old_file)
{
	/* On both faces; the old file is gone. */
	const int fd = socket_new();

	for (uint64_t i = 1; i <= 200; i++) {
		ck_assert_int_eq(member_add(fd, i), 0);
		ck_assert_int_eq(take(set, 8), 1);
		ck_assert_uint_eq(got[0].udata, i);
		fd_close(fd);
		ck_assert_int_eq(socket_new(), fd);
		ck_assert_int_eq(take(set, 8), 0);
		ck_assert_int_eq(member_delete(fd), -ENOENT);
	}
	fd_close(fd);
}
END_TEST

START_TEST(kqueue_member_with_a_dup_is_gone_from_the_kernel)
{
	/* The file lives on by its other number; the interest does not. */
	const int fd = socket_new();
	const int other = fd_dup(fd);

	ck_assert_int_eq(member_add(fd, 1), 0);
	ck_assert_int_eq(reg(set, .filter = FILTER_READ, .ident = (uint64_t)fd,
			     .op = ISET_ADD, .flags = KN_CLEAR),
	    0);
	ck_assert_int_eq(kernel_items(kq), 2); /* itself and the lane */
	fd_close(fd);
	ck_assert_int_eq(kernel_items(kq), 1);
	ck_assert_int_eq(kernel_items(atomic_load(&set->lane_fd)), 0);
	ck_assert_int_eq(take(set, 8), 0);
	fd_close(other);
}
END_TEST

START_TEST(events_of_a_source_that_is_gone_are_ignored)
{
	/* They were on their way: collected before the close, used after. */
	char events[8 * 16];
	int fds[4];
	int n;

	for (int i = 0; i < 4; i++) {
		fds[i] = socket_new();
		ck_assert_int_eq(member_add(fds[i], (uint64_t)i), 0);
	}
	n = plx_sys_epoll_peek(kq, (struct epoll_event *)(void *)events, 8);
	ck_assert_int_eq(n, 4);
	fd_close(fds[0]);
	ck_assert_int_eq(member_delete(fds[1]), 0);
	iset_publish(kq);
	/* Their objects are taken again, for the same numbers. */
	fds[0] = socket_new();
	ck_assert_int_eq(member_add(fds[0], 10), 0);
	ck_assert_int_eq(member_add(fds[1], 11), 0);
	ck_assert(iset_lock(set));
	set->pass++;
	iset_collect(set, events, n);
	/* A member that outlives its number may still be told. */
	ck_assert_uint_eq(set->ready.n, set->face == PLX_FACE_EPOLL ? 3 : 2);
	iset_unlock(set);
	/* Now the kernel is asked anew. */
	ck_assert_int_eq(take(set, 8), 4);
	for (int i = 0; i < 4; i++)
		fd_close(fds[i]);
}
END_TEST

START_TEST(queued_event_of_a_closed_number_does_not_come_late)
{
	/* Not when it is closed, nor when it is another file by then. */
	const plx_mask edge = _i % 2 != 0 ? PLX_EDGE : 0;
	const bool again = _i / 2 != 0;
	int fds[2] = { socket_new(), socket_new() };
	int late;

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(reg(set,
				     .filter = set->face == PLX_FACE_EPOLL
					 ? FILTER_FD
					 : FILTER_WRITE,
				     .ident = (uint64_t)fds[i], .op = ISET_ADD,
				     .flags = edge != 0 ? KN_CLEAR : 0,
				     .want = PLX_OUT | edge,
				     .udata = (uint64_t)i),
		    0);
	ck_assert_int_eq(take(set, 1), 1);
	ck_assert_uint_eq(set->ready.n, 1);
	late = fds[1 - got[0].udata];
	fd_close(late);
	if (again)
		ck_assert_int_eq(socket_new(), late);
	ck_assert_int_eq(take(set, 8), edge != 0 ? 0 : 1);
	fd_close(fds[0]);
	if (again)
		fd_close(fds[1]);
}
END_TEST

START_TEST(epoll_queued_edge_of_a_living_file_comes)
{
	/* Its number is closed and is another file; its file is not gone. */
	int fds[2] = { socket_new(), socket_new() };
	const int other = fd_dup(fds[1]);

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_FD,
				     .ident = (uint64_t)fds[i], .op = ISET_ADD,
				     .want = PLX_OUT | PLX_EDGE,
				     .udata = (uint64_t)i),
		    0);
	ck_assert_int_eq(take(set, 1), 1);
	ck_assert_uint_eq(got[0].udata, 0);
	fd_close(fds[1]);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 1);
	ck_assert_int_eq(take(set, 8), 0);
	fd_close(other);
	fd_close(fds[0]);
}
END_TEST

/* --- numbers of the set --- */

START_TEST(set_lives_by_any_of_its_numbers)
{
	/* dup(2): the first is closed, the others go on; the last ends it. */
	const int fd = socket_new();
	int names[3];

	ck_assert_int_eq(member_add(fd, 1), 0);
	for (int i = 0; i < 3; i++)
		names[i] = fd_dup(kq);
	ck_assert_uint_eq(atomic_load(&set->names), 4);
	fd_close(kq);
	ck_assert_int_eq(take(set, 8), 1);
	fd_close(names[1]);
	ck_assert_int_eq(member_delete(fd), 0);
	ck_assert_int_eq(take(set, 8), 0);
	fd_close(names[0]);
	ck_assert_ptr_eq(iset_get(names[2], set->face), set);
	iset_put(set);
	ck_assert_ptr_null(iset_get(names[0], set->face));
	kq = names[2];
	fd_close(fd);
}
END_TEST

START_TEST(set_of_a_closed_number_is_not_found_any_more)
{
	/* Not by the number, not by another face; nor is a plain number. */
	struct iset *other;
	const int fd = set_open(PLX_FACE_KQUEUE, &other);

	ck_assert_ptr_null(iset_get(fd, PLX_FACE_EPOLL));
	ck_assert_ptr_null(iset_get(-1, PLX_FACE_KQUEUE));
	ck_assert_ptr_null(iset_get(1000, PLX_FACE_KQUEUE));
	set_close(fd, other);
	ck_assert_ptr_null(iset_get(fd, PLX_FACE_KQUEUE));
	ck_assert_int_eq(iset_pending_fd(fd), -EBADF);
}
END_TEST

START_TEST(set_ends_with_everything_in_it)
{
	/* The fixture counts: all filters, queued and not, disabled and dead. */
	struct iset *other;
	const int fd = set_open(PLX_FACE_KQUEUE, &other);
	const int s = socket_new();

	for (uint64_t i = 0; i < 50; i++) {
		const uint32_t op = i % 3 == 0 ? ISET_ADD
					       : ISET_ADD | ISET_DISABLE;

		ck_assert_int_eq(reg(other, .filter = FILTER_USER, .ident = i,
				     .op = op, .fopts = FOPT_TRIGGER),
		    0);
		ck_assert_int_eq(reg(other, .filter = FILTER_TIMER, .ident = i,
				     .op = op, .data = 1),
		    0);
	}
	ck_assert_int_eq(reg(other, .filter = FILTER_READ, .ident = (uint64_t)s,
			     .op = ISET_ADD, .flags = KN_CLEAR),
	    0);
	ck_assert_int_eq(reg(other, .filter = FILTER_WRITE,
			     .ident = (uint64_t)s, .op = ISET_ADD),
	    0);
	ck_assert_int_eq(reg(other, .filter = FILTER_USER, .ident = 0,
			     .op = ISET_DELETE),
	    0);
	iset_publish(fd);
	ck_assert_int_gt(take(other, 4), 0);
	set_close(fd, other);
	fd_close(s);
}
END_TEST

/* --- from a handler that interrupted the set's own section --- */

START_TEST(handler_above_the_lock_closes_dups_and_registers)
{
	/* design 3.7: the lock word holds our own tid. */
	const int fd = socket_new();
	int name;

	ck_assert_int_eq(member_add(fd, 1), 0);
	ck_assert(iset_lock(set));
	fd_close(fd);
	name = fd_dup(kq);
	iset_publish(kq);
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .flags = KN_CLEAR),
	    0);
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .fopts = FOPT_TRIGGER),
	    0);
	ck_assert_int_eq(take(set, 8), -EINTR);
	ck_assert_uint_eq(set->hash.n, 0);
	iset_unlock(set);
	ck_assert(readable(name));
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_int_eq(got[0].filter, FILTER_USER);
	ck_assert_int_eq(kernel_items(kq), 1); /* the wake-up */
	fd_close(name);
}
END_TEST

START_TEST(handler_above_the_lock_registers_a_set)
{
	/* A set in a set takes another way; it is not lost either. */
	struct iset *other;
	const int fd = set_open(PLX_FACE_KQUEUE, &other);

	ck_assert_int_eq(reg(other, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .fopts = FOPT_TRIGGER),
	    0);
	ck_assert(iset_lock(set));
	ck_assert_int_eq(reg(set, .filter = FILTER_READ, .ident = (uint64_t)fd,
			     .op = ISET_ADD),
	    0);
	iset_unlock(set);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].ident, (uint64_t)fd);
	set_close(fd, other);
}
END_TEST

/* --- fork --- */

/* 0 when the child has nothing of the parent's queue, and can have its own. */
static int
child_of_fork(int fd)
{
	struct iset *own;
	int name;

	iset_fork_child();
	plx_proc_adopt();
	if (fcntl(kq, F_GETFD) >= 0 || fdtab_kind(kq) != FD_PLAIN)
		return 1;
	if (arena_live(&plx_knotes) != 0 || arena_live(&plx_timers) != 0)
		return 2;
	name = iset_create(PLX_FACE_KQUEUE, true);
	own = iset_get(name, PLX_FACE_KQUEUE);
	if (own == NULL)
		return 3;
	if (reg(own, .filter = FILTER_WRITE, .ident = (uint64_t)fd,
		.op = ISET_ADD) != 0 ||
	    take(own, 8) != 1)
		return 4;
	if (reg(own, .filter = FILTER_USER, .ident = 1, .op = ISET_ADD,
		.fopts = FOPT_TRIGGER) != 0)
		return 5;
	iset_publish(name);
	return readable(name) && take(own, 8) == 2 ? 0 : 6;
}

START_TEST(fork_child_has_no_queue_of_its_parent)
{
	/* kqueue(2): not inherited. Even when the parent held the lock. */
	const int fd = socket_new();
	int status;
	pid_t pid;

	ck_assert_int_eq(member_add(fd, 1), 0);
	ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
			     .op = ISET_ADD, .data = 1),
	    0);
	ck_assert(iset_lock(set));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(child_of_fork(fd));
	iset_unlock(set);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	/* The child's closing took nothing from us. */
	ck_assert_int_eq(take(set, 8), 2);
	fd_close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("close");
	TCase *kqueue = embed_tcase(suite, "kqueue");
	TCase *epoll = embed_tcase_face(suite, "epoll", PLX_FACE_EPOLL);

	tcase_add_test(kqueue, number_used_again_has_nothing_of_the_old_file);
	tcase_add_test(kqueue,
	    kqueue_member_with_a_dup_is_gone_from_the_kernel);
	tcase_add_test(kqueue, events_of_a_source_that_is_gone_are_ignored);
	tcase_add_loop_test(kqueue,
	    queued_event_of_a_closed_number_does_not_come_late, 0, 4);
	tcase_add_test(kqueue, set_lives_by_any_of_its_numbers);
	tcase_add_test(kqueue, set_of_a_closed_number_is_not_found_any_more);
	tcase_add_test(kqueue, set_ends_with_everything_in_it);
	tcase_add_test(kqueue,
	    handler_above_the_lock_closes_dups_and_registers);
	tcase_add_test(kqueue, handler_above_the_lock_registers_a_set);
	tcase_add_test(kqueue, fork_child_has_no_queue_of_its_parent);
	tcase_add_test(epoll, number_used_again_has_nothing_of_the_old_file);
	tcase_add_test(epoll, events_of_a_source_that_is_gone_are_ignored);
	tcase_add_loop_test(epoll,
	    queued_event_of_a_closed_number_does_not_come_late, 0, 4);
	tcase_add_test(epoll, epoll_queued_edge_of_a_living_file_comes);
	tcase_add_test(epoll, set_lives_by_any_of_its_numbers);
	return plx_check_main(suite);
}

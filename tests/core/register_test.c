/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: each error that iset_register documents, on each face it can
 * come from; and that a call that failed changed nothing at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/fdtab.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

static int fds[2];

static void
pair_start(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void
pair_end(void)
{
	fd_close(fds[0]);
	fd_close(fds[1]);
}

/* Fails with `error`, and the set is as it was. */
static void
check_refused(const struct iset_spec *spec, int error)
{
	struct snapshot before;
	struct snapshot after;

	snapshot_take(set, kq, spec, &before);
	ck_assert_int_eq(iset_register(set, spec), error);
	snapshot_take(set, kq, spec, &after);
	snapshot_same(&before, &after);
}

#define refused(error, ...) \
	check_refused(&(struct iset_spec){ __VA_ARGS__ }, error)

static const uint32_t ops[] = { ISET_ADD, ISET_DELETE, ISET_ENABLE,
	ISET_DISABLE, ISET_MODIFY, 0, ISET_ADD | ISET_FORCE_ONESHOT };

START_TEST(kqueue_closed_descriptor_is_ebadf)
{
	/* FreeBSD kqueue(2): EBADF, whatever is asked of it. */
	const uint64_t bad[] = { 1000, INT_MAX, UINT64_C(1) << 31, UINT64_MAX,
		UINT32_MAX };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		refused(-EBADF, .filter = FILTER_READ, .ident = bad[i],
		    .op = ops[_i]);
		refused(-EBADF, .filter = FILTER_WRITE, .ident = bad[i],
		    .op = ops[_i]);
	}
}
END_TEST

START_TEST(epoll_closed_descriptor_is_ebadf)
{
	/* epoll_ctl(2): EBADF. */
	const uint32_t op = _i == 0 ? ISET_ADD
	    : _i == 1               ? ISET_MODIFY
				    : ISET_DELETE;

	refused(-EBADF, .filter = FILTER_FD, .ident = 1000, .op = op);
	refused(-EBADF, .filter = FILTER_FD, .ident = INT_MAX, .op = op);
	refused(-EBADF, .filter = FILTER_FD, .ident = UINT64_MAX, .op = op);
}
END_TEST

static const enum plx_filter filters[] = { FILTER_READ, FILTER_WRITE,
	FILTER_TIMER, FILTER_USER };

START_TEST(kqueue_unknown_interest_is_enoent)
{
	/* FreeBSD kqueue(2): ENOENT for all but EV_ADD; twice deleted too. */
	const enum plx_filter filter = filters[_i];

	for (int i = 1; i < 6; i++)
		refused(-ENOENT, .filter = filter, .ident = (uint64_t)fds[0],
		    .op = ops[i]);
	ck_assert_int_eq(reg(set, .filter = filter, .ident = (uint64_t)fds[0],
			     .op = ISET_ADD, .data = PLX_NS_PER_S),
	    0);
	ck_assert_int_eq(reg(set, .filter = filter, .ident = (uint64_t)fds[0],
			     .op = ISET_DELETE),
	    0);
	/* A removal may wait until somebody looks. */
	iset_publish(kq);
	refused(-ENOENT, .filter = filter, .ident = (uint64_t)fds[0],
	    .op = ISET_DELETE);
}
END_TEST

START_TEST(kqueue_one_filter_does_not_stand_for_another)
{
	/* (ident, filter) is the key. */
	ck_assert_int_eq(reg(set, .filter = filters[_i],
			     .ident = (uint64_t)fds[0], .op = ISET_ADD,
			     .data = PLX_NS_PER_S),
	    0);
	for (int i = 0; i < 4; i++) {
		if (i != _i)
			refused(-ENOENT, .filter = filters[i],
			    .ident = (uint64_t)fds[0], .op = ISET_ENABLE);
	}
}
END_TEST

START_TEST(epoll_unknown_member_is_enoent)
{
	/* epoll_ctl(2): MOD and DEL of what is not there. */
	refused(-ENOENT, .filter = FILTER_FD, .ident = (uint64_t)fds[0],
	    .op = ISET_MODIFY, .want = PLX_IN);
	refused(-ENOENT, .filter = FILTER_FD, .ident = (uint64_t)fds[0],
	    .op = ISET_DELETE);
}
END_TEST

START_TEST(epoll_member_again_is_eexist)
{
	/* epoll_ctl(2): ADD twice; the first stays as it was. */
	ck_assert_int_eq(reg(set, .filter = FILTER_FD,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD,
			     .want = PLX_OUT, .udata = 7),
	    0);
	refused(-EEXIST, .filter = FILTER_FD, .ident = (uint64_t)fds[0],
	    .op = ISET_ADD, .want = PLX_IN | PLX_EDGE, .udata = 8);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 7);
	ck_assert_uint_eq(got[0].have, PLX_OUT);
}
END_TEST

START_TEST(kqueue_filter_that_could_never_fire_is_einval)
{
	/* It fires, or ADD fails: ends of a pipe, WRITE of a queue. */
	struct iset *other;
	const int other_fd = set_open(PLX_FACE_KQUEUE, &other);
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	refused(-EINVAL, .filter = FILTER_WRITE, .ident = (uint64_t)ends[0],
	    .op = ISET_ADD);
	refused(-EINVAL, .filter = FILTER_READ, .ident = (uint64_t)ends[1],
	    .op = ISET_ADD);
	refused(-EINVAL, .filter = FILTER_WRITE, .ident = (uint64_t)other_fd,
	    .op = ISET_ADD);
	refused(-EINVAL, .filter = FILTER_READ, .ident = (uint64_t)kq,
	    .op = ISET_ADD);
	fd_close(ends[0]);
	fd_close(ends[1]);
	set_close(other_fd, other);
}
END_TEST

START_TEST(epoll_itself_is_einval)
{
	/* epoll_ctl(2): fd is the same as epfd. */
	refused(-EINVAL, .filter = FILTER_FD, .ident = (uint64_t)kq,
	    .op = ISET_ADD, .want = PLX_IN);
}
END_TEST

static const plx_mask never[] = { PLX_IN | PLX_EXCLUSIVE,
	PLX_IN | PLX_EXCLUSIVE | PLX_EDGE };

START_TEST(epoll_modify_to_exclusive_is_einval_and_loses_no_event)
{
	/* epoll_ctl(2): EPOLLEXCLUSIVE in MOD. What waits, edge, still comes. */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(write(fds[i], "x", 1), 1);
		ck_assert_int_eq(reg(set, .filter = FILTER_FD,
				     .ident = (uint64_t)fds[i], .op = ISET_ADD,
				     .want = PLX_IN | PLX_EDGE,
				     .udata = (uint64_t)i),
		    0);
	}
	ck_assert_int_eq(take(set, 1), 1);
	ck_assert_uint_eq(set->ready.n, 1);
	ck_assert_uint_eq(got[0].udata, 0);
	refused(-EINVAL, .filter = FILTER_FD, .ident = (uint64_t)fds[1],
	    .op = ISET_MODIFY, .want = never[_i], .udata = 9);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 1);
}
END_TEST

START_TEST(epoll_file_without_readiness_is_eperm)
{
	/* epoll_ctl(2): a regular file; kqueue watches it all the same. */
	char name[] = "/tmp/register_test.XXXXXX";
	const int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	refused(-EPERM, .filter = FILTER_FD, .ident = (uint64_t)fd,
	    .op = ISET_ADD, .want = PLX_IN);
	fd_close(fd);
}
END_TEST

START_TEST(sets_that_watch_each_other_are_eloop)
{
	/* epoll_ctl(2): a circular loop; FreeBSD would have one too many. */
	const enum plx_filter filter = set->face == PLX_FACE_EPOLL
	    ? FILTER_FD
	    : FILTER_READ;
	struct iset *other;
	const int other_fd = set_open(set->face, &other);

	ck_assert_int_eq(reg(other, .filter = filter, .ident = (uint64_t)kq,
			     .op = ISET_ADD, .want = PLX_IN),
	    0);
	refused(-ELOOP, .filter = filter, .ident = (uint64_t)other_fd,
	    .op = ISET_ADD, .want = PLX_IN);
	set_close(other_fd, other);
}
END_TEST

static void
epoll_tests(Suite *suite)
{
	TCase *epoll = embed_tcase_face(suite, "epoll", PLX_FACE_EPOLL);

	tcase_add_checked_fixture(epoll, pair_start, pair_end);
	tcase_add_loop_test(epoll, epoll_closed_descriptor_is_ebadf, 0, 3);
	tcase_add_test(epoll, epoll_unknown_member_is_enoent);
	tcase_add_test(epoll, epoll_member_again_is_eexist);
	tcase_add_test(epoll, epoll_itself_is_einval);
	add_rows(epoll, epoll_modify_to_exclusive_is_einval_and_loses_no_event,
	    never);
	tcase_add_test(epoll, epoll_file_without_readiness_is_eperm);
	tcase_add_test(epoll, sets_that_watch_each_other_are_eloop);
}

int
main(void)
{
	Suite *suite = suite_create("register");
	TCase *kqueue = embed_tcase(suite, "kqueue");

	tcase_add_checked_fixture(kqueue, pair_start, pair_end);
	add_rows(kqueue, kqueue_closed_descriptor_is_ebadf, ops);
	add_rows(kqueue, kqueue_unknown_interest_is_enoent, filters);
	add_rows(kqueue, kqueue_one_filter_does_not_stand_for_another, filters);
	tcase_add_test(kqueue, kqueue_filter_that_could_never_fire_is_einval);
	tcase_add_test(kqueue, sets_that_watch_each_other_are_eloop);
	epoll_tests(suite);
	return plx_check_main(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: each error that iset_register documents, on each face it can
 * come from; and that a call that failed changed nothing at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
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

/* --- memory, descriptors and the kernel's own limits run out --- */

struct want {
	enum plx_filter filter;
	uint32_t flags;
	uint64_t ext;
};

static const struct want wants[] = {
	{ FILTER_READ, 0, 0 },
	{ FILTER_READ, KN_CLEAR, 0 },
	{ FILTER_WRITE, 0, 5 },
	{ FILTER_USER, 0, 0 },
	{ FILTER_USER, KN_CLEAR, 5 },
	{ FILTER_TIMER, 0, 0 },
	{ FILTER_TIMER, KN_ONESHOT, 5 },
};

/* Moves an arena to the end of a chunk: the next object needs memory. */
static uint32_t
arena_fill(struct plx_arena *arena, uint32_t *ret_taken)
{
	const uint32_t chunk = 1u << arena->chunk_shift;
	uint32_t n = 0;

	while ((atomic_load(&arena->used) + 1) % chunk != 0 ||
	    (uint32_t)atomic_load(&arena->free) != 0)
		ret_taken[n++] = arena_take(arena);
	return n;
}

START_TEST(no_memory_is_enomem_and_nothing_changed)
{
	/* The first map that the call needs fails, then the second, ... */
	static uint32_t taken[3][2048];
	struct plx_arena *const arenas[] = { &plx_knotes, &plx_sources,
		&plx_timers };
	uint32_t n[3];
	const struct iset_spec spec = { .filter = wants[_i].filter,
		.ident = (uint64_t)fds[0],
		.op = ISET_ADD,
		.flags = wants[_i].flags,
		.data = PLX_NS_PER_S,
		.ext = { 0, wants[_i].ext, 0, 0 } };
	int refusals = 0;
	int r = -ENOMEM;

	for (int i = 0; i < 3; i++)
		n[i] = arena_fill(arenas[i], taken[i]);
	for (int k = 0; r == -ENOMEM && k < 8; k++) {
		struct snapshot before;
		struct snapshot after;

		snapshot_take(set, kq, NULL, &before);
		atomic_store(&embed.maps_left, k);
		r = iset_register(set, &spec);
		atomic_store(&embed.maps_left, FOREVER);
		refusals += r == -ENOMEM;
		snapshot_take(set, kq, NULL, &after);
		if (r == -ENOMEM)
			snapshot_same(&before, &after);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_ge(refusals, 2);
	for (int i = 0; i < 3; i++) {
		while (n[i] > 0)
			arena_give(arenas[i], taken[i][--n[i]]);
	}
}
END_TEST

START_TEST(no_memory_for_a_change_leaves_the_interest)
{
	/* ext[] of an existing interest, on a page that is not there yet. */
	const struct iset_spec spec = { .filter = FILTER_USER,
		.ident = 1,
		.op = ISET_ADD,
		.flags = KN_CLEAR,
		.udata = 4 };
	struct iset_spec change = spec;

	ck_assert_int_eq(iset_register(set, &spec), 0);
	change.op = ISET_DISABLE;
	change.flags = 0;
	change.fopts = FOPT_TRIGGER;
	change.udata = 5;
	change.ext[3] = 6;
	atomic_store(&embed.maps_left, 0);
	if (_i == 0)
		check_refused(&change, -ENOMEM);
	atomic_store(&embed.maps_left, FOREVER);
	change.ext[3] = 0;
	change.op = 0;
	ck_assert_int_eq(iset_register(set, &change), 0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 5);
	ck_assert_uint_eq(got[0].ext[3], 0);
}
END_TEST

static const int kernel_says[] = { -ENOSPC, -ENOMEM };

START_TEST(refusal_of_the_kernel_comes_back_and_nothing_changed)
{
	/* epoll_ctl(2): ENOSPC of max_user_watches, ENOMEM. */
	atomic_store(&embed.ctl_fail, kernel_says[_i]);
	refused(kernel_says[_i], .filter = FILTER_READ,
	    .ident = (uint64_t)fds[0], .op = ISET_ADD, .ext = { 1 });
	ck_assert_int_eq(reg(set, .filter = FILTER_READ,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD),
	    0);
	/* A second interest with a trigger of its own: the lane's ADD. */
	ck_assert_int_eq(reg(set, .filter = FILTER_WRITE,
			     .ident = (uint64_t)fds[1], .op = ISET_ADD),
	    0);
	ck_assert_int_eq(reg(set, .filter = FILTER_READ,
			     .ident = (uint64_t)fds[1], .op = ISET_ADD,
			     .flags = KN_CLEAR),
	    0);
	atomic_store(&embed.ctl_fail, kernel_says[_i]);
	refused(kernel_says[_i], .filter = FILTER_WRITE,
	    .ident = (uint64_t)fds[0], .op = ISET_ADD, .flags = KN_CLEAR);
	/* Proving the descriptor of a disabled interest. */
	ck_assert_int_eq(reg(set, .filter = FILTER_READ,
			     .ident = (uint64_t)fds[0], .op = ISET_DELETE),
	    0);
	iset_publish(kq);
	atomic_store(&embed.ctl_fail, kernel_says[_i]);
	refused(kernel_says[_i], .filter = FILTER_READ,
	    .ident = (uint64_t)fds[0], .op = ISET_ADD | ISET_DISABLE);
}
END_TEST

START_TEST(refused_enable_leaves_the_interest_disabled)
{
	/* The kernel's item went with the disabling; its ADD is refused. */
	const uint64_t ident = (uint64_t)fds[0];

	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(reg(set, .filter = FILTER_READ, .ident = ident,
			     .op = ISET_ADD, .flags = _i == 0 ? 0 : KN_CLEAR,
			     .udata = 1),
	    0);
	ck_assert_int_eq(reg(set, .filter = FILTER_READ, .ident = ident,
			     .op = ISET_DISABLE, .udata = 2),
	    0);
	iset_publish(kq);
	ck_assert_int_eq(kernel_items(kq), 0);
	atomic_store(&embed.ctl_fail, -ENOSPC);
	refused(-ENOSPC, .filter = FILTER_READ, .ident = ident,
	    .op = ISET_ENABLE, .udata = 3, .ext = { 4 });
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(reg(set, .filter = FILTER_READ, .ident = ident,
			     .op = ISET_ENABLE | ISET_KEEP_UDATA),
	    0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 2);
	ck_assert_uint_eq(got[0].ext[0], 0);
}
END_TEST

#define HEAP_FIRST 512

START_TEST(timer_change_without_memory_changes_nothing)
{
	/* As many timers as the heap has room for. */
	for (uint64_t i = 0; i < HEAP_FIRST; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = i,
				     .op = ISET_ADD, .data = PLX_NS_PER_S),
		    0);
	ck_assert_uint_eq(set->timers.n, set->timers.max);
	atomic_store(&embed.maps_left, 0);
	refused(-ENOMEM, .filter = FILTER_TIMER, .ident = 3,
	    .op = ISET_ADD | ISET_DISABLE, .data = 1, .udata = 7);
	refused(-ENOMEM, .filter = FILTER_TIMER, .ident = HEAP_FIRST,
	    .op = ISET_ADD, .data = 1);
}
END_TEST

/* No descriptor can be made from here on; returns what to put back. */
static struct rlimit
descriptors_end(void)
{
	struct rlimit old;
	struct rlimit none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	return old;
}

START_TEST(no_descriptor_left_is_emfile_and_nothing_changed)
{
	/* getrlimit(2) RLIMIT_NOFILE: the lane and inotify need one. */
	const struct iset_spec spec = { .filter = FILTER_WRITE,
		.ident = (uint64_t)fds[0],
		.op = ISET_ADD };
	char name[] = "/tmp/register_test.XXXXXX";
	const int fd = mkstemp(name);
	struct snapshot before;
	struct snapshot after;
	struct rlimit old;
	int r[3];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(iset_register(set, &spec), 0);
	snapshot_take(set, kq, &spec, &before);
	old = descriptors_end();
	r[0] = reg(set, .filter = FILTER_READ, .ident = (uint64_t)fds[0],
	    .op = ISET_ADD, .flags = KN_CLEAR);
	r[1] = reg(set, .filter = FILTER_READ, .ident = (uint64_t)fd,
	    .op = ISET_ADD);
	r[2] = iset_create(PLX_FACE_EPOLL, true);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	snapshot_take(set, kq, &spec, &after);
	ck_assert_int_eq(r[0], -EMFILE);
	ck_assert_int_eq(r[1], -EMFILE);
	ck_assert_int_eq(r[2], -EMFILE);
	snapshot_same(&before, &after);
	ck_assert_int_eq(reg(set, .filter = FILTER_READ,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD,
			     .flags = KN_CLEAR),
	    0);
	fd_close(fd);
}
END_TEST

START_TEST(no_memory_for_a_set_is_enomem_and_no_set)
{
	/* Before there is one, so that the table of sets is not there. */
	struct snapshot before;
	struct snapshot after;

	snapshot_take(set, kq, NULL, &before);
	atomic_store(&embed.maps_left, 0);
	for (int i = 0; i < 20; i++) {
		int fd[20];
		int r;

		fd[i] = iset_create(PLX_FACE_KQUEUE, true);
		if (fd[i] >= 0) {
			fd_close(fd[i]);
			continue;
		}
		r = fd[i];
		ck_assert_int_eq(r, -ENOMEM);
	}
	atomic_store(&embed.maps_left, FOREVER);
	snapshot_take(set, kq, NULL, &after);
	snapshot_same(&before, &after);
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
	add_rows(kqueue, no_memory_is_enomem_and_nothing_changed, wants);
	tcase_add_loop_test(kqueue, no_memory_for_a_change_leaves_the_interest,
	    0, 2);
	add_rows(kqueue, refusal_of_the_kernel_comes_back_and_nothing_changed,
	    kernel_says);
	tcase_add_loop_test(kqueue, refused_enable_leaves_the_interest_disabled,
	    0, 2);
	tcase_add_test(kqueue, timer_change_without_memory_changes_nothing);
	tcase_add_test(kqueue,
	    no_descriptor_left_is_emfile_and_nothing_changed);
	tcase_add_test(kqueue, no_memory_for_a_set_is_enomem_and_no_set);
	epoll_tests(suite);
	return plx_check_main(suite);
}

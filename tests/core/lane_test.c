/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: READ and WRITE of one descriptor, each with a trigger of its own:
 * no change of one re-fires the other. And what is put off: changes of a set
 * that nobody looks at, until somebody does.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static int
op(enum plx_filter filter, uint32_t what, uint32_t flags)
{
	return reg(set, .filter = filter, .ident = (uint64_t)fds[0], .op = what,
	    .flags = flags);
}

static void
arrive(void)
{
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
}

/* Is there an event of that filter now? */
static bool
fires(enum plx_filter filter)
{
	const int n = take(set, 8);
	int found = 0;

	ck_assert_int_ge(n, 0);
	for (int i = 0; i < n; i++)
		found += got[i].filter == filter;
	ck_assert_int_le(found, 1);
	return found == 1;
}

/* --- two lanes --- */

START_TEST(write_changes_do_not_refire_an_edge_of_read)
{
	/* Either may have been there first. */
	const bool read_first = _i == 0;

	arrive();
	if (read_first)
		ck_assert_int_eq(op(FILTER_READ, ISET_ADD, KN_CLEAR), 0);
	ck_assert_int_eq(op(FILTER_WRITE, ISET_ADD, 0), 0);
	if (!read_first)
		ck_assert_int_eq(op(FILTER_READ, ISET_ADD, KN_CLEAR), 0);
	ck_assert(fires(FILTER_READ));
	for (int i = 0; i < 3; i++) {
		ck_assert(!fires(FILTER_READ));
		ck_assert_int_eq(op(FILTER_WRITE, ISET_DISABLE, 0), 0);
		ck_assert(!fires(FILTER_READ));
		ck_assert_int_eq(op(FILTER_WRITE, ISET_ENABLE, 0), 0);
		ck_assert(!fires(FILTER_READ));
		ck_assert_int_eq(op(FILTER_WRITE, ISET_DELETE, 0), 0);
		ck_assert(!fires(FILTER_READ));
		ck_assert_int_eq(op(FILTER_WRITE, ISET_ADD,
				     i == 1 ? KN_CLEAR : 0),
		    0);
		ck_assert(fires(FILTER_WRITE));
	}
	arrive();
	ck_assert(fires(FILTER_READ));
}
END_TEST

START_TEST(read_changes_do_not_refire_an_edge_of_write)
{
	/* The same the other way round. */
	ck_assert_int_eq(op(FILTER_WRITE, ISET_ADD, KN_CLEAR), 0);
	ck_assert_int_eq(op(FILTER_READ, ISET_ADD, 0), 0);
	ck_assert(fires(FILTER_WRITE));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(op(FILTER_READ, ISET_DISABLE, 0), 0);
		ck_assert(!fires(FILTER_WRITE));
		ck_assert_int_eq(op(FILTER_READ, ISET_ENABLE, 0), 0);
		ck_assert(!fires(FILTER_WRITE));
		ck_assert_int_eq(op(FILTER_READ, ISET_DELETE, 0), 0);
		ck_assert_int_eq(op(FILTER_READ, ISET_ADD, 0), 0);
		ck_assert(!fires(FILTER_WRITE));
	}
}
END_TEST

/* kqueue(2): how often an event that stays true is told in four waits. */
struct kind {
	uint32_t flags;
	int told;
};

static const struct kind kinds[] = {
	{ 0, 4 },
	{ KN_CLEAR, 1 },
	{ KN_ONESHOT, 1 },
	{ KN_DISPATCH, 1 },
	{ KN_CLEAR | KN_DISPATCH, 1 },
	{ KN_CLEAR | KN_ONESHOT, 1 },
};
#define KINDS_N 6

START_TEST(each_filter_has_the_trigger_it_asked_for)
{
	/* All pairs of kinds, on one descriptor. */
	const struct kind *r = &kinds[_i / KINDS_N];
	const struct kind *w = &kinds[_i % KINDS_N];
	int reads = 0;
	int writes = 0;

	arrive();
	ck_assert_int_eq(op(FILTER_READ, ISET_ADD, r->flags), 0);
	ck_assert_int_eq(op(FILTER_WRITE, ISET_ADD, w->flags), 0);
	for (int i = 0; i < 4; i++) {
		const int n = take(set, 8);

		for (int k = 0; k < n; k++) {
			reads += got[k].filter == FILTER_READ;
			writes += got[k].filter == FILTER_WRITE;
		}
	}
	ck_assert_int_eq(reads, r->told);
	ck_assert_int_eq(writes, w->told);
	if ((r->flags & KN_DISPATCH) != 0) {
		ck_assert_int_eq(op(FILTER_READ, ISET_ENABLE, 0), 0);
		ck_assert(fires(FILTER_READ));
	}
}
END_TEST

/* --- what is put off --- */

static void
check_kernel_unaware(const char *before)
{
	char now[8192];

	kernel_list(kq, now, sizeof(now));
	ck_assert_str_eq(now, before);
}

START_TEST(changes_of_a_private_set_cost_no_kernel_call)
{
	/* design 3.11: only the first ADD is told at once. */
	char before[8192];
	unsigned int calls;

	ck_assert_int_eq(op(FILTER_READ, ISET_ADD, 0), 0);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 1);
	kernel_list(kq, before, sizeof(before));
	calls = atomic_load(&embed.ctl_n);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(op(FILTER_READ, ISET_DISABLE, 0), 0);
		ck_assert_int_eq(op(FILTER_READ, ISET_ENABLE, 0), 0);
		ck_assert_int_eq(op(FILTER_READ, ISET_ADD, 0), 0);
	}
	ck_assert_int_eq(op(FILTER_READ, ISET_DELETE, 0), 0);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), calls);
	check_kernel_unaware(before);
	ck_assert_int_eq(kernel_items(kq), 1);
	iset_publish(kq);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), calls + 1);
	ck_assert_int_eq(kernel_items(kq), 0);
}
END_TEST

START_TEST(changes_put_off_are_told_before_a_wait)
{
	/* Nobody can tell the difference. */
	arrive();
	ck_assert_int_eq(op(FILTER_READ, ISET_ADD, 0), 0);
	ck_assert_int_eq(op(FILTER_READ, ISET_DISABLE, 0), 0);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(kernel_items(kq), 0);
	ck_assert_int_eq(op(FILTER_READ, ISET_ENABLE, 0), 0);
	ck_assert_int_eq(take(set, 8), 1);
}
END_TEST

START_TEST(changes_are_told_at_once_where_others_may_look)
{
	/* Published; a sleeper; blind: three reasons not to put off. */
	ck_assert_int_eq(op(FILTER_READ, ISET_ADD, 0), 0);
	if (_i == 0)
		iset_publish(kq);
	else if (_i == 1)
		atomic_store(&set->waiters, 1);
	else
		atomic_store(&set->seen, 1);
	ck_assert_int_eq(op(FILTER_READ, ISET_DISABLE, 0), 0);
	ck_assert_int_eq(kernel_items(kq), 0);
	ck_assert_int_eq(op(FILTER_READ, ISET_ENABLE, 0), 0);
	ck_assert_int_eq(kernel_items(kq), 1);
	ck_assert_int_eq(op(FILTER_READ, ISET_DELETE, 0), 0);
	ck_assert_int_eq(kernel_items(kq), 0);
	atomic_store(&set->waiters, 0);
}
END_TEST

START_TEST(blind_set_is_never_private)
{
	/* design 3.4: closes pass us by, so nothing is put off. */
	struct iset *other;
	int fd;

	embed_presence(false);
	fd = set_open(PLX_FACE_KQUEUE, &other);
	ck_assert_int_eq(reg(other, .filter = FILTER_READ,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD),
	    0);
	ck_assert_int_eq(reg(other, .filter = FILTER_READ,
			     .ident = (uint64_t)fds[0], .op = ISET_DISABLE),
	    0);
	ck_assert_int_eq(kernel_items(fd), 0);
	set_close(fd, other);
}
END_TEST

#define MANY 200

START_TEST(more_changes_than_are_kept_are_told_in_time)
{
	/* DIRTY_MAX; then all of them are as they should be. */
	int pipes[MANY][2];

	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(pipe(pipes[i]), 0);
		ck_assert_int_eq(reg(set, .filter = FILTER_READ,
				     .ident = (uint64_t)pipes[i][0],
				     .op = ISET_ADD),
		    0);
		ck_assert_int_eq(write(pipes[i][1], "x", 1), 1);
	}
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_READ,
				     .ident = (uint64_t)pipes[i][0],
				     .op = i % 2 == 0 ? ISET_DELETE
						      : ISET_DISABLE),
		    0);
	ck_assert_uint_le(set->dirty_n, DIRTY_MAX);
	ck_assert_int_eq(take(set, EMBED_GOT), 0);
	ck_assert_int_eq(kernel_items(kq), 0);
	for (int i = 1; i < MANY; i += 2)
		ck_assert_int_eq(reg(set, .filter = FILTER_READ,
				     .ident = (uint64_t)pipes[i][0],
				     .op = ISET_ENABLE),
		    0);
	ck_assert_int_eq(take(set, EMBED_GOT), MANY / 2);
	for (int i = 0; i < MANY; i++) {
		fd_close(pipes[i][0]);
		fd_close(pipes[i][1]);
	}
}
END_TEST

START_TEST(deleted_and_added_again_before_anybody_looked)
{
	/* The item in the kernel is the old one: it must be told all. */
	arrive();
	ck_assert_int_eq(op(FILTER_READ, ISET_ADD, KN_CLEAR), 0);
	ck_assert(fires(FILTER_READ));
	ck_assert_int_eq(op(FILTER_READ, ISET_DELETE, 0), 0);
	ck_assert_int_eq(op(FILTER_READ, ISET_ADD, KN_CLEAR), 0);
	ck_assert(fires(FILTER_READ));
	ck_assert(!fires(FILTER_READ));
	ck_assert_int_eq(op(FILTER_READ, ISET_DELETE, 0), 0);
	ck_assert_int_eq(op(FILTER_WRITE, ISET_ADD, 0), 0);
	ck_assert(fires(FILTER_WRITE));
	ck_assert(!fires(FILTER_READ));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lane");
	TCase *lanes = embed_tcase(suite, "lanes");
	TCase *defer = embed_tcase(suite, "put off");

	tcase_add_checked_fixture(lanes, pair_start, pair_end);
	tcase_add_loop_test(lanes, write_changes_do_not_refire_an_edge_of_read,
	    0, 2);
	tcase_add_test(lanes, read_changes_do_not_refire_an_edge_of_write);
	tcase_add_loop_test(lanes, each_filter_has_the_trigger_it_asked_for, 0,
	    KINDS_N * KINDS_N);
	tcase_add_checked_fixture(defer, pair_start, pair_end);
	tcase_add_test(defer, changes_of_a_private_set_cost_no_kernel_call);
	tcase_add_test(defer, changes_put_off_are_told_before_a_wait);
	tcase_add_loop_test(defer,
	    changes_are_told_at_once_where_others_may_look, 0, 3);
	tcase_add_test(defer, blind_set_is_never_private);
	tcase_add_test(defer, more_changes_than_are_kept_are_told_in_time);
	tcase_add_test(defer, deleted_and_added_again_before_anybody_looked);
	return plx_check_main(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: memory, descriptors and the kernel's own limits run out in the
 * middle of a registration: the error comes back and nothing has changed.
 */
#include <errno.h>
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

/* In one process each row finds the objects of those before it. */
#define TAKEN_MAX 16384

/* Moves an arena to the end of a chunk: the next object needs memory. */
static uint32_t
arena_fill(struct plx_arena *arena, uint32_t *ret_taken)
{
	const uint32_t chunk = 1u << arena->chunk_shift;
	uint32_t n = 0;

	while ((atomic_load(&arena->used) + 1) % chunk != 0 ||
	    (uint32_t)atomic_load(&arena->free) != 0) {
		ck_assert_uint_lt(n, TAKEN_MAX);
		ret_taken[n++] = arena_take(arena);
	}
	return n;
}

START_TEST(no_memory_is_enomem_and_nothing_changed)
{
	/* The first map that the call needs fails, then the second, ... */
	static uint32_t taken[3][TAKEN_MAX];
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
	static uint32_t taken[TAKEN_MAX];
	const struct iset_spec spec = { .filter = FILTER_USER,
		.ident = 1,
		.op = ISET_ADD,
		.flags = KN_CLEAR,
		.udata = 4 };
	struct iset_spec change = spec;
	uint32_t n;

	/* The first knote of a page: no ext[] of it was ever stored. */
	n = arena_fill(&plx_knotes, taken);
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
	while (n > 0)
		arena_give(&plx_knotes, taken[--n]);
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

int
main(void)
{
	Suite *suite = suite_create("exhaust");
	TCase *kqueue = embed_tcase(suite, "kqueue");

	tcase_add_checked_fixture(kqueue, pair_start, pair_end);
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
	return plx_check_main(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: the table of descriptor numbers: what an entry holds, when its
 * generation moves, where the table ends, many writers at once.
 */
#include "core/fdtab.h"

#include <errno.h>
#include <pthread.h>

#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define LAST     (FDTAB_FDS_MAX - 1)
#define GEN_MASK UINT32_C(0xffffff)
#define THREADS  4

static void
check_entry(int fd, enum fd_kind kind, uint32_t flags, uint32_t object)
{
	const struct fd_entry entry = fdtab_get(fd);

	ck_assert_int_eq(entry.kind, kind);
	ck_assert_uint_eq(entry.flags, flags);
	ck_assert_uint_eq(entry.object, object);
	ck_assert_int_eq(fdtab_kind(fd), kind);
	ck_assert_uint_eq(fdtab_generation(fd), entry.generation);
}

static const int strange[] = { -1, INT32_MIN, FDTAB_FDS_MAX, FDTAB_FDS_MAX + 1,
	INT32_MAX };

START_TEST(fdtab_out_of_range_is_plain_and_refuses)
{
	/* fdtab.h: not tracked; -EBADF for those who write. */
	const int fd = strange[_i];

	check_entry(fd, FD_PLAIN, 0, 0);
	ck_assert_int_eq(fdtab_publish(fd, FD_ISET, 1), -EBADF);
	ck_assert_int_eq(fdtab_set_flag(fd, FD_WATCHED), -EBADF);
	ck_assert_int_eq(fdtab_forget(fd).kind, FD_PLAIN);
	ck_assert_uint_eq(fdtab_generation(fd), 0);
}
END_TEST

static const int edges[] = { 0, 1, 1023, 1024, 4095, LAST - 1, LAST };

START_TEST(fdtab_entry_holds_what_was_published)
{
	/* On both sides of a page, and at the ends. */
	const int fd = edges[_i];
	const uint32_t before = fdtab_generation(fd);

	ck_assert_int_eq(fdtab_publish(fd, FD_ISET, UINT32_MAX), 0);
	check_entry(fd, FD_ISET, 0, UINT32_MAX);
	ck_assert_uint_eq(fdtab_generation(fd), (before + 1) & GEN_MASK);
	ck_assert_int_eq(fdtab_set_flag(fd, FD_WATCHED), 0);
	check_entry(fd, FD_ISET, FD_WATCHED, UINT32_MAX);
	ck_assert_int_eq(fdtab_set_flag(fd, FD_CHECKED), 0);
	check_entry(fd, FD_ISET, FD_WATCHED | FD_CHECKED, UINT32_MAX);
	ck_assert_uint_eq(fdtab_generation(fd), (before + 1) & GEN_MASK);
	ck_assert_int_eq(fdtab_publish(fd, FD_PRIVATE, 7), 0);
	check_entry(fd, FD_PRIVATE, 0, 7);
	ck_assert_uint_eq(fdtab_generation(fd), (before + 2) & GEN_MASK);
}
END_TEST

START_TEST(fdtab_forget_bumps_and_returns_what_was)
{
	/* The rule for closers: the next one of that number is another. */
	const int fd = 700;
	struct fd_entry was;

	ck_assert_int_eq(fdtab_publish(fd, FD_ISET, 42), 0);
	ck_assert_int_eq(fdtab_set_flag(fd, FD_WATCHED), 0);
	was = fdtab_forget(fd);
	ck_assert_int_eq(was.kind, FD_ISET);
	ck_assert_uint_eq(was.flags, FD_WATCHED);
	ck_assert_uint_eq(was.object, 42);
	check_entry(fd, FD_PLAIN, 0, 0);
	ck_assert_uint_eq(fdtab_generation(fd),
	    (was.generation + 1) & GEN_MASK);
	ck_assert_int_eq(fdtab_forget(fd).kind, FD_PLAIN);
	ck_assert_uint_eq(fdtab_generation(fd),
	    (was.generation + 2) & GEN_MASK);
}
END_TEST

START_TEST(fdtab_forget_of_an_untouched_page_makes_none)
{
	/* A close of a number that nobody tracked costs no memory. */
	const int fd = 700000;

	(void)fdtab_forget(fd);
	ck_assert_uint_eq(atomic_load(&embed.maps_n), 0);
	ck_assert_uint_eq(fdtab_generation(fd), 0);
}
END_TEST

START_TEST(fdtab_generation_wraps_within_24_bits)
{
	/* 2^24 closes of one number; the other fields never feel it. */
	const int fd = 1500;
	const uint32_t first = fdtab_generation(fd);

	ck_assert_int_eq(fdtab_publish(fd, FD_PLAIN, 0), 0);
	for (uint32_t i = 1; i < GEN_MASK - first; i++)
		(void)fdtab_forget(fd);
	ck_assert_uint_eq(fdtab_generation(fd), GEN_MASK);
	ck_assert_int_eq(fdtab_publish(fd, FD_PRIVATE, UINT32_MAX), 0);
	ck_assert_uint_eq(fdtab_generation(fd), 0);
	check_entry(fd, FD_PRIVATE, 0, UINT32_MAX);
	(void)fdtab_forget(fd);
	ck_assert_uint_eq(fdtab_generation(fd), 1);
}
END_TEST

START_TEST(fdtab_next_finds_what_is_not_all_zero)
{
	/* Absent pages are skipped; from and last belong to the range. */
	const int a = 200000;
	const int b = 203000;

	ck_assert_int_eq(fdtab_next(150000, LAST - 2000), -1);
	ck_assert_int_eq(fdtab_publish(a, FD_ISET, 1), 0);
	ck_assert_int_eq(fdtab_set_flag(b, FD_WATCHED), 0);
	ck_assert_int_eq(fdtab_next(150000, LAST), a);
	ck_assert_int_eq(fdtab_next(a, a), a);
	ck_assert_int_eq(fdtab_next(a + 1, b - 1), -1);
	ck_assert_int_eq(fdtab_next(a + 1, INT32_MAX), b);
	ck_assert_int_eq(fdtab_next(b, a), -1);
	ck_assert_int_eq(fdtab_next(FDTAB_FDS_MAX, INT32_MAX), -1);
	ck_assert_int_ge(fdtab_next(INT32_MIN, INT32_MAX), 0);
}
END_TEST

START_TEST(fdtab_without_memory_is_enomem_and_unchanged)
{
	/* No page for the number: nothing is half done. */
	const int fd = 300000;

	atomic_store(&embed.maps_left, 0);
	ck_assert_int_eq(fdtab_publish(fd, FD_ISET, 1), -ENOMEM);
	ck_assert_int_eq(fdtab_set_flag(fd, FD_WATCHED), -ENOMEM);
	check_entry(fd, FD_PLAIN, 0, 0);
	atomic_store(&embed.maps_left, FOREVER);
	ck_assert_int_eq(fdtab_publish(fd, FD_ISET, 1), 0);
}
END_TEST

#define TURNS 5000
static int base;
static pthread_barrier_t gate;

/* The i-th thread publishes its own kind of object, so a torn word shows. */
static void *
publisher(void *arg)
{
	const uint32_t mine = *(const uint32_t *)arg;

	(void)pthread_barrier_wait(&gate);
	for (int i = 0; i < TURNS; i++) {
		const int fd = base + i % 8 * 1024;

		ck_assert_int_eq(fdtab_publish(fd,
				     (mine & 1) != 0 ? FD_ISET : FD_PRIVATE,
				     mine),
		    0);
		ck_assert_int_eq(fdtab_set_flag(fd, FD_WATCHED), 0);
		(void)fdtab_forget(fd);
	}
	return NULL;
}

START_TEST(fdtab_many_writers_lose_no_generation)
{
	/* Pages are installed once, and each publish and forget counts. */
	static const uint32_t ids[THREADS] = { 1, 2, 3, 4 };
	pthread_t threads[THREADS];

	/* Each round has pages that nobody made yet. */
	base = 400000 + _i % 50 * 8 * 1024;
	ck_assert_int_eq(pthread_barrier_init(&gate, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, publisher,
				     (void *)(uintptr_t)&ids[i]),
		    0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 8 && _i < 50; i++) {
		check_entry(base + i * 1024, FD_PLAIN,
		    fdtab_get(base + i * 1024).flags, 0);
		ck_assert_uint_eq(fdtab_generation(base + i * 1024),
		    2 * THREADS * TURNS / 8);
	}
	(void)pthread_barrier_destroy(&gate);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fdtab");
	TCase *tcase = embed_tcase_face(suite, "entries", PLX_FACE_MAX);

	add_rows(tcase, fdtab_out_of_range_is_plain_and_refuses, strange);
	add_rows(tcase, fdtab_entry_holds_what_was_published, edges);
	tcase_add_test(tcase, fdtab_forget_bumps_and_returns_what_was);
	tcase_add_test(tcase, fdtab_forget_of_an_untouched_page_makes_none);
	tcase_add_test(tcase, fdtab_generation_wraps_within_24_bits);
	tcase_add_test(tcase, fdtab_next_finds_what_is_not_all_zero);
	tcase_add_test(tcase, fdtab_without_memory_is_enomem_and_unchanged);
	tcase_add_loop_test(tcase, fdtab_many_writers_lose_no_generation, 0,
	    rounds(5));
	return plx_check_main(suite);
}

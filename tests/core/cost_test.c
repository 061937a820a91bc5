/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: what a set and an interest cost: bytes and descriptors.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/sys.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

START_TEST(interest_in_read_is_64_bytes)
{
	/* rulings 2: a knote and its source; nothing beside them. */
	const uint32_t knotes = arena_live(&plx_knotes);
	const uint32_t sources = arena_live(&plx_sources);
	int ends[2];

	ck_assert_uint_eq(sizeof(struct knote) + sizeof(struct source), 64);
	ck_assert_uint_eq(plx_knotes.object_bytes, sizeof(struct knote));
	ck_assert_uint_eq(plx_sources.object_bytes, sizeof(struct source));
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(reg(set, .filter = FILTER_READ,
			     .ident = (uint64_t)ends[0], .op = ISET_ADD),
	    0);
	ck_assert_uint_eq(arena_live(&plx_knotes), knotes + 1);
	ck_assert_uint_eq(arena_live(&plx_sources), sources + 1);
	fd_close(ends[0]);
	fd_close(ends[1]);
}
END_TEST

START_TEST(set_that_nobody_made_costs_no_descriptor)
{
	/* design 3.9: not one before the first set, none after the last. */
	struct iset *sets[3];
	int fds[3];
	const int before = fds_open();

	for (int i = 0; i < 3; i++)
		fds[i] = set_open(PLX_FACE_KQUEUE, &sets[i]);
	/* One each, and one for the process. */
	ck_assert_int_eq(fds_open(), before + 4);
	for (int i = 0; i < 3; i++)
		set_close(fds[i], sets[i]);
	ck_assert_int_eq(fds_open(), before);
}
END_TEST

START_TEST(set_of_raw_masks_costs_itself)
{
	/* No wake-up is ever needed there. */
	struct iset *other;
	const int before = fds_open();
	const int fd = set_open(PLX_FACE_EPOLL, &other);

	ck_assert_int_eq(fds_open(), before + 1);
	set_close(fd, other);
	ck_assert_int_eq(fds_open(), before);
}
END_TEST

static void
check_fds(int before, int of_the_set)
{
	/* The wake-up of the process is there before the test begins. */
	ck_assert_int_eq(fds_open(), before + of_the_set - 1);
}

START_TEST(set_costs_1_descriptor_2_with_a_timer_seen_4_at_most)
{
	/* rulings 3, in the order they come; each only once. */
	char name[] = "/tmp/cost_test.XXXXXX";
	int fds[2];
	int file;
	int before;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	file = mkstemp(name);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(unlink(name), 0);
	before = fds_open();
	ck_assert_int_eq(reg(set, .filter = FILTER_READ,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD),
	    0);
	ck_assert_int_eq(reg(set, .filter = FILTER_WRITE,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD),
	    0);
	ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
			     .op = ISET_ADD, .data = PLX_NS_PER_S),
	    0);
	ck_assert_int_gt(take(set, 8), 0);
	check_fds(before, 1);
	iset_publish(kq);
	check_fds(before, 2); /* the timerfd */
	for (uint64_t i = 2; i < 50; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = i,
				     .op = ISET_ADD, .data = PLX_NS_PER_S),
		    0);
	check_fds(before, 2);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_READ,
				     .ident = (uint64_t)fds[i], .op = ISET_ADD,
				     .flags = KN_CLEAR),
		    0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_WRITE,
				     .ident = (uint64_t)fds[i], .op = ISET_ADD,
				     .flags = KN_CLEAR),
		    0);
	check_fds(before, 3); /* the second lane */
	ck_assert_int_eq(reg(set, .filter = FILTER_READ,
			     .ident = (uint64_t)file, .op = ISET_ADD),
	    0);
	check_fds(before, 4); /* inotify */
	ck_assert_int_ge(take(set, 64), 0);
	check_fds(before, 4);
	fd_close(file);
	fd_close(fds[0]);
	fd_close(fds[1]);
}
END_TEST

START_TEST(private_descriptors_are_close_on_exec)
{
	/* design 3.9: a program that execs must not find them. */
	int open_before[256];

	for (int fd = 0; fd < 256; fd++)
		open_before[fd] = fcntl(fd, F_GETFD);
	iset_publish(kq);
	ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
			     .op = ISET_ADD, .data = PLX_NS_PER_S),
	    0);
	for (int fd = 0; fd < 256; fd++) {
		if (open_before[fd] < 0 && fcntl(fd, F_GETFD) >= 0)
			ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	}
	ck_assert_int_ge(set->timer_fd, 0);
}
END_TEST

START_TEST(same_add_a_hundred_thousand_times_costs_nothing_more)
{
	/* design 4: the same EV_ADD again and again succeeds. */
	const uint32_t knotes = arena_live(&plx_knotes);
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_READ,
				     .ident = (uint64_t)ends[0],
				     .op = ISET_ADD),
		    0);
	ck_assert_uint_eq(arena_live(&plx_knotes), knotes + 1);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 1);
	fd_close(ends[0]);
	fd_close(ends[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cost");
	TCase *set_case = embed_tcase(suite, "a set");
	TCase *none = embed_tcase_face(suite, "no set", PLX_FACE_MAX);

	tcase_add_test(set_case, interest_in_read_is_64_bytes);
	tcase_add_test(set_case,
	    set_costs_1_descriptor_2_with_a_timer_seen_4_at_most);
	tcase_add_test(set_case, private_descriptors_are_close_on_exec);
	tcase_add_test(set_case,
	    same_add_a_hundred_thousand_times_costs_nothing_more);
	tcase_add_test(none, set_that_nobody_made_costs_no_descriptor);
	tcase_add_test(none, set_of_raw_masks_costs_itself);
	return plx_check_main(suite);
}

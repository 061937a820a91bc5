/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registration_test.c - control calls on a set: records, and the findings they give.
 */
#include <errno.h>
#include <stdio.h>

#include "tests/checks/records.h"

/* Authority: epoll_ctl(2) EEXIST. The kernel said so: a second owner. */
START_TEST(epoll_second_add_is_px101_with_the_first_stack)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 8, -EEXIST);
	rec_wait(set);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 101, 'E', PLX_CERTAIN);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_MISUSED], PLX_NO_STACK);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_OPENED], PLX_NO_STACK);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_REGISTERED], PLX_NO_STACK);
	ck_assert_uint_eq(found(0)->data, 7);
}
END_TEST

/* The idiom of event libraries: it is there already, so change it. */
START_TEST(epoll_add_then_mod_is_information_only)
{
	const int set = rec_set(rec_base);
	int i;

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	for (i = 0; i < 3; i++) {
		rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 8, -EEXIST);
		rec_ctl(PLX_OP_MODIFY, set, rec_base + 1, 8, 0);
		rec_wait(set);
	}
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 101, 'I', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->count, 3);
}
END_TEST

__attribute__((noinline)) static void
add_again(int set, int fd, bool then_modify)
{
	rec_ctl(PLX_OP_ATTACH, set, fd, 8, -EEXIST);
	if (then_modify)
		rec_ctl(PLX_OP_MODIFY, set, fd, 8, 0);
	rec_wait(set);
}

/* At one site: once an idiom, once not. The worse one stands. */
START_TEST(epoll_add_then_mod_once_does_not_hide_the_other)
{
	const int set = rec_set(rec_base);
	volatile int i; /* one call in the loop, never unrolled */

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	for (i = 0; i < 2; i++)
		add_again(set, rec_base + 1, i == 0);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 101, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->count, 2);
}
END_TEST

/* Authority: epoll_ctl(2) ENOENT; variant 2: an earlier number's. */
START_TEST(epoll_mod_after_reuse_is_px102_of_another_generation)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_MODIFY, set, rec_base + 1, 7, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 102, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 2);
	ck_assert_uint_eq(found(0)->generation, 2);
	ck_assert_uint_eq(found(0)->generation_registered, 1);
}
END_TEST

START_TEST(epoll_mod_then_add_is_information_only)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_MODIFY, set, rec_base + 1, 7, -ENOENT);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_wait(set);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 102, 'I', PLX_CERTAIN);
}
END_TEST

/* A wait in between: nobody took the answer up. */
START_TEST(epoll_mod_then_wait_then_add_is_px102)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_MODIFY, set, rec_base + 1, 7, -ENOENT);
	rec_wait(set);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	ck_found(0, 102, 'E', PLX_CERTAIN);
}
END_TEST

START_TEST(epoll_del_never_added_is_px103)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 103, 'W', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 1);
}
END_TEST

START_TEST(epoll_double_del_is_information_only)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 103, 'I', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 3);
}
END_TEST

START_TEST(epoll_del_after_close_is_px104_with_the_close_stack)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, -EBADF);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 104, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 1);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_CLOSED], PLX_NO_STACK);
}
END_TEST

static void
step_close(int set, int fd)
{
	(void)set;
	rec_close(fd);
}

static int remove_result;

static void
step_remove(int set, int fd)
{
	rec_ctl(PLX_OP_DETACH, set, fd, 0, remove_result);
}

/* Both orders through one call instruction: one site. */
static void
life(int set, int fd, bool close_first)
{
	void (*const steps[])(int, int) = { step_close, step_remove,
		step_close };
	volatile int i;

	remove_result = close_first ? -EBADF : 0;
	rec_open(fd);
	rec_ctl(PLX_OP_ATTACH, set, fd, 7, 0);
	for (i = close_first ? 0 : 1; i < (close_first ? 2 : 3); i++)
		steps[i](set, fd);
}

/* One site removes what is live, and tries what its thread has closed. */
START_TEST(epoll_del_in_a_destructor_is_information_only)
{
	const int set = rec_set(rec_base);
	volatile int i;

	for (i = 0; i < 2; i++)
		life(set, rec_base + 1, i == 1);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 104, 'I', PLX_CERTAIN);
}
END_TEST

static int victim_set;
static int victim_fd;

static void *
stranger_opens(void *unused)
{
	rec_open(victim_fd);
	rec_ctl(PLX_OP_ATTACH, victim_set, victim_fd, 99, 0);
	return unused;
}

/*
 * The silent one: a loop's thread closes, another opens and registers, and the
 * removal that the first still owed succeeds.
 */
START_TEST(epoll_del_hits_what_another_thread_added_is_px105)
{
	const int set = rec_set(rec_base);

	rec_wait(set);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	victim_set = set;
	victim_fd = rec_base + 1;
	rec_elsewhere(stranger_opens);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 105, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->generation, 2);
	ck_assert_int_eq(found(0)->other, 1);
	ck_assert_uint_eq(found(0)->data, 99);
	ck_assert_int_ne(found(0)->stack_tid[PLX_STACK_REGISTERED],
	    found(0)->stack_tid[PLX_STACK_CLOSED]);
}
END_TEST

/* The worker of a pool gets the new one handed to it: it waited meanwhile. */
START_TEST(epoll_del_by_a_pool_worker_is_silent)
{
	const int set = rec_set(rec_base);

	rec_wait(set);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	victim_set = set;
	victim_fd = rec_base + 1;
	rec_elsewhere(stranger_opens);
	rec_wait(set);
	rec_deliver(set, 99);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/* It waited in between, so it may have learnt of the new one otherwise. */
START_TEST(epoll_del_after_another_wait_is_silent)
{
	const int set = rec_set(rec_base);

	rec_wait(set);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	victim_set = set;
	victim_fd = rec_base + 1;
	rec_elsewhere(stranger_opens);
	rec_wait(set);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

static void *
stranger_serves(void *unused)
{
	stranger_opens(unused);
	rec_wait(victim_set);
	rec_deliver(victim_set, 99);
	return unused;
}

/* The new one is known and served: it may have been handed over. */
START_TEST(epoll_del_of_what_has_delivered_is_silent)
{
	const int set = rec_set(rec_base);

	rec_wait(set);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	victim_set = set;
	victim_fd = rec_base + 1;
	rec_elsewhere(stranger_serves);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/* One thread, its own new descriptor: at most likely, after a failed DEL. */
START_TEST(epoll_late_del_in_one_thread_is_px105_likely)
{
	const int set = rec_set(rec_base);

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	rec_close(rec_base + 1);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, -EBADF);
	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 8, 0);
	rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(0, 104, 'E', PLX_CERTAIN);
	ck_found(1, 105, 'E', PLX_LIKELY);
}
END_TEST

START_TEST(epoll_del_of_ones_own_new_descriptor_is_silent)
{
	const int set = rec_set(rec_base);
	int i;

	rec_wait(set);
	for (i = 0; i < 3; i++) {
		rec_open(rec_base + 1);
		rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
		if (i == 2)
			rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
		rec_close(rec_base + 1);
	}
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/* Authority: epoll_ctl(2) EPERM; the kind is asked of the kernel. */
START_TEST(epoll_add_of_a_file_is_px108_with_its_kind)
{
	const int set = rec_set(rec_base);
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	rec_open(fileno(file));
	rec_ctl(PLX_OP_ATTACH, set, fileno(file), 7, -EPERM);
	rec_close(fileno(file));
	fclose(file);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 108, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 1);
}
END_TEST

/* Authority: epoll_ctl(2) EPOLLEXCLUSIVE, EINVAL. */
START_TEST(epoll_exclusive_misuses_are_px109)
{
	static const struct {
		enum plx_op op;
		plx_mask want;
		uint16_t variant;
		plx_mask have;
	} misuses[] = {
		{ PLX_OP_MODIFY, PLX_IN | PLX_EXCLUSIVE, 1, 0 },
		{ PLX_OP_MODIFY, PLX_IN, 2, 0 },
		{ PLX_OP_ATTACH, PLX_IN | PLX_EXCLUSIVE | PLX_ONESHOT, 3,
		    PLX_ONESHOT },
	};
	const int set = rec_set(rec_base);
	struct plx_record rec = rec_of(PLX_OP_ATTACH, set, rec_base + 1);
	uint32_t i;

	rec_open(rec_base + 1);
	rec.want = PLX_IN | PLX_EXCLUSIVE;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	plx_emit_after(&rec);
	for (i = 0; i < 3; i++) {
		rec.op = misuses[i].op;
		rec.want = misuses[i].want;
		rec.ret = -EINVAL;
		plx_emit_after(&rec);
		ck_assert_uint_eq(found_n(), i + 1);
		ck_found(i, 109, 'E', PLX_CERTAIN);
		ck_assert_uint_eq(found(i)->variant, misuses[i].variant);
		ck_assert_uint_eq(found(i)->have, misuses[i].have);
	}
}
END_TEST

START_TEST(epoll_einval_without_exclusive_is_silent)
{
	const int set = rec_set(rec_base);

	rec_ctl(PLX_OP_ATTACH, set, set, 7, -EINVAL);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

static const TTest **const tests[] = {
	&epoll_second_add_is_px101_with_the_first_stack,
	&epoll_add_then_mod_is_information_only,
	&epoll_add_then_mod_once_does_not_hide_the_other,
	&epoll_mod_after_reuse_is_px102_of_another_generation,
	&epoll_mod_then_add_is_information_only,
	&epoll_mod_then_wait_then_add_is_px102,
	&epoll_del_never_added_is_px103,
	&epoll_double_del_is_information_only,
	&epoll_del_after_close_is_px104_with_the_close_stack,
	&epoll_del_in_a_destructor_is_information_only,
	&epoll_del_hits_what_another_thread_added_is_px105,
	&epoll_del_by_a_pool_worker_is_silent,
	&epoll_del_after_another_wait_is_silent,
	&epoll_del_of_what_has_delivered_is_silent,
	&epoll_late_del_in_one_thread_is_px105_likely,
	&epoll_del_of_ones_own_new_descriptor_is_silent,
	&epoll_add_of_a_file_is_px108_with_its_kind,
	&epoll_exclusive_misuses_are_px109,
	&epoll_einval_without_exclusive_is_silent,
};

int
main(void)
{
	return rec_suite_main("registration", tests,
	    sizeof(tests) / sizeof(tests[0]));
}

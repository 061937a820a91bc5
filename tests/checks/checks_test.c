/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks_test.c - sequences of records, and the findings they give.
 *
 * No system call of the program is made: the numbers from FD_FIRST on are open
 * only in the records, so the kernel says of each that it is closed. Each test
 * has a range of numbers of its own, and looks at the findings that came after
 * it began, so all of them may run in one process (CK_FORK=no).
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/check.h"
#include "core/mask.h"
#include "core/proc.h"
#include "core/record.h"
#include "core/report.h"
#include "core/stack.h"
#include "tests/support/check_main.h"

#define FD_FIRST 500
#define FD_RANGE 8

static int base;	/* first number of this test */
static uint32_t first;	/* first finding of this test */

static const struct plx_finding *
found(uint32_t i)
{
	const struct plx_region *region = report_region();

	ck_assert_uint_lt(first + i, region->header.findings_n);
	return &region->finding[first + i];
}

static uint32_t
found_n(void)
{
	return report_region()->header.findings_n - first;
}

static struct plx_record
rec_of(enum plx_op op, int set, int fd)
{
	return (struct plx_record){ .op = op, .api = PLX_API_epoll_ctl,
		.set = set, .fd = fd, .other = -1 };
}

static void
rec_open(int fd)
{
	struct plx_record rec = rec_of(PLX_OP_FD_OPEN, -1, fd);

	rec.extra = PLX_WHAT_SOCKET;
	rec.ret = fd;
	plx_emit_after(&rec);
}

static void
rec_dup(int old_fd, int new_fd)
{
	struct plx_record rec = rec_of(PLX_OP_FD_DUP, -1, new_fd);

	rec.other = old_fd;
	rec.ret = new_fd;
	plx_emit_after(&rec);
}

static void
rec_close(int fd)
{
	struct plx_record rec = rec_of(PLX_OP_FD_CLOSE, -1, fd);

	rec.api = PLX_API_close;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	plx_emit_after(&rec);
}

static int
rec_set(int set)
{
	struct plx_record rec = rec_of(PLX_OP_SET_CREATE, set, set);

	rec.ret = set;
	plx_emit_after(&rec);
	return set;
}

static int
rec_ctl(enum plx_op op, int set, int fd, uint64_t data, int ret)
{
	struct plx_record rec = rec_of(op, set, fd);
	int r;

	r = plx_emit_before(&rec);
	if (r < 0)
		return r;
	rec.want = PLX_IN;
	rec.data = data;
	rec.ret = ret;
	plx_emit_after(&rec);
	return ret;
}

static void
rec_wait(int set)
{
	struct plx_record rec = rec_of(PLX_OP_WAIT_ENTER, set, -1);

	rec.api = PLX_API_epoll_wait;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
}

static void
rec_deliver(int set, uint64_t data)
{
	struct plx_record rec = rec_of(PLX_OP_DELIVER, set, -1);

	rec.api = PLX_API_epoll_wait;
	rec.want = PLX_IN;
	rec.have = PLX_IN;
	rec.data = data;
	plx_emit_after(&rec);
}

static void
ck_found(uint32_t i, uint16_t id, char severity, enum plx_confidence confidence)
{
	ck_assert_uint_eq(found(i)->id, id);
	ck_assert_msg(found(i)->severity == severity, "PX%u: severity %c, not %c",
	    id, found(i)->severity, severity);
	ck_assert_uint_eq(found(i)->confidence, confidence);
}

static void
set_up(void)
{
	static const struct plx_check_options options = {
		.level = PLX_LEVEL_LOG };
	static int tests_n;
	char path[] = "/tmp/checks_test.XXXXXX";
	int fd;

	if (report_region() == NULL) {
		fd = mkstemp(path);
		ck_assert_int_ge(fd, 0);
		close(fd);
		ck_assert_int_eq(plx_proc_init(PLX_PRESENCE_INTERPOSED), 0);
		ck_assert_int_eq(report_attach_path(path), 0);
		unlink(path);
		ck_assert_int_eq(checks_start(&options), 0);
	}
	base = FD_FIRST + FD_RANGE * tests_n++;
	first = report_region()->header.findings_n;
}

/* Runs fn to its end on another thread. */
static void
elsewhere(void *(*fn)(void *))
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, fn, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* Authority: epoll_ctl(2) EEXIST. The kernel said so: a second owner. */
START_TEST(epoll_second_add_is_px101_with_the_first_stack)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 8, -EEXIST);
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
	const int set = rec_set(base);
	int i;

	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	for (i = 0; i < 3; i++) {
		rec_ctl(PLX_OP_ATTACH, set, base + 1, 8, -EEXIST);
		rec_ctl(PLX_OP_MODIFY, set, base + 1, 8, 0);
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
	const int set = rec_set(base);
	volatile int i; /* one call in the loop, never unrolled */

	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	for (i = 0; i < 2; i++)
		add_again(set, base + 1, i == 0);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 101, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->count, 2);
}
END_TEST

/* Authority: epoll_ctl(2) ENOENT; variant 2: an earlier number's. */
START_TEST(epoll_mod_after_reuse_is_px102_of_another_generation)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	rec_open(base + 1);
	rec_ctl(PLX_OP_MODIFY, set, base + 1, 7, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 102, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 2);
	ck_assert_uint_eq(found(0)->generation, 2);
	ck_assert_uint_eq(found(0)->generation_registered, 1);
}
END_TEST

START_TEST(epoll_mod_then_add_is_information_only)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_MODIFY, set, base + 1, 7, -ENOENT);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_wait(set);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 102, 'I', PLX_CERTAIN);
}
END_TEST

/* A wait in between: nobody took the answer up. */
START_TEST(epoll_mod_then_wait_then_add_is_px102)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_MODIFY, set, base + 1, 7, -ENOENT);
	rec_wait(set);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	ck_found(0, 102, 'E', PLX_CERTAIN);
}
END_TEST

START_TEST(epoll_del_never_added_is_px103)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 103, 'W', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 1);
}
END_TEST

START_TEST(epoll_double_del_is_information_only)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, 0);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 103, 'I', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 3);
}
END_TEST

START_TEST(epoll_del_after_close_is_px104_with_the_close_stack)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, -EBADF);
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
	const int set = rec_set(base);
	volatile int i;

	for (i = 0; i < 2; i++)
		life(set, base + 1, i == 1);
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
	const int set = rec_set(base);

	rec_wait(set);
	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	victim_set = set;
	victim_fd = base + 1;
	elsewhere(stranger_opens);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, 0);
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
	const int set = rec_set(base);

	rec_wait(set);
	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	victim_set = set;
	victim_fd = base + 1;
	elsewhere(stranger_opens);
	rec_wait(set);
	rec_deliver(set, 99);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, 0);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/* One thread, its own new descriptor: at most likely, after a failed DEL. */
START_TEST(epoll_late_del_in_one_thread_is_px105_likely)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, -EBADF);
	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 8, 0);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, 0);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(0, 104, 'E', PLX_CERTAIN);
	ck_found(1, 105, 'E', PLX_LIKELY);
}
END_TEST

START_TEST(epoll_del_of_ones_own_new_descriptor_is_silent)
{
	const int set = rec_set(base);
	int i;

	for (i = 0; i < 3; i++) {
		rec_open(base + 1);
		rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
		if (i == 2)
			rec_ctl(PLX_OP_DETACH, set, base + 1, 0, 0);
		rec_close(base + 1);
	}
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/* Authority: epoll_ctl(2) EPERM; the kind is asked of the kernel. */
START_TEST(epoll_add_of_a_file_is_px108_with_its_kind)
{
	const int set = rec_set(base);
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
	const int set = rec_set(base);
	struct plx_record rec = rec_of(PLX_OP_ATTACH, set, base + 1);
	uint32_t i;

	rec_open(base + 1);
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
	const int set = rec_set(base);

	rec_ctl(PLX_OP_ATTACH, set, set, 7, -EINVAL);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

START_TEST(epoll_close_of_a_dup_is_px201_and_its_event_px202)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_dup(base + 1, base + 2);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(0, 201, 'E', PLX_CERTAIN);
	ck_found(1, 202, 'E', PLX_CERTAIN);
	ck_assert_int_eq(found(1)->fd, base + 1);
	ck_assert_uint_ne(found(1)->stack[PLX_STACK_CLOSED], PLX_NO_STACK);
	ck_assert_uint_ne(found(1)->stack[PLX_STACK_REGISTERED], PLX_NO_STACK);
	ck_assert_uint_ne(found(1)->stack[PLX_STACK_OPENED], PLX_NO_STACK);
}
END_TEST

/* Another thread closes while this one is in its wait: it may be in time. */
START_TEST(epoll_event_harvested_before_the_close_is_silent)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_dup(base + 1, base + 2);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_wait(set);
	rec_close(base + 1);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

/* The remedy: name the open file by the old number again, then remove. */
START_TEST(epoll_ghost_laid_by_dup2_and_del_is_silent_afterwards)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_dup(base + 1, base + 2);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	rec_dup(base + 2, base + 1);
	rec_ctl(PLX_OP_DETACH, set, base + 1, 0, 0);
	rec_wait(set);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

START_TEST(epoll_event_of_an_earlier_generation_is_px204)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_dup(base + 1, base + 2);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	rec_open(base + 1);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(1, 204, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(1)->generation, 2);
	ck_assert_uint_eq(found(1)->generation_registered, 1);
}
END_TEST

/* The same user data in two registrations: which one is not known. */
START_TEST(epoll_ambiguous_event_is_silent)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_dup(base + 1, base + 2);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(base + 1);
	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 201, 'E', PLX_LIKELY);
}
END_TEST

/* close of the last number removes the registration: legal on Linux. */
START_TEST(epoll_close_while_registered_is_silent)
{
	const int set = rec_set(base);
	int i;

	for (i = 0; i < 1000; i++) {
		rec_open(base + 1);
		rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
		rec_wait(set);
		rec_deliver(set, 7);
		rec_close(base + 1);
	}
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

START_TEST(epoll_set_is_its_open_file_not_its_number)
{
	const int set = rec_set(base);

	rec_dup(set, base + 5);
	rec_open(base + 1);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_close(set);
	rec_ctl(PLX_OP_DETACH, base + 5, base + 1, 0, 0);
	rec_ctl(PLX_OP_DETACH, base + 5, base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 103, 'I', PLX_CERTAIN);
}
END_TEST

static struct plx_record
rec_member(enum plx_api api, int fd, plx_mask have, int ret)
{
	struct plx_record rec = rec_of(PLX_OP_MEMBER, -1, fd);

	rec.api = (uint16_t)api;
	rec.have = have;
	rec.ret = ret;
	rec.n = (uint32_t)fd + 1;
	rec.address = 0x1000;
	return rec;
}

START_TEST(select_names_the_closed_member_px507)
{
	struct plx_record rec = rec_member(PLX_API_select, base + 1, PLX_NVAL,
	    -EBADF);

	rec_open(base + 1);
	rec_close(base + 1);
	rec_wait(-1);
	ck_assert(checks_wants_member(base + 1));
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 507, 'E', PLX_CERTAIN);
	ck_assert_int_eq(found(0)->fd, base + 1);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_CLOSED], PLX_NO_STACK);
}
END_TEST

START_TEST(select_ignores_the_closed_member_px508)
{
	struct plx_record rec = rec_member(PLX_API_select, base + 1, 0, 0);

	rec_open(base + 1);
	rec_close(base + 1);
	rec_wait(-1);
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 508, 'E', PLX_CERTAIN);
}
END_TEST

/* Another thread closes it while select sleeps: select saw it open. */
START_TEST(select_member_closed_meanwhile_is_silent)
{
	struct plx_record rec = rec_member(PLX_API_select, base + 1, 0, 0);

	rec_open(base + 1);
	rec_wait(-1);
	rec_close(base + 1);
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

START_TEST(select_open_members_are_not_asked_for)
{
	rec_open(base + 1);
	ck_assert(!checks_wants_member(base + 1));
	ck_assert(checks_wants_member(1024));
}
END_TEST

START_TEST(select_bit_above_the_frame_is_px501_fatal)
{
	unsigned long small[16] = { 0 };
	struct plx_record rec = rec_member(PLX_API_select, 1 << 16, 0, 0);

	rec.address = (uint64_t)(uintptr_t)small;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 501, 'F', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 1);
	ck_assert_uint_eq(small[0], 0);
}
END_TEST

/* Large sets are legal on Linux, on the stack as well. */
START_TEST(select_bit_in_a_large_set_is_px501_warning)
{
	unsigned long large[64] = { 0 };
	struct plx_record rec = rec_member(PLX_API_select, 1500, 0, 0);

	rec.address = (uint64_t)(uintptr_t)large;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 501, 'W', PLX_LIKELY);
	ck_assert_uint_eq(large[0], 0);
}
END_TEST

START_TEST(poll_nval_thrice_is_px509)
{
	struct plx_record rec = rec_member(PLX_API_poll, base + 1, PLX_NVAL, 1);
	int i;

	rec_open(base + 1);
	rec_close(base + 1);
	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(found_n(), 0);
		plx_emit_after(&rec);
	}
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 509, 'E', PLX_CERTAIN);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_CLOSED], PLX_NO_STACK);
}
END_TEST

/* A probe for liveness: one closed member, each time in another array. */
START_TEST(poll_nval_as_a_probe_is_silent)
{
	struct plx_record rec = rec_member(PLX_API_poll, base + 1, PLX_NVAL, 1);
	int i;

	for (i = 0; i < 10; i++) {
		rec.address += 64;
		plx_emit_after(&rec);
	}
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

START_TEST(kqueue_add_over_another_udata_is_px701)
{
	struct plx_record rec = rec_of(PLX_OP_KQ_REPLACE, base, base + 1);

	rec.api = PLX_API_kevent;
	rec.data = 1;
	rec.address = 1;
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 0);
	rec.address = 2;
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 701, 'W', PLX_CERTAIN);
}
END_TEST

START_TEST(kqueue_delete_of_nothing_is_px702)
{
	struct plx_record rec = rec_of(PLX_OP_KQ_MISSING, base, base + 1);

	rec.api = PLX_API_kevent;
	rec.ret = -ENOENT;
	plx_emit_after(&rec);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 702, 'W', PLX_CERTAIN);
}
END_TEST

/* Equal site, equal finding: counted, not repeated. */
START_TEST(equal_findings_are_counted)
{
	const int set = rec_set(base);
	int i;

	rec_open(base + 1);
	for (i = 0; i < 5; i++)
		rec_ctl(PLX_OP_DETACH, set, base + 1, 0, -ENOENT);
	ck_assert_uint_eq(found_n(), 1);
	ck_assert_uint_eq(found(0)->count, 5);
}
END_TEST

/* More registrations than buckets: they are all found again. */
START_TEST(shadow_finds_each_of_many_registrations)
{
	enum { MANY = 5000, FAR = 100000 };
	const int set = rec_set(base);
	int i;

	for (i = 0; i < MANY; i++) {
		rec_open(FAR + i);
		rec_ctl(PLX_OP_ATTACH, set, FAR + i, (uint64_t)i, 0);
	}
	for (i = 0; i < MANY; i++)
		rec_ctl(PLX_OP_DETACH, set, FAR + i, 0, 0);
	ck_assert_uint_eq(report_unseen(), 0);
	for (i = 0; i < MANY; i++) {
		rec_ctl(PLX_OP_ATTACH, set, FAR + i, (uint64_t)i, 0);
		rec_close(FAR + i);
	}
	ck_assert_uint_eq(report_unseen(), 0);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/* Last: from here on nothing in this process is certain. */
START_TEST(open_over_an_open_number_ends_certainty)
{
	const int set = rec_set(base);

	rec_open(base + 1);
	rec_open(base + 1);
	ck_assert_uint_ne(report_unseen() & PLX_UNSEEN_CLOSE, 0);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 7, 0);
	rec_ctl(PLX_OP_ATTACH, set, base + 1, 8, -EEXIST);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 101, 'E', PLX_LIKELY);
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
	&epoll_late_del_in_one_thread_is_px105_likely,
	&epoll_del_of_ones_own_new_descriptor_is_silent,
	&epoll_add_of_a_file_is_px108_with_its_kind,
	&epoll_exclusive_misuses_are_px109,
	&epoll_einval_without_exclusive_is_silent,
	&epoll_close_of_a_dup_is_px201_and_its_event_px202,
	&epoll_event_harvested_before_the_close_is_silent,
	&epoll_ghost_laid_by_dup2_and_del_is_silent_afterwards,
	&epoll_event_of_an_earlier_generation_is_px204,
	&epoll_ambiguous_event_is_silent,
	&epoll_close_while_registered_is_silent,
	&epoll_set_is_its_open_file_not_its_number,
	&select_names_the_closed_member_px507,
	&select_ignores_the_closed_member_px508,
	&select_member_closed_meanwhile_is_silent,
	&select_open_members_are_not_asked_for,
	&select_bit_above_the_frame_is_px501_fatal,
	&select_bit_in_a_large_set_is_px501_warning,
	&poll_nval_thrice_is_px509,
	&poll_nval_as_a_probe_is_silent,
	&kqueue_add_over_another_udata_is_px701,
	&kqueue_delete_of_nothing_is_px702,
	&equal_findings_are_counted,
	&shadow_finds_each_of_many_registrations,
	&open_over_an_open_number_ends_certainty,
};

int
main(void)
{
	Suite *suite = suite_create("checks");
	TCase *tcase = tcase_create("records");
	size_t i;

	tcase_add_checked_fixture(tcase, set_up, NULL);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, *tests[i]);
	suite_add_tcase(suite, tcase);
	return plx_check_main(suite);
}

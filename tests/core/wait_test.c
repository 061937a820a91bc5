/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: a wait makes one blocking call, with no lock held, and hands the
 * caller's mask and deadline on; what it does with what that call says. The
 * blocking call is the test's own, and so is the clock.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/os.h"
#include "core/sys.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define START PLX_NS_PER_S
#define MS    PLX_NS_PER_MS

/* What the faked call saw, and what it shall answer. */
static struct {
	int64_t timeout_ns[16];
	const sigset_t *mask;
	int epfd;
	int events_max;
	uint32_t n;
	bool locked;
	uint32_t waiters;
	int64_t advance_ns; /* time goes by so much in each call */
	int answer;         /* -Exxx, or 0: what the kernel has */
	void (*meanwhile)(void);
} fake;

static int
fake_sleep(int epfd, struct epoll_event *ret_events, int events_max,
    int64_t timeout_ns, const sigset_t *mask)
{
	ck_assert_uint_lt(fake.n, 16);
	fake.timeout_ns[fake.n++] = timeout_ns;
	fake.mask = mask;
	fake.epfd = epfd;
	fake.events_max = events_max;
	fake.locked = fake.locked || atomic_load(&set->lock.word) != 0;
	fake.waiters = atomic_load(&set->waiters);
	atomic_fetch_add(&embed.clock_ns, fake.advance_ns);
	if (fake.meanwhile != NULL)
		fake.meanwhile();
	if (fake.answer != 0)
		return fake.answer;
	return plx_sys_epoll_peek(epfd, ret_events, events_max);
}

static void
fake_start(void)
{
	memset(&fake, 0, sizeof(fake));
	embed.sleep = fake_sleep;
	atomic_store(&embed.clock_ns, START);
}

static void
emit(void *context, int i, const struct delivery *d)
{
	/* iset.h: under the set's lock. */
	ck_assert(plx_lock_held(&set->lock));
	((struct delivery *)context)[i] = *d;
}

static int
wait_with(plx_deadline deadline, const sigset_t *mask, int max)
{
	static char scratch[64 * 16];
	const struct iset_wait w = {
		.emit = emit,
		.context = got,
		.out_max = max,
		.scratch = scratch,
		.scratch_bytes = sizeof(scratch),
		.deadline = deadline,
		.mask = mask,
	};
	const int n = iset_wait(set, &w);

	/* One call or many: nothing of ours is held or counted after it. */
	ck_assert_uint_eq(atomic_load(&set->lock.word), 0);
	ck_assert_uint_eq(atomic_load(&set->waiters), 0);
	return n;
}

START_TEST(wait_hands_on_mask_deadline_and_number_without_the_lock)
{
	/* design 3.6. */
	sigset_t mask;

	ck_assert_int_eq(sigemptyset(&mask), 0);
	fake.answer = -EINTR;
	ck_assert_int_eq(wait_with(START + 123456789, &mask, 8), -EINTR);
	ck_assert_uint_eq(fake.n, 1);
	ck_assert_int_eq(fake.timeout_ns[0], 123456789);
	ck_assert_ptr_eq(fake.mask, &mask);
	ck_assert_int_eq(fake.epfd, kq);
	ck_assert_int_ge(fake.events_max, 8);
	ck_assert(!fake.locked);
	ck_assert_uint_eq(fake.waiters, 1);
}
END_TEST

START_TEST(wait_for_ever_sleeps_for_ever)
{
	/* -1 is "no timeout" to the blocking call; no mask is no mask. */
	fake.answer = -EINTR;
	ck_assert_int_eq(wait_with(DEADLINE_NEVER, NULL, 8), -EINTR);
	ck_assert_int_eq(fake.timeout_ns[0], -1);
	ck_assert_ptr_null(fake.mask);
	ck_assert(!fake.locked);
}
END_TEST

static const plx_deadline passed[] = { DEADLINE_NOW, START, START - 1, -5 };

START_TEST(wait_whose_time_is_over_makes_no_blocking_call)
{
	/* A zero timeout never sleeps, and takes what is there. */
	ck_assert_int_eq(wait_with(passed[_i], NULL, 8), 0);
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .fopts = FOPT_TRIGGER),
	    0);
	ck_assert_int_eq(wait_with(passed[_i], NULL, 8), 1);
	ck_assert_uint_eq(fake.n, 0);
}
END_TEST

START_TEST(wait_with_something_ready_makes_no_blocking_call)
{
	/* Even for ever. */
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .fopts = FOPT_TRIGGER),
	    0);
	ck_assert_int_eq(wait_with(DEADLINE_NEVER, NULL, 8), 1);
	ck_assert_uint_eq(fake.n, 0);
}
END_TEST

START_TEST(wait_goes_on_after_a_wake_for_nothing_until_its_time)
{
	/* Never "nothing" before the deadline; the rest shrinks each time. */
	fake.advance_ns = 4 * MS;
	ck_assert_int_eq(wait_with(START + 10 * MS, NULL, 8), 0);
	ck_assert_uint_eq(fake.n, 3);
	ck_assert_int_eq(fake.timeout_ns[0], 10 * MS);
	ck_assert_int_eq(fake.timeout_ns[1], 6 * MS);
	ck_assert_int_eq(fake.timeout_ns[2], 2 * MS);
	ck_assert(!fake.locked);
}
END_TEST

static const int answers[] = { -EINTR, -EFAULT, -EBADF, -EINVAL };
static const int results[] = { -EINTR, -EFAULT, -EBADF, -EBADF };

START_TEST(wait_passes_on_what_the_kernel_says)
{
	/* iset.h; EINVAL is a number that means something else by now. */
	fake.answer = answers[_i];
	ck_assert_int_eq(wait_with(START + MS, NULL, 8), results[_i]);
	ck_assert_uint_eq(fake.n, 1);
}
END_TEST

START_TEST(wait_sleeps_no_longer_than_to_the_next_timer)
{
	/* The earlier of both; and then goes on if the timer was taken. */
	ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
			     .op = ISET_ADD, .data = 7 * MS),
	    0);
	fake.advance_ns = 7 * MS;
	ck_assert_int_eq(wait_with(DEADLINE_NEVER, NULL, 8), 1);
	ck_assert_int_eq(fake.timeout_ns[0], 7 * MS);
	ck_assert_uint_eq(fake.n, 1);
	fake.advance_ns = 2 * MS;
	ck_assert_int_eq(wait_with(START + 9 * MS, NULL, 8), 0);
	ck_assert_int_eq(fake.timeout_ns[1], 2 * MS);
	ck_assert_uint_eq(fake.n, 2);
}
END_TEST

START_TEST(wait_with_an_absolute_timer_looks_twice_a_second)
{
	/* So that a step of the wall clock is noticed. */
	atomic_store(&embed.wall_ns, 1000 * PLX_NS_PER_S);
	ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
			     .op = ISET_ADD, .flags = KN_ONESHOT,
			     .fopts = FOPT_ABSOLUTE,
			     .data = 5000 * PLX_NS_PER_S),
	    0);
	fake.advance_ns = 500 * MS;
	ck_assert_int_eq(wait_with(START + 2 * PLX_NS_PER_S, NULL, 8), 0);
	ck_assert_uint_eq(fake.n, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(fake.timeout_ns[i], 500 * MS);
}
END_TEST

static void
trigger_meanwhile(void)
{
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .fopts = FOPT_TRIGGER),
	    0);
}

START_TEST(wait_is_woken_by_a_trigger_while_it_sleeps)
{
	/* design 3.5: the wake-up is shown because somebody waits. */
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .flags = KN_CLEAR),
	    0);
	fake.meanwhile = trigger_meanwhile;
	ck_assert_int_eq(wait_with(DEADLINE_NEVER, NULL, 8), 1);
	ck_assert_uint_eq(fake.n, 1);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 2); /* shown, hidden */
	ck_assert_uint_eq(set->wake_state, WAKE_SILENT);
}
END_TEST

static void
timer_meanwhile(void)
{
	if (fake.n == 1)
		ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
				     .op = ISET_ADD, .data = 3 * MS),
		    0);
	else
		atomic_fetch_add(&embed.clock_ns, 3 * MS);
}

START_TEST(wait_is_woken_to_think_again_by_an_earlier_timer)
{
	/* It slept for ever; now it sleeps to the timer. */
	fake.meanwhile = timer_meanwhile;
	ck_assert_int_eq(wait_with(DEADLINE_NEVER, NULL, 8), 1);
	ck_assert_uint_eq(fake.n, 2);
	ck_assert_int_eq(fake.timeout_ns[0], -1);
	ck_assert_int_eq(fake.timeout_ns[1], 3 * MS);
}
END_TEST

static int second;

static void
close_meanwhile(void)
{
	fd_close(kq);
}

START_TEST(wait_on_a_set_that_was_closed_is_ebadf)
{
	/* design 3.16; the set ends with the last reference. */
	fake.meanwhile = close_meanwhile;
	ck_assert_int_eq(wait_with(DEADLINE_NEVER, NULL, 8), -EBADF);
	ck_assert_uint_eq(fake.n, 1);
	iset_put(set);
	kq = -1;
}
END_TEST

static void
close_and_trigger_meanwhile(void)
{
	if (fake.n == 1)
		fd_close(kq);
	else
		trigger_meanwhile();
	fake.answer = fake.n == 1 ? -EBADF : 0;
}

START_TEST(wait_goes_on_with_another_number_of_the_set)
{
	/* The number it sleeps on is closed; a dup of it is there. */
	second = fd_dup(kq);
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = 1,
			     .op = ISET_ADD, .flags = KN_CLEAR),
	    0);
	fake.meanwhile = close_and_trigger_meanwhile;
	ck_assert_int_eq(wait_with(DEADLINE_NEVER, NULL, 8), 1);
	ck_assert_uint_eq(fake.n, 2);
	ck_assert_int_eq(fake.epfd, second);
	kq = second;
}
END_TEST

START_TEST(wait_into_memory_that_is_not_there_is_efault_and_loses_nothing)
{
	/* The kernel is asked to store into the program's own buffer. */
	const struct iset_wait bad = {
		.emit = emit,
		.context = got,
		.out_max = 8,
		.scratch = (void *)16,
		.scratch_bytes = 64 * 16,
		.deadline = DEADLINE_NOW,
	};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(reg(set, .filter = FILTER_WRITE,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD,
			     .flags = KN_CLEAR),
	    0);
	ck_assert_int_eq(iset_wait(set, &bad), -EFAULT);
	ck_assert_int_eq(wait_with(DEADLINE_NOW, NULL, 8), 1);
	fd_close(fds[0]);
	fd_close(fds[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wait");
	TCase *tcase = embed_tcase(suite, "one blocking call");

	tcase_add_checked_fixture(tcase, fake_start, NULL);
	tcase_add_test(tcase,
	    wait_hands_on_mask_deadline_and_number_without_the_lock);
	tcase_add_test(tcase, wait_for_ever_sleeps_for_ever);
	add_rows(tcase, wait_whose_time_is_over_makes_no_blocking_call, passed);
	tcase_add_test(tcase, wait_with_something_ready_makes_no_blocking_call);
	tcase_add_test(tcase,
	    wait_goes_on_after_a_wake_for_nothing_until_its_time);
	add_rows(tcase, wait_passes_on_what_the_kernel_says, answers);
	tcase_add_test(tcase, wait_sleeps_no_longer_than_to_the_next_timer);
	tcase_add_test(tcase, wait_with_an_absolute_timer_looks_twice_a_second);
	tcase_add_test(tcase, wait_is_woken_by_a_trigger_while_it_sleeps);
	tcase_add_test(tcase, wait_is_woken_to_think_again_by_an_earlier_timer);
	tcase_add_test(tcase, wait_on_a_set_that_was_closed_is_ebadf);
	tcase_add_test(tcase, wait_goes_on_with_another_number_of_the_set);
	tcase_add_test(tcase,
	    wait_into_memory_that_is_not_there_is_efault_and_loses_nothing);
	return plx_check_main(suite);
}

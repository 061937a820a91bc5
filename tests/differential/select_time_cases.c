/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select and pselect: timeouts, what is left of them, and bad pointers.
 * Authority: select(2), fs/select.c; checklist 89-91, 95.
 */
#include "tests/differential/diff.h"
#include "tests/differential/select_sets.h"

#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

CASE(d89_rest_is_written_back_when_ready)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	sets_clear();
	bits_add(&in, fd[0]);
	select3(fd[0] + 1, 5000000);
}

CASE(d89_rest_is_zero_at_the_timeout)
{
	int fd[2];
	int64_t start = diff_now_us();

	diff_pipe(fd);
	sets_clear();
	all_sets(fd[0]);
	select3(fd[0] + 1, 20000);
	diff_say_elapsed(start, 20000);
}

CASE(d89_rest_is_written_back_at_eintr_with_restart)
{
	struct diff_kick kick;
	int fd[2];

	diff_pipe(fd);
	diff_catch(SIGUSR1, SA_RESTART);
	sets_clear();
	bits_add(&in, fd[0]);
	diff_kick_start(&kick, SIGUSR1);
	select3(fd[0] + 1, 10000000);
	diff_kick_join(&kick);
	diff_say_signals(SIGUSR1);
}

CASE(d89_infinite_wait_ends_with_eintr)
{
	struct diff_kick kick;
	int fd[2];

	diff_pipe(fd);
	diff_catch(SIGUSR1, SA_RESTART);
	sets_clear();
	bits_add(&in, fd[0]);
	diff_kick_start(&kick, SIGUSR1);
	CALL(select(fd[0] + 1, bits_fds(&in), NULL, NULL, NULL));
	diff_kick_join(&kick);
	say_sets();
	diff_say_signals(SIGUSR1);
}

CASE(d89_rest_stays_at_ebadf_einval_and_efault)
{
	struct timeval timeout = { 3, 7 };
	struct timeval bad = { -1, 7 };

	sets_clear();
	bits_add(&in, 40);
	CALL(select(41, bits_fds(&in), NULL, NULL, &timeout));
	diff_say_timeval(&timeout, 3000007);
	CALL(select(41, DIFF_BAD, NULL, NULL, &timeout));
	diff_say_timeval(&timeout, 3000007);
	CALL(select(0, NULL, NULL, NULL, &bad));
	diff_say("  bad: %ld %ld", (long)bad.tv_sec, (long)bad.tv_usec);
}

CASE(d90_pselect_leaves_the_timeout)
{
	struct timespec timeout = { 5, 77 };
	struct timespec none = { 0, 5000000 };
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	sets_clear();
	bits_add(&in, fd[0]);
	CALL(pselect(4, bits_fds(&in), bits_fds(&out), NULL, &timeout, NULL));
	diff_say_timespec(&timeout);
	say_sets();
	sets_clear();
	CALL(pselect(0, NULL, NULL, NULL, &none, NULL));
	diff_say_timespec(&none);
}

CASE(d90_pselect_nanoseconds_out_of_range_are_einval)
{
	struct timespec bad[] = { { 0, -1 }, { 0, 1000000000 }, { -1, 0 },
		{ 0, 999999999 }, { LONG_MAX, 999999999 } };

	for (size_t i = 0; i < 5; i++) {
		sets_clear();
		bits_add(&out, 1);
		CALL(pselect(2, NULL, bits_fds(&out), NULL, &bad[i], NULL));
		diff_say_timespec(&bad[i]);
	}
}

CASE(d91_large_usec_is_normalised)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	for (long sec = 0; sec < 3; sec++) {
		struct timeval timeout = { sec, 1500000 };

		sets_clear();
		bits_add(&in, fd[0]);
		CALL(select(4, bits_fds(&in), NULL, NULL, &timeout));
		diff_say_timeval(&timeout, sec * 1000000 + 1500000);
	}
}

CASE(d91_large_usec_is_waited_for)
{
	struct timeval timeout = { 0, 1020000 };
	int64_t start = diff_now_us();

	CALL(select(0, NULL, NULL, NULL, &timeout));
	diff_say_timeval(&timeout, 1020000);
	diff_say_elapsed(start, 1020000);
}

CASE(d91_negative_timeout_is_einval_before_efault)
{
	struct timeval bad[] = { { -1, 0 }, { 0, -1 }, { LONG_MIN, 0 },
		{ 5, -1 }, { -1, 2000000 }, { 0, LONG_MIN } };
	struct timeval good = { 0, 0 };

	for (size_t i = 0; i < 6; i++)
		CALL(select(1, DIFF_BAD, NULL, NULL, &bad[i]));
	CALL(select(1, DIFF_BAD, NULL, NULL, &good));
	CALL(select(1, NULL, DIFF_BAD, NULL, &good));
	CALL(select(1, NULL, NULL, DIFF_BAD, &good));
	CALL(select(0, DIFF_BAD, NULL, NULL, &good));
	CALL(select(-1, DIFF_BAD, NULL, NULL, &bad[0]));
}

CASE(d91_huge_timeouts_are_accepted)
{
	struct timeval huge[] = { { LONG_MAX, 0 }, { LONG_MAX, 999999 },
		{ LONG_MAX / 2, 1500000 } };

	for (size_t i = 0; i < 3; i++) {
		sets_clear();
		bits_add(&out, 1);
		CALL(select(2, NULL, bits_fds(&out), NULL, &huge[i]));
		diff_say_bits("out", &out);
		diff_say("  rest is %s",
		    huge[i].tv_sec > 1000000 ? "huge" : "small");
	}
}

CASE(d91_read_only_sets_are_efault)
{
	fd_set *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	struct timeval timeout = { 0, 0 };

	CALL(select(1, page, NULL, NULL, &timeout));
	CALL(select(1, NULL, NULL, page, &timeout));
	CALL(select(0, page, NULL, NULL, &timeout));
}

CASE(d95_without_sets_it_sleeps)
{
	int64_t start = diff_now_us();
	struct timeval timeout = { 0, 15000 };

	CALL(select(0, NULL, NULL, NULL, &timeout));
	diff_say_timeval(&timeout, 15000);
	diff_say_elapsed(start, 15000);
	start = diff_now_us();
	timeout = (struct timeval){ 0, 10000 };
	CALL(select(64, NULL, NULL, NULL, &timeout));
	diff_say_timeval(&timeout, 10000);
	diff_say_elapsed(start, 10000);
	sets_clear();
	all_sets(5);
	select3(0, 1000);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select and pselect: results, sets and timeouts.
 * Authority: select(2), POSIX select(), fs/select.c; checklist 86-100.
 */
#include "tests/differential/diff.h"
#include "tests/differential/select_sets.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

CASE(d86_negative_nfds_is_einval)
{
	struct timeval timeout = { 1, 5 };

	CALL(select(-1, NULL, NULL, NULL, &timeout));
	diff_say_timeval(&timeout, 1000005);
	CALL(select(INT_MIN, NULL, NULL, NULL, NULL));
	CALL(pselect(-1, NULL, NULL, NULL, NULL, NULL));
}

CASE(d87_closed_fd_inside_the_table_is_ebadf_and_nothing_changes)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	sets_clear();
	all_sets(fd[0]);
	all_sets(fd[1]);
	bits_add(&in, 9);
	select3(10, 1000000);
	sets_clear();
	bits_add(&ex, 63);
	bits_add(&in, fd[0]);
	select3(64, 1000000);
	select3(63, 1000000);
}

CASE(d88_closed_fd_above_the_table_is_ignored_and_stays_set)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	sets_clear();
	all_sets(900);
	select3(901, 0);
	bits_add(&in, fd[0]);
	all_sets(900);
	bits_add(&out, 3000);
	select3(901, 5000000);
	sets_clear();
	all_sets(2000);
	select3(INT_MAX, 0);
}

CASE(d88_a_grown_table_makes_it_ebadf)
{
	sets_clear();
	bits_add(&in, 700);
	select3(701, 0);
	CALL(dup2(0, 1000));
	select3(701, 0);
	CALL(close(1000));
	select3(701, 0);
	sets_clear();
	bits_add(&in, 1000);
	select3(1001, 0);
}

CASE(d88_limit_below_the_open_descriptors_is_no_limit_for_select)
{
	struct rlimit limit = { 64, 64 };
	int last = 0;

	for (int i = 0; i < 140; i++)
		last = (int)QUIET(dup(0));
	diff_say("last %d", last);
	QUIET(setrlimit(RLIMIT_NOFILE, &limit));
	sets_clear();
	bits_add(&ex, last);
	select3(last + 1, 0);
	bits_add(&in, last);
	bits_add(&in, 70);
	select3(last + 1, 0);
}

CASE(d92_1401_descriptors_and_words_behind_are_untouched)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	sets_clear();
	for (int i = 0; i < BITS_WORDS * 64; i++)
		if (i >= 1500 || i == fd[0] || i == 1405)
			bits_add(&in, i);
	select3(1401, 0);
}

CASE(d92_descriptors_beyond_fd_setsize)
{
	struct rlimit limit = { 4096, 4096 };
	int fd[2];

	QUIET(setrlimit(RLIMIT_NOFILE, &limit));
	diff_pipe(fd);
	CALL(dup2(fd[0], 1400));
	CALL(dup2(fd[1], 1399));
	sets_clear();
	all_sets(1399);
	all_sets(1400);
	select3(1401, 0);
	diff_put(fd[1], 1);
	sets_clear();
	all_sets(1399);
	all_sets(1400);
	all_sets(fd[0]);
	select3(1401, 0);
	sets_clear();
	all_sets(1398);
	select3(1401, 0);
}

CASE(d93_broken_pipe_writer_counts_twice)
{
	int fd[2];

	diff_pipe(fd);
	CALL(close(fd[0]));
	sets_clear();
	all_sets(fd[1]);
	select3(fd[1] + 1, 0);
}

CASE(d93_hang_up_is_not_writable)
{
	int fd[2];

	diff_pipe(fd);
	CALL(close(fd[1]));
	sets_clear();
	all_sets(fd[0]);
	select3(fd[0] + 1, 0);
	diff_unix_pair(fd);
	diff_say("pair %d %d", fd[0], fd[1]);
	CALL(close(fd[1]));
	sets_clear();
	all_sets(fd[0]);
	select3(fd[0] + 1, 0);
}

CASE(d94_urgent_data_is_exceptional)
{
	struct timeval timeout = { DIFF_LONG_MS / 1000, 0 };
	int fd[2];

	diff_tcp_pair(fd);
	sets_clear();
	all_sets(fd[0]);
	select3(fd[0] + 1, 0);
	QUIET(send(fd[1], "u", 1, MSG_OOB));
	sets_clear();
	bits_add(&ex, fd[0]);
	CALL(select(fd[0] + 1, NULL, NULL, bits_fds(&ex), &timeout));
	diff_say_bits("ex", &ex);
	sets_clear();
	all_sets(fd[0]);
	select3(fd[0] + 1, 0);
}

CASE(d96_one_descriptor_in_two_sets_counts_twice)
{
	int fd[2];

	diff_unix_pair(fd);
	sets_clear();
	all_sets(fd[0]);
	select3(fd[0] + 1, 0);
	diff_put(fd[1], 1);
	sets_clear();
	all_sets(fd[0]);
	all_sets(fd[1]);
	select3(fd[1] + 1, 0);
	QUIET(shutdown(fd[1], SHUT_WR));
	diff_take(fd[0], 1);
	sets_clear();
	all_sets(fd[0]);
	select3(fd[1] + 1, 0);
}

CASE(d98_files_and_devices_are_readable_and_writable)
{
	int file = diff_file();
	int null = (int)QUIET(open("/dev/null", O_RDWR));
	int zero = (int)QUIET(open("/dev/zero", O_RDONLY));
	int directory = (int)QUIET(open("/", O_RDONLY));
	int path = (int)QUIET(open("/", O_PATH));

	sets_clear();
	all_sets(file);
	all_sets(null);
	all_sets(zero);
	all_sets(directory);
	select3(directory + 1, 0);
	sets_clear();
	all_sets(path);
	select3(path + 1, 0);
}

CASE(d99_only_bits_below_nfds_in_the_last_word_are_cleared)
{
	sets_clear();
	CALL(dup2(1, 20));
	all_sets(20);
	all_sets(30);
	all_sets(70);
	select3(21, 0);
	sets_clear();
	CALL(dup2(0, 64));
	all_sets(63);
	all_sets(64);
	all_sets(65);
	select3(20, 0);
}

CASE(d99_sets_are_cleared_at_the_timeout)
{
	int fd[2];

	diff_pipe(fd);
	sets_clear();
	bits_add(&in, fd[0]);
	bits_add(&in, 200);
	bits_add(&ex, fd[1]);
	select3(fd[1] + 1, 1000);
}

CASE(select_one_set_at_a_time)
{
	int fd[2];

	diff_unix_pair(fd);
	diff_put(fd[1], 3);
	for (int which = 0; which < 3; which++) {
		struct timeval timeout = { 0, 0 };

		sets_clear();
		all_sets(fd[0]);
		CALL(select(fd[0] + 1, which == 0 ? bits_fds(&in) : NULL,
		    which == 1 ? bits_fds(&out) : NULL,
		    which == 2 ? bits_fds(&ex) : NULL, &timeout));
		say_sets();
	}
}

CASE(select_full_pipe_and_one_page_read)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 65536);
	sets_clear();
	all_sets(fd[1]);
	select3(fd[1] + 1, 0);
	diff_take(fd[0], 1);
	sets_clear();
	all_sets(fd[1]);
	select3(fd[1] + 1, 0);
	diff_take(fd[0], 4096);
	sets_clear();
	all_sets(fd[1]);
	select3(fd[1] + 1, 0);
}

CASE(select_one_set_object_used_twice)
{
	struct timeval timeout = { 0, 0 };
	int fd[2];

	diff_unix_pair(fd);
	sets_clear();
	bits_add(&in, fd[0]);
	CALL(select(fd[0] + 1, bits_fds(&in), bits_fds(&in), NULL, &timeout));
	say_sets();
	CALL(select(fd[0] + 1, bits_fds(&in), bits_fds(&in), bits_fds(&in),
	    &timeout));
	say_sets();
}

CASE(d92_count_far_beyond_the_sets)
{
	sets_clear();
	bits_add(&in, 50);
	select3(INT_MAX, 0);
	select3(1 << 20, 0);
	sets_clear();
	bits_add(&out, 1);
	select3(INT_MAX, 0);
}

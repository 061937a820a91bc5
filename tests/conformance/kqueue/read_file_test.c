/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_READ on regular files (R20-R26): data is size minus
 * offset, and the event is there while that is not 0.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int file;

static void
watch(unsigned int flags, unsigned int fflags)
{
	assert_ok(
	    kq_change(kq, file, EVFILT_READ, EV_ADD | flags, fflags, 0, NULL));
}

static void
assert_data(int64_t want)
{
	assert_comes(kq, file, EVFILT_READ);
	ck_assert_int_eq(ev[0].data, want);
	ck_assert_uint_eq(ev[0].flags & EV_EOF, 0);
}

START_TEST(r20_data_is_what_lies_behind_the_offset)
{
	/* kqueue(2) on vnodes: size - offset, level, after each read. */
	file = make_file("0123456789");
	watch(0, 0);
	assert_data(10);
	take(file, 4);
	assert_data(6);
	take(file, 6);
	assert_silent(kq);
}
END_TEST

/* Append three bytes through a descriptor of its own. */
static int
append(void *arg)
{
	int fd = open(arg, O_WRONLY | O_APPEND | O_CLOEXEC);
	int failed = fd < 0 || write(fd, "abc", 3) != 3;

	return close(fd) != 0 || failed;
}

static void *
path_arg(void)
{
	return (void *)(uintptr_t)file_path();
}

START_TEST(r21_file_at_its_end_fires_when_it_grows)
{
	/* NetBSD t_file: silent at the end; appended to by this process, by
	 * another, and then again. */
	file = make_file("");
	watch(0, 0);
	assert_silent(kq);
	assert_ok(append(path_arg()));
	assert_data(3);
	take(file, 3);
	assert_silent(kq);
	assert_ok(in_child(append, path_arg()));
	assert_data(3);
	assert_ok(in_child(append, path_arg()));
	assert_data(6);
	take(file, 6);
	assert_silent(kq);
}
END_TEST

START_TEST(r21_growth_wakes_a_sleeper)
{
	/* As before, with a thread that waits already; 0 is never returned. */
	struct waiter w;

	file = make_file("");
	watch(0, 0);
	waiter_start(&w, kq, 1);
	assert_ok(in_child(append, path_arg()));
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_int_eq(w.events[0].data, 3);
}
END_TEST

START_TEST(r21_clear_fires_once_for_each_change)
{
	/* kevent(2) EV_CLEAR on a file: once, then again when it changed. */
	file = make_file("");
	watch(EV_CLEAR, 0);
	assert_silent(kq);
	for (int i = 1; i <= 3; i++) {
		assert_ok(append(path_arg()));
		assert_data(3 * i);
		assert_silent(kq);
	}
}
END_TEST

START_TEST(r22_seeking_back_fires)
{
	/* FreeBSD evaluates when asked: the offset counts, however it moved. */
	file = make_file("0123456789");
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 10);
	watch(0, 0);
	assert_silent(kq);
	ck_assert_int_eq(lseek(file, 3, SEEK_SET), 3);
	assert_data(7);
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 10);
	assert_silent(kq);
}
END_TEST

START_TEST(r23_offset_beyond_the_end_is_negative_data)
{
	/* FreeBSD: the difference is not 0, so it fires. */
	file = make_file("0123456789");
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 10);
	watch(0, 0);
	assert_silent(kq);
	assert_ok(ftruncate(file, 4));
	assert_data(-6);
	ck_assert_int_eq(lseek(file, 4, SEEK_SET), 4);
	assert_silent(kq);
}
END_TEST

START_TEST(r24_file_poll_fires_at_the_end)
{
	/* kqueue(2) NOTE_FILE_POLL: as poll(2), always. */
	file = make_file("");
	watch(0, NOTE_FILE_POLL);
	assert_data(0);
	assert_data(0);
	assert_ok(append(path_arg()));
	assert_data(3);
	take(file, 3);
	assert_data(0);
}
END_TEST

START_TEST(r25_renamed_or_unlinked_file_goes_on)
{
	/* kqueue(2): the descriptor is watched, not its name. Removed before
	 * EV_ADD, after it, and renamed. */
	char other[PATH_MAX + 8];
	int writer;

	file = make_file("");
	writer = own(open(file_path(), O_WRONLY | O_APPEND | O_CLOEXEC));
	snprintf(other, sizeof(other), "%s.new", file_path());
	if (_i == 0)
		assert_ok(unlink(file_path()));
	watch(0, 0);
	assert_silent(kq);
	if (_i == 1)
		assert_ok(unlink(file_path()));
	if (_i == 2)
		assert_ok(rename(file_path(), other));
	assert_silent(kq);
	put(writer, 2);
	assert_data(2);
	if (_i == 2)
		assert_ok(unlink(other));
}
END_TEST

START_TEST(r26_dup2_over_a_watched_file_removes_it)
{
	/* NetBSD t_file2: no deadlock; the interest is gone. */
	int fds[2];

	file = make_file("0123456789");
	make_pipe(fds);
	watch(0, 0);
	assert_data(10);
	ck_assert_int_eq(dup2(fds[0], file), file);
	assert_silent(kq);
	assert_ok(append(path_arg()));
	assert_silent(kq);
	put(fds[1], 1);
	assert_silent(kq);
	assert_fails(kq_op(kq, file, EVFILT_READ, EV_DELETE), ENOENT);
	assert_ok(kq_op(kq, file, EVFILT_READ, EV_ADD));
	assert_data(1);
}
END_TEST

START_TEST(r26_closed_file_is_gone)
{
	/* kqueue(2): close removes; the file goes on to grow. */
	file = make_file("");
	watch(0, 0);
	drop(file);
	assert_ok(append(path_arg()));
	assert_silent(kq);
	assert_fails(kq_op(kq, file, EVFILT_READ, EV_DELETE), EBADF);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: read, files");
	TCase *c = kq_tcase(s, "files");

	tcase_add_test(c, r20_data_is_what_lies_behind_the_offset);
	tcase_add_test(c, r21_file_at_its_end_fires_when_it_grows);
	tcase_add_test(c, r21_growth_wakes_a_sleeper);
	tcase_add_test(c, r21_clear_fires_once_for_each_change);
	tcase_add_test(c, r22_seeking_back_fires);
	tcase_add_test(c, r23_offset_beyond_the_end_is_negative_data);
	tcase_add_test(c, r24_file_poll_fires_at_the_end);
	tcase_add_loop_test(c, r25_renamed_or_unlinked_file_goes_on, 0, 3);
	tcase_add_test(c, r26_dup2_over_a_watched_file_removes_it);
	tcase_add_test(c, r26_closed_file_is_gone);
	return plx_check_main(s);
}

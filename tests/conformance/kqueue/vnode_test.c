/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_VNODE on files (V01-V08, V19-V22, V24-V28, V35, V36,
 * V38): which notes an operation has, and how they accumulate.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define ALL_NOTES                                                           \
	(NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_LINK | \
	    NOTE_RENAME | NOTE_REVOKE | NOTE_OPEN | NOTE_CLOSE |            \
	    NOTE_CLOSE_WRITE | NOTE_READ | NOTE_TRUNCATE)
/* What the test's own opening and reading does not touch. */
#define CHANGES                                                             \
	(NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_LINK | \
	    NOTE_RENAME | NOTE_TRUNCATE)

static int file;

static void
watch(unsigned int flags, unsigned int fflags)
{
	assert_ok(
	    kq_change(kq, file, EVFILT_VNODE, EV_ADD | flags, fflags, 0, NULL));
}

/* A file of ten bytes whose changes are watched, each told once. */
static void
watch_fresh(unsigned int fflags)
{
	file = make_file("0123456789");
	watch(EV_CLEAR, fflags);
	assert_silent(kq);
}

static void
assert_notes(unsigned int want)
{
	assert_comes(kq, file, EVFILT_VNODE);
	ck_assert_msg(ev[0].fflags == want, "notes %#x, expected %#x",
	    ev[0].fflags, want);
	ck_assert_uint_eq(ev[0].flags & EV_EOF, 0);
	ck_assert_int_eq(ev[0].data, 0);
}

START_TEST(v01_append_is_write_and_extend)
{
	/* FreeBSD vnode.c note_write: asked for WRITE, told both. */
	watch_fresh(_i == 0 ? NOTE_WRITE : NOTE_EXTEND);
	ck_assert_int_eq(pwrite(file, "x", 1, 10), 1);
	assert_notes(NOTE_WRITE | NOTE_EXTEND);
	assert_silent(kq);
}
END_TEST

START_TEST(v02_overwriting_is_write_only)
{
	/* NetBSD t_vnode: EXTEND if, and only if, the file grows. */
	watch_fresh(CHANGES);
	ck_assert_int_eq(pwrite(file, "xx", 2, 3), 2);
	assert_notes(NOTE_WRITE);
	assert_silent(kq);
}
END_TEST

static void
change_attributes(int how)
{
	struct timespec times[2] = { { 1, 0 }, { 2, 0 } };

	if (how == 0)
		assert_ok(fchmod(file, 0640));
	else if (how == 1)
		assert_ok(fchown(file, getuid(), getgid()));
	else if (how == 2)
		assert_ok(futimens(file, times));
	else if (fsetxattr(file, "user.kq", "1", 1, 0) != 0)
		assert_ok(fchmod(file, 0644)); /* no such attributes here */
}

START_TEST(v03_chmod_chown_utimes_setxattr_are_attrib)
{
	/* FreeBSD vnode.c note_attrib: exactly that, and it is no LINK. */
	watch_fresh(CHANGES);
	change_attributes(_i);
	assert_notes(NOTE_ATTRIB);
	assert_silent(kq);
}
END_TEST

START_TEST(v04_rename_is_told_and_survived)
{
	/* FreeBSD vnode.c note_rename; the watch is the inode's. */
	char other[4096];

	watch_fresh(CHANGES);
	snprintf(other, sizeof(other), "%s.new", file_path());
	assert_ok(rename(file_path(), other));
	assert_notes(NOTE_RENAME);
	ck_assert_int_eq(pwrite(file, "x", 1, 10), 1);
	assert_notes(NOTE_WRITE | NOTE_EXTEND);
	assert_ok(unlink(other));
	assert_notes(NOTE_DELETE | NOTE_LINK);
}
END_TEST

START_TEST(v05_last_unlink_is_delete)
{
	/* FreeBSD vnode.c note_delete: exactly DELETE; the descriptor that is
	 * open does not keep it back. Who asks for LINK gets that too. */
	watch_fresh(_i == 0 ? NOTE_DELETE : NOTE_DELETE | NOTE_LINK);
	assert_ok(unlink(file_path()));
	assert_notes(_i == 0 ? NOTE_DELETE : NOTE_DELETE | NOTE_LINK);
	assert_silent(kq);
}
END_TEST

START_TEST(v06_v07_link_and_unlink_of_one_are_link)
{
	/* FreeBSD vop_link_post; of several names one less is no DELETE. */
	char other[4096];

	watch_fresh(CHANGES);
	snprintf(other, sizeof(other), "%s.link", file_path());
	assert_ok(link(file_path(), other));
	assert_notes(NOTE_LINK);
	assert_ok(unlink(other));
	assert_notes(NOTE_LINK);
	assert_silent(kq);
}
END_TEST

START_TEST(v08_replaced_target_is_deleted_before_the_rename)
{
	/* OpenBSD: DELETE of the target, then RENAME of the source. */
	int target;

	make_dir();
	file = make_in_dir("source");
	target = make_in_dir("target");
	watch(EV_CLEAR, CHANGES);
	assert_ok(kq_change(kq, target, EVFILT_VNODE, EV_ADD | EV_CLEAR,
	    NOTE_DELETE, 0, NULL));
	assert_ok(rename(in_dir("source"), in_dir("target")));
	ck_assert_int_eq(kq_wait(kq, ev, EVS), 2);
	ck_assert_uint_eq(ev[0].ident, (uintptr_t)target);
	ck_assert_uint_eq(ev[0].fflags, NOTE_DELETE);
	ck_assert_uint_eq(ev[1].ident, (uintptr_t)file);
	ck_assert_uint_eq(ev[1].fflags, NOTE_RENAME);
}
END_TEST

START_TEST(v19_v21_v22_open_and_close_are_told)
{
	/* NetBSD t_vnode open_write_read_close: each its own event. */
	int other;

	watch_fresh(ALL_NOTES);
	other = own(open(file_path(), _i == 0 ? O_RDONLY : O_WRONLY));
	assert_notes(NOTE_OPEN);
	drop(other);
	assert_notes(_i == 0 ? NOTE_CLOSE : NOTE_CLOSE_WRITE);
	assert_silent(kq);
}
END_TEST

START_TEST(v20_read_is_told)
{
	/* As before. */
	watch_fresh(NOTE_READ);
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_silent(kq);
	take(file, 3);
	assert_notes(NOTE_READ);
	assert_silent(kq);
}
END_TEST

START_TEST(v24_notes_accumulate_until_collected)
{
	/* FreeBSD filt_vfsvnode: fflags are OR-ed. */
	watch_fresh(CHANGES);
	ck_assert_int_eq(pwrite(file, "x", 1, 10), 1);
	assert_ok(fchmod(file, 0640));
	assert_notes(NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB);
	assert_silent(kq);
}
END_TEST

START_TEST(v25_without_clear_it_is_reported_again)
{
	/* FreeBSD: EV_CLEAR is not implied; notes only grow. */
	file = make_file("");
	watch(0, NOTE_WRITE | NOTE_ATTRIB);
	assert_silent(kq);
	put(file, 1);
	for (int i = 0; i < 3; i++)
		assert_notes(NOTE_WRITE | NOTE_EXTEND);
	assert_ok(fchmod(file, 0640));
	for (int i = 0; i < 3; i++)
		assert_notes(NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB);
}
END_TEST

START_TEST(v26_with_clear_it_is_reported_once)
{
	/* kqueue(2) EV_CLEAR. */
	watch_fresh(NOTE_WRITE);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
		assert_notes(NOTE_WRITE);
		assert_silent(kq);
	}
}
END_TEST

START_TEST(v27_disabled_remembers)
{
	/* FreeBSD vnode.c disable_and_enable; libkqueue 18. */
	watch_fresh(NOTE_ATTRIB);
	assert_ok(kq_change(kq, file, EVFILT_VNODE, EV_DISABLE, NOTE_ATTRIB, 0,
	    NULL));
	assert_ok(fchmod(file, 0640));
	assert_silent(kq);
	assert_ok(
	    kq_change(kq, file, EVFILT_VNODE, EV_ENABLE, NOTE_ATTRIB, 0, NULL));
	assert_notes(NOTE_ATTRIB);
	assert_silent(kq);
}
END_TEST

START_TEST(v27_dispatch_is_disabled_after_one)
{
	/* FreeBSD vnode.c dispatch: one event, then silence, DELETE is fine;
	 * what came meanwhile is there when it is enabled. */
	file = make_file("");
	watch(EV_CLEAR | EV_DISPATCH, NOTE_ATTRIB);
	assert_ok(fchmod(file, 0640));
	assert_notes(NOTE_ATTRIB);
	assert_ok(fchmod(file, 0600));
	assert_silent(kq);
	assert_ok(
	    kq_change(kq, file, EVFILT_VNODE, EV_ENABLE, NOTE_ATTRIB, 0, NULL));
	assert_notes(NOTE_ATTRIB);
	assert_ok(kq_op(kq, file, EVFILT_VNODE, EV_DELETE));
	assert_fails(kq_op(kq, file, EVFILT_VNODE, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(v28_other_operations_do_not_end_a_oneshot)
{
	/* libkqueue 20: what was not asked for neither fires nor disarms. */
	int other;

	file = make_file("");
	watch(EV_ONESHOT, NOTE_ATTRIB);
	other = own(open(file_path(), O_WRONLY | O_CLOEXEC));
	put(other, 1);
	drop(other);
	assert_silent(kq);
	assert_ok(fchmod(file, 0640));
	assert_notes(NOTE_ATTRIB);
	assert_silent(kq);
	assert_fails(kq_op(kq, file, EVFILT_VNODE, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(v35_truncation_tells_its_direction)
{
	/* Design: shorter is TRUNCATE (OpenBSD) and ATTRIB (FreeBSD) beside
	 * WRITE; longer cannot be told from a write. */
	watch_fresh(CHANGES);
	assert_ok(ftruncate(file, 4));
	assert_notes(NOTE_WRITE | NOTE_ATTRIB | NOTE_TRUNCATE);
	assert_ok(ftruncate(file, 400));
	assert_notes(NOTE_WRITE | NOTE_EXTEND);
}
END_TEST

START_TEST(v35_truncation_is_found_by_each_of_its_notes)
{
	/* As before: whichever was asked for. */
	static const unsigned int asked[] = { NOTE_WRITE, NOTE_ATTRIB,
		NOTE_TRUNCATE };

	watch_fresh(asked[_i]);
	assert_ok(ftruncate(file, 4));
	assert_notes(NOTE_WRITE | NOTE_ATTRIB | NOTE_TRUNCATE);
}
END_TEST

START_TEST(v36_write_of_nothing_is_silent)
{
	/* FreeBSD: vn_write does not post for it. */
	watch_fresh(CHANGES);
	ck_assert_int_eq(write(file, "", 0), 0);
	assert_silent(kq);
}
END_TEST

START_TEST(v38_changed_notes_take_effect)
{
	/* FreeBSD: sfflags are the last change's; what is pending stays. */
	watch_fresh(NOTE_ATTRIB);
	ck_assert_int_eq(pwrite(file, "x", 1, 10), 1);
	assert_silent(kq);
	watch(EV_CLEAR, NOTE_WRITE);
	assert_silent(kq);
	assert_ok(fchmod(file, 0640));
	assert_silent(kq);
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	watch(EV_CLEAR, NOTE_RENAME);
	assert_notes(NOTE_WRITE);
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_silent(kq);
}
END_TEST

START_TEST(v38_growth_that_nobody_watched_is_not_told_later)
{
	/* Found here: what the size was counts from when writes matter. */
	watch_fresh(NOTE_DELETE);
	ck_assert_int_eq(pwrite(file, "x", 1, 10), 1);
	watch(EV_CLEAR, NOTE_WRITE);
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_notes(NOTE_WRITE);
}
END_TEST

static void
add_notes(TCase *c)
{
	tcase_add_loop_test(c, v01_append_is_write_and_extend, 0, 2);
	tcase_add_test(c, v02_overwriting_is_write_only);
	tcase_add_loop_test(c, v03_chmod_chown_utimes_setxattr_are_attrib, 0,
	    4);
	tcase_add_test(c, v04_rename_is_told_and_survived);
	tcase_add_loop_test(c, v05_last_unlink_is_delete, 0, 2);
	tcase_add_test(c, v06_v07_link_and_unlink_of_one_are_link);
	tcase_add_test(c, v08_replaced_target_is_deleted_before_the_rename);
	tcase_add_loop_test(c, v19_v21_v22_open_and_close_are_told, 0, 2);
	tcase_add_test(c, v20_read_is_told);
	tcase_add_test(c, v35_truncation_tells_its_direction);
	tcase_add_loop_test(c, v35_truncation_is_found_by_each_of_its_notes, 0,
	    3);
	tcase_add_test(c, v36_write_of_nothing_is_silent);
}

int
main(void)
{
	Suite *s = suite_create("kqueue: vnode, files");
	TCase *c = kq_tcase(s, "states");

	add_notes(kq_tcase(s, "notes"));
	tcase_add_test(c, v24_notes_accumulate_until_collected);
	tcase_add_test(c, v25_without_clear_it_is_reported_again);
	tcase_add_test(c, v26_with_clear_it_is_reported_once);
	tcase_add_test(c, v27_disabled_remembers);
	tcase_add_test(c, v27_dispatch_is_disabled_after_one);
	tcase_add_test(c, v28_other_operations_do_not_end_a_oneshot);
	tcase_add_test(c, v38_changed_notes_take_effect);
	tcase_add_test(c, v38_growth_that_nobody_watched_is_not_told_later);
	return plx_check_main(s);
}

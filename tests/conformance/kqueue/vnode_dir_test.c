/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_VNODE on directories (V09-V18), as NetBSD's t_vnode has
 * it: each change of an entry is WRITE, of a subdirectory LINK too, what crosses
 * directories EXTEND.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHANGES                                                             \
	(NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_LINK | \
	    NOTE_RENAME)

/* in/ is watched, out/ is not; file and sub/ are in both. */
static int dir;

static int
open_dir(const char *name)
{
	return own(open(in_dir(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void
watch_dir(unsigned int fflags)
{
	static const char *const dirs[] = { "in", "out", "in/sub", "out/sub2" };

	make_dir();
	for (int i = 0; i < 4; i++)
		assert_ok(mkdir(in_dir(dirs[i]), 0700));
	drop(make_in_dir("in/file"));
	drop(make_in_dir("out/file2"));
	dir = open_dir("in");
	assert_ok(kq_change(kq, dir, EVFILT_VNODE, EV_ADD | EV_CLEAR, fflags, 0,
	    NULL));
	assert_silent(kq);
}

static void
assert_notes(unsigned int want)
{
	assert_comes(kq, dir, EVFILT_VNODE);
	ck_assert_msg(ev[0].fflags == want, "notes %#x, expected %#x",
	    ev[0].fflags, want);
	assert_silent(kq);
}

START_TEST(v09_v10_file_comes_and_goes)
{
	/* WRITE, never LINK; a symbolic link and a fifo are files here. */
	watch_dir(CHANGES);
	drop(make_in_dir("in/new"));
	assert_notes(NOTE_WRITE);
	assert_ok(unlink(in_dir("in/new")));
	assert_notes(NOTE_WRITE);
	assert_ok(symlink("nowhere", in_dir("in/new")));
	assert_notes(NOTE_WRITE);
	assert_ok(mkfifo(in_dir("in/fifo"), 0600));
	assert_notes(NOTE_WRITE);
	assert_ok(link(in_dir("in/file"), in_dir("in/other")));
	assert_notes(NOTE_WRITE);
}
END_TEST

START_TEST(v11_v12_subdirectory_comes_and_goes)
{
	/* WRITE|LINK, whichever was asked for. */
	static const unsigned int asked[] = { CHANGES, NOTE_WRITE, NOTE_LINK };

	watch_dir(asked[_i]);
	assert_ok(mkdir(in_dir("in/new"), 0700));
	assert_notes(NOTE_WRITE | NOTE_LINK);
	assert_ok(rmdir(in_dir("in/new")));
	assert_notes(NOTE_WRITE | NOTE_LINK);
}
END_TEST

static const struct {
	const char *from, *to;
	unsigned int notes;
} MOVES[] = {
	{ "out/sub2", "in/sub2", NOTE_WRITE | NOTE_EXTEND | NOTE_LINK },
	{ "in/sub", "out/sub", NOTE_WRITE | NOTE_EXTEND | NOTE_LINK },
	{ "in/sub", "in/new", NOTE_WRITE },
	{ "out/file2", "in/file2", NOTE_WRITE | NOTE_EXTEND },
	{ "in/file", "out/file", NOTE_WRITE | NOTE_EXTEND },
	{ "in/file", "in/new", NOTE_WRITE },
};
#define MOVES_MAX ((int)(sizeof(MOVES) / sizeof(MOVES[0])))

START_TEST(v13_v14_v15_v16_v17_moves)
{
	/* A directory in, out, within; a file in, out, within. */
	watch_dir(CHANGES);
	assert_ok(rename(in_dir(MOVES[_i].from), in_dir(MOVES[_i].to)));
	assert_notes(MOVES[_i].notes);
}
END_TEST

START_TEST(v17_both_directories_are_told_of_a_move)
{
	/* FreeBSD: of a rename across, both are WRITE|EXTEND (and LINK). */
	int other;

	watch_dir(CHANGES);
	other = open_dir("out");
	assert_ok(kq_change(kq, other, EVFILT_VNODE, EV_ADD | EV_CLEAR, CHANGES,
	    0, NULL));
	assert_ok(rename(in_dir("in/sub"), in_dir("out/sub")));
	ck_assert_int_eq(kq_wait(kq, ev, EVS), 2);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(ev[i].fflags,
		    NOTE_WRITE | NOTE_EXTEND | NOTE_LINK);
	assert_silent(kq);
}
END_TEST

START_TEST(v18_removed_directory_is_deleted)
{
	/* FreeBSD vop_rmdir: DELETE of what is open here. Also after it was
	 * moved to another directory, and when another one replaces it. */
	watch_dir(NOTE_DELETE);
	assert_ok(unlink(in_dir("in/file")));
	assert_ok(rmdir(in_dir("in/sub")));
	assert_silent(kq);
	if (_i == 0) {
		assert_ok(rmdir(in_dir("in")));
	} else if (_i == 1) {
		assert_ok(rename(in_dir("in"), in_dir("out/in")));
		assert_silent(kq);
		assert_ok(rmdir(in_dir("out/in")));
	} else {
		assert_ok(rename(in_dir("out"), in_dir("in")));
	}
	assert_notes(NOTE_DELETE);
}
END_TEST

START_TEST(v18_removed_directory_in_a_watched_one)
{
	/* Both are watched: the upper one for its own sake, too. */
	int sub;

	watch_dir(NOTE_WRITE);
	sub = open_dir("in/sub");
	assert_ok(kq_change(kq, sub, EVFILT_VNODE, EV_ADD | EV_CLEAR,
	    NOTE_DELETE, 0, NULL));
	assert_ok(rmdir(in_dir("in/sub")));
	ck_assert_int_eq(kq_wait(kq, ev, EVS), 2);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(ev[i].fflags,
		    ev[i].ident == (uintptr_t)sub ? NOTE_DELETE
						  : NOTE_WRITE | NOTE_LINK);
	drop(sub);
	drop(make_in_dir("in/new"));
	assert_notes(NOTE_WRITE);
}
END_TEST

START_TEST(v16_what_happens_inside_an_entry_is_not_the_directorys)
{
	/* A directory changes by its entries, not by their content. */
	int file;

	watch_dir(
	    CHANGES | NOTE_OPEN | NOTE_CLOSE | NOTE_CLOSE_WRITE | NOTE_READ);
	file = own(open(in_dir("in/file"), O_RDWR | O_CLOEXEC));
	put(file, 5);
	assert_ok(fchmod(file, 0640));
	drop(file);
	drop(own(open(in_dir("in/file"), O_RDONLY | O_CLOEXEC)));
	assert_ok(chmod(in_dir("in/sub"), 0750));
	drop(make_in_dir("in/sub/deeper"));
	assert_silent(kq);
}
END_TEST

START_TEST(v16_the_directory_itself)
{
	/* Its own attributes, name and opening. */
	int again;

	watch_dir(NOTE_ATTRIB | NOTE_RENAME | NOTE_OPEN | NOTE_CLOSE);
	assert_ok(chmod(in_dir("in"), 0750));
	assert_notes(NOTE_ATTRIB);
	assert_ok(rename(in_dir("in"), in_dir("on")));
	assert_notes(NOTE_RENAME);
	again = open_dir("on");
	assert_notes(NOTE_OPEN);
	drop(again);
	assert_notes(NOTE_CLOSE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: vnode, directories");
	TCase *c = kq_tcase(s, "directories");

	tcase_add_test(c, v09_v10_file_comes_and_goes);
	tcase_add_loop_test(c, v11_v12_subdirectory_comes_and_goes, 0, 3);
	tcase_add_loop_test(c, v13_v14_v15_v16_v17_moves, 0, MOVES_MAX);
	tcase_add_test(c, v17_both_directories_are_told_of_a_move);
	tcase_add_loop_test(c, v18_removed_directory_is_deleted, 0, 3);
	tcase_add_test(c, v18_removed_directory_in_a_watched_one);
	tcase_add_test(c,
	    v16_what_happens_inside_an_entry_is_not_the_directorys);
	tcase_add_test(c, v16_the_directory_itself);
	return plx_check_main(s);
}

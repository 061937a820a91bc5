/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork_test.c - children: what they may write, and what they do to a parent.
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/proc.h"
#include "tests/checks/records.h"

static void
ck_child_ended(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* What the shim says in the child of a fork. */
static void
child_begins(void)
{
	struct plx_record rec = rec_of(PLX_OP_FORK_CHILD, -1, -1);

	plx_proc_adopt();
	report_adopt();
	plx_emit_after(&rec);
}

/* Its close and DEL are those of its own table of descriptors. */
START_TEST(vfork_child_leaves_the_shadow_alone)
{
	const int set = rec_set(rec_base);
	pid_t pid;

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	pid = vfork();
	if (pid == 0) {
		rec_close(rec_base + 1);
		rec_close(set);
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	ck_child_ended(pid);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 8, -EEXIST);
	rec_wait(set);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 101, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->data, 7);
	ck_assert_uint_ne(found(0)->stack[PLX_STACK_REGISTERED], PLX_NO_STACK);
}
END_TEST

/* PX301: information while the parent does not use the set, then an error. */
START_TEST(child_edit_is_px301_once_the_parent_waits)
{
	const int set = rec_set(rec_base);
	pid_t pid;

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	checks_fork_before();
	pid = fork();
	if (pid == 0) {
		checks_fork_child();
		child_begins();
		rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, 0);
		_exit(found_n() == 1 ? 0 : 1);
	}
	checks_fork_parent();
	ck_assert_int_gt(pid, 0);
	ck_child_ended(pid);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 301, 'I', PLX_LIKELY);
	ck_assert_int_eq(found(0)->pid, pid);
	ck_assert_int_eq(found(0)->other, getpid());
	rec_wait(set);
	ck_assert_uint_eq(found_n(), 1);
	ck_found(0, 301, 'E', PLX_CERTAIN);
}
END_TEST

/* A set of its own is no business of the parent. */
START_TEST(child_set_of_its_own_is_silent)
{
	pid_t pid;

	checks_fork_before();
	pid = fork();
	if (pid == 0) {
		checks_fork_child();
		child_begins();
		rec_set(rec_base);
		rec_open(rec_base + 1);
		rec_ctl(PLX_OP_ATTACH, rec_base, rec_base + 1, 7, 0);
		rec_wait(rec_base);
		_exit(0);
	}
	checks_fork_parent();
	ck_child_ended(pid);
	ck_assert_uint_eq(found_n(), 0);
}
END_TEST

/*
 * A fork that took no lock (_Fork, clone): another thread may have been in the
 * middle of a change, so the child judges nothing, and says why.
 */
START_TEST(child_of_an_unannounced_fork_is_silent)
{
	const int set = rec_set(rec_base);
	pid_t pid;

	rec_open(rec_base + 1);
	pid = fork();
	if (pid == 0) {
		child_begins();
		rec_ctl(PLX_OP_DETACH, set, rec_base + 1, 0, -ENOENT);
		_exit((report_unseen() & PLX_UNSEEN_HANDLER) != 0 ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
	ck_child_ended(pid);
	ck_assert_uint_eq(found_n(), 0);
	ck_assert_uint_eq(report_unseen(), 0);
}
END_TEST

/* A child has what was open; its event proves that the registration stayed. */
START_TEST(ghost_kept_by_a_child_shows_by_its_event)
{
	const int set = rec_set(rec_base);
	pid_t pid;

	rec_open(rec_base + 1);
	rec_ctl(PLX_OP_ATTACH, set, rec_base + 1, 7, 0);
	checks_fork_before();
	pid = fork();
	if (pid == 0)
		_exit(0);
	checks_fork_parent();
	ck_child_ended(pid);
	rec_close(rec_base + 1);
	ck_assert_uint_eq(found_n(), 0);
	rec_wait(set);
	rec_deliver(set, 7);
	ck_assert_uint_eq(found_n(), 2);
	ck_found(0, 201, 'E', PLX_CERTAIN);
	ck_assert_uint_eq(found(0)->variant, 2);
	ck_found(1, 202, 'E', PLX_CERTAIN);
}
END_TEST

static const TTest **const tests[] = {
	&vfork_child_leaves_the_shadow_alone,
	&child_edit_is_px301_once_the_parent_waits,
	&child_set_of_its_own_is_silent,
	&child_of_an_unannounced_fork_is_silent,
	&ghost_kept_by_a_child_shows_by_its_event,
};

int
main(void)
{
	return rec_suite_main("fork", tests, sizeof(tests) / sizeof(tests[0]));
}

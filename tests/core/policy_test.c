/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: each cell of the policy table has a test of its name, and what
 * the engine does with a cell has one where the engine itself decides.
 *
 * PLX_POLICY_FLIP="FACE.CELL" in the environment (numbers, as in the table)
 * gives every caller a row with that cell flipped: policy_flip_test wants this
 * program to fail then, and to name the cell.
 */
#include "core/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/core/embed.h"
#include "tests/support/check_main.h"

/* The linker leads the core's own calls past here, too. */
const struct plx_policy *__wrap_plx_policy_of(enum plx_face face);
const struct plx_policy *__real_plx_policy_of(enum plx_face face);

static void
flip(struct plx_policy *row, int cell)
{
	/* Only that it differs matters: the next value, or the one before. */
	switch (cell) {
	case 0:
		row->key = row->key == 0 ? 1 : row->key - 1;
		break;
	case 1:
		row->again = row->again == 0 ? 3 : row->again - 1;
		break;
	case 2:
		row->modify_unknown = row->modify_unknown == 0
		    ? 1
		    : row->modify_unknown + 1;
		break;
	case 3:
		row->remove_unknown = row->remove_unknown == 3
		    ? 1
		    : row->remove_unknown + 1;
		break;
	case 4:
		row->closed = row->closed == 2 ? 3 : 2;
		break;
	case 5:
		row->fork = row->fork == 0 ? 1 : row->fork - 1;
		break;
	default:
		row->order = row->order == 0 ? 1 : row->order - 1;
		break;
	}
}

const struct plx_policy *
__wrap_plx_policy_of(enum plx_face face)
{
	static struct plx_policy flipped;
	const struct plx_policy *row = __real_plx_policy_of(face);
	const char *which = getenv("PLX_POLICY_FLIP");

	if (which == NULL || which[0] - '0' != (int)face)
		return row;
	flipped = *row;
	flip(&flipped, which[2] - '0');
	return &flipped;
}

/* --- the table --- */

#define CELL(row, FACE, cell, value, fact)                             \
	START_TEST(policy_##row##_##fact)                              \
	{                                                              \
		ck_assert_int_eq(plx_policy_of(PLX_FACE_##FACE)->cell, \
		    POLICY_##value);                                   \
	}                                                              \
	END_TEST
#include "tests/core/policy_cells.inc"
#undef CELL

START_TEST(policy_rows_have_names_and_there_are_42_cells)
{
	/* The table of this test is as large as the one of the code. */
	int cells = 0;

#define CELL(row, FACE, cell, value, fact) cells++;
#include "tests/core/policy_cells.inc"
#undef CELL
	ck_assert_int_eq(cells, PLX_FACE_MAX * 7);
	for (int face = 0; face < PLX_FACE_MAX; face++) {
		ck_assert_ptr_nonnull(plx_policy_of(face)->name);
		ck_assert_uint_gt(strlen(plx_policy_of(face)->name), 0);
	}
}
END_TEST

/* --- what the engine does with it --- */

static int fds[2];

static void
pair_start(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void
pair_end(void)
{
	fd_close(fds[0]);
	fd_close(fds[1]);
}

static int
raw(uint32_t op, plx_mask want, uint64_t udata)
{
	return reg(set, .filter = FILTER_FD, .ident = (uint64_t)fds[0],
	    .op = op, .want = want, .udata = udata);
}

START_TEST(engine_epoll_again_keeps_the_first)
{
	ck_assert_int_eq(raw(ISET_ADD, PLX_OUT, 1), 0);
	ck_assert_int_eq(raw(ISET_ADD, PLX_OUT, 2), -EEXIST);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 1);
}
END_TEST

START_TEST(engine_epoll_unknown_is_enoent)
{
	ck_assert_int_eq(raw(ISET_MODIFY, PLX_OUT, 1), -ENOENT);
	ck_assert_int_eq(raw(ISET_DELETE, 0, 0), -ENOENT);
	ck_assert_int_eq(take(set, 8), 0);
}
END_TEST

START_TEST(engine_epoll_closed_member_lives_while_its_file_does)
{
	/* epoll(7): until all descriptors of the open file are closed. */
	const int other = fd_dup(fds[0]);

	ck_assert_int_eq(raw(ISET_ADD, PLX_OUT, 7), 0);
	fd_close(fds[0]);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 7);
	/* The number is free for another file. */
	ck_assert_int_eq(dup2(fds[1], fds[0]), fds[0]);
	ck_assert_int_eq(raw(ISET_ADD, PLX_OUT, 8), 0);
	ck_assert_int_eq(take(set, 8), 2);
	fd_close(other);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 8);
}
END_TEST

START_TEST(engine_kqueue_again_replaces)
{
	for (uint64_t i = 1; i <= 100; i++)
		ck_assert_int_eq(reg(set, .filter = FILTER_WRITE,
				     .ident = (uint64_t)fds[0], .op = ISET_ADD,
				     .udata = i),
		    0);
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_uint_eq(got[0].udata, 100);
}
END_TEST

START_TEST(engine_kqueue_closed_member_is_removed)
{
	/* kqueue(2): the events of a closed descriptor are gone. */
	const int other = fd_dup(fds[0]);

	ck_assert_int_eq(reg(set, .filter = FILTER_WRITE,
			     .ident = (uint64_t)fds[0], .op = ISET_ADD),
	    0);
	ck_assert_int_eq(take(set, 8), 1);
	fd_close(fds[0]);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(kernel_items(kq), 0);
	ck_assert_int_eq(dup2(other, fds[0]), fds[0]);
	ck_assert_int_eq(reg(set, .filter = FILTER_WRITE,
			     .ident = (uint64_t)fds[0], .op = ISET_DELETE),
	    -ENOENT);
	fd_close(other);
}
END_TEST

START_TEST(engine_order_is_that_of_readiness)
{
	/* epoll and kqueue: whoever became ready first comes first. */
	const int filter = set->face == PLX_FACE_EPOLL ? FILTER_FD
						       : FILTER_READ;

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(reg(set, .filter = filter,
				     .ident = (uint64_t)fds[i], .op = ISET_ADD,
				     .want = PLX_IN),
		    0);
	ck_assert_int_eq(write(fds[0], "x", 1), 1);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(take(set, 8), 2);
	ck_assert_uint_eq(got[0].ident, (uint64_t)fds[1]);
	ck_assert_uint_eq(got[1].ident, (uint64_t)fds[0]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *cells = embed_tcase_face(suite, "cells", PLX_FACE_MAX);
	TCase *epoll = embed_tcase_face(suite, "engine epoll", PLX_FACE_EPOLL);
	TCase *kqueue = embed_tcase(suite, "engine kqueue");

#define CELL(row, FACE, cell, value, fact) \
	tcase_add_test(cells, policy_##row##_##fact);
#include "tests/core/policy_cells.inc"
#undef CELL
	tcase_add_test(cells, policy_rows_have_names_and_there_are_42_cells);
	tcase_add_checked_fixture(epoll, pair_start, pair_end);
	tcase_add_test(epoll, engine_epoll_again_keeps_the_first);
	tcase_add_test(epoll, engine_epoll_unknown_is_enoent);
	tcase_add_test(epoll,
	    engine_epoll_closed_member_lives_while_its_file_does);
	tcase_add_test(epoll, engine_order_is_that_of_readiness);
	tcase_add_checked_fixture(kqueue, pair_start, pair_end);
	tcase_add_test(kqueue, engine_kqueue_again_replaces);
	tcase_add_test(kqueue, engine_kqueue_closed_member_is_removed);
	tcase_add_test(kqueue, engine_order_is_that_of_readiness);
	return plx_check_main(suite);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c - see records.h.
 */
#include "tests/checks/records.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/proc.h"
#include "tests/support/check_main.h"

#define FD_FIRST 500
#define FD_RANGE 8

int rec_base;
static uint32_t first; /* first finding of this test */

const struct plx_finding *
found(uint32_t i)
{
	const struct plx_region *region = report_region();

	ck_assert_uint_lt(first + i, region->header.findings_n);
	return &region->finding[first + i];
}

uint32_t
found_n(void)
{
	return report_region()->header.findings_n - first;
}

struct plx_record
rec_of(enum plx_op op, int set, int fd)
{
	return (struct plx_record){ .op = op,
		.api = PLX_API_epoll_ctl,
		.set = set,
		.fd = fd,
		.other = -1 };
}

void
rec_open(int fd)
{
	struct plx_record rec = rec_of(PLX_OP_FD_OPEN, -1, fd);

	rec.extra = PLX_WHAT_SOCKET;
	rec.ret = fd;
	plx_emit_after(&rec);
}

void
rec_dup(int old_fd, int new_fd)
{
	struct plx_record rec = rec_of(PLX_OP_FD_DUP, -1, new_fd);

	rec.other = old_fd;
	rec.ret = new_fd;
	plx_emit_after(&rec);
}

void
rec_close(int fd)
{
	struct plx_record rec = rec_of(PLX_OP_FD_CLOSE, -1, fd);

	rec.api = PLX_API_close;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
	plx_emit_after(&rec);
}

int
rec_set(int set)
{
	struct plx_record rec = rec_of(PLX_OP_SET_CREATE, set, set);

	rec.ret = set;
	plx_emit_after(&rec);
	return set;
}

int
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

void
rec_wait(int set)
{
	struct plx_record rec = rec_of(PLX_OP_WAIT_ENTER, set, -1);

	rec.api = PLX_API_epoll_wait;
	ck_assert_int_eq(plx_emit_before(&rec), 0);
}

void
rec_deliver(int set, uint64_t data)
{
	struct plx_record rec = rec_of(PLX_OP_DELIVER, set, -1);

	rec.api = PLX_API_epoll_wait;
	rec.want = PLX_IN;
	rec.have = PLX_IN;
	rec.data = data;
	plx_emit_after(&rec);
}

void
ck_found(uint32_t i, uint16_t id, char severity, enum plx_confidence confidence)
{
	ck_assert_uint_eq(found(i)->id, id);
	ck_assert_msg(found(i)->severity == severity,
	    "PX%u: severity %c, not %c", id, found(i)->severity, severity);
	ck_assert_uint_eq(found(i)->confidence, confidence);
}

void
rec_set_up(void)
{
	static const struct plx_check_options options = {
		.level = PLX_LEVEL_LOG
	};
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
	rec_base = FD_FIRST + FD_RANGE * tests_n++;
	first = report_region()->header.findings_n;
}

/* Runs fn to its end on another thread. */
void
rec_elsewhere(void *(*fn)(void *))
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, fn, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

struct plx_record
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

int
rec_suite_main(const char *name, const TTest **const tests[], size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	size_t i;

	tcase_add_checked_fixture(tcase, rec_set_up, NULL);
	for (i = 0; i < n; i++)
		tcase_add_test(tcase, *tests[i]);
	suite_add_tcase(suite, tcase);
	return plx_check_main(suite);
}

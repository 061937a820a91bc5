/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.h - a made-up process: its records, and the findings they gave.
 *
 * No system call of the program is made: the numbers from rec_base on are open
 * only in the records, so the kernel says of each that it is closed. Each test
 * has a range of numbers of its own, and looks at the findings that came after
 * it began, so all of them may run in one process (CK_FORK=no).
 */
#ifndef PLX_TESTS_CHECKS_RECORDS_H
#define PLX_TESTS_CHECKS_RECORDS_H

#include <check.h>
#include <stdint.h>

#include "core/check.h"
#include "core/mask.h"
#include "core/record.h"
#include "core/report.h"

extern int rec_base; /* first number of this test */

/* rec_set_up - checked fixture: starts the checks, level log. */
void rec_set_up(void);

/* found - the i-th finding since the test began; found_n - how many. */
const struct plx_finding *found(uint32_t i);
uint32_t found_n(void);
void ck_found(uint32_t i, uint16_t id, char severity,
    enum plx_confidence confidence);

/* What the program does. rec_ctl: ret, or the errno of a veto. */
struct plx_record rec_of(enum plx_op op, int set, int fd);
void rec_open(int fd);
void rec_dup(int old_fd, int new_fd);
void rec_close(int fd);
int rec_set(int set);
int rec_ctl(enum plx_op op, int set, int fd, uint64_t data, int ret);
void rec_wait(int set);
void rec_deliver(int set, uint64_t data);
struct plx_record rec_member(enum plx_api api, int fd, plx_mask have, int ret);
/* rec_elsewhere - run fn to its end on another thread. */
void rec_elsewhere(void *(*fn)(void *));

/* rec_suite_main - the main of a test: all of the tests with the fixture. */
int rec_suite_main(const char *name, const TTest **const tests[], size_t n);

#endif

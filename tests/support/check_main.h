/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLX_TESTS_SUPPORT_CHECK_MAIN_H
#define PLX_TESTS_SUPPORT_CHECK_MAIN_H

#include <check.h>

/*
 * plx_check_main - run one suite; the value for main to return.
 *
 * suite   taken: the runner frees it.
 * Returns 0 when nothing failed, else 1. What is printed and whether each test
 * has a process of its own follow CK_VERBOSITY, CK_FORK and CK_RUN_CASE.
 */
int plx_check_main(Suite *suite);

#endif

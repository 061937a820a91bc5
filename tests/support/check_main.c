/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of every Check test: one way of running a suite, so that the same
 * variables of the environment work for all of them.
 */
#include "tests/support/check_main.h"

int
plx_check_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule.c - the options that say when a run has failed.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/report.h"

int
plx_rule_fail_on(struct plx_verdict_rule *rule, const char *cmd,
    const char *value)
{
	if (strcmp(value, "error") == 0) {
		rule->fail_on = PLX_FAIL_ON_ERROR;
	} else if (strcmp(value, "warn") == 0) {
		rule->fail_on = PLX_FAIL_ON_WARN;
	} else if (strcmp(value, "never") == 0) {
		rule->fail_on = PLX_FAIL_NEVER;
	} else {
		plx_usage_error(cmd, "--fail-on is error, warn or never");
		return -1;
	}
	return 0;
}

int
plx_rule_exitcode(struct plx_verdict_rule *rule, const char *cmd,
    const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (*value == '\0' || *end != '\0' || n < 0 || n > 255) {
		plx_usage_error(cmd, "--error-exitcode is a number, 0 to 255");
		return -1;
	}
	rule->exitcode = (int)n;
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_report.c - pollux report: what a process wrote with log_path=.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/report.h"

#define CMD "report"

enum report_key {
	KEY_JSON = 1,
	KEY_SUPPRESSIONS,
	KEY_FAIL_ON,
	KEY_EXITCODE,
	KEY_COLOR,
};

static const struct plx_option report_options[] = {
	{ "json", 0, PLX_OPTION_FLAG, KEY_JSON },
	{ "suppressions", 0, PLX_OPTION_VALUE, KEY_SUPPRESSIONS },
	{ "fail-on", 0, PLX_OPTION_VALUE, KEY_FAIL_ON },
	{ "error-exitcode", 0, PLX_OPTION_VALUE, KEY_EXITCODE },
	{ "color", 0, PLX_OPTION_VALUE, KEY_COLOR },
	{ NULL, 0, PLX_OPTION_FLAG, 0 },
};

struct reporting {
	struct plx_suppressions suppressions;
	struct plx_verdict_rule rule;
	bool json;
};

static int
take_option(struct reporting *reporting, int key, const char *value)
{
	switch ((enum report_key)key) {
	case KEY_JSON:
		reporting->json = true;
		return 0;
	case KEY_SUPPRESSIONS:
		return plx_suppressions_read(&reporting->suppressions, CMD,
		    value);
	case KEY_FAIL_ON:
		return plx_rule_fail_on(&reporting->rule, CMD, value);
	case KEY_EXITCODE:
		return plx_rule_exitcode(&reporting->rule, CMD, value);
	case KEY_COLOR:
		if (plx_color_choose(value))
			return 0;
		plx_usage_error(CMD, "--color is auto, always or never");
		return -1;
	}
	return -1;
}

static int
report_file(struct reporting *reporting, const char *path)
{
	struct plx_report *report;
	struct plx_region *region;
	const char *why;
	int code = 0;

	region = plx_region_open(path, &why);
	if (region == NULL) {
		plx_note("%s: %s", path, why);
		return PLX_EXIT_FAILED;
	}
	report = plx_report_make(region, &reporting->suppressions,
	    reporting->rule.fail_on);
	if (!reporting->json)
		plx_report_text(report, &reporting->suppressions, stdout,
		    plx_color_on(STDOUT_FILENO));
	else if (plx_report_json(report, stdout) < 0)
		code = PLX_EXIT_FAILED;
	if (code == 0 && report->fails)
		code = reporting->rule.exitcode;
	plx_report_free(report);
	plx_region_close(region);
	return code;
}

int
plx_cmd_report(int argc, char **argv)
{
	struct reporting reporting = { .rule = PLX_RULE_DEFAULT };
	struct plx_options options = { CMD, report_options, argv, 1, NULL };
	int code;
	int key;

	while ((key = plx_options_next(&options)) != 0) {
		if (key < 0 || take_option(&reporting, key, options.value) < 0)
			return PLX_EXIT_USAGE;
	}
	if (argc - options.next != 1)
		return plx_usage_error(CMD,
		    "which file? pollux report [OPTION...] FILE");
	code = report_file(&reporting, argv[options.next]);
	plx_suppressions_fini(&reporting.suppressions);
	return code;
}

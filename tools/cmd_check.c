/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_check.c - pollux check.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/report.h"
#include "tools/session.h"

#define CMD "check"

enum check_key {
	KEY_LEVEL = 1,
	KEY_CHECKS,
	KEY_SUPPRESSIONS,
	KEY_FAIL_ON,
	KEY_EXITCODE,
	KEY_JSON,
	KEY_QUIET,
	KEY_WHILE,
	KEY_NO_WAIT,
	KEY_FOLLOW,
	KEY_NO_FOLLOW,
	KEY_ENGINE,
	KEY_ENV,
	KEY_COLOR,
};

static const struct plx_option check_options[] = {
	{ "level", 0, PLX_OPTION_VALUE, KEY_LEVEL },
	{ "checks", 0, PLX_OPTION_VALUE, KEY_CHECKS },
	{ "suppressions", 0, PLX_OPTION_VALUE, KEY_SUPPRESSIONS },
	{ "fail-on", 0, PLX_OPTION_VALUE, KEY_FAIL_ON },
	{ "error-exitcode", 0, PLX_OPTION_VALUE, KEY_EXITCODE },
	{ "json", 0, PLX_OPTION_VALUE, KEY_JSON },
	{ "quiet", 'q', PLX_OPTION_FLAG, KEY_QUIET },
	{ "while", 0, PLX_OPTION_VALUE, KEY_WHILE },
	{ "no-wait", 0, PLX_OPTION_FLAG, KEY_NO_WAIT },
	{ "follow", 'f', PLX_OPTION_FLAG, KEY_FOLLOW },
	{ "no-follow", 0, PLX_OPTION_FLAG, KEY_NO_FOLLOW },
	{ "engine", 0, PLX_OPTION_FLAG, KEY_ENGINE },
	{ "env", 'E', PLX_OPTION_VALUE, KEY_ENV },
	{ "color", 0, PLX_OPTION_VALUE, KEY_COLOR },
	{ NULL, 0, PLX_OPTION_FLAG, 0 },
};

struct check {
	struct plx_session session;
	struct plx_suppressions suppressions;
	struct plx_verdict_rule rule;
	const char *level;
	const char *json_path;
	FILE *json;
	bool quiet;
	bool follow;
};

static int
take_level(struct check *check, const char *value)
{
	if (strcmp(value, "log") != 0 && strcmp(value, "strict") != 0 &&
	    strcmp(value, "abort") != 0) {
		plx_usage_error(CMD, "--level is log, strict or abort");
		return -1;
	}
	check->level = value;
	return 0;
}

/* Opened before the program runs: a typing error should not cost a run. */
static int
take_json(struct check *check, const char *path)
{
	check->json_path = path;
	check->json = fopen(path, "we");
	if (check->json == NULL) {
		plx_usage_error(CMD, "cannot write %s: %s", path,
		    strerror(errno));
		return -1;
	}
	return 0;
}

static int
take_option(struct check *check, int key, const char *value)
{
	struct plx_session *session = &check->session;

	switch ((enum check_key)key) {
	case KEY_LEVEL:
		return take_level(check, value);
	case KEY_CHECKS:
		plx_launch_option(&session->launch, "checks", value);
		return 0;
	case KEY_SUPPRESSIONS:
		return plx_suppressions_read(&check->suppressions, CMD, value);
	case KEY_FAIL_ON:
		return plx_rule_fail_on(&check->rule, CMD, value);
	case KEY_EXITCODE:
		return plx_rule_exitcode(&check->rule, CMD, value);
	case KEY_JSON:
		return take_json(check, value);
	case KEY_QUIET:
		check->quiet = true;
		return 0;
	case KEY_WHILE:
		session->watch.meanwhile = value;
		return 0;
	case KEY_NO_WAIT:
		session->watch.wait_all = false;
		return 0;
	case KEY_FOLLOW:
		check->follow = true;
		return 0;
	case KEY_NO_FOLLOW:
		check->follow = false;
		return 0;
	case KEY_ENGINE:
		plx_launch_option(&session->launch, "truth", "engine");
		return 0;
	case KEY_ENV:
		return plx_set_variable(CMD, plx_format("%s", value));
	case KEY_COLOR:
		if (plx_color_choose(value))
			return 0;
		plx_usage_error(CMD, "--color is auto, always or never");
		return -1;
	}
	return -1;
}

static int
write_json(struct check *check, const struct plx_report *report)
{
	int r;

	if (check->json == NULL)
		return 0;
	r = plx_report_json(report, check->json);
	if (fclose(check->json) != 0 || r < 0) {
		plx_note("cannot write %s: %s", check->json_path,
		    strerror(errno));
		return PLX_EXIT_FAILED;
	}
	return 0;
}

/* Everything after the program's end, down to the exit code. */
static int
conclude(struct check *check)
{
	const struct plx_session *session = &check->session;
	struct plx_report *report;
	int code;

	report = plx_report_make(session->region, &check->suppressions,
	    check->rule.fail_on);
	report->follows = check->follow;
	code = write_json(check, report);
	if (!session->attached)
		plx_note("%s did not load libpollux.so.0, so nothing was "
			 "checked; see `pollux doctor %s`",
		    session->launch.argv[0], session->launch.argv[0]);
	else if (!check->quiet)
		plx_report_text(report, &check->suppressions, stderr,
		    plx_color_on(STDERR_FILENO));
	if (code == 0 && report->fails)
		code = check->rule.exitcode;
	plx_report_free(report);
	return plx_session_exit(session, code);
}

int
plx_cmd_check(int argc, char **argv)
{
	struct check check = {
		.session.launch = { .cmd = CMD, .region_fd = -1 },
		.session.watch.wait_all = true,
		.rule = PLX_RULE_DEFAULT,
		.level = "log",
		.follow = true,
	};
	struct plx_options options = { CMD, check_options, argv, 1, NULL };
	int code;
	int key;

	(void)argc;
	while ((key = plx_options_next(&options)) != 0) {
		if (key < 0 || take_option(&check, key, options.value) < 0)
			return PLX_EXIT_USAGE;
	}
	check.session.launch.argv = argv + options.next;
	if (check.session.launch.argv[0] == NULL)
		return plx_usage_error(CMD,
		    "which program? pollux check [OPTION...] -- PROGRAM");
	plx_launch_option(&check.session.launch, "level", check.level);
	plx_launch_option(&check.session.launch, "follow",
	    check.follow ? "1" : "0");
	code = plx_session_run(&check.session);
	if (code == 0)
		code = conclude(&check);
	plx_session_fini(&check.session);
	plx_suppressions_fini(&check.suppressions);
	return code;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_run.c - pollux run: becomes the program, unless --stats.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/report.h"
#include "tools/session.h"

#define CMD "run"

enum run_key {
	KEY_ENGINE = 1,
	KEY_STATS,
	KEY_JSON,
	KEY_FOLLOW,
	KEY_NO_FOLLOW,
	KEY_ENV,
	KEY_COLOR,
};

static const struct plx_option run_options[] = {
	{ "engine", 0, PLX_OPTION_FLAG, KEY_ENGINE },
	{ "stats", 0, PLX_OPTION_FLAG, KEY_STATS },
	{ "json", 0, PLX_OPTION_VALUE, KEY_JSON },
	{ "follow", 'f', PLX_OPTION_FLAG, KEY_FOLLOW },
	{ "no-follow", 0, PLX_OPTION_FLAG, KEY_NO_FOLLOW },
	{ "env", 'E', PLX_OPTION_VALUE, KEY_ENV },
	{ "color", 0, PLX_OPTION_VALUE, KEY_COLOR },
	{ NULL, 0, PLX_OPTION_FLAG, 0 },
};

struct run {
	struct plx_session session;
	bool stats;
	bool follow;
	const char *json;
};

static int
take_option(struct run *run, int key, const char *value)
{
	switch ((enum run_key)key) {
	case KEY_ENGINE:
		plx_launch_option(&run->session.launch, "truth", "engine");
		return 0;
	case KEY_STATS:
		run->stats = true;
		return 0;
	case KEY_JSON:
		run->json = value;
		return 0;
	case KEY_FOLLOW:
		run->follow = true;
		return 0;
	case KEY_NO_FOLLOW:
		run->follow = false;
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
print_stats(struct run *run)
{
	struct plx_report *report;
	int code = 0;

	if (!run->session.attached)
		plx_note("%s did not load libpollux.so.0, so nothing was "
			 "counted; see `pollux doctor %s`",
		    run->session.launch.argv[0], run->session.launch.argv[0]);
	report = plx_report_make(run->session.region, NULL, PLX_FAIL_NEVER);
	report->follows = run->follow;
	plx_report_counts(report, stderr);
	if (run->json != NULL)
		code = plx_report_json_file(report, run->json);
	plx_report_free(report);
	return code;
}

static int
run_watched(struct run *run)
{
	int code = plx_session_run(&run->session);

	if (code == 0)
		code = plx_session_exit(&run->session, print_stats(run));
	plx_session_fini(&run->session);
	return code;
}

static int
run_in_place(struct run *run)
{
	struct plx_launch *launch = &run->session.launch;
	int code = plx_launch_prepare(launch);

	if (code == 0)
		code = plx_launch_exec(launch);
	plx_launch_fini(launch);
	return code;
}

int
plx_cmd_run(int argc, char **argv)
{
	struct run run = {
		.session.launch = { .cmd = CMD, .region_fd = -1 },
		.session.watch.wait_all = true,
	};
	struct plx_options options = { CMD, run_options, argv, 1, NULL };
	int key;

	(void)argc;
	while ((key = plx_options_next(&options)) != 0) {
		if (key < 0 || take_option(&run, key, options.value) < 0)
			return PLX_EXIT_USAGE;
	}
	run.session.launch.argv = argv + options.next;
	if (run.session.launch.argv[0] == NULL)
		return plx_usage_error(CMD,
		    "which program? pollux run [OPTION...] -- PROGRAM");
	if (run.json != NULL && !run.stats)
		return plx_usage_error(CMD, "--json needs --stats");
	if (run.follow)
		plx_launch_option(&run.session.launch, "follow", "1");
	return run.stats ? run_watched(&run) : run_in_place(&run);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_doctor.c - pollux doctor.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/doctor.h"

#define CMD "doctor"

enum doctor_key {
	KEY_JSON = 1,
	KEY_COLOR
};

static const struct plx_option doctor_options[] = {
	{ "json", 0, PLX_OPTION_FLAG, KEY_JSON },
	{ "color", 0, PLX_OPTION_VALUE, KEY_COLOR },
	{ NULL, 0, PLX_OPTION_FLAG, 0 },
};

static const struct {
	const char *word;
	const char *color;
} healths[] = {
	[PLX_HEALTH_OK] = { "ok", "\033[32m" },
	[PLX_HEALTH_NOTE] = { "note", "\033[36m" },
	[PLX_HEALTH_PROBLEM] = { "problem", "\033[1;33m" },
	[PLX_HEALTH_CANNOT] = { "cannot", "\033[1;31m" },
};

void
plx_doctor_say(struct plx_doctor *doctor, enum plx_health health,
    const char *topic, const char *format, ...)
{
	va_list args;
	json_t *object;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		exit(PLX_EXIT_FAILED);
	if (health > doctor->worst)
		doctor->worst = health;
	if (doctor->json) {
		object = json_pack("{si ss ss ss ss}", "v", 1, "type", CMD,
		    "state", healths[health].word, "topic", topic, "text",
		    text);
		json_dumpf(object, stdout, JSON_COMPACT);
		json_decref(object);
		putchar('\n');
	} else {
		printf("%s%-7s%s  %-12s  %s\n",
		    doctor->color ? healths[health].color : "",
		    healths[health].word, doctor->color ? "\033[0m" : "", topic,
		    text);
	}
	/* Before a child of ours writes. */
	fflush(stdout);
	free(text);
}

static int
exit_code(const struct plx_doctor *doctor)
{
	switch (doctor->worst) {
	case PLX_HEALTH_PROBLEM:
		return PLX_EXIT_PROBLEM;
	case PLX_HEALTH_CANNOT:
		return PLX_EXIT_NO_PRELOAD;
	case PLX_HEALTH_OK:
	case PLX_HEALTH_NOTE:
		break;
	}
	return PLX_EXIT_OK;
}

int
plx_cmd_doctor(int argc, char **argv)
{
	struct plx_options options = { CMD, doctor_options, argv, 1, NULL };
	struct plx_doctor doctor = { .worst = PLX_HEALTH_OK };
	int code = 0;
	int key;

	while ((key = plx_options_next(&options)) != 0) {
		if (key < 0)
			return PLX_EXIT_USAGE;
		if (key == KEY_JSON)
			doctor.json = true;
		else if (!plx_color_choose(options.value))
			return plx_usage_error(CMD,
			    "--color is auto, always or never");
	}
	if (argc - options.next > 1)
		return plx_usage_error(CMD,
		    "one program at a time: pollux doctor PROGRAM");
	doctor.color = plx_color_on(STDOUT_FILENO);
	if (options.next < argc)
		code = plx_doctor_program(&doctor, argv[options.next]);
	if (code == 0)
		plx_doctor_machine(&doctor);
	return code != 0 ? code : exit_code(&doctor);
}

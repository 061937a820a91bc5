/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_explain.c - pollux explain.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/explain/about.h"
#include "tools/report.h"

#define CMD "explain"

enum explain_key {
	KEY_JSON = 1,
	KEY_COLOR
};

static const struct plx_option explain_options[] = {
	{ "json", 0, PLX_OPTION_FLAG, KEY_JSON },
	{ "color", 0, PLX_OPTION_VALUE, KEY_COLOR },
	{ NULL, 0, PLX_OPTION_FLAG, 0 },
};

static void
print_paragraph(const char *title, const char *text, bool color)
{
	printf("\n%s%s%s\n", color ? "\033[1m" : "", title,
	    color ? "\033[0m" : "");
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		printf("  %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void
print_text(const struct plx_about *about)
{
	bool color = plx_color_on(STDOUT_FILENO);

	printf("%sPX%u %s%s (%s)\n%s\n", color ? "\033[1m" : "", about->id,
	    about->name, color ? "\033[0m" : "",
	    plx_severity_word((unsigned char)about->severity), about->title);
	print_paragraph("Effect", about->effect, color);
	print_paragraph("Why it is a bug", about->why, color);
	print_paragraph("How to see it", about->see, color);
	print_paragraph("How to mend it", about->mend, color);
	print_paragraph("Manual pages", about->pages, color);
}

static void
print_json(const struct plx_about *about)
{
	char id[16];
	char sev[2] = { about->severity, '\0' };
	json_t *object;

	snprintf(id, sizeof(id), "PX%u", about->id);
	object = json_pack("{si ss ss ss ss ss ss ss ss ss ss ss}", "v", 1,
	    "type", "explanation", "id", id, "sev", sev, "name", about->name,
	    "title", about->title, "effect", about->effect, "fix", about->fix,
	    "why", about->why, "see", about->see, "mend", about->mend, "pages",
	    about->pages);
	if (object == NULL) {
		plx_note("out of memory");
		exit(PLX_EXIT_FAILED);
	}
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void
print_list(bool json)
{
	const struct plx_about *about;

	for (size_t i = 0; (about = plx_about_at(i)) != NULL; i++) {
		if (json)
			print_json(about);
		else
			printf("PX%u  %-11s  %s\n", about->id,
			    plx_severity_word((unsigned char)about->severity),
			    about->title);
	}
}

/* PX105, px105 or 105; or its name. */
static const struct plx_about *
find(const char *word)
{
	const char *digits = strncasecmp(word, "PX", 2) == 0 ? word + 2 : word;
	const struct plx_about *about;
	char *end;
	unsigned long n = strtoul(digits, &end, 10);

	if (*digits != '\0' && *end == '\0')
		return n < 1000 ? plx_about_find((unsigned)n) : NULL;
	for (size_t i = 0; (about = plx_about_at(i)) != NULL; i++) {
		if (strcmp(about->name, word) == 0)
			return about;
	}
	return NULL;
}

int
plx_cmd_explain(int argc, char **argv)
{
	struct plx_options options = { CMD, explain_options, argv, 1, NULL };
	bool json = false;
	int key;

	while ((key = plx_options_next(&options)) != 0) {
		if (key < 0)
			return PLX_EXIT_USAGE;
		if (key == KEY_JSON)
			json = true;
		else if (!plx_color_choose(options.value))
			return plx_usage_error(CMD,
			    "--color is auto, always or never");
	}
	if (options.next == argc)
		print_list(json);
	for (int i = options.next; i < argc; i++) {
		const struct plx_about *about = find(argv[i]);

		if (about == NULL)
			return plx_usage_error(CMD,
			    "no finding is called %s; `pollux explain` lists "
			    "them",
			    argv[i]);
		if (json)
			print_json(about);
		else
			print_text(about);
		if (!json && i + 1 < argc)
			putchar('\n');
	}
	return PLX_EXIT_OK;
}

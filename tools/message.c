/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.c - lines for the user, on stderr; nothing here goes to stdout.
 */
#include "tools/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longest word that is compared for a suggestion. */
#define WORD_MAX 32u

enum color_choice {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER
};

static enum color_choice color_choice = COLOR_AUTO;

void
plx_note(const char *format, ...)
{
	va_list args;

	fputs("pollux: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int
plx_usage_error(const char *cmd, const char *format, ...)
{
	va_list args;

	fprintf(stderr, cmd != NULL ? "pollux %s: " : "pollux: ", cmd);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return PLX_EXIT_USAGE;
}

char *
plx_format(const char *format, ...)
{
	va_list args;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0) {
		plx_note("out of memory");
		exit(PLX_EXIT_FAILED);
	}
	return text;
}

void *
plx_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL) {
		plx_note("out of memory");
		exit(PLX_EXIT_FAILED);
	}
	return p;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits (insert, delete, replace) between two words; at most WORD_MAX each. */
static unsigned
word_distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t n_a = strnlen(a, WORD_MAX);
	size_t n_b = strnlen(b, WORD_MAX);

	for (unsigned j = 0; j <= n_b; j++)
		row[j] = j;
	for (unsigned i = 1; i <= n_a; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n_b; j++) {
			unsigned above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n_b];
}

const char *
plx_suggest(const char *word, const char *const *names)
{
	const char *best = NULL;
	unsigned best_distance = 0;

	for (; *names != NULL; names++) {
		unsigned distance = word_distance(word, *names);
		size_t n = strlen(*names);

		if (distance > 3 || (size_t)distance * 2 > n)
			continue;
		if (best == NULL || distance < best_distance) {
			best = *names;
			best_distance = distance;
		}
	}
	return best;
}

bool
plx_color_choose(const char *when)
{
	if (strcmp(when, "auto") == 0)
		color_choice = COLOR_AUTO;
	else if (strcmp(when, "always") == 0)
		color_choice = COLOR_ALWAYS;
	else if (strcmp(when, "never") == 0)
		color_choice = COLOR_NEVER;
	else
		return false;
	return true;
}

static bool
variable_is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

bool
plx_color_on(int fd)
{
	const char *term = getenv("TERM");

	if (color_choice != COLOR_AUTO)
		return color_choice == COLOR_ALWAYS;
	if (variable_is_set("NO_COLOR"))
		return false;
	if (variable_is_set("CLICOLOR_FORCE"))
		return true;
	return isatty(fd) && (term == NULL || strcmp(term, "dumb") != 0);
}

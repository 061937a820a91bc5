/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suppress.c - reads suppression files.
 */
#include "tools/suppress.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"

static const char *const kinds[PLX_SUPPRESS_MAX] = {
	[PLX_SUPPRESS_FUN] = "fun",
	[PLX_SUPPRESS_OBJ] = "obj",
	[PLX_SUPPRESS_SITE] = "site",
	[PLX_SUPPRESS_EXE] = "exe",
};

static bool
parse_line(const char *line, struct plx_suppression *ret)
{
	size_t id_n = strcspn(line, ":");
	const char *kind = line + id_n + (line[id_n] == ':');
	size_t kind_n = strcspn(kind, ":");

	if (id_n == 0 || kind[kind_n] != ':' || kind[kind_n + 1] == '\0')
		return false;
	for (unsigned i = 0; i < PLX_SUPPRESS_MAX; i++) {
		if (strlen(kinds[i]) != kind_n ||
		    memcmp(kinds[i], kind, kind_n) != 0)
			continue;
		ret->line = plx_format("%s", line);
		ret->id = plx_format("%.*s", (int)id_n, line);
		ret->kind = (enum plx_suppress_kind)i;
		ret->pattern = plx_format("%s", kind + kind_n + 1);
		ret->used_n = 0;
		return true;
	}
	return false;
}

static int
take_line(struct plx_suppressions *s, const char *line)
{
	struct plx_suppression one;
	struct plx_suppression *list;

	if (*line == '\0' || *line == '#')
		return 0;
	if (!parse_line(line, &one))
		return -1;
	list = reallocarray(s->list, s->n + 1, sizeof(*list));
	if (list == NULL) {
		plx_note("out of memory");
		exit(PLX_EXIT_FAILED);
	}
	list[s->n++] = one;
	s->list = list;
	return 0;
}

int
plx_suppressions_read(struct plx_suppressions *ret, const char *cmd,
    const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	if (file == NULL) {
		plx_usage_error(cmd, "%s: %s", path, strerror(errno));
		return -1;
	}
	while (r == 0 && getline(&line, &size, file) >= 0) {
		char *start = line + strspn(line, " \t");

		number++;
		start[strcspn(start, "\r\n")] = '\0';
		r = take_line(ret, start);
	}
	if (r != 0)
		plx_usage_error(cmd,
		    "%s:%u: a suppression is ID:fun|obj|site|exe:PATTERN, "
		    "such as PX104:obj:*libcurl.so*",
		    path, number);
	free(line);
	fclose(file);
	return r;
}

void
plx_suppressions_fini(struct plx_suppressions *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].line);
		free(s->list[i].id);
		free(s->list[i].pattern);
	}
	free(s->list);
	s->list = NULL;
	s->n = 0;
}

bool
plx_suppression_matches(const struct plx_suppression *s, const char *id,
    enum plx_suppress_kind kind, const char *text)
{
	return s->kind == kind && fnmatch(s->id, id, 0) == 0 &&
	    fnmatch(s->pattern, text, 0) == 0;
}

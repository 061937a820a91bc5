/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suppress.h - findings that the user does not want to hear of.
 *
 * A file of lines ID:KIND:PATTERN, all three with the wildcards of fnmatch(3):
 *     PX205:fun:uv__stream_close     a function of any stack of the finding
 *     PX104:obj:*libcurl.so*         an object file of any stack
 *     PX509:site:game_loop.c:12*     a source line of any stack
 *     PX302:exe:*uwsgi               the program of the process
 * Empty lines and lines that begin with # say nothing.
 */
#ifndef PLX_TOOLS_SUPPRESS_H
#define PLX_TOOLS_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>

enum plx_suppress_kind {
	PLX_SUPPRESS_FUN,
	PLX_SUPPRESS_OBJ,
	PLX_SUPPRESS_SITE,
	PLX_SUPPRESS_EXE,
	PLX_SUPPRESS_MAX,
};

struct plx_suppression {
	char *line; /* as written; owned */
	char *id;   /* pattern of "PX205"; owned */
	enum plx_suppress_kind kind;
	char *pattern;   /* owned */
	unsigned used_n; /* findings that it took */
};

struct plx_suppressions {
	struct plx_suppression *list;
	size_t n;
};

/*
 * plx_suppressions_read - add the lines of a file. Returns 0, or -1 after a
 * message that names file and line; cmd is the subcommand for it.
 */
int plx_suppressions_read(struct plx_suppressions *ret, const char *cmd,
    const char *path);
void plx_suppressions_fini(struct plx_suppressions *s);

/* plx_suppression_matches - for one text ("fun" name ...) of a finding. */
bool plx_suppression_matches(const struct plx_suppression *s, const char *id,
    enum plx_suppress_kind kind, const char *text);

#endif

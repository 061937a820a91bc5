/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * library.c - finds the shared object that is preloaded.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/launch.h"

#define OBJECT "libpollux.so.0"

/* Relative to the directory of this program. */
static const char *const places[] = {
	"../lib/" OBJECT,
	"../shim/" OBJECT,
#if defined(__x86_64__)
	"../lib/x86_64-linux-gnu/" OBJECT,
	"../lib64/" OBJECT,
#endif
};

static char *
find_beside(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	slash[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *near = plx_format("%s%s", self, places[i]);
		char *path = realpath(near, NULL);

		free(near);
		if (path != NULL)
			return path;
	}
	return NULL;
}

int
plx_library_find(char **ret_path)
{
	const char *given = getenv("POLLUX_LIB");
	char *path;

	if (given != NULL && *given != '\0') {
		path = realpath(given, NULL);
		if (path == NULL) {
			plx_note("POLLUX_LIB=%s: %s", given, strerror(errno));
			return PLX_EXIT_FAILED;
		}
	} else {
		path = find_beside();
		if (path == NULL) {
			plx_note("cannot find " OBJECT
				 "; set POLLUX_LIB to its path");
			return PLX_EXIT_FAILED;
		}
	}
	if (strpbrk(path, " :") != NULL) {
		plx_note("%s: LD_PRELOAD cannot carry a path with a space or "
			 "a colon; set POLLUX_LIB to a copy elsewhere",
		    path);
		free(path);
		return PLX_EXIT_FAILED;
	}
	*ret_path = path;
	return 0;
}

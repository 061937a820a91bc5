/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.c - reads /proc/PID/maps.
 */
#include "tools/holders.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"

/* As memfd_create named it in region.c. */
#define MAPPED_NAME "/memfd:pollux"
/* Fields of a line before the inode: address, rights, offset, device. */
#define FIELDS_BEFORE 4u

static bool
line_is_region(const char *line, ino_t inode)
{
	if (strstr(line, MAPPED_NAME) == NULL)
		return false;
	for (unsigned i = 0; i < FIELDS_BEFORE; i++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return strtoull(line, NULL, 10) == inode;
}

/* 1, 0, or -Exxx when it cannot be read. */
static int
maps_region(pid_t pid, ino_t inode)
{
	char *path = plx_format("/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	char line[512];
	int found = 0;

	free(path);
	if (maps == NULL)
		return -errno;
	while (found == 0 && fgets(line, sizeof(line), maps) != NULL)
		found = line_is_region(line, inode);
	fclose(maps);
	return found;
}

bool
plx_holds_region(pid_t pid, ino_t inode)
{
	int r = maps_region(pid, inode);

	return r > 0 || r == -EACCES;
}

bool
plx_region_is_held(ino_t inode)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool held = false;

	while (!held && proc != NULL && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		held = pid > 0 && pid != getpid() &&
		    maps_region(pid, inode) > 0;
	}
	if (proc != NULL)
		closedir(proc);
	return held;
}

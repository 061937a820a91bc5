/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: counts FILE [API ...] - what a record holds, for test scripts.
 *
 * One line "API COUNT" for each call that was counted, over all processes, and
 * first "processes N" and "unseen 0xBITS". With names, only those, also zeros.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/report_abi.h"

static const char *const api_names[] = {
#define NAME(name) #name,
	PLX_API_LIST(NAME)
#undef NAME
};

static bool
wanted(const char *name, char **names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static struct plx_region *
region_map(const char *path)
{
	int fd = open(path, O_RDWR);
	void *map;

	if (fd < 0)
		return NULL;
	map = mmap(NULL, PLX_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

int
main(int argc, char **argv)
{
	unsigned long long sum[PLX_API_MAX] = { 0 };
	struct plx_region *region;
	unsigned processes = 0;
	unsigned unseen = 0;

	region = argc < 2 ? NULL : region_map(argv[1]);
	if (region == NULL || region->header.magic != PLX_REGION_MAGIC) {
		fprintf(stderr, "counts: no record in %s\n",
		    argc < 2 ? "?" : argv[1]);
		return 1;
	}
	for (unsigned i = 0; i < PLX_PROCS_MAX; i++) {
		struct plx_proc_slot *slot = &region->proc[i];

		if (slot->state != PLX_SLOT_FULL)
			continue;
		processes++;
		unseen |= slot->unseen;
		for (unsigned j = 0; j < PLX_API_MAX; j++)
			sum[j] += slot->calls[j];
	}
	if (argc == 2)
		printf("processes %u\nunseen %#x\n", processes, unseen);
	for (unsigned j = 0; j < PLX_API_MAX; j++)
		if (argc == 2 ? sum[j] != 0 : wanted(api_names[j], argv + 2))
			printf("%s %llu\n", api_names[j], sum[j]);
	return 0;
}

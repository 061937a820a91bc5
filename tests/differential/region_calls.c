/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the shared object itself says about a run: for each process of a record,
 * which truth answered and how often each intercepted call was counted.
 *
 * usage: region_calls FILE
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/report_abi.h"

#define API_NAME(name) #name,
static const char *const names[] = { PLX_API_LIST(API_NAME) };

static void
print_process(const struct plx_proc_slot *proc)
{
	(void)printf("%s", proc->engine == 1 ? "engine" : "kernel");
	for (unsigned int i = 0; i < PLX_API_MAX; i++) {
		uint64_t count = atomic_load_explicit(&proc->calls[i],
		    memory_order_relaxed);

		if (count > 0)
			(void)printf(" %s=%llu", names[i],
			    (unsigned long long)count);
	}
	(void)printf("\n");
}

int
main(int argc, char **argv)
{
	const struct plx_region *region;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 2;
	region = mmap(NULL, PLX_REGION_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (region == MAP_FAILED || region->header.magic != PLX_REGION_MAGIC)
		return 1;
	for (unsigned int i = 0; i < PLX_PROCS_MAX; i++)
		if (atomic_load_explicit(&region->proc[i].state,
			memory_order_acquire) == PLX_SLOT_FULL)
			print_process(&region->proc[i]);
	return 0;
}

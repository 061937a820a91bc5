/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump_findings REGION - what a region holds, one line a finding:
 *
 *   finding PX105 E certain count=1 variant=1 fd=5 set=3 pid=42
 *   stack PX105 misused /path/to/object 0x1234 ...
 *   process 42 unseen=0x0 comm
 *
 * A reader of report_abi.h that shares no code with the command line.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/report_abi.h"

static const char *const confidences[] = { "certain", "likely", "hint" };
static const char *const roles[] = { "misused", "opened", "registered",
	"closed" };

static void
stack_print(const struct plx_region *region, uint16_t id, int role,
    uint32_t index)
{
	const struct plx_stack *stack;
	uint32_t i;

	if (index == PLX_NO_STACK)
		return;
	stack = &region->stack[index];
	printf("stack PX%u %s", id, roles[role]);
	for (i = 0; i < stack->depth; i++) {
		const struct plx_frame *frame = &stack->frame[i];

		printf(" %s 0x%" PRIx64,
		    frame->module == PLX_NO_MODULE
			? "?"
			: region->module[frame->module].path,
		    frame->offset);
	}
	printf("\n");
}

static void
finding_print(const struct plx_region *region, const struct plx_finding *f)
{
	int role;

	if (f->state != PLX_SLOT_FULL)
		return;
	printf("finding PX%u %c %s count=%u variant=%u fd=%d set=%d pid=%d\n",
	    f->id, f->severity, confidences[f->confidence], f->count,
	    f->variant, f->fd, f->set, f->pid);
	for (role = 0; role < (int)PLX_FINDING_STACKS; role++)
		stack_print(region, f->id, role, f->stack[role]);
}

int
main(int argc, char **argv)
{
	const struct plx_region *region;
	uint32_t i;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0 || lseek(fd, 0, SEEK_END) < (off_t)PLX_REGION_BYTES) {
		fprintf(stderr, "usage: dump_findings REGION\n");
		return 2;
	}
	region = mmap(NULL, PLX_REGION_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (region == MAP_FAILED || region->header.magic != PLX_REGION_MAGIC ||
	    region->header.version != PLX_REGION_VERSION) {
		fprintf(stderr, "%s: not a region\n", argv[1]);
		return 1;
	}
	for (i = 0; i < PLX_FINDINGS_MAX; i++)
		finding_print(region, &region->finding[i]);
	for (i = 0; i < PLX_PROCS_MAX; i++)
		if (region->proc[i].state == PLX_SLOT_FULL)
			printf("process %d unseen=0x%x %s\n",
			    region->proc[i].pid, region->proc[i].unseen,
			    region->proc[i].comm);
	return 0;
}

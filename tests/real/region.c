/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.c - prints what watched processes wrote: one JSON object a line.
 *
 *	region FILE	of POLLUX_OPTIONS=log_path=FILE
 *
 * For the tests of real programs, which start programs without the command
 * line, so that the two are tested apart. It knows the layout from
 * core/report_abi.h alone. Characters that JSON would escape become '?'.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/report_abi.h"

static const char *const api_name[] = {
#define API_NAME(name) #name,
	PLX_API_LIST(API_NAME)
#undef API_NAME
};

static const char *const confidence_name[] = {
	[PLX_CERTAIN] = "certain",
	[PLX_LIKELY] = "likely",
	[PLX_HINT] = "hint",
};

/* By bit, as the command line calls them. */
static const struct {
	uint32_t bit;
	const char *name;
} unseen_name[] = {
	{ PLX_UNSEEN_BLIND, "blind" },
	{ PLX_UNSEEN_RAW_SYSCALLS, "raw-syscalls" },
	{ PLX_UNSEEN_IO_URING, "io-uring" },
	{ PLX_UNSEEN_CLOSE, "close" },
	{ PLX_UNSEEN_HANDLER, "handler" },
	{ PLX_UNSEEN_FULL, "full" },
	{ PLX_UNSEEN_UNSHARE, "unshare" },
	{ PLX_UNSEEN_SECCOMP, "seccomp" },
	{ PLX_UNSEEN_THREAD_CLONE, "thread-clone" },
};

/* Prints a fixed-size text as a JSON string. */
static void
print_text(const char *key, const char *text, size_t bytes)
{
	size_t length = strnlen(text, bytes);

	printf("\"%s\":\"", key);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		putchar(c < ' ' || c == '"' || c == '\\' || c > '~' ? '?' : c);
	}
	printf("\"");
}

static void
print_unseen(uint32_t bits)
{
	const char *comma = "";

	printf("\"unseen\":[");
	for (size_t i = 0; i < sizeof(unseen_name) / sizeof(*unseen_name);
	     i++) {
		if ((bits & unseen_name[i].bit) == 0)
			continue;
		printf("%s\"%s\"", comma, unseen_name[i].name);
		comma = ",";
	}
	printf("],");
}

static void
print_process(struct plx_proc_slot *proc)
{
	const char *comma = "";

	if (atomic_load(&proc->state) != PLX_SLOT_FULL)
		return;
	printf("{\"type\":\"process\",\"pid\":%d,\"parent\":%d,"
	       "\"generation\":%u,\"engine\":%u,",
	    proc->pid, proc->parent_pid, proc->generation, proc->engine);
	print_unseen(atomic_load(&proc->unseen));
	print_text("comm", proc->comm, sizeof(proc->comm));
	putchar(',');
	print_text("exe", proc->exe, sizeof(proc->exe));
	printf(",\"calls\":{");
	for (size_t i = 0; i < PLX_API_MAX; i++) {
		uint64_t calls = atomic_load(&proc->calls[i]);

		if (calls == 0)
			continue;
		printf("%s\"%s\":%llu", comma, api_name[i],
		    (unsigned long long)calls);
		comma = ",";
	}
	printf("}}\n");
}

/* One stack as "module+0xoffset" words, innermost first. */
static void
print_stack(struct plx_region *region, uint32_t index)
{
	static const char unknown[PLX_PATH_BYTES] = "?";
	struct plx_stack *stack;

	if (index >= PLX_STACKS_MAX)
		return;
	stack = &region->stack[index];
	for (uint32_t i = 0; i < stack->depth && i < PLX_STACK_DEPTH; i++) {
		uint32_t module = stack->frame[i].module;
		const char *path = module < PLX_MODULES_MAX
		    ? region->module[module].path
		    : unknown;
		const char *slash = strrchr(path, '/');

		printf("%s%s+0x%llx", i == 0 ? "" : " ",
		    slash == NULL ? path : slash + 1,
		    (unsigned long long)stack->frame[i].offset);
	}
}

static void
print_finding(struct plx_region *region, struct plx_finding *finding)
{
	static const char *const role[PLX_FINDING_STACKS] = { "misused",
		"opened", "registered", "closed" };

	if (atomic_load(&finding->state) != PLX_SLOT_FULL)
		return;
	printf("{\"type\":\"finding\",\"id\":\"PX%03u\",\"sev\":\"%c\","
	       "\"conf\":\"%s\",\"pid\":%d,\"tid\":%d,\"api\":\"%s\","
	       "\"variant\":%u,\"fd\":%d,\"set\":%d,\"other\":%d,"
	       "\"ret\":%d,\"want\":%u,\"have\":%u,\"count\":%u,",
	    (unsigned)finding->id, finding->severity,
	    finding->confidence <= PLX_HINT
		? confidence_name[finding->confidence]
		: "?",
	    finding->pid, finding->tid,
	    finding->api < PLX_API_MAX ? api_name[finding->api] : "?",
	    (unsigned)finding->variant, finding->fd, finding->set,
	    finding->other, finding->ret, finding->want, finding->have,
	    atomic_load(&finding->count));
	print_text("fd_name", finding->fd_name, sizeof(finding->fd_name));
	printf(",\"stacks\":{");
	for (size_t i = 0; i < PLX_FINDING_STACKS; i++) {
		printf("%s\"%s\":\"", i == 0 ? "" : ",", role[i]);
		print_stack(region, finding->stack[i]);
		putchar('"');
	}
	printf("}}\n");
}

static int
fail(const char *what)
{
	perror(what);
	return 1;
}

int
main(int argc, char **argv)
{
	struct plx_region *region;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: region FILE\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail(argv[1]);
	region = mmap(NULL, sizeof(*region), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (region == MAP_FAILED)
		return fail("mmap");
	if (region->header.version != PLX_REGION_VERSION ||
	    region->header.magic != PLX_REGION_MAGIC) {
		fprintf(stderr, "%s: not of this version\n", argv[1]);
		return 1;
	}
	for (size_t i = 0; i < PLX_PROCS_MAX; i++)
		print_process(&region->proc[i]);
	for (size_t i = 0; i < PLX_FINDINGS_MAX; i++)
		print_finding(region, &region->finding[i]);
	return 0;
}

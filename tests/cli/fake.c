/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake.c - stands in for libpollux.so.0 where the command line is tested by
 * itself: it attaches to the region by POLLUX_OPTIONS and records what the
 * program tells it to, so each test decides what is found.
 */
#include "tests/cli/fake.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#define EXPORT __attribute__((visibility("default")))

static struct plx_region *region;
static struct plx_proc_slot *self;

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
copy_comm(char *to)
{
	FILE *file = fopen("/proc/self/comm", "re");

	if (file == NULL)
		return;
	if (fgets(to, PLX_COMM_BYTES, file) != NULL)
		to[strcspn(to, "\n")] = '\0';
	fclose(file);
}

static void
claim(uint32_t generation)
{
	uint32_t i = atomic_fetch_add(&region->header.procs_n, 1);
	ssize_t n;

	if (i >= PLX_PROCS_MAX)
		return;
	self = &region->proc[i];
	self->pid = getpid();
	self->parent_pid = getppid();
	self->generation = generation;
	self->start_ns = now_ns();
	copy_comm(self->comm);
	n = readlink("/proc/self/exe", self->exe, sizeof(self->exe) - 1);
	self->exe[n > 0 ? n : 0] = '\0';
	atomic_store(&self->state, PLX_SLOT_FULL);
}

__attribute__((constructor)) static void
attach(void)
{
	const char *options = getenv("POLLUX_OPTIONS");
	const char *log = options ? strstr(options, "log=fd:") : NULL;
	int fd;

	if (log == NULL)
		return;
	fd = atoi(log + strlen("log=fd:"));
	if (fcntl(fd, F_GETFD) < 0)
		return; /* after an exec: it is gone, as without follow=1 */
	region = mmap(NULL, PLX_REGION_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	if (region == MAP_FAILED || region->header.magic != PLX_REGION_MAGIC)
		abort();
	claim(1);
}

EXPORT void
fake_adopt(void)
{
	if (self != NULL)
		claim(self->generation + 1);
}

EXPORT void
fake_call(enum plx_api api)
{
	if (self != NULL)
		atomic_fetch_add(&self->calls[api], 1);
}

EXPORT void
fake_unseen(unsigned bits)
{
	if (self != NULL)
		atomic_fetch_or(&self->unseen, bits);
}

struct walk {
	struct plx_stack *stack;
	unsigned skip;
};

struct lookup {
	uintptr_t pc;
	struct dl_phdr_info found;
};

static int
find_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct lookup *lookup = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    lookup->pc >= start &&
		    lookup->pc < start + info->dlpi_phdr[i].p_memsz) {
			lookup->found = *info;
			return 1;
		}
	}
	return 0;
}

static uint32_t
intern(const char *name)
{
	char path[PLX_PATH_BYTES] = { 0 };
	uint32_t i;

	if (*name == '\0') {
		if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
			return PLX_NO_MODULE;
	} else {
		snprintf(path, sizeof(path), "%s", name);
	}
	for (i = 0; i < atomic_load(&region->header.modules_n); i++) {
		if (strcmp(region->module[i].path, path) == 0)
			return i;
	}
	i = atomic_fetch_add(&region->header.modules_n, 1);
	memcpy(region->module[i].path, path, sizeof(path));
	atomic_store(&region->module[i].state, PLX_SLOT_FULL);
	return i;
}

static _Unwind_Reason_Code
step(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;
	struct lookup lookup = { .pc = _Unwind_GetIP(context) };
	struct plx_frame *frame;

	if (walk->skip > 0) {
		walk->skip--;
		return _URC_NO_REASON;
	}
	if (walk->stack->depth == PLX_STACK_DEPTH ||
	    dl_iterate_phdr(find_object, &lookup) == 0)
		return _URC_END_OF_STACK;
	frame = &walk->stack->frame[walk->stack->depth++];
	frame->module = intern(lookup.found.dlpi_name);
	frame->offset = lookup.pc - lookup.found.dlpi_addr;
	return _URC_NO_REASON;
}

__attribute__((noinline)) static uint32_t
record_stack(unsigned skip)
{
	uint32_t i = atomic_fetch_add(&region->header.stacks_n, 1);
	struct walk walk = { &region->stack[i], skip };

	_Unwind_Backtrace(step, &walk);
	atomic_store(&region->stack[i].state, PLX_SLOT_FULL);
	return i;
}

EXPORT void
fake_finding(unsigned id, char severity, enum plx_confidence confidence)
{
	struct plx_finding *finding;
	uint32_t stack;

	if (self == NULL)
		return;
	stack = record_stack(2);
	finding =
	    &region->finding[atomic_fetch_add(&region->header.findings_n, 1)];
	finding->id = (uint16_t)id;
	finding->severity = (uint8_t)severity;
	finding->confidence = (uint8_t)confidence;
	finding->pid = getpid();
	finding->tid = gettid();
	finding->api = PLX_API_epoll_ctl;
	finding->fd = 26;
	finding->set = 3;
	finding->other = -1;
	finding->when_ns = now_ns();
	copy_comm(finding->comm);
	strcpy(finding->fd_name, "socket:[4711]");
	for (unsigned role = 0; role < PLX_FINDING_STACKS; role++)
		finding->stack[role] = PLX_NO_STACK;
	finding->stack[PLX_STACK_MISUSED] = stack;
	finding->stack[PLX_STACK_CLOSED] = record_stack(2);
	finding->stack[PLX_STACK_OPENED] = stack; /* shown once */
	finding->stack_tid[PLX_STACK_MISUSED] = gettid();
	atomic_store(&finding->count, 1);
	atomic_store(&finding->state, PLX_SLOT_FULL);
}

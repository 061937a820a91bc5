/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.c - makes, opens and reads shared regions. What is read from them is
 * not trusted: a program with a wild pointer shares them with us.
 */
#include "tools/region.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const api_names[PLX_API_MAX] = {
#define PLX_API_NAME(name) [PLX_API_##name] = #name,
	PLX_API_LIST(PLX_API_NAME)
#undef PLX_API_NAME
};

static const struct {
	const char *name;
	const char *text;
} unseen[] = {
	{ "blind", "libc calls itself past us" },
	{ "raw-syscalls", "makes system calls without libc" },
	{ "io-uring", "uses io_uring" },
	{ "close", "a descriptor changed behind us" },
	{ "handler", "a signal handler ran inside a record" },
	{ "full", "a table of ours was full" },
	{ "unshare", "unshared its descriptors" },
	{ "seccomp", "sandboxed itself; checks stopped there" },
	{ "thread-clone", "made threads without pthread_create" },
};

#define UNSEEN_N (sizeof(unseen) / sizeof(unseen[0]))

struct plx_region *
plx_region_create(int *ret_fd)
{
	int fd = memfd_create("pollux", MFD_CLOEXEC);
	struct plx_region *region;
	int error;

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, PLX_REGION_BYTES) != 0)
		goto fail_close;
	region = mmap(NULL, PLX_REGION_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (region == MAP_FAILED)
		goto fail_close;
	region->header.magic = PLX_REGION_MAGIC;
	region->header.version = PLX_REGION_VERSION;
	region->header.region_bytes = PLX_REGION_BYTES;
	*ret_fd = fd;
	return region;

fail_close:
	error = errno;
	close(fd);
	errno = error;
	return NULL;
}

static const char *
judge_header(const struct plx_region_header *header)
{
	if (header->magic != PLX_REGION_MAGIC)
		return "not a report of pollux";
	if (header->version != PLX_REGION_VERSION ||
	    header->region_bytes != PLX_REGION_BYTES)
		return "written by another version of pollux";
	return NULL;
}

struct plx_region *
plx_region_open(const char *path, const char **ret_why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct plx_region *region;
	struct stat st;

	if (fd < 0) {
		*ret_why = strerror(errno);
		return NULL;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)PLX_REGION_BYTES) {
		*ret_why = "not a report of pollux";
		close(fd);
		return NULL;
	}
	region = mmap(NULL, PLX_REGION_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
	*ret_why = region == MAP_FAILED ? strerror(errno)
					: judge_header(&region->header);
	close(fd);
	if (region == MAP_FAILED)
		return NULL;
	if (*ret_why != NULL) {
		plx_region_close(region);
		return NULL;
	}
	return region;
}

void
plx_region_close(struct plx_region *region)
{
	if (region != NULL)
		(void)munmap(region, PLX_REGION_BYTES);
}

static uint32_t
at_most(const _Atomic uint32_t *claimed, uint32_t max)
{
	uint32_t n = atomic_load_explicit(claimed, memory_order_relaxed);

	return n < max ? n : max;
}

/* acquire: pairs with the writer's release of PLX_SLOT_FULL. */
static bool
is_full(const _Atomic uint32_t *state)
{
	return atomic_load_explicit(state, memory_order_acquire) ==
	    PLX_SLOT_FULL;
}

/* A path of a slot, PLX_PATH_BYTES long, must be a string. */
static bool
has_end(const char *path)
{
	return memchr(path, '\0', PLX_PATH_BYTES) != NULL;
}

uint32_t
plx_region_processes(const struct plx_region *region)
{
	return at_most(&region->header.procs_n, PLX_PROCS_MAX);
}

uint32_t
plx_region_findings(const struct plx_region *region)
{
	return at_most(&region->header.findings_n, PLX_FINDINGS_MAX);
}

const struct plx_proc_slot *
plx_region_process(const struct plx_region *region, uint32_t i)
{
	if (i >= PLX_PROCS_MAX || !is_full(&region->proc[i].state) ||
	    !has_end(region->proc[i].exe))
		return NULL;
	return &region->proc[i];
}

const struct plx_finding *
plx_region_finding(const struct plx_region *region, uint32_t i)
{
	if (i >= PLX_FINDINGS_MAX || !is_full(&region->finding[i].state) ||
	    region->finding[i].severity == '\0' ||
	    strchr(PLX_SEVERITIES, region->finding[i].severity) == NULL)
		return NULL;
	return &region->finding[i];
}

const struct plx_stack *
plx_region_stack(const struct plx_region *region, uint32_t i)
{
	if (i >= PLX_STACKS_MAX || !is_full(&region->stack[i].state))
		return NULL;
	return &region->stack[i];
}

const struct plx_module *
plx_region_module(const struct plx_region *region, uint32_t i)
{
	if (i >= PLX_MODULES_MAX || !is_full(&region->module[i].state) ||
	    !has_end(region->module[i].path))
		return NULL;
	return &region->module[i];
}

const struct plx_proc_slot *
plx_region_process_of(const struct plx_region *region, int32_t pid)
{
	const struct plx_proc_slot *newest = NULL;

	for (uint32_t i = 0; i < plx_region_processes(region); i++) {
		const struct plx_proc_slot *proc = plx_region_process(region,
		    i);

		if (proc != NULL && proc->pid == pid)
			newest = proc;
	}
	return newest;
}

uint64_t
plx_calls(const struct plx_proc_slot *proc, enum plx_api api)
{
	return atomic_load_explicit(&proc->calls[api], memory_order_relaxed);
}

const char *
plx_api_name(unsigned api)
{
	return api < PLX_API_MAX ? api_names[api] : "?";
}

const char *
plx_unseen_name(unsigned bit)
{
	return bit < UNSEEN_N ? unseen[bit].name : NULL;
}

const char *
plx_unseen_text(unsigned bit)
{
	return bit < UNSEEN_N ? unseen[bit].text : NULL;
}

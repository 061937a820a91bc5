/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c - the writer's side of report_abi.h, see report.h.
 */
#include "core/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/lock.h"
#include "core/proc.h"
#include "core/record.h"
#include "core/sys.h"
#include "core/sysfile.h"

/* FNV-1a, 64 bits. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static _Atomic(struct plx_region *) region_now;
static _Atomic(struct plx_proc_slot *) proc_now;
/* Set at start, before any other thread. */
static bool engine_now;
static _Atomic uint32_t unseen_now;

struct plx_region *
report_region(void)
{
	/* acquire: pairs with the release in region_attach. */
	return atomic_load_explicit(&region_now, memory_order_acquire);
}

static int
proc_claim(struct plx_region *region)
{
	struct plx_proc_slot *slot;
	uint32_t i;

	/* relaxed: the slot itself is published by its state. */
	i = atomic_fetch_add_explicit(&region->header.procs_n, 1,
	    memory_order_relaxed);
	atomic_store_explicit(&proc_now, NULL, memory_order_relaxed);
	if (i >= PLX_PROCS_MAX)
		return -ENOSPC;
	slot = &region->proc[i];
	atomic_store_explicit(&slot->state, PLX_SLOT_BUSY,
	    memory_order_relaxed);
	slot->pid = plx_sys_getpid();
	slot->parent_pid = plx_sys_getppid();
	slot->generation = plx_proc_generation();
	slot->start_ns = plx_sys_realtime_ns();
	slot->engine = engine_now ? 1 : 0;
	(void)plx_sys_comm(slot->comm);
	(void)plx_sys_readlink("/proc/self/exe", slot->exe, sizeof(slot->exe));
	atomic_store_explicit(&slot->unseen,
	    atomic_load_explicit(&unseen_now, memory_order_relaxed),
	    memory_order_relaxed);
	/* release: a reader that sees FULL sees the fields. */
	atomic_store_explicit(&slot->state, PLX_SLOT_FULL,
	    memory_order_release);
	/* release: pairs with the loads in plx_count of other threads. */
	atomic_store_explicit(&proc_now, slot, memory_order_release);
	return 0;
}

static int
region_attach(struct plx_region *region)
{
	if (region == NULL)
		return -ENOMEM;
	if (region->header.magic != PLX_REGION_MAGIC ||
	    region->header.version != PLX_REGION_VERSION ||
	    region->header.region_bytes != PLX_REGION_BYTES) {
		plx_sys_unmap(region, PLX_REGION_BYTES);
		return -EINVAL;
	}
	/* release: pairs with the acquire in report_region. */
	atomic_store_explicit(&region_now, region, memory_order_release);
	return proc_claim(region);
}

int
report_attach_fd(int fd)
{
	struct plx_sys_stat st;
	int r;

	if (report_region() != NULL)
		return -EALREADY;
	r = plx_sys_fstat(fd, &st);
	if (r < 0)
		return r;
	/* A mapping past the end of the file is a SIGBUS later. */
	if (st.size_bytes < (int64_t)PLX_REGION_BYTES)
		return -EINVAL;
	return region_attach(plx_sys_map_shared(fd, PLX_REGION_BYTES));
}

/* Two processes may do this at once: they write the same bytes. */
static int
header_write(int fd)
{
	struct plx_region *region;
	int r;

	r = plx_sys_ftruncate(fd, PLX_REGION_BYTES);
	if (r < 0)
		return r;
	region = plx_sys_map_shared(fd, PLX_REGION_BYTES);
	if (region == NULL)
		return -ENOMEM;
	region->header.version = PLX_REGION_VERSION;
	region->header.region_bytes = PLX_REGION_BYTES;
	region->header.magic = PLX_REGION_MAGIC;
	plx_sys_unmap(region, PLX_REGION_BYTES);
	return 0;
}

int
report_attach_path(const char *path)
{
	struct plx_sys_stat st;
	int fd;
	int r;

	fd = plx_sys_open(path, O_RDWR | O_CREAT);
	if (fd < 0)
		return fd;
	r = plx_sys_fstat(fd, &st);
	if (r == 0 && st.size_bytes == 0)
		r = header_write(fd);
	if (r == 0)
		r = report_attach_fd(fd);
	(void)plx_sys_close(fd);
	return r;
}

void
report_adopt(void)
{
	struct plx_region *region = report_region();

	if (region != NULL)
		(void)proc_claim(region); /* Full: findings go on. */
}

void
report_mark_unseen(uint32_t bits)
{
	struct plx_proc_slot *slot;

	/* relaxed: bits are only ever added; readers act on the next look. */
	(void)atomic_fetch_or_explicit(&unseen_now, bits, memory_order_relaxed);
	slot = atomic_load_explicit(&proc_now, memory_order_acquire);
	if (slot != NULL)
		(void)atomic_fetch_or_explicit(&slot->unseen, bits,
		    memory_order_relaxed);
}

void
report_engine(void)
{
	struct plx_proc_slot *slot = atomic_load_explicit(&proc_now,
	    memory_order_acquire);

	engine_now = true;
	if (slot != NULL)
		slot->engine = 1;
}

uint32_t
report_unseen(void)
{
	/* relaxed: see report_mark_unseen. */
	return atomic_load_explicit(&unseen_now, memory_order_relaxed);
}

void
plx_count(enum plx_api api)
{
	struct plx_proc_slot *slot;

	/* acquire: pairs with the release in proc_claim. */
	slot = atomic_load_explicit(&proc_now, memory_order_acquire);
	if (slot != NULL)
		(void)atomic_fetch_add_explicit(&slot->calls[api], 1,
		    memory_order_relaxed);
}

static uint64_t
hash_add(uint64_t hash, uint64_t value)
{
	int i;

	for (i = 0; i < 8; i++) {
		hash ^= value & 0xff;
		hash *= HASH_PRIME;
		value >>= 8;
	}
	return hash;
}

/* Stacks are interned by module and offset, so equal sites in the processes
 * of one tree have equal numbers. */
static uint64_t
finding_hash(const struct plx_finding *finding)
{
	uint64_t hash = HASH_START;

	hash = hash_add(hash, finding->id);
	hash = hash_add(hash, finding->variant);
	hash = hash_add(hash, finding->stack[PLX_STACK_MISUSED]);
	return hash_add(hash, finding->stack[PLX_STACK_REGISTERED]);
}

static int
severity_rank(uint8_t severity)
{
	switch (severity) {
	case 'F':
		return 4;
	case 'E':
		return 3;
	case 'W':
		return 2;
	case 'P':
		return 1;
	default:
		return 0;
	}
}

static void
finding_raise(struct plx_finding *old, uint8_t severity, uint8_t confidence)
{
	/* Two processes may do this at once; either result is a true one. */
	if (severity_rank(severity) > severity_rank(old->severity))
		old->severity = severity;
	if (confidence < old->confidence)
		old->confidence = confidence;
}

/* At most PLX_FINDINGS_MAX steps, and only when something was found. */
static int
finding_repeat(struct plx_region *region, const struct plx_finding *finding,
    uint64_t dedup)
{
	uint32_t n;
	uint32_t i;

	n = atomic_load_explicit(&region->header.findings_n,
	    memory_order_relaxed);
	for (i = 0; i < n && i < PLX_FINDINGS_MAX; i++) {
		struct plx_finding *old = &region->finding[i];

		/* acquire: pairs with the release in finding_publish. */
		if (atomic_load_explicit(&old->state, memory_order_acquire) !=
		    PLX_SLOT_FULL)
			continue;
		if (old->dedup == dedup) {
			(void)atomic_fetch_add_explicit(&old->count, 1,
			    memory_order_relaxed);
			finding_raise(old, finding->severity,
			    finding->confidence);
			return (int)i;
		}
	}
	return -ENOENT;
}

static void
finding_publish(struct plx_finding *slot, const struct plx_finding *finding,
    uint64_t dedup)
{
	/* relaxed: nobody reads it before FULL. */
	atomic_store_explicit(&slot->state, PLX_SLOT_BUSY,
	    memory_order_relaxed);
	*slot = *finding;
	atomic_store_explicit(&slot->state, PLX_SLOT_BUSY,
	    memory_order_relaxed);
	slot->dedup = dedup;
	slot->pid = plx_sys_getpid();
	slot->tid = (int32_t)plx_tid();
	slot->when_ns = plx_sys_realtime_ns();
	(void)plx_sys_comm(slot->comm);
	atomic_store_explicit(&slot->count, 1, memory_order_relaxed);
	atomic_store_explicit(&slot->withdrawn, 0, memory_order_relaxed);
	/* release: pairs with the acquire of whoever reads the finding. */
	atomic_store_explicit(&slot->state, PLX_SLOT_FULL,
	    memory_order_release);
}

int
report_finding(const struct plx_finding *finding)
{
	struct plx_region *region = report_region();
	uint64_t dedup;
	uint32_t i;
	int r;

	if (region == NULL)
		return -ENODEV;
	dedup = finding_hash(finding);
	r = finding_repeat(region, finding, dedup);
	if (r >= 0)
		return r;
	/* relaxed: the slot is published by its state. */
	i = atomic_fetch_add_explicit(&region->header.findings_n, 1,
	    memory_order_relaxed);
	if (i >= PLX_FINDINGS_MAX) {
		(void)atomic_fetch_add_explicit(&region->header.findings_lost,
		    1, memory_order_relaxed);
		return -ENOSPC;
	}
	finding_publish(&region->finding[i], finding, dedup);
	return (int)i;
}

void
report_withdraw(int slot)
{
	struct plx_region *region = report_region();
	struct plx_finding *finding;
	uint32_t withdrawn;

	if (region == NULL || slot < 0 || slot >= (int)PLX_FINDINGS_MAX)
		return;
	finding = &region->finding[slot];
	withdrawn = atomic_fetch_add_explicit(&finding->withdrawn, 1,
			memory_order_relaxed) +
	    1;
	if (withdrawn ==
	    atomic_load_explicit(&finding->count, memory_order_relaxed))
		finding->severity = 'I';
}

void
report_confirm(int slot, char severity)
{
	struct plx_region *region = report_region();

	if (region == NULL || slot < 0 || slot >= (int)PLX_FINDINGS_MAX)
		return;
	finding_raise(&region->finding[slot], (uint8_t)severity, PLX_CERTAIN);
}

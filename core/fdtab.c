/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdtab.c - the radix table of fdtab.h. Entry layout, high to low:
 * generation:24 | kind:4 | flags:4 | object:32.
 */
#include "core/fdtab.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "core/bug.h"
#include "core/sys.h"

#define PAGE_FDS    1024
#define PAGES_MAX   (FDTAB_FDS_MAX / PAGE_FDS)
#define GEN_SHIFT   40
#define KIND_SHIFT  36
#define FLAG_SHIFT  32
#define GEN_MASK    UINT64_C(0xffffff)
#define NIBBLE_MASK UINT64_C(0xf)
#define OBJECT_MASK UINT64_C(0xffffffff)
#define GEN_ONE     (UINT64_C(1) << GEN_SHIFT)

struct fd_page {
	_Atomic uint64_t entry[PAGE_FDS];
};

static _Atomic(struct fd_page *) fd_root[PAGES_MAX];

_Static_assert(FD_KIND_MAX <= 16, "kind has four bits");

static _Atomic uint64_t *
slot_find(int fd)
{
	struct fd_page *page;

	if (fd < 0 || fd >= FDTAB_FDS_MAX)
		return NULL;
	/* acquire: pairs with the release in slot_make. */
	page = atomic_load_explicit(&fd_root[fd / PAGE_FDS],
	    memory_order_acquire);
	return page == NULL ? NULL : &page->entry[fd % PAGE_FDS];
}

static _Atomic uint64_t *
slot_make(int fd)
{
	struct fd_page *fresh;
	struct fd_page *none = NULL;
	_Atomic uint64_t *slot = slot_find(fd);

	if (slot != NULL || fd < 0 || fd >= FDTAB_FDS_MAX)
		return slot;
	fresh = plx_sys_map(sizeof(*fresh));
	if (fresh == NULL)
		return NULL;
	/* release: the zeroed page is visible before the pointer. */
	if (!atomic_compare_exchange_strong_explicit(&fd_root[fd / PAGE_FDS],
		&none, fresh, memory_order_release, memory_order_relaxed))
		plx_sys_unmap(fresh, sizeof(*fresh));
	return slot_find(fd);
}

static struct fd_entry
entry_unpack(uint64_t word)
{
	return (struct fd_entry){
		.generation = (uint32_t)(word >> GEN_SHIFT & GEN_MASK),
		.kind = (enum fd_kind)(word >> KIND_SHIFT & NIBBLE_MASK),
		.flags = (uint32_t)(word >> FLAG_SHIFT & NIBBLE_MASK),
		.object = (uint32_t)(word & OBJECT_MASK),
	};
}

static uint64_t
slot_load(int fd)
{
	_Atomic uint64_t *slot = slot_find(fd);

	if (slot == NULL)
		return 0;
	/* acquire: pairs with the release of publish and forget. */
	return atomic_load_explicit(slot, memory_order_acquire);
}

struct fd_entry
fdtab_get(int fd)
{
	return entry_unpack(slot_load(fd));
}

enum fd_kind
fdtab_kind(int fd)
{
	return (enum fd_kind)(slot_load(fd) >> KIND_SHIFT & NIBBLE_MASK);
}

uint32_t
fdtab_generation(int fd)
{
	return (uint32_t)(slot_load(fd) >> GEN_SHIFT & GEN_MASK);
}

int
fdtab_publish(int fd, enum fd_kind kind, uint32_t object)
{
	_Atomic uint64_t *slot = slot_make(fd);
	uint64_t old;
	uint64_t fresh;

	PLX_ASSERT(kind < FD_KIND_MAX);
	if (slot == NULL)
		return fd < 0 || fd >= FDTAB_FDS_MAX ? -EBADF : -ENOMEM;
	old = atomic_load_explicit(slot, memory_order_relaxed);
	do {
		fresh = ((old & GEN_MASK << GEN_SHIFT) + GEN_ONE) |
		    (uint64_t)kind << KIND_SHIFT | object;
		/* release: the object is visible before its entry. */
	} while (!atomic_compare_exchange_weak_explicit(slot, &old, fresh,
	    memory_order_release, memory_order_relaxed));
	return 0;
}

int
fdtab_set_flag(int fd, enum fd_flag flag)
{
	_Atomic uint64_t *slot = slot_make(fd);

	if (slot == NULL)
		return fd < 0 || fd >= FDTAB_FDS_MAX ? -EBADF : -ENOMEM;
	/* release: what the flag announces was written before. */
	(void)atomic_fetch_or_explicit(slot, (uint64_t)flag << FLAG_SHIFT,
	    memory_order_release);
	return 0;
}

struct fd_entry
fdtab_forget(int fd)
{
	_Atomic uint64_t *slot = slot_find(fd);
	uint64_t old;
	uint64_t fresh;

	if (slot == NULL)
		return entry_unpack(0);
	old = atomic_load_explicit(slot, memory_order_relaxed);
	do {
		fresh = (old & GEN_MASK << GEN_SHIFT) + GEN_ONE;
		/* acq_rel: hand over what was published, order the bump. */
	} while (!atomic_compare_exchange_weak_explicit(slot, &old, fresh,
	    memory_order_acq_rel, memory_order_relaxed));
	return entry_unpack(old);
}

int
fdtab_next(int from, int last)
{
	int fd = from < 0 ? 0 : from;

	if (last >= FDTAB_FDS_MAX)
		last = FDTAB_FDS_MAX - 1;
	while (fd <= last) {
		_Atomic uint64_t *slot = slot_find(fd);

		if (slot == NULL) {
			fd = (fd / PAGE_FDS + 1) * PAGE_FDS;
			continue;
		}
		/* relaxed: a hint; the caller looks again. */
		if (atomic_load_explicit(slot, memory_order_relaxed) != 0)
			return fd;
		fd++;
	}
	return -1;
}

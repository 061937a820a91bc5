/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fd_index.c - descriptor number to source, for one set.
 *
 * Two levels; pages are installed under the set's lock and stay with the set
 * object for ever, so that a closer can look without the lock. A slot is the
 * right to dispose of its source: whoever exchanges it for 0 has it.
 */
#include <errno.h>

#include "core/bug.h"
#include "core/iset_impl.h"
#include "core/sys.h"

_Atomic uint32_t *
fd_index_slot(struct iset *set, int fd)
{
	struct fd_index_page *page;

	if (fd < 0 || fd >= FD_PAGE_FDS * FD_PAGES_MAX)
		return NULL;
	/* acquire: pairs with the release in fd_index_reserve. */
	page = atomic_load_explicit(&set->page[fd / FD_PAGE_FDS],
	    memory_order_acquire);
	return page == NULL ? NULL : &page->source[fd % FD_PAGE_FDS];
}

int
fd_index_reserve(struct iset *set, int fd)
{
	struct fd_index_page *page;

	if (fd < 0 || fd >= FD_PAGE_FDS * FD_PAGES_MAX)
		return -EBADF;
	if (fd_index_slot(set, fd) != NULL)
		return 0;
	page = plx_sys_map(sizeof(*page));
	if (page == NULL)
		return -ENOMEM;
	/* release: the zeroed page is visible before the pointer. */
	atomic_store_explicit(&set->page[fd / FD_PAGE_FDS], page,
	    memory_order_release);
	return 0;
}

uint32_t
fd_index_get(struct iset *set, int fd)
{
	_Atomic uint32_t *slot = fd_index_slot(set, fd);

	/* acquire: pairs with the release that filled the slot. */
	return slot == NULL ? 0
			    : atomic_load_explicit(slot, memory_order_acquire);
}

uint32_t
fd_index_next(struct iset *set, int *fd)
{
	for (int at = *fd + 1; at < FD_PAGE_FDS * FD_PAGES_MAX;) {
		_Atomic uint32_t *slot = fd_index_slot(set, at);
		uint32_t src_index;

		if (slot == NULL) {
			at = (at / FD_PAGE_FDS + 1) * FD_PAGE_FDS;
			continue;
		}
		/* acquire: see fd_index_get. */
		src_index = atomic_load_explicit(slot, memory_order_acquire);
		if (src_index != 0) {
			*fd = at;
			return src_index;
		}
		at++;
	}
	return 0;
}

void
fd_index_each(struct iset *set,
    void (*fn)(struct iset *set, uint32_t src_index))
{
	for (int p = 0; p < FD_PAGES_MAX; p++) {
		/* relaxed: pages are installed under the lock we hold. */
		struct fd_index_page *page = atomic_load_explicit(&set->page[p],
		    memory_order_relaxed);

		for (int i = 0; page != NULL && i < FD_PAGE_FDS; i++) {
			/* acquire: see fd_index_get. */
			const uint32_t src_index = atomic_load_explicit(
			    &page->source[i], memory_order_acquire);

			if (src_index != 0)
				fn(set, src_index);
		}
	}
}

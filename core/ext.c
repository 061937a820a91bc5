/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ext.c - four words a knote that pass through untouched (FreeBSD 12+ ext[]).
 *
 * Nearly nobody uses them, so they live in pages beside the knote arena, made
 * when the first non-zero word of a page comes. Under the lock of the knote's
 * set; pages are shared by sets and installed by compare-and-swap.
 */
#include <errno.h>
#include <string.h>

#include "core/bug.h"
#include "core/iset_impl.h"
#include "core/sys.h"

#define EXT_PAGE_SHIFT 10
#define EXT_PAGE_N     (1u << EXT_PAGE_SHIFT)

struct ext_page {
	uint64_t word[EXT_PAGE_N][4];
};

static _Atomic(struct ext_page *) ext_root[ARENA_CHUNKS_MAX];

static struct ext_page *
page_of(uint32_t kn_index)
{
	/* acquire: pairs with the release in page_make. */
	return atomic_load_explicit(&ext_root[kn_index >> EXT_PAGE_SHIFT],
	    memory_order_acquire);
}

static struct ext_page *
page_make(uint32_t kn_index)
{
	struct ext_page *none = NULL;
	struct ext_page *fresh;

	if (page_of(kn_index) != NULL)
		return page_of(kn_index);
	fresh = plx_sys_map(sizeof(*fresh));
	if (fresh == NULL)
		return NULL;
	/* release: the zeroed page is visible before the pointer. */
	if (!atomic_compare_exchange_strong_explicit(
		&ext_root[kn_index >> EXT_PAGE_SHIFT], &none, fresh,
		memory_order_release, memory_order_relaxed))
		plx_sys_unmap(fresh, sizeof(*fresh));
	return page_of(kn_index);
}

static bool
ext_any(const struct iset_spec *spec)
{
	return (spec->ext[0] | spec->ext[1] | spec->ext[2] | spec->ext[3]) != 0;
}

int
ext_reserve(uint32_t kn_index, const struct iset_spec *spec)
{
	return ext_any(spec) && page_make(kn_index) == NULL ? -ENOMEM : 0;
}

void
ext_store(uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	struct ext_page *page;

	if (!ext_any(spec)) {
		kn->flags &= (uint16_t)~KN_EXT;
		return;
	}
	page = page_of(kn_index);
	PLX_ASSERT(page != NULL);
	memcpy(page->word[kn_index % EXT_PAGE_N], spec->ext, sizeof(spec->ext));
	kn->flags |= KN_EXT;
}

void
ext_load(uint32_t kn_index, uint64_t ret_ext[4])
{
	if ((knote_at(kn_index)->flags & KN_EXT) == 0) {
		memset(ret_ext, 0, 4 * sizeof(ret_ext[0]));
		return;
	}
	memcpy(ret_ext, page_of(kn_index)->word[kn_index % EXT_PAGE_N],
	    4 * sizeof(ret_ext[0]));
}

void
ext_drop(uint32_t kn_index)
{
	knote_at(kn_index)->flags &= (uint16_t)~KN_EXT;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ident.c - (ident, filter) to knote, for filters that watch no descriptor.
 *
 * A chained hash that doubles, in mmap'ed memory, under the set's lock. The
 * room for the next insertion is reserved first, so that a registration fails
 * before it changed anything. Limit: HASH_SIZE_MAX buckets.
 */
#include <errno.h>

#include "core/bug.h"
#include "core/iset_impl.h"
#include "core/sys.h"

#define HASH_SIZE_MIN 256u
#define HASH_SIZE_MAX (1u << 24)

static uint32_t
bucket_of(const struct iset *set, enum plx_filter filter, uint64_t ident)
{
	const uint64_t mixed = (ident + (uint64_t)filter) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed >> 32) & (set->hash.size - 1);
}

uint32_t
hash_find(const struct iset *set, enum plx_filter filter, uint64_t ident)
{
	uint32_t at;

	if (set->hash.size == 0)
		return 0;
	at = set->hash.bucket[bucket_of(set, filter, ident)];
	while (at != 0) {
		const struct knote *kn = knote_at(at);

		if (kn->ident == ident && kn->filter == filter)
			return at;
		at = kn->chain;
	}
	return 0;
}

static void
bucket_push(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);
	const uint32_t at = bucket_of(set, (enum plx_filter)kn->filter,
	    kn->ident);

	kn->chain = set->hash.bucket[at];
	set->hash.bucket[at] = kn_index;
}

int
hash_reserve(struct iset *set)
{
	const uint32_t old_size = set->hash.size;
	const uint32_t size = old_size == 0 ? HASH_SIZE_MIN : old_size * 2;
	uint32_t *old = set->hash.bucket;
	uint32_t *fresh;

	if (set->hash.n < old_size || old_size >= HASH_SIZE_MAX)
		return 0;
	fresh = plx_sys_map(size * sizeof(*fresh));
	if (fresh == NULL)
		return -ENOMEM;
	set->hash.bucket = fresh;
	set->hash.size = size;
	for (uint32_t i = 0; i < old_size; i++) {
		while (old[i] != 0) {
			const uint32_t kn_index = old[i];

			old[i] = knote_at(kn_index)->chain;
			bucket_push(set, kn_index);
		}
	}
	if (old != NULL)
		plx_sys_unmap(old, old_size * sizeof(*old));
	return 0;
}

void
hash_insert(struct iset *set, uint32_t kn_index)
{
	PLX_ASSERT(set->hash.size > 0);
	bucket_push(set, kn_index);
	set->hash.n++;
}

void
hash_remove(struct iset *set, uint32_t kn_index)
{
	const struct knote *kn = knote_at(kn_index);
	uint32_t *link = &set->hash.bucket[bucket_of(set,
	    (enum plx_filter)kn->filter, kn->ident)];

	while (*link != kn_index) {
		PLX_ASSERT(*link != 0);
		link = &knote_at(*link)->chain;
	}
	*link = kn->chain;
	set->hash.n--;
}

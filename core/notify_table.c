/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify_table.c - from the kernel's number of a watch to ours: a chained hash
 * that doubles, in mmap'ed memory, under the table lock. The room for the next
 * one is reserved before the kernel is asked for it.
 */
#include <errno.h>

#include "core/bug.h"
#include "core/notify_impl.h"
#include "core/sys.h"

#define BUCKETS_MIN 256u

static struct {
	uint32_t *bucket;
	uint32_t size;
	uint32_t n;
} hash;

static uint32_t *
bucket_of(int wd)
{
	return &hash.bucket[(uint32_t)wd & (hash.size - 1)];
}

uint32_t
watch_find(int wd)
{
	uint32_t at = hash.size == 0 ? 0 : *bucket_of(wd);

	while (at != 0 && watch_at(at)->wd != wd)
		at = watch_at(at)->chain;
	return at;
}

static void
bucket_push(uint32_t watch_index)
{
	struct watch *w = watch_at(watch_index);
	uint32_t *bucket = bucket_of(w->wd);

	w->chain = *bucket;
	*bucket = watch_index;
}

int
watches_reserve(void)
{
	const uint32_t old_size = hash.size;
	const uint32_t size = old_size == 0 ? BUCKETS_MIN : old_size * 2;
	uint32_t *old = hash.bucket;
	uint32_t *fresh;

	if (hash.n < old_size)
		return 0;
	fresh = plx_sys_map(size * sizeof(*fresh));
	if (fresh == NULL)
		return -ENOMEM;
	hash.bucket = fresh;
	hash.size = size;
	for (uint32_t i = 0; i < old_size; i++) {
		while (old[i] != 0) {
			const uint32_t at = old[i];

			old[i] = watch_at(at)->chain;
			bucket_push(at);
		}
	}
	if (old != NULL)
		plx_sys_unmap(old, old_size * sizeof(*old));
	return 0;
}

void
watch_hash(uint32_t watch_index)
{
	PLX_ASSERT(hash.n < hash.size);
	bucket_push(watch_index);
	hash.n++;
}

void
watch_unhash(struct watch *w)
{
	uint32_t *link;

	if (w->wd < 0)
		return;
	link = bucket_of(w->wd);
	while (watch_at(*link) != w)
		link = &watch_at(*link)->chain;
	*link = w->chain;
	w->wd = -1;
	hash.n--;
}

void
watches_each(void (*fn)(uint32_t watch_index))
{
	for (uint32_t i = 0; i < hash.size; i++) {
		for (uint32_t at = hash.bucket[i]; at != 0;
		     at = watch_at(at)->chain)
			fn(at);
	}
}

void
watches_forget(void)
{
	/* The memory stays: another thread may have been growing it. */
	hash.bucket = NULL;
	hash.size = 0;
	hash.n = 0;
}

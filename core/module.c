/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.c - loaded objects, see module.h.
 */
#include "core/module.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "core/sysfile.h"

#define KNOWN_MAX       512u
#define NOTES_BYTES_MAX 4096u
#define WORD_UP(n)      (((n) + 3u) & ~3u)

/* Load address -> index, for this process. An entry never changes. */
struct known_module {
	_Atomic uintptr_t start; /* 0: free; published last */
	uint32_t index;
};

static struct known_module known[KNOWN_MAX];
static _Atomic uint32_t known_n;

/* Our own range, found once; end 1 means "linked into the executable". */
static _Atomic uintptr_t own_start;
static _Atomic uintptr_t own_end;

static void
own_find(void)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)(uintptr_t)own_find, &object) != 0 ||
	    object.dlfo_link_map->l_name[0] == '\0') {
		atomic_store_explicit(&own_end, 1, memory_order_relaxed);
		return;
	}
	atomic_store_explicit(&own_start, (uintptr_t)object.dlfo_map_start,
	    memory_order_relaxed);
	/* release: pairs with the acquire in plx_module_is_ours. */
	atomic_store_explicit(&own_end, (uintptr_t)object.dlfo_map_end,
	    memory_order_release);
}

bool
plx_module_is_ours(uintptr_t pc)
{
	uintptr_t end;

	end = atomic_load_explicit(&own_end, memory_order_acquire);
	if (end == 0) {
		own_find();
		end = atomic_load_explicit(&own_end, memory_order_acquire);
	}
	return pc < end &&
	    pc >= atomic_load_explicit(&own_start, memory_order_relaxed);
}

/* One note segment; at most NOTES_BYTES_MAX bytes of it. */
static void
notes_scan(const char *at, size_t len_bytes, struct plx_module *module)
{
	size_t i = 0;

	if (len_bytes > NOTES_BYTES_MAX)
		len_bytes = NOTES_BYTES_MAX;
	while (i + sizeof(ElfW(Nhdr)) <= len_bytes) {
		ElfW(Nhdr) note;
		const char *name = at + i + sizeof(note);
		const char *text;

		memcpy(&note, at + i, sizeof(note));
		text = name + WORD_UP(note.n_namesz);
		i += sizeof(note) + WORD_UP(note.n_namesz) +
		    WORD_UP(note.n_descsz);
		if (i > len_bytes)
			return;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(name, "GNU", 4) != 0 ||
		    note.n_descsz > sizeof(module->build_id))
			continue;
		memcpy(module->build_id, text, note.n_descsz);
		module->build_id_bytes = note.n_descsz;
		return;
	}
}

/* The ELF header is mapped at the start of every object that ld makes. */
static void
build_id_find(const struct dl_find_object *object, struct plx_module *module)
{
	const char *base = object->dlfo_map_start;
	const ElfW(Ehdr) *header = (const void *)base;
	const ElfW(Phdr) * segments;
	uint16_t i;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_phoff > NOTES_BYTES_MAX)
		return;
	segments = (const void *)(base + header->e_phoff);
	for (i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_NOTE)
			notes_scan(
			    (const char *)(object->dlfo_link_map->l_addr +
				segments[i].p_vaddr),
			    segments[i].p_memsz, module);
}

static void
module_describe(const struct dl_find_object *object, struct plx_module *module)
{
	const char *name = object->dlfo_link_map->l_name;

	if (name[0] == '\0')
		(void)plx_sys_readlink("/proc/self/exe", module->path,
		    sizeof(module->path));
	else
		(void)plx_text_append(module->path, 0, sizeof(module->path),
		    name);
	build_id_find(object, module);
}

/* The same path with the same build id is the same module, whoever loads it. */
static bool
module_equal(const struct plx_module *a, const struct plx_module *b)
{
	return a->build_id_bytes == b->build_id_bytes &&
	    memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0 &&
	    memcmp(a->path, b->path, sizeof(a->path)) == 0;
}

/* At most PLX_MODULES_MAX steps, once for each object of a process. */
static uint32_t
module_intern(struct plx_region *region, const struct plx_module *module)
{
	uint32_t i;

	for (i = 0; i < PLX_MODULES_MAX; i++) {
		struct plx_module *slot = &region->module[i];
		uint32_t seen = PLX_SLOT_FREE;

		/* acquire: pairs with the release below, in any process. */
		if (atomic_compare_exchange_strong_explicit(&slot->state, &seen,
			PLX_SLOT_BUSY, memory_order_acquire,
			memory_order_acquire)) {
			slot->build_id_bytes = module->build_id_bytes;
			memcpy(slot->build_id, module->build_id,
			    sizeof(slot->build_id));
			memcpy(slot->path, module->path, sizeof(slot->path));
			atomic_store_explicit(&slot->state, PLX_SLOT_FULL,
			    memory_order_release);
			(void)atomic_fetch_add_explicit(
			    &region->header.modules_n, 1, memory_order_relaxed);
			return i;
		}
		if (seen == PLX_SLOT_FULL && module_equal(slot, module))
			return i;
	}
	return PLX_NO_MODULE;
}

static void
known_add(uintptr_t start, uint32_t index)
{
	uint32_t i;

	/* relaxed: start publishes the entry. */
	i = atomic_fetch_add_explicit(&known_n, 1, memory_order_relaxed);
	if (i >= KNOWN_MAX)
		return;
	known[i].index = index;
	/* release: pairs with the acquire in known_find. */
	atomic_store_explicit(&known[i].start, start, memory_order_release);
}

static bool
known_find(uintptr_t start, uint32_t *ret_index)
{
	uint32_t n;
	uint32_t i;

	n = atomic_load_explicit(&known_n, memory_order_relaxed);
	for (i = 0; i < n && i < KNOWN_MAX; i++) {
		if (atomic_load_explicit(&known[i].start,
			memory_order_acquire) != start)
			continue;
		*ret_index = known[i].index;
		return true;
	}
	return false;
}

void
plx_module_find(struct plx_region *region, uintptr_t pc,
    struct plx_frame *ret_frame)
{
	struct dl_find_object object;
	struct plx_module module;
	uint32_t index;

	ret_frame->module = PLX_NO_MODULE;
	ret_frame->pad = 0;
	ret_frame->offset = pc;
	if (_dl_find_object((void *)pc, &object) != 0)
		return;
	if (!known_find((uintptr_t)object.dlfo_map_start, &index)) {
		memset(&module, 0, sizeof(module));
		module_describe(&object, &module);
		index = module_intern(region, &module);
		known_add((uintptr_t)object.dlfo_map_start, index);
	}
	if (index == PLX_NO_MODULE)
		return;
	ret_frame->module = index;
	ret_frame->offset = pc - object.dlfo_link_map->l_addr;
}

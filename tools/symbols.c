/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols.c - one Dwfl for each module, opened when first needed: the modules
 * of different processes need not fit into one address space.
 */
#include "tools/symbols.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"

struct module {
	bool tried;
	Dwfl *dwfl;       /* NULL: the file is gone, or another by now */
	Dwfl_Module *mod; /* borrowed from dwfl */
	uint64_t first;   /* address that offset 0 stands for */
};

struct plx_symbols {
	const struct plx_region *region;
	struct module module[PLX_MODULES_MAX];
};

static char *debuginfo_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debuginfo_path,
};

struct plx_symbols *
plx_symbols_new(const struct plx_region *region)
{
	struct plx_symbols *symbols = plx_alloc(1, sizeof(*symbols));

	symbols->region = region;
	return symbols;
}

void
plx_symbols_free(struct plx_symbols *symbols)
{
	if (symbols == NULL)
		return;
	for (size_t i = 0; i < PLX_MODULES_MAX; i++) {
		if (symbols->module[i].dwfl != NULL)
			dwfl_end(symbols->module[i].dwfl);
	}
	free(symbols);
}

/* A file that was replaced since would give names of another program. */
static bool
is_same_build(Dwfl_Module *mod, const struct plx_module *recorded)
{
	const unsigned char *id;
	GElf_Addr where;
	int n;

	if (recorded->build_id_bytes == 0)
		return true;
	n = dwfl_module_build_id(mod, &id, &where);
	return n > 0 && (uint32_t)n == recorded->build_id_bytes &&
	    recorded->build_id_bytes <= sizeof(recorded->build_id) &&
	    memcmp(id, recorded->build_id, (size_t)n) == 0;
}

static void
open_module(struct module *m, const struct plx_module *recorded)
{
	char path[PLX_PATH_BYTES + 1] = { 0 };
	GElf_Addr bias;
	Elf *elf;

	m->tried = true;
	memcpy(path, recorded->path, PLX_PATH_BYTES);
	m->dwfl = dwfl_begin(&callbacks);
	if (m->dwfl == NULL)
		return;
	dwfl_report_begin(m->dwfl);
	m->mod = dwfl_report_elf(m->dwfl, path, path, -1, 0, true);
	(void)dwfl_report_end(m->dwfl, NULL, NULL);
	if (m->mod == NULL ||
	    (elf = dwfl_module_getelf(m->mod, &bias)) == NULL ||
	    !is_same_build(m->mod, recorded)) {
		dwfl_end(m->dwfl);
		m->dwfl = NULL;
		return;
	}
	m->first = bias;
}

static struct module *
module_of(struct plx_symbols *symbols, uint32_t i)
{
	const struct plx_module *recorded = plx_region_module(symbols->region,
	    i);
	struct module *m;

	if (recorded == NULL)
		return NULL;
	m = &symbols->module[i];
	if (!m->tried)
		open_module(m, recorded);
	return m->dwfl != NULL ? m : NULL;
}

static struct plx_named_frame *
add_frame(struct plx_named_stack *stack, const struct plx_module *module,
    uint64_t offset)
{
	struct plx_named_frame *frame;

	if (stack->n == PLX_NAMED_FRAMES_MAX)
		return NULL;
	frame = &stack->frame[stack->n++];
	frame->module = module;
	frame->offset = offset;
	return frame;
}

static void
set_line(struct plx_named_frame *frame, const char *file, int line)
{
	if (file == NULL)
		return;
	free(frame->file);
	frame->file = plx_format("%s", file);
	frame->line = line;
}

/* Where an inlined function was called: its frame's caller is there. */
static void
set_call_site(struct plx_named_frame *frame, Dwarf_Die *cu, Dwarf_Die *inlined)
{
	Dwarf_Attribute attr;
	Dwarf_Word line = 0;
	Dwarf_Word file = 0;
	Dwarf_Files *files;
	size_t n;

	(void)dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr),
	    &line);
	(void)dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr),
	    &file);
	if (dwarf_getsrcfiles(cu, &files, &n) == 0 && file < n)
		set_line(frame, dwarf_filesrc(files, file, NULL, NULL),
		    (int)line);
}

/*
 * The scopes around an address, innermost first. dwarf_getscopes leaves an
 * inlined function for the place of its definition; we want that of its use.
 */
static int
scopes_at(Dwarf_Die *cu, Dwarf_Addr address, Dwarf_Die **ret_scopes)
{
	Dwarf_Die *innermost = NULL;
	int n = dwarf_getscopes(cu, address, &innermost);

	if (n > 0)
		n = dwarf_getscopes_die(&innermost[0], ret_scopes);
	free(innermost);
	return n;
}

/* clang writes no table of addresses (.debug_aranges): ask each unit then. */
static Dwarf_Die *
unit_at(struct module *m, Dwarf_Addr address, Dwarf_Addr *ret_bias)
{
	Dwarf_Die *cu = dwfl_module_addrdie(m->mod, address, ret_bias);

	if (cu != NULL)
		return cu;
	while ((cu = dwfl_module_nextcu(m->mod, cu, ret_bias)) != NULL) {
		if (dwarf_haspc(cu, address - *ret_bias) > 0)
			return cu;
	}
	return NULL;
}

static void
add_line(struct plx_named_frame *frame, struct module *m, uint64_t offset)
{
	Dwarf_Addr bias;
	Dwarf_Die *cu = unit_at(m, m->first + offset, &bias);
	Dwarf_Line *line = NULL;
	int number = 0;

	if (cu != NULL)
		line = dwarf_getsrc_die(cu, m->first + offset - bias);
	if (line == NULL)
		return;
	(void)dwarf_lineno(line, &number);
	set_line(frame, dwarf_linesrc(line, NULL, NULL), number);
}

/*
 * One frame for each function that is inlined around the address, and one for
 * the function itself. Returns false without debug information.
 */
static bool
add_scopes(struct plx_named_stack *stack, struct module *m,
    const struct plx_module *module, uint64_t offset)
{
	Dwarf_Addr bias;
	Dwarf_Die *cu = unit_at(m, m->first + offset, &bias);
	struct plx_named_frame *frame = NULL;
	Dwarf_Die *inlined = NULL;
	Dwarf_Die *scopes = NULL;
	int n = 0;

	if (cu != NULL)
		n = scopes_at(cu, m->first + offset - bias, &scopes);
	for (int i = 0; i < n; i++) {
		int tag = dwarf_tag(&scopes[i]);
		const char *name;

		if (tag != DW_TAG_subprogram &&
		    tag != DW_TAG_inlined_subroutine)
			continue;
		frame = add_frame(stack, module, offset);
		if (frame == NULL)
			break;
		if (inlined != NULL)
			set_call_site(frame, cu, inlined);
		name = dwarf_diename(&scopes[i]);
		if (name != NULL)
			frame->function = plx_format("%s", name);
		if (tag == DW_TAG_subprogram)
			break;
		frame->is_inlined = true;
		inlined = &scopes[i];
	}
	free(scopes);
	return frame != NULL;
}

static void
add_named(struct plx_named_stack *stack, struct module *m,
    const struct plx_module *module, uint64_t offset)
{
	size_t first = stack->n;
	struct plx_named_frame *frame;
	const char *name = NULL;
	GElf_Sym sym;
	GElf_Off into;

	if (m == NULL || !add_scopes(stack, m, module, offset))
		(void)add_frame(stack, module, offset);
	if (m == NULL || first == stack->n)
		return;
	frame = &stack->frame[stack->n - 1];
	if (frame->function == NULL)
		name = dwfl_module_addrinfo(m->mod, m->first + offset, &into,
		    &sym, NULL, NULL, NULL);
	if (name != NULL)
		frame->function = plx_format("%s", name);
	add_line(&stack->frame[first], m, offset);
}

static bool
is_object(const struct plx_module *module, const char *prefix)
{
	const char *slash;

	if (module == NULL)
		return false;
	slash = memrchr(module->path, '/',
	    strnlen(module->path, PLX_PATH_BYTES));
	return slash != NULL && strncmp(slash + 1, prefix, strlen(prefix)) == 0;
}

static void
frame_fini(struct plx_named_frame *frame)
{
	free(frame->function);
	free(frame->file);
}

/* What libc does before it calls a thread's first function says nothing. */
static void
drop_start(struct plx_named_stack *stack)
{
	while (stack->n > 1 &&
	    is_object(stack->frame[stack->n - 1].module, "libc.so"))
		frame_fini(&stack->frame[--stack->n]);
}

static bool
is_main(const struct plx_named_stack *stack)
{
	const char *name = stack->n != 0 ? stack->frame[stack->n - 1].function
					 : NULL;

	return name != NULL && strcmp(name, "main") == 0;
}

struct plx_named_stack *
plx_symbols_name(struct plx_symbols *symbols, uint32_t stack)
{
	const struct plx_stack *raw = plx_region_stack(symbols->region, stack);
	struct plx_named_stack *named;
	uint32_t depth;

	if (raw == NULL)
		return NULL;
	depth = raw->depth < PLX_STACK_DEPTH ? raw->depth : PLX_STACK_DEPTH;
	named = plx_alloc(1, sizeof(*named));
	for (uint32_t i = 0; i < depth; i++) {
		const struct plx_frame *frame = &raw->frame[i];
		const struct plx_module *module = plx_region_module(
		    symbols->region, frame->module);

		if (frame->offset == 0 ||
		    (named->n == 0 && is_object(module, "libpollux.so")))
			continue;
		add_named(named, module_of(symbols, frame->module), module,
		    frame->offset - 1);
		if (is_main(named))
			break;
	}
	drop_start(named);
	return named;
}

void
plx_named_stack_free(struct plx_named_stack *stack)
{
	if (stack == NULL)
		return;
	for (size_t i = 0; i < stack->n; i++)
		frame_fini(&stack->frame[i]);
	free(stack);
}

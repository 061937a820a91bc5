/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols.h - functions and lines for the frames of a region, by elfutils'
 * libdwfl, after the program has ended. Debug information is used where it is
 * (in the file, in a separate file of the same build-id, or where
 * DEBUGINFOD_URLS points to); else exported names; else module+offset.
 */
#ifndef PLX_TOOLS_SYMBOLS_H
#define PLX_TOOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/region.h"

/* Frames of a printed stack: inlined functions have frames of their own. */
#define PLX_NAMED_FRAMES_MAX 64u

struct plx_named_frame {
	char *function; /* owned, or NULL */
	char *file;     /* owned, or NULL */
	int line;       /* 0: not known */
	bool is_inlined;
	const struct plx_module *module; /* NULL: offset is absolute */
	uint64_t offset; /* of the call: the return address minus 1 */
};

struct plx_named_stack {
	size_t n;
	struct plx_named_frame frame[PLX_NAMED_FRAMES_MAX];
};

struct plx_symbols;

/* plx_symbols_new - for one region, which must outlive it. */
struct plx_symbols *plx_symbols_new(const struct plx_region *region);
void plx_symbols_free(struct plx_symbols *symbols);

/*
 * plx_symbols_name - the frames of stack number `stack`, innermost first, from
 * the first one outside libpollux on, to main or a thread's first function.
 *
 * Returns NULL when there is no such stack. Free with plx_named_stack_free.
 */
struct plx_named_stack *plx_symbols_name(struct plx_symbols *symbols,
    uint32_t stack);
void plx_named_stack_free(struct plx_named_stack *stack);

#endif

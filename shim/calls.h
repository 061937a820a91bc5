/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.h - the wrappers of calls.def, each under a name of its own in C and
 * under libc's name in the symbol table.
 *
 * libc's headers declare many of these functions nonnull, and a compiler may
 * then drop what handles NULL; a wrapper's C name has no such history. Nothing
 * calls a wrapper from inside: to reach the next definition use plx_real.
 */
#ifndef PLX_SHIM_CALLS_H
#define PLX_SHIM_CALLS_H

#include "shim/active.h"
#include "shim/types.h"

#define PLX_EXPORTED __attribute__((visibility("default")))

/* The runtime of a sanitizer calls some before its own memory is there. */
#define PLX_DECLARE(ret, name, params, ...) \
	ret plx_w_##name params __asm__(#name) PLX_EXPORTED PLX_UNWATCHED;

#define PLX_CALLS_ALL
#define PLX_KERNEL  PLX_DECLARE
#define PLX_SHAPED  PLX_DECLARE
#define PLX_LIBC    PLX_DECLARE
#define PLX_COLLECT PLX_DECLARE
#include "shim/calls.def"
#undef PLX_CALLS_ALL

/*
 * The other names of a wrapper. Expanded by calls.def in the file that defines
 * the wrapper, since an alias needs its target in the same object.
 */
#define PLX_DEFINE_ALIAS(of, name)                                             \
	extern __typeof__(plx_w_##of) plx_w_##name __asm__(#name) PLX_EXPORTED \
	    __attribute__((alias(#of)));

#endif

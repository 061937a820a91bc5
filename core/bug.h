/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bug.h - assertions for programmer errors, never for user input.
 *
 * PLX_ASSERT stays on in release builds: use it for O(1) checks only. A broken
 * invariant writes one line with raw write(2) and traps.
 */
#ifndef PLX_CORE_BUG_H
#define PLX_CORE_BUG_H

/* plx_bug - does not return. Async-signal-safe. */
_Noreturn void plx_bug(const char *what, const char *file, int line);

#define PLX_BUG(what) plx_bug((what), __FILE__, __LINE__)

#define PLX_ASSERT(condition)                                    \
	do {                                                     \
		if (__builtin_expect(!(condition), 0))           \
			plx_bug(#condition, __FILE__, __LINE__); \
	} while (0)

#define PLX_LIKELY(x)   __builtin_expect(!!(x), 1)
#define PLX_UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif

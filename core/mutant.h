/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant.h - places where a test build can be made wrong on purpose.
 *
 * A test that has never failed proves nothing, so each of these places is
 * flipped, one at a time, in a shared object that only the tests build; some
 * test must then fail. That build defines the macros before this header does.
 * Here they are the first choice and nothing else: no code, no data.
 */
#ifndef PLX_CORE_MUTANT_H
#define PLX_CORE_MUTANT_H

/* PLX_MUTATE - `normal`, or `mutated` in the mutant of that name. */
#ifndef PLX_MUTATE
#define PLX_MUTATE(name, normal, mutated) (normal)
#endif

/* PLX_MUTATE_ROW - a row of the policy table, or one with a cell flipped. */
#ifndef PLX_MUTATE_ROW
#define PLX_MUTATE_ROW(row, face) (row)
#endif

/* PLX_MUTATE_MAKE - a call about to be made, or one that was tampered with. */
#ifndef PLX_MUTATE_MAKE
#define PLX_MUTATE_MAKE(make) (make)
#endif

#endif

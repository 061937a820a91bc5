/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant.h - what core/mutant.h is in the object of the mutants.
 *
 * Included ahead of every file of core and shim in that build. POLLUX_MUTANT in
 * the environment names the mutant that a process shall be; without it the
 * object is as good as the real one.
 */
#ifndef PLX_TESTS_DIFFERENTIAL_MUTANTS_MUTANT_H
#define PLX_TESTS_DIFFERENTIAL_MUTANTS_MUTANT_H

#ifndef __ASSEMBLER__

enum plx_mutant {
	PLX_MUTANT_none,
#define MUTANT(name, mode, program, test) PLX_MUTANT_##name,
#include "tests/differential/mutants/mutants.def"
#undef MUTANT
	PLX_MUTANT_MAX,
};

/* The mutant that this process is. Set before anything else of ours runs. */
extern enum plx_mutant plx_mutant;

#define PLX_MUTATE(name, normal, mutated) \
	(plx_mutant == PLX_MUTANT_##name ? (mutated) : (normal))

struct plx_policy;
const struct plx_policy *plx_mutate_row(const struct plx_policy *row,
    unsigned int face);
#define PLX_MUTATE_ROW(row, face) plx_mutate_row((row), (face))

struct plx_make;
void plx_mutate_make(struct plx_make *m);
#define PLX_MUTATE_MAKE(make)                        \
	__extension__({                              \
		struct plx_make plx_mutated_ = make; \
		plx_mutate_make(&plx_mutated_);      \
		plx_mutated_;                        \
	})

#endif /* __ASSEMBLER__ */
#endif

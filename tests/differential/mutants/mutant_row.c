/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant_row.c - the policy table with one cell flipped.
 *
 * POLLUX_MUTANT_CELL is "FACE.CELL.VALUE", three digits that count as the
 * declarations in core/policy.h do.
 */
#include "tests/differential/mutants/mutant.h"

#include <stddef.h>
#include <string.h>

#include "core/policy.h"

#define VARIABLE "POLLUX_MUTANT_CELL="
#define FIRST    101
#define CELLS    7

static int flipped_face = -1;
static int flipped_cell;
static unsigned int flipped_to;

__attribute__((constructor(FIRST), used)) static void
row_start(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	for (; envp != NULL && *envp != NULL; envp++) {
		const char *value = *envp + sizeof(VARIABLE) - 1;

		if (strncmp(*envp, VARIABLE, sizeof(VARIABLE) - 1) != 0)
			continue;
		flipped_face = value[0] - '0';
		flipped_cell = value[2] - '0';
		flipped_to = (unsigned int)(value[4] - '0');
	}
}

static void
flip(struct plx_policy *row)
{
	switch (flipped_cell) {
	case 0:
		row->key = (enum policy_key)flipped_to;
		break;
	case 1:
		row->again = (enum policy_again)flipped_to;
		break;
	case 2:
		row->modify_unknown = (enum policy_unknown)flipped_to;
		break;
	case 3:
		row->remove_unknown = (enum policy_unknown)flipped_to;
		break;
	case 4:
		row->closed = (enum policy_closed)flipped_to;
		break;
	case 5:
		row->fork = (enum policy_fork)flipped_to;
		break;
	default:
		row->order = (enum policy_order)flipped_to;
		break;
	}
}

const struct plx_policy *
plx_mutate_row(const struct plx_policy *row, unsigned int face)
{
	static struct plx_policy mutated;

	if ((int)face != flipped_face)
		return row;
	if (mutated.name == NULL) {
		mutated = *row;
		flip(&mutated);
	}
	return &mutated;
}

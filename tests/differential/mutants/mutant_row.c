/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant_row.c - the policy table with one cell flipped.
 *
 * The mutant is named "FACE.CELL", both numbers as in core/policy.h, in
 * POLLUX_MUTANT_CELL. A flipped cell holds the next value of its kind.
 */
#include "tests/differential/mutants/mutant.h"

#include <stddef.h>
#include <string.h>

#include "core/policy.h"

#define VARIABLE "POLLUX_MUTANT_CELL="
#define FIRST    101
#define CELLS    7

/* How many values each kind of cell has, in the order of struct plx_policy. */
static const unsigned int values[CELLS] = {
	POLICY_KEY_FD + 1,
	POLICY_AGAIN_OR + 1,
	POLICY_UNKNOWN_KEYERROR + 1,
	POLICY_UNKNOWN_KEYERROR + 1,
	POLICY_CLOSED_REMOVED + 1,
	POLICY_FORK_EACCES + 1,
	POLICY_ORDER_REGISTRATION + 1,
};

static int flipped_face = -1;
static int flipped_cell;

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
	}
}

static void
flip(struct plx_policy *row)
{
	switch (flipped_cell) {
	case 0:
		row->key = (enum policy_key)((row->key + 1) % values[0]);
		break;
	case 1:
		row->again = (enum policy_again)((row->again + 1) % values[1]);
		break;
	case 2:
		row->modify_unknown = (enum policy_unknown)(
		    (row->modify_unknown + 1) % values[2]);
		break;
	case 3:
		row->remove_unknown = (enum policy_unknown)(
		    (row->remove_unknown + 1) % values[3]);
		break;
	case 4:
		row->closed = (enum policy_closed)(
		    (row->closed + 1) % values[4]);
		break;
	case 5:
		row->fork = (enum policy_fork)((row->fork + 1) % values[5]);
		break;
	default:
		row->order = (enum policy_order)((row->order + 1) % values[6]);
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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy table as the code has it, one row a face, for comparing it with
 * the one that users read. Linked with the mutants, so that a flipped cell is
 * seen here too.
 */
#include <stdio.h>

#include "core/policy.h"

static const char *const keys[] = { "BIT", "PLACE", "OPEN_FILE_FD",
	"IDENT_FILTER", "FD" };
static const char *const agains[] = { "SAME", "BOTH", "EEXIST", "REPLACE",
	"OR" };
static const char *const unknowns[] = { "NONE", "ENOENT", "ADDS", "IGNORED",
	"KEYERROR" };
static const char *const closeds[] = { "EBADF", "NVAL", "LIVES", "REMOVED" };
static const char *const forks[] = { "NONE", "SHARED", "NOT_INHERITED",
	"EACCES" };
static const char *const orders[] = { "ASCENDING", "ARRAY", "READY", "CIRCULAR",
	"REGISTRATION" };

int
main(void)
{
	for (unsigned int face = 0; face < PLX_FACE_MAX; face++) {
		const struct plx_policy *row = plx_policy_of(
		    (enum plx_face)face);

		(void)printf("%s|%s|%s|%s|%s|%s|%s|%s\n", row->name,
		    keys[row->key], agains[row->again],
		    unknowns[row->modify_unknown],
		    unknowns[row->remove_unknown], closeds[row->closed],
		    forks[row->fork], orders[row->order]);
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: behave NAME | --list
 *
 * One piece of behaviour each, which prints what it saw; the script compares a
 * native run with runs under the shared object. Each also checks itself, so
 * that two equal failures are failures: status 1.
 */
#include "tests/shim/behave.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct behaviour {
	const char *name;
	int (*run)(void);
} behaviours[] = {
#define BEHAVIOUR(name) { #name, behave_##name },
	BEHAVIOURS(BEHAVIOUR)
#undef BEHAVIOUR
};

#define BEHAVIOURS_N (sizeof(behaviours) / sizeof(behaviours[0]))
/* A behaviour that hangs is one that failed. */
#define WATCHDOG_S 20

int
behave_check(const char *what, long got, long expected)
{
	printf("%s %ld\n", what, got);
	if (got == expected)
		return 0;
	printf("expected %ld\n", expected);
	return 1;
}

int
main(int argc, char **argv)
{
	(void)alarm(WATCHDOG_S);
	for (size_t i = 0; argc == 2 && i < BEHAVIOURS_N; i++) {
		if (strcmp(argv[1], "--list") == 0)
			puts(behaviours[i].name);
		else if (strcmp(argv[1], behaviours[i].name) == 0)
			return behaviours[i].run();
	}
	return argc == 2 && strcmp(argv[1], "--list") == 0 ? 0 : 2;
}

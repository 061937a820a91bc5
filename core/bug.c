/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bug.c - last words of a broken invariant. No stdio: we are in a foreign
 * process, perhaps in a signal handler.
 */
#include "core/bug.h"

#include <string.h>

#include "core/sys.h"

#define STDERR_FD 2

static void
say(const char *text)
{
	plx_sys_write(STDERR_FD, text, strlen(text));
}

_Noreturn void
plx_bug(const char *what, const char *file, int line)
{
	char digits[12];
	char *p = digits + sizeof(digits) - 1;
	int rest = line;

	*p = '\0';
	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	say("pollux: bug: ");
	say(what);
	say(" at ");
	say(file);
	say(":");
	say(p);
	say("\n");
	__builtin_trap();
}

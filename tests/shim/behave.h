/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLX_TESTS_SHIM_BEHAVE_H
#define PLX_TESTS_SHIM_BEHAVE_H

/* Every behaviour: int behave_NAME(void), 0 if it was as it should be. */
#define BEHAVIOURS(X)     \
	X(bad_pointers)   \
	X(cancel)         \
	X(fork_threads)   \
	X(handlers)       \
	X(longjmp_out)    \
	X(raw_calls)      \
	X(seccomp_filter) \
	X(seccomp_strict) \
	X(select_details) \
	X(small_stack)    \
	X(vfork_closer)

#define BEHAVE_DECLARE(name) int behave_##name(void);
BEHAVIOURS(BEHAVE_DECLARE)
#undef BEHAVE_DECLARE

/* behave_check - prints what and got; 1 if that is not what was expected. */
int behave_check(const char *what, long got, long expected);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * real.c - where the intercepted calls go on, see real.h.
 */
#include "shim/real.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "shim/errno.h"
#include "shim/stub.h"

/* Set by the linker: this object begins, its read-only parts have ended. */
extern const char plx_code_first[] __asm__("__ehdr_start")
    __attribute__((visibility("hidden")));
extern const char plx_code_last[] __asm__("_DYNAMIC")
    __attribute__((visibility("hidden")));

/*
 * The raw system call behind a name. Every integer and pointer travels in one
 * register, whatever its type, so one shape serves for all parameter lists.
 */
#define PLX_CALLS_ALL
#define PLX_KERNEL(ret, name, params, api, nr)                              \
	static long stub_raw_##name(long a, long b, long c, long d, long e, \
	    long f)                                                         \
	{                                                                   \
		return plx_ret(plx_sys((nr), a, b, c, d, e, f));            \
	}
#include "shim/calls.def"
#undef PLX_CALLS_ALL

static long
stub_missing(void)
{
	return plx_ret(-ENOSYS);
}

static void *
stub_missing_pointer(void)
{
	(void)plx_ret(-ENOSYS);
	return NULL;
}

/* A function of another type but the same registers, as the field wants it. */
#define AS_FIELD(name, function) \
	.name = (__typeof__(plx_real.name))(void *)(function)

/* One of the two above, by what the function returns. */
#define MISSING(ret)                                                     \
	__builtin_choose_expr(__builtin_types_compatible_p(ret, FILE *), \
	    (void *)stub_missing_pointer, (void *)stub_missing)

struct plx_real plx_real = {
#define PLX_CALLS_ALL
#define PLX_KERNEL(ret, name, params, api, nr) AS_FIELD(name, stub_raw_##name),
#define PLX_SHAPED(ret, name, params, api)     .name = plx_stub_##name,
#define PLX_LIBC(ret, name, params, api)       AS_FIELD(name, MISSING(ret)),
#include "shim/calls.def"
#undef PLX_CALLS_ALL
};

pid_t (*plx_real_vfork)(void) = plx_stub_vfork;
long (*plx_real_syscall)(long, long, long, long, long, long,
    long) = plx_stub_syscall;

struct real_name {
	const char *name;
	void *pointer; /* of a field of plx_real */
};

static const struct real_name real_names[] = {
#define PLX_CALLS_ALL
#define NAME(ret, name, ...) { #name, &plx_real.name },
#define PLX_KERNEL           NAME
#define PLX_SHAPED           NAME
#define PLX_LIBC             NAME
#include "shim/calls.def"
#undef PLX_CALLS_ALL
	{ "vfork", &plx_real_vfork },
	{ "syscall", &plx_real_syscall },
};

bool
plx_real_is_ours(const void *address)
{
	const char *at = address;

	return at >= plx_code_first && at < plx_code_last;
}

/*
 * RTLD_NEXT finds nothing when libc stands before us in the order of lookup
 * (loaded by dlopen, or linked through another library only): the default
 * definition is then libc's, unless it is ours.
 */
static void
real_find(const struct real_name *entry)
{
	void *found = dlsym(RTLD_NEXT, entry->name);

	if (found == NULL) {
		found = dlsym(RTLD_DEFAULT, entry->name);
		if (plx_real_is_ours(found))
			found = NULL;
	}
	if (found != NULL)
		memcpy(entry->pointer, &found, sizeof(found));
}

bool
plx_real_resolve(void)
{
	size_t i;

	for (i = 0; i < sizeof(real_names) / sizeof(real_names[0]); i++)
		real_find(&real_names[i]);
	return plx_real_is_ours(dlsym(RTLD_DEFAULT, "close"));
}

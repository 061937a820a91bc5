/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_program.c - can pollux work with this program, and what would it see?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/doctor.h"
#include "tools/program.h"

/* Beyond this a byte pattern in a large file proves nothing. */
#define LIBRARIES_MAX 256u

struct listing {
	struct plx_doctor *doctor;
	unsigned place;
	unsigned libc_place;   /* 0: not seen */
	unsigned pollux_place; /* 0: not seen */
};

static bool
is_named(const char *file, const char *prefix)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;

	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Whose system calls are libc's own business, or ours. */
static bool
is_system(const char *file)
{
	static const char *const names[] = { "libc.so", "ld-linux",
		"libpthread", "librt.so", "libpollux.so", "libasan.so",
		"libtsan.so", "libubsan.so" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_named(file, names[i]))
			return true;
	}
	return false;
}

static void
say_object(struct plx_doctor *doctor, const char *file)
{
	struct plx_object object;

	if (is_system(file) || plx_object_read(file, &object) != 0)
		return;
	if (object.imports != NULL)
		plx_doctor_say(doctor, PLX_HEALTH_OK, "seen", "%s: %s", file,
		    object.imports);
	if (object.syscalls_n != 0)
		plx_doctor_say(doctor, PLX_HEALTH_PROBLEM, "not seen",
		    "%s: %u system call instruction%s of its own", file,
		    object.syscalls_n, object.syscalls_n == 1 ? "" : "s");
	plx_object_fini(&object);
}

static void
take_library(void *arg, const char *name, const char *file)
{
	struct listing *listing = arg;

	listing->place++;
	if (is_named(name, "libc.so"))
		listing->libc_place = listing->place;
	if (is_named(name, "libpollux.so"))
		listing->pollux_place = listing->place;
	if (file == NULL)
		plx_doctor_say(listing->doctor, PLX_HEALTH_PROBLEM, "library",
		    "%s is not found", name);
	else if (listing->place < LIBRARIES_MAX)
		say_object(listing->doctor, file);
}

/* Symbols are taken from the first object in this order that has them. */
static void
say_order(struct plx_doctor *doctor, const struct listing *listing)
{
	if (listing->pollux_place == 0)
		return;
	if (listing->pollux_place < listing->libc_place)
		plx_doctor_say(doctor, PLX_HEALTH_OK, "link order",
		    "libpollux.so.0 comes before libc");
	else
		plx_doctor_say(doctor, PLX_HEALTH_PROBLEM, "link order",
		    "libc comes before libpollux.so.0, so libc's close(2) is "
		    "called: link the program itself with -lpollux, before "
		    "other libraries, or preload it");
}

static void
say_libraries(struct plx_doctor *doctor, const struct plx_program *program)
{
	struct listing listing = { .doctor = doctor };

	/* The loader is run: only one of the system's. */
	if (strncmp(program->loader, "/lib", 4) != 0 &&
	    strncmp(program->loader, "/usr/lib", 8) != 0)
		return;
	(void)plx_objects_list(program->loader, program->path, take_library,
	    &listing);
	say_order(doctor, &listing);
}

static void
say_kind(struct plx_doctor *doctor, const struct plx_program *program)
{
	const char *runtime = plx_program_needs(program, "libasan.so");

	if (program->script != NULL)
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "script",
		    "%s is run by %s", program->script, program->path);
	if (runtime != NULL)
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "sanitizer",
		    "%s is put in front of libpollux.so.0", runtime);
	if (program->is_go)
		plx_doctor_say(doctor, PLX_HEALTH_PROBLEM, "Go",
		    "a Go program makes its system calls without libc: only "
		    "those of its C libraries are seen");
}

static void
say_program(struct plx_doctor *doctor, const struct plx_program *program)
{
	say_kind(doctor, program);
	if (program->verdict == PLX_UNKNOWN_FORMAT) {
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "program",
		    "%s is %s; the shell would run it", program->path,
		    plx_verdict_text(program->verdict));
		return;
	}
	if (program->verdict != PLX_PRELOADABLE) {
		plx_doctor_say(doctor, PLX_HEALTH_CANNOT, "program",
		    "%s is %s. %s", program->path,
		    plx_verdict_text(program->verdict),
		    plx_verdict_help(program->verdict));
		return;
	}
	plx_doctor_say(doctor, PLX_HEALTH_OK, "program", "%s is %s",
	    program->path, plx_verdict_text(program->verdict));
	say_object(doctor, program->path);
	say_libraries(doctor, program);
}

int
plx_doctor_program(struct plx_doctor *doctor, const char *name)
{
	struct plx_program program;
	char *path;
	int r = plx_program_find(name, &path);

	if (r < 0) {
		plx_note("%s: %s", name,
		    r == -ENOENT ? "not found" : "not executable");
		return r == -ENOENT ? PLX_EXIT_NOT_FOUND : PLX_EXIT_NO_EXEC;
	}
	r = plx_program_inspect(path, &program);
	if (r < 0) {
		plx_doctor_say(doctor, PLX_HEALTH_PROBLEM, "program",
		    "%s cannot be read: %s", path, strerror(-r));
	} else {
		say_program(doctor, &program);
		plx_program_fini(&program);
	}
	free(path);
	return 0;
}

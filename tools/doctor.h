/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.h - the parts of `pollux doctor`.
 */
#ifndef PLX_TOOLS_DOCTOR_H
#define PLX_TOOLS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum plx_health {
	PLX_HEALTH_OK,
	PLX_HEALTH_NOTE,    /* worth knowing; changes no exit code */
	PLX_HEALTH_PROBLEM, /* something is in the way, or will not be seen */
	PLX_HEALTH_CANNOT,  /* this program cannot be preloaded */
};

struct plx_doctor {
	bool json;
	bool color;
	enum plx_health worst;
};

/* plx_doctor_say - one line of the diagnosis, on stdout. */
void plx_doctor_say(struct plx_doctor *doctor, enum plx_health health,
    const char *topic, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void plx_doctor_machine(struct plx_doctor *doctor);

/*
 * plx_doctor_program - name is looked for as execvp(3) does. Returns 0,
 * PLX_EXIT_NOT_FOUND or PLX_EXIT_NO_EXEC after a message.
 */
int plx_doctor_program(struct plx_doctor *doctor, const char *name);

/* What one object file of a program says about its use of event calls. */
struct plx_object {
	char *imports;       /* "epoll_ctl, poll", owned; NULL: none */
	unsigned syscalls_n; /* system call instructions (x86-64) */
};

/* plx_object_read - scan a file. Returns 0 or -Exxx. */
int plx_object_read(const char *path, struct plx_object *ret);
void plx_object_fini(struct plx_object *object);

/*
 * plx_objects_list - the files that the loader would map for a program, in the
 * order in which it searches them for a symbol, without running it.
 *
 * loader   PT_INTERP of the program.
 * each     called with the name that is needed and the path, or NULL where
 *          none was found.
 * Returns 0 or -Exxx.
 */
int plx_objects_list(const char *loader, const char *path,
    void (*each)(void *arg, const char *name, const char *file), void *arg);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program.h - what a file is, before it is run: can libpollux.so.0 be
 * preloaded into it, and what would be seen of it.
 */
#ifndef PLX_TOOLS_PROGRAM_H
#define PLX_TOOLS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum plx_verdict {
	PLX_PRELOADABLE = 0,
	PLX_STATIC,      /* no dynamic loader, so no preloading */
	PLX_SET_ID,      /* gets another user or group: AT_SECURE */
	PLX_FILE_CAPS,   /* gets capabilities: AT_SECURE */
	PLX_WRONG_CLASS, /* 32-bit program, 64-bit object, or the reverse */
	PLX_WRONG_MACHINE,
	PLX_FOREIGN_LIBC,   /* loader of another libc (musl) */
	PLX_UNKNOWN_FORMAT, /* neither ELF nor a script: the kernel decides */
	PLX_VERDICT_MAX,
};

#define PLX_NEEDED_MAX 64u

struct plx_program {
	char *path;   /* the ELF file that would be loaded; owned */
	char *script; /* the script it is the interpreter of, or NULL */
	char *loader; /* PT_INTERP, or NULL */
	enum plx_verdict verdict;
	bool is_go;
	size_t needed_n;
	char *needed[PLX_NEEDED_MAX]; /* DT_NEEDED in order, owned */
};

/*
 * plx_program_find - the file that execvp(3) would run for this name.
 *
 * ret_path   for the caller to free; NULL on failure.
 * Returns 0, -ENOENT (nothing of that name), or -EACCES (found, not
 *         executable, or a directory).
 */
int plx_program_find(const char *name, char **ret_path);

/*
 * plx_program_inspect - read the headers of a program; of its interpreter when
 * it is a script.
 *
 * Returns 0, or -Exxx when it cannot be read. A program that may be run but
 * not read (mode 0111) gives -EACCES. Fini with plx_program_fini.
 */
int plx_program_inspect(const char *path, struct plx_program *ret);
void plx_program_fini(struct plx_program *program);

/* plx_verdict_text - why not, as the end of "PROG is ...". */
const char *plx_verdict_text(enum plx_verdict verdict);

/* plx_verdict_help - what to do about it, a whole sentence. */
const char *plx_verdict_help(enum plx_verdict verdict);

/* plx_program_needs - the first DT_NEEDED that begins with prefix, or NULL. */
const char *plx_program_needs(const struct plx_program *program,
    const char *prefix);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * launch.h - a program with libpollux.so.0 in front of its libraries.
 *
 * All that the object is told goes through two variables of the environment:
 * LD_PRELOAD, where what is there already is kept, and POLLUX_OPTIONS, whose
 * settings of the caller come first, so that the command line's win.
 */
#ifndef PLX_TOOLS_LAUNCH_H
#define PLX_TOOLS_LAUNCH_H

#include <signal.h>
#include <sys/types.h>

struct plx_launch {
	const char *cmd; /* subcommand, for messages */
	char **argv;     /* of the program; borrowed */
	char *options;   /* "level=log:..." without log=; owned */
	int region_fd;   /* passed on as log=fd:N, or -1 */
	/* Filled by plx_launch_prepare. */
	char *path;    /* of the program */
	char *preload; /* value of LD_PRELOAD */
};

/* plx_launch_option - append key=value to the options, escaped. */
void plx_launch_option(struct plx_launch *launch, const char *key,
    const char *value);

/*
 * plx_launch_prepare - find the program and the object, and see whether they
 * go together.
 *
 * Returns 0, or the exit code to end with: PLX_EXIT_NOT_FOUND,
 *         PLX_EXIT_NO_EXEC, or PLX_EXIT_FAILED (cannot be preloaded, or no
 *         object found). The message is out then.
 */
int plx_launch_prepare(struct plx_launch *launch);

/* plx_launch_exec - become the program. Returns an exit code on failure. */
int plx_launch_exec(struct plx_launch *launch);

/*
 * plx_launch_fork - start the program as a child, in our process group, with
 * the signal mask given.
 *
 * Returns 0 and the pid, or the exit code to end with.
 */
int plx_launch_fork(struct plx_launch *launch, const sigset_t *mask,
    pid_t *ret_pid);

void plx_launch_fini(struct plx_launch *launch);

/*
 * plx_library_find - the path of libpollux.so.0: $POLLUX_LIB, else relative to
 * this program (installed: ../lib, in a build: ../shim).
 *
 * Returns 0 and a string for the caller to free, or PLX_EXIT_FAILED after a
 * message.
 */
int plx_library_find(char **ret_path);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec.h - the environment that the next program gets.
 *
 * A process that was configured by POLLUX_OPTIONS hands that variable, and our
 * part of LD_PRELOAD, on only if the launcher said follow=1: then both are put
 * back if the program dropped them, else both are taken out. A program that
 * gives the next one another POLLUX_OPTIONS is a launcher: both are its own
 * then. Every other
 * variable is the program's, in its order. system and popen use the process's
 * own environment inside libc and are left alone.
 *
 * Async-signal-safe and fit for a vfork child: fixed memory, or a mapping when
 * the environment is larger (a vfork child then leaves it to its parent).
 */
#ifndef PLX_SHIM_EXEC_H
#define PLX_SHIM_EXEC_H

#include <stdbool.h>
#include <stddef.h>

#define EXEC_ENV_FIXED     512
#define EXEC_PRELOAD_BYTES 1024

struct exec_env {
	char *const *envp; /* to be handed to the real call */
	void *map;
	size_t map_bytes;
	char *fixed[EXEC_ENV_FIXED];
	char preload[EXEC_PRELOAD_BYTES];
};

/*
 * exec_configure - from the constructor: remembers (copies) both variables as
 * this process got them. preload may be NULL.
 */
void exec_configure(bool follow, const char *options, const char *preload);

/*
 * exec_set_log_fd - the inherited descriptor of the log has another number now:
 * the copy of POLLUX_OPTIONS names it from here on. -1: it is gone.
 */
void exec_set_log_fd(int fd);

/*
 * exec_env_make - env->envp becomes what the next program gets for envp: envp
 * itself if nothing is to be changed or there is no memory. exec_env_drop
 * gives memory back when the call returned. Between the two the program's
 * ignored signals are really ignored (shim/signal.h).
 */
void exec_env_make(struct exec_env *env, char *const envp[]);
void exec_env_drop(struct exec_env *env);

#endif

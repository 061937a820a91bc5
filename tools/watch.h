/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h - waits for a program and for the processes that it leaves behind.
 *
 * The launcher is no subreaper: that would change what getppid(2) says to
 * them. It holds a pidfd of each process that attached itself to the region.
 */
#ifndef PLX_TOOLS_WATCH_H
#define PLX_TOOLS_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tools/region.h"

struct plx_watch {
	const struct plx_region *region;
	ino_t inode;           /* of the region */
	const char *name;      /* of the program, for messages */
	pid_t pid;             /* our child */
	bool wait_all;         /* also for processes that it leaves behind */
	const char *meanwhile; /* shell command to run beside it, or NULL */
	/* Filled by plx_watch_run. */
	int status;         /* of the child, as from waitpid(2) */
	bool ended_by_us;   /* SIGTERM after `meanwhile` ended */
	int meanwhile_code; /* of that command; 0 without one */
};

/*
 * plx_watch_signals - hold back the signals that are passed on; call before
 * the fork. ret_old is the mask for the child.
 */
void plx_watch_signals(sigset_t *ret_old);

/*
 * plx_watch_run - wait until the child has ended and, with wait_all, every
 * process that attached.
 *
 * SIGTERM and SIGHUP go to the child once, SIGINT and SIGQUIT too unless they
 * came from the terminal, which sent them to the child itself. When the child
 * has ended they go to those it left behind. A second one ends the waiting.
 *
 * Returns 0, or a negative errno when it cannot wait.
 */
int plx_watch_run(struct plx_watch *watch);

/*
 * plx_watch_exit - the exit code for a wait status; does not return when the
 * status says that a signal killed the program: it kills us, too.
 */
int plx_watch_exit(int status);

#endif

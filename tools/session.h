/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h - one watched run: a region, a child, the wait for its end.
 */
#ifndef PLX_TOOLS_SESSION_H
#define PLX_TOOLS_SESSION_H

#include <stdbool.h>

#include "tools/launch.h"
#include "tools/region.h"
#include "tools/watch.h"

struct plx_session {
	struct plx_launch launch; /* cmd, argv and options by the caller */
	struct plx_watch watch;   /* wait_all and meanwhile by the caller */
	struct plx_region *region;
	bool attached; /* some process of it recorded itself */
};

/*
 * plx_session_run - start the program and wait for its end.
 *
 * Returns 0 with region, watch.status and attached filled, or the exit code to
 * end with after a message (the program was not started then).
 */
int plx_session_run(struct plx_session *session);

/*
 * plx_session_exit - the exit code of it, by the rules of `pollux help`.
 * code_if_ok is what to say when the program itself ended well. Does not return
 * when a signal killed the program.
 */
int plx_session_exit(const struct plx_session *session, int code_if_ok);

void plx_session_fini(struct plx_session *session);

/* plx_set_variable - take VAR=VALUE of -E. Returns 0, or -1 after a message. */
int plx_set_variable(const char *cmd, char *setting);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cli.h"

int
plx_session_run(struct plx_session *session)
{
	struct plx_launch *launch = &session->launch;
	struct plx_watch *watch = &session->watch;
	struct stat st;
	sigset_t mask;
	int r = plx_launch_prepare(launch);

	if (r != 0)
		return r;
	session->region = plx_region_create(&launch->region_fd);
	if (session->region == NULL) {
		plx_note("cannot make shared memory: %s", strerror(errno));
		return PLX_EXIT_FAILED;
	}
	plx_watch_signals(&mask);
	watch->region = session->region;
	watch->inode = fstat(launch->region_fd, &st) == 0 ? st.st_ino : 0;
	watch->name = launch->argv[0];
	r = plx_launch_fork(launch, &mask, &watch->pid);
	close(launch->region_fd);
	if (r != 0)
		return r;
	r = plx_watch_run(watch);
	if (r < 0) {
		plx_note("cannot wait for %s: %s", watch->name, strerror(-r));
		return PLX_EXIT_FAILED;
	}
	session->attached = plx_region_processes(session->region) != 0;
	return 0;
}

int
plx_session_exit(const struct plx_session *session, int code_if_ok)
{
	const struct plx_watch *watch = &session->watch;
	int status = watch->status;

	if (watch->ended_by_us && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGTERM)
		status = 0;
	if (status != 0)
		return plx_watch_exit(status);
	if (watch->meanwhile_code != 0) {
		plx_note("the command of --while failed with %d",
		    watch->meanwhile_code);
		return watch->meanwhile_code;
	}
	if (!session->attached)
		return PLX_EXIT_FAILED;
	return code_if_ok;
}

void
plx_session_fini(struct plx_session *session)
{
	plx_region_close(session->region);
	plx_launch_fini(&session->launch);
}

int
plx_set_variable(const char *cmd, char *setting)
{
	char *equals = strchr(setting, '=');

	if (equals == NULL || equals == setting) {
		plx_usage_error(cmd, "-E takes VAR=VALUE, not %s", setting);
		return -1;
	}
	(void)putenv(setting);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - the constructor.
 *
 * With -z initfirst it runs before every other constructor, and before libc's
 * own initialisation has made environ: so nothing in here may use getenv,
 * stdio, locale, backtrace or dlopen, and what it needs comes from its
 * arguments. A process without POLLUX_OPTIONS is left alone: pointers are
 * looked up and that is all. Nothing that fails here may stop the program.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "core/check.h"
#include "core/iset.h"
#include "core/proc.h"
#include "core/record.h"
#include "core/report.h"
#include "core/stack.h"
#include "core/sys.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/exec.h"
#include "shim/options.h"
#include "shim/os.h"
#include "shim/private.h"
#include "shim/real.h"

#define OPTIONS_NAME "POLLUX_OPTIONS"
#define PRELOAD_NAME "LD_PRELOAD"

static const char *
environment_get(char **envp, const char *name)
{
	size_t bytes = strlen(name);

	for (; envp != NULL && *envp != NULL; envp++)
		if (strncmp(*envp, name, bytes) == 0 && (*envp)[bytes] == '=')
			return *envp + bytes + 1;
	return NULL;
}

static void
log_moved(int old_fd, int new_fd)
{
	(void)old_fd;
	exec_set_log_fd(new_fd);
}

/*
 * The launcher's descriptor. If it is not a region of ours, it was closed on
 * the way and the number is the program's: leave it alone.
 */
static void
log_attach(const struct shim_options *options)
{
	int r = report_attach_fd(options->log_fd);

	if (r < 0 && r != -ENOSPC) {
		exec_set_log_fd(-1);
		return;
	}
	if (options->follow)
		exec_set_log_fd(private_fd_keep(options->log_fd, log_moved));
	else
		(void)plx_sys_close(options->log_fd);
}

/* Findings go to the record: without one only a veto is worth the time. */
static void
checks_apply(const struct shim_options *options)
{
	struct plx_check_options checks = options->checks;

	checks.level = (enum plx_check_level)options->level;
	if (report_region() == NULL && checks.level != PLX_LEVEL_STRICT)
		return;
	if (checks_start(&checks) == 0 && checks.level != PLX_LEVEL_OFF)
		(void)pthread_atfork(checks_fork_before, checks_fork_parent,
		    checks_fork_child);
}

static void
options_apply(const struct shim_options *options, const char *text,
    const char *preload)
{
	exec_configure(options->follow != 0, text, preload);
	plx_active_set(PLX_ACTIVE_EXEC);
	iset_data_exact(options->data_exact != 0);
	plx_stack_enable(options->stacks != 0);
	if (options->log_fd >= 0)
		log_attach(options);
	else if (options->log_path[0] != '\0')
		(void)report_attach_path(options->log_path);
	checks_apply(options);
	if (options->engine != 0) {
		report_engine();
		plx_active_set(PLX_ACTIVE_ENGINE);
	}
	if (report_region() != NULL || plx_listening())
		plx_active_set(PLX_ACTIVE_LISTEN);
}

static void
configure(char **envp)
{
	const char *text = environment_get(envp, OPTIONS_NAME);
	static struct shim_options options;

	if (text == NULL)
		return;
	options_parse(&options, text);
	if (options.help != 0)
		options_help();
	options_apply(&options, text, environment_get(envp, PRELOAD_NAME));
}

__attribute__((constructor, used)) static void
plx_start(int argc, char **argv, char **envp)
{
	int saved = errno;
	bool interposed = plx_real_resolve();

	(void)argc;
	(void)argv;
	plx_os_fill();
	(void)plx_proc_init(
	    interposed ? PLX_PRESENCE_INTERPOSED : PLX_PRESENCE_BLIND);
	if (!interposed)
		report_mark_unseen(PLX_UNSEEN_BLIND);
	/* A program with more rights than its user takes no orders from him. */
	if (getauxval(AT_SECURE) == 0)
		configure(envp);
	errno = saved;
}

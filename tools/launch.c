/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * launch.c - the environment of a watched program, and its start.
 */
#include "tools/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/program.h"

/* Characters that stand for themselves in a value of POLLUX_OPTIONS. */
static bool
is_plain(char c)
{
	return c != ':' && c != '%' && c != '\n' && c != '\0';
}

void
plx_launch_option(struct plx_launch *launch, const char *key, const char *value)
{
	char *escaped = plx_alloc(3 * strlen(value) + 1, 1);
	char *out = escaped;
	char *all;

	for (; *value != '\0'; value++) {
		if (is_plain(*value)) {
			*out++ = *value;
		} else {
			*out++ = '%';
			*out++ = "0123456789ABCDEF"[(unsigned char)*value >> 4];
			*out++ = "0123456789ABCDEF"[*value & 15];
		}
	}
	all = plx_format("%s%s%s=%s", launch->options ? launch->options : "",
	    launch->options ? ":" : "", key, escaped);
	free(launch->options);
	free(escaped);
	launch->options = all;
}

/* An instrumented program, or object, needs its runtime in front of all. */
static const char *
sanitizer_of(const struct plx_program *program)
{
	const char *name = plx_program_needs(program, "libasan.so");

	return name != NULL ? name : plx_program_needs(program, "libtsan.so");
}

static char *
preload_list(const struct plx_program *program, const char *object)
{
	const char *before = getenv("LD_PRELOAD");
	const char *runtime = sanitizer_of(program);
	struct plx_program self;
	char *list;

	if (plx_program_inspect(object, &self) != 0)
		memset(&self, 0, sizeof(self));
	if (runtime == NULL)
		runtime = sanitizer_of(&self);
	if (before == NULL)
		before = "";
	/* The caller knew already: what is there stays as it is. */
	if (strstr(before, object) != NULL)
		list = plx_format("%s", before);
	else if (runtime != NULL && strstr(before, runtime) != NULL)
		list = plx_format("%s:%s", before, object);
	else
		list = plx_format("%s%s%s%s%s", runtime ? runtime : "",
		    runtime ? ":" : "", object, *before ? ":" : "", before);
	plx_program_fini(&self);
	return list;
}

static int
find_program(struct plx_launch *launch)
{
	const char *name = launch->argv[0];
	int r = plx_program_find(name, &launch->path);

	if (r == -ENOENT) {
		plx_note("%s: not found", name);
		return PLX_EXIT_NOT_FOUND;
	}
	if (r < 0) {
		plx_note("%s: not executable", name);
		return PLX_EXIT_NO_EXEC;
	}
	return 0;
}

int
plx_launch_prepare(struct plx_launch *launch)
{
	struct plx_program program;
	char *object;
	int r = find_program(launch);

	if (r != 0)
		return r;
	r = plx_library_find(&object);
	if (r != 0)
		return r;
	/* What we may not read is the kernel's to judge. */
	if (plx_program_inspect(launch->path, &program) != 0)
		memset(&program, 0, sizeof(program));
	if (program.verdict != PLX_PRELOADABLE &&
	    program.verdict != PLX_UNKNOWN_FORMAT) {
		plx_note("cannot %s %s: %s%s is %s. %s", launch->cmd,
		    launch->argv[0], program.script ? "its interpreter " : "it",
		    program.script ? program.path : "",
		    plx_verdict_text(program.verdict),
		    plx_verdict_help(program.verdict));
		r = PLX_EXIT_FAILED;
	}
	launch->preload = preload_list(&program, object);
	plx_program_fini(&program);
	free(object);
	return r;
}

static bool
same_variable(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strcspn(b, "=") == n && memcmp(a, b, n) == 0;
}

/* Sets one VAR=VAL in a vector with room for it. Takes nothing. */
static void
set_variable(char **vector, char *setting)
{
	size_t i = 0;

	while (vector[i] != NULL && !same_variable(vector[i], setting))
		i++;
	vector[i] = setting;
}

static char *
options_variable(const struct plx_launch *launch, int log_fd)
{
	const char *before = getenv("POLLUX_OPTIONS");
	const char *ours = launch->options != NULL ? launch->options : "";
	bool both = before != NULL && *before != '\0' && *ours != '\0';
	char *text;

	text = plx_format("POLLUX_OPTIONS=%s%s%s", before ? before : "",
	    both ? ":" : "", ours);
	if (log_fd >= 0) {
		char *with_log = plx_format("%s%slog=fd:%d", text,
		    strchr(text, '=')[1] != '\0' ? ":" : "", log_fd);

		free(text);
		text = with_log;
	}
	return text;
}

/* environ, then ours. The vector lives until exec or exit. */
static char **
build_environment(const struct plx_launch *launch, int log_fd)
{
	extern char **environ;
	char *options = options_variable(launch, log_fd);
	size_t n = 0;
	char **vector;

	while (environ[n] != NULL)
		n++;
	vector = plx_alloc(n + 3, sizeof(*vector));
	memcpy(vector, environ, n * sizeof(*vector));
	set_variable(vector, plx_format("LD_PRELOAD=%s", launch->preload));
	if (strchr(options, '=')[1] != '\0')
		set_variable(vector, options);
	else
		free(options);
	return vector;
}

/* High, where a program that counts on low numbers does not meet it. */
static int
inheritable_copy(int fd)
{
	struct rlimit limit;
	rlim_t top = 1024;
	int copy;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < top)
		top = limit.rlim_cur;
	copy = fcntl(fd, F_DUPFD, (int)(top > 16 ? top - 8 : 3));
	return copy >= 0 ? copy : fcntl(fd, F_DUPFD, 3);
}

/* Only returns on failure, with errno. */
static void
exec_program(struct plx_launch *launch)
{
	int log_fd = -1;

	if (launch->region_fd >= 0) {
		log_fd = inheritable_copy(launch->region_fd);
		if (log_fd < 0)
			return;
	}
	/* By name: a script without #! is the shell's, as for execvp(3). */
	execvpe(launch->argv[0], launch->argv,
	    build_environment(launch, log_fd));
}

static int
exec_failed(const struct plx_launch *launch, int error)
{
	plx_note("%s: %s", launch->argv[0], strerror(error));
	return error == ENOENT ? PLX_EXIT_NOT_FOUND : PLX_EXIT_NO_EXEC;
}

int
plx_launch_exec(struct plx_launch *launch)
{
	exec_program(launch);
	return exec_failed(launch, errno);
}

int
plx_launch_fork(struct plx_launch *launch, const sigset_t *mask, pid_t *ret_pid)
{
	int error = 0;
	int failed[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(failed, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		plx_note("cannot start %s: %s", launch->argv[0],
		    strerror(errno));
		return PLX_EXIT_FAILED;
	}
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		exec_program(launch);
		error = errno;
		n = write(failed[1], &error, sizeof(error));
		_exit(n == sizeof(error) ? PLX_EXIT_NO_EXEC : PLX_EXIT_FAILED);
	}
	close(failed[1]);
	do {
		n = read(failed[0], &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	close(failed[0]);
	if (n == sizeof(error))
		return exec_failed(launch, error);
	*ret_pid = pid;
	return 0;
}

void
plx_launch_fini(struct plx_launch *launch)
{
	free(launch->options);
	free(launch->path);
	free(launch->preload);
	launch->options = launch->path = launch->preload = NULL;
}

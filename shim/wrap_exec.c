/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_exec.c - the exec family, posix_spawn and system.
 *
 * Often called in a vfork child: what is written there is the parent's memory.
 * Here that is this call's own frame only. The last thing before exec is the
 * real call; a list of arguments is collected without allocation.
 *
 * Authority: exec(3), execve(2); glibc's execl and execv use environ.
 */
#include "shim/calls.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/sys.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/exec.h"
#include "shim/hooks.h"
#include "shim/real.h"
#include "shim/seen.h"
#include "shim/signal.h"

#define ARGS_FIXED 256

/* One call of the family, whatever it was; unused parts are zero. */
struct exec_call {
	struct plx_call call;
	int (*real)(const struct exec_call *exec, char *const envp[]);
	int fd;
	int flags;
	const char *path;
	char *const *argv;
};

static int
exec_made(const struct exec_call *exec, char *const envp[])
{
	struct plx_record rec = plx_rec(PLX_OP_EXEC, exec->call);
	struct exec_env env;
	int ret;
	int r = 0;

	if (plx_seen(exec->call))
		r = plx_emit_before(&rec);
	if (r < 0)
		return (int)plx_ret(r);
	if (plx_active_is(PLX_ACTIVE_TRACKED))
		plx_hook_fork_prepare();
	exec_env_make(&env, envp);
	ret = exec->real(exec, env.envp);
	exec_env_drop(&env);
	return ret;
}

static int
real_execve(const struct exec_call *exec, char *const envp[])
{
	return plx_real.execve(exec->path, exec->argv, envp);
}

static int
real_execveat(const struct exec_call *exec, char *const envp[])
{
	return plx_real.execveat(exec->fd, exec->path, exec->argv, envp,
	    exec->flags);
}

static int
real_execvpe(const struct exec_call *exec, char *const envp[])
{
	return plx_real.execvpe(exec->path, exec->argv, envp);
}

static int
real_fexecve(const struct exec_call *exec, char *const envp[])
{
	return plx_real.fexecve(exec->fd, exec->argv, envp);
}

int
plx_w_execve(const char *path, char *const argv[], char *const envp[])
{
	if (!plx_active())
		return plx_real.execve(path, argv, envp);
	return exec_made(&(struct exec_call){ .call = PLX_CALL(exec),
			     .real = real_execve,
			     .path = path,
			     .argv = argv },
	    envp);
}

int
plx_w_execveat(int dir_fd, const char *path, char *const argv[],
    char *const envp[], int flags)
{
	if (!plx_active())
		return plx_real.execveat(dir_fd, path, argv, envp, flags);
	return exec_made(&(struct exec_call){ .call = PLX_CALL(exec),
			     .real = real_execveat,
			     .fd = dir_fd,
			     .path = path,
			     .argv = argv,
			     .flags = flags },
	    envp);
}

int
plx_w_execv(const char *path, char *const argv[])
{
	if (!plx_active())
		return plx_real.execv(path, argv);
	return exec_made(&(struct exec_call){ .call = PLX_CALL(exec),
			     .real = real_execve,
			     .path = path,
			     .argv = argv },
	    environ);
}

int
plx_w_execvp(const char *file, char *const argv[])
{
	if (!plx_active())
		return plx_real.execvp(file, argv);
	return exec_made(&(struct exec_call){ .call = PLX_CALL(exec),
			     .real = real_execvpe,
			     .path = file,
			     .argv = argv },
	    environ);
}

int
plx_w_execvpe(const char *file, char *const argv[], char *const envp[])
{
	if (!plx_active())
		return plx_real.execvpe(file, argv, envp);
	return exec_made(&(struct exec_call){ .call = PLX_CALL(exec),
			     .real = real_execvpe,
			     .path = file,
			     .argv = argv },
	    envp);
}

int
plx_w_fexecve(int fd, char *const argv[], char *const envp[])
{
	if (!plx_active())
		return plx_real.fexecve(fd, argv, envp);
	return exec_made(&(struct exec_call){ .call = PLX_CALL(exec),
			     .real = real_fexecve,
			     .fd = fd,
			     .argv = argv },
	    envp);
}

/* The arguments of an execl as an array: of the frame, or mapped. */
struct exec_list {
	char *const *argv;
	char *const *envp; /* of execle */
	char **map;
	size_t map_bytes;
	char *fixed[ARGS_FIXED];
};

/*
 * Counts and then stores: the list has no other end than a NULL. rest is
 * walked twice, so it comes as a copy. Returns 0 or -ENOMEM.
 */
static int
list_collect(struct exec_list *list, const char *first, va_list rest,
    bool with_envp)
{
	va_list counted;
	char **to = list->fixed;
	const char *arg;
	size_t n = 0;

	va_copy(counted, rest);
	for (arg = first; arg != NULL; arg = va_arg(counted, const char *))
		n++;
	va_end(counted);
	list->map = NULL;
	if (n >= ARGS_FIXED) {
		list->map_bytes = (n + 1) * sizeof(*to);
		to = list->map = plx_sys_map(list->map_bytes);
		if (to == NULL)
			return -ENOMEM;
	}
	n = 0;
	for (arg = first; arg != NULL; arg = va_arg(rest, const char *))
		memcpy(&to[n++], &arg, sizeof(arg));
	to[n] = NULL;
	list->argv = to;
	list->envp = with_envp ? va_arg(rest, char *const *) : environ;
	return 0;
}

static int
list_exec(struct plx_call call,
    int (*real)(const struct exec_call *exec, char *const envp[]),
    const char *path, struct exec_list *list)
{
	const struct exec_call exec = { .call = call,
		.real = real,
		.path = path,
		.argv = list->argv };
	int ret = plx_active() ? exec_made(&exec, list->envp)
			       : real(&exec, list->envp);

	if (list->map != NULL)
		plx_sys_unmap(list->map, list->map_bytes);
	return ret;
}

int
plx_w_execl(const char *path, const char *arg, ...)
{
	struct plx_call call = PLX_CALL(exec);
	struct exec_list list;
	va_list rest;
	int r;

	va_start(rest, arg);
	r = list_collect(&list, arg, rest, false);
	va_end(rest);
	return r < 0 ? (int)plx_ret(r)
		     : list_exec(call, real_execve, path, &list);
}

int
plx_w_execle(const char *path, const char *arg, ...)
{
	struct plx_call call = PLX_CALL(exec);
	struct exec_list list;
	va_list rest;
	int r;

	va_start(rest, arg);
	r = list_collect(&list, arg, rest, true);
	va_end(rest);
	return r < 0 ? (int)plx_ret(r)
		     : list_exec(call, real_execve, path, &list);
}

int
plx_w_execlp(const char *file, const char *arg, ...)
{
	struct plx_call call = PLX_CALL(exec);
	struct exec_list list;
	va_list rest;
	int r;

	va_start(rest, arg);
	r = list_collect(&list, arg, rest, false);
	va_end(rest);
	return r < 0 ? (int)plx_ret(r)
		     : list_exec(call, real_execvpe, file, &list);
}

/* Returns an error number, not -1: posix_spawn(3). */
static void
spawn_emit(struct plx_call call, int error, const pid_t *pid)
{
	struct plx_record rec = plx_rec(PLX_OP_SPAWN, call);

	rec.ret = -error;
	if (error == 0 && pid != NULL)
		rec.ret = *pid;
	plx_emit_after(&rec);
}

int
plx_w_posix_spawn(pid_t *ret_pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	struct plx_call call = PLX_CALL(posix_spawn);
	struct exec_env env;
	bool listening;
	int error;

	if (!plx_active())
		return plx_real.posix_spawn(ret_pid, path, actions, attr, argv,
		    envp);
	listening = plx_seen(call);
	exec_env_make(&env, envp);
	error = plx_real.posix_spawn(ret_pid, path, actions, attr, argv,
	    env.envp);
	exec_env_drop(&env);
	if (listening)
		spawn_emit(call, error, ret_pid);
	return error;
}

int
plx_w_posix_spawnp(pid_t *ret_pid, const char *file,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	struct plx_call call = PLX_CALL(posix_spawn);
	struct exec_env env;
	bool listening;
	int error;

	if (!plx_active())
		return plx_real.posix_spawnp(ret_pid, file, actions, attr, argv,
		    envp);
	listening = plx_seen(call);
	exec_env_make(&env, envp);
	error = plx_real.posix_spawnp(ret_pid, file, actions, attr, argv,
	    env.envp);
	exec_env_drop(&env);
	if (listening)
		spawn_emit(call, error, ret_pid);
	return error;
}

/* The child lives and dies inside libc; only that there was one is known. */
int
plx_w_system(const char *command)
{
	struct plx_call call = PLX_CALL(popen);
	int ret;

	if (!plx_active())
		return plx_real.system(command);
	if (plx_seen(call)) {
		struct plx_record rec = plx_rec(PLX_OP_SPAWN, call);

		(void)plx_emit_before(&rec);
	}
	plx_signal_exec();
	ret = plx_real.system(command);
	plx_signal_exec_failed();
	return ret;
}

#define PLX_CALLS_EXEC
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

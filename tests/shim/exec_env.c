/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: exec_env WAY ENVIRONMENT [N]
 *
 * Runs env(1) by one way of the exec family, with one of these environments:
 *   own     the process's own
 *   empty   none at all
 *   other   an LD_PRELOAD of the program's making
 *   large   the process's own and N variables before it
 * so that what env prints is what the next program gets.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENV_PATH "/usr/bin/env"
#define MANY     4000

static char *envs[MANY + 200];

static char **
environment(const char *name, int n)
{
	static char texts[MANY][16];
	static char other[][40] = { "A=1", "LD_PRELOAD=/nonexistent/theirs.so",
		"B=2" };
	int at = 0;

	if (strcmp(name, "own") == 0)
		return environ;
	if (strcmp(name, "other") == 0)
		for (; at < 3; at++)
			envs[at] = other[at];
	if (strcmp(name, "large") == 0) {
		for (; at < n && at < MANY; at++) {
			snprintf(texts[at], sizeof(texts[at]), "V%d=%d", at,
			    at);
			envs[at] = texts[at];
		}
		for (int i = 0; environ[i] != NULL && i < 100; i++)
			envs[at++] = environ[i];
	}
	envs[at] = NULL;
	return envs;
}

static int
spawn(char **argv, char **envp, int by_name)
{
	pid_t pid;
	int status = -1;
	int error = by_name
	    ? posix_spawnp(&pid, "env", NULL, NULL, argv, envp)
	    : posix_spawn(&pid, ENV_PATH, NULL, NULL, argv, envp);

	if (error != 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return status;
}

static int
forked(char **argv, char **envp, int shares_memory)
{
	int status = -1;
	pid_t pid = shares_memory ? vfork() : fork();

	if (pid == 0) {
		execve(ENV_PATH, argv, envp);
		_exit(3);
	}
	return waitpid(pid, &status, 0) == pid ? status : 1;
}

int
main(int argc, char **argv)
{
	char *args[] = { (char[]){ "env" }, NULL };
	char **envp;
	const char *way;

	if (argc < 3)
		return 2;
	way = argv[1];
	envp = environment(argv[2], argc > 3 ? atoi(argv[3]) : 0);
	if (strcmp(way, "spawn") == 0)
		return spawn(args, envp, 0);
	if (strcmp(way, "spawnp") == 0)
		return spawn(args, envp, 1);
	if (strcmp(way, "vfork") == 0)
		return forked(args, envp, 1);
	if (strcmp(way, "fork") == 0)
		return forked(args, envp, 0);
	if (strcmp(way, "execve") == 0)
		execve(ENV_PATH, args, envp);
	if (strcmp(way, "execle") == 0)
		execle(ENV_PATH, "env", (char *)NULL, envp);
	if (strcmp(way, "execvpe") == 0)
		execvpe("env", args, envp);
	if (strcmp(way, "execveat") == 0)
		execveat(AT_FDCWD, ENV_PATH, args, envp, 0);
	if (strcmp(way, "fexecve") == 0)
		fexecve(open(ENV_PATH, O_RDONLY), args, envp);
	if (strcmp(way, "raw") == 0)
		syscall(SYS_execve, ENV_PATH, args, envp);
	environ = envp;
	if (strcmp(way, "execv") == 0)
		execv(ENV_PATH, args);
	if (strcmp(way, "execvp") == 0)
		execvp("env", args);
	if (strcmp(way, "execl") == 0)
		execl(ENV_PATH, "env", (char *)NULL);
	if (strcmp(way, "execlp") == 0)
		execlp("env", "env", (char *)NULL);
	return 2;
}

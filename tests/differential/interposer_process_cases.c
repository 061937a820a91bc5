/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New processes and programs: every way to make one leaves it usable.
 * Authority: fork(2), vfork(2), exec(3), posix_spawn(3); checklist 130, 134.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <sched.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[PATH_MAX];

static void
find_path(void)
{
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	QUIET(n);
	path[n] = '\0';
}

static void
use_faces(void)
{
	struct pollfd one = { .events = POLLIN };
	int epfd = diff_epoll();

	one.fd = (int)QUIET(eventfd(1, 0));
	diff_add(epfd, one.fd, EPOLLIN, 0x600d);
	diff_wait0(epfd, 4);
	CALL(poll(&one, 1, 0));
	diff_say_pollfds(&one, 1);
	QUIET(close(one.fd));
	QUIET(close(epfd));
}

/* Shows that the new program works and what of the environment came along. */
CASE(part_program)
{
	const char *mark = getenv("DIFF_MARK");

	diff_say("mark %s", mark == NULL ? "none" : mark);
	use_faces();
	CALL(dup(0));
}

static void
finish(pid_t pid)
{
	diff_reap(pid);
	use_faces();
}

static void
run_exec(int how)
{
	char *argv[] = { path, (char *)(uintptr_t) "part_program", NULL };

	QUIET(setenv("DIFF_MARK", "kept", 1));
	switch (how) {
	case 0:
		(void)execl(path, path, "part_program", (char *)NULL);
		break;
	case 1:
		(void)execlp(path, path, "part_program", (char *)NULL);
		break;
	case 2:
		(void)execle(path, path, "part_program", (char *)NULL, environ);
		break;
	case 3:
		(void)execv(path, argv);
		break;
	case 4:
		(void)execvp(path, argv);
		break;
	case 5:
		(void)execve(path, argv, environ);
		break;
	case 6:
		(void)execvpe(path, argv, environ);
		break;
	case 7:
		(void)fexecve(open(path, O_RDONLY | O_CLOEXEC), argv, environ);
		break;
	default:
		(void)syscall(SYS_execve, path, argv, environ);
		break;
	}
	_exit(9);
}

CASE(d134_every_exec_runs_the_program)
{
	find_path();
	for (int how = 0; how <= 8; how++) {
		pid_t pid = diff_fork();

		if (pid == 0)
			run_exec(how);
		diff_reap(pid);
	}
}

CASE(d134_exec_with_another_environment)
{
	char *argv[] = { path, (char *)(uintptr_t) "part_program", NULL };
	char mark[] = "DIFF_MARK=alone";
	char *const env[] = { mark, NULL };
	char *const nothing[] = { NULL };
	pid_t pid;

	find_path();
	pid = diff_fork();
	if (pid == 0) {
		(void)execve(path, argv, env);
		_exit(9);
	}
	diff_reap(pid);
	pid = diff_fork();
	if (pid == 0) {
		(void)execve(path, argv, nothing);
		_exit(9);
	}
	diff_reap(pid);
}

CASE(d134_exec_errors)
{
	char *argv[] = { path, NULL };

	CALL(execv("/nonexistent/program", argv));
	CALL(execv("/", argv));
	CALL(execve("/proc/self/status", argv, NULL));
	CALL(execvp("no-such-program-anywhere", argv));
	CALL(execve(DIFF_BAD, argv, environ));
	use_faces();
}

CASE(d134_vfork_and_exec)
{
	char *argv[] = { path, (char *)(uintptr_t) "part_program", NULL };
	pid_t pid;

	find_path();
	use_faces();
	pid = vfork();
	if (pid == 0) {
		(void)execv(path, argv);
		_exit(9);
	}
	finish(pid);
}

CASE(d134_vfork_and_exec_that_fails)
{
	char *argv[] = { path, NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		(void)execv("/nonexistent/program", argv);
		_exit(errno == ENOENT ? 11 : 12);
	}
	finish(pid);
}

CASE(d134_posix_spawn_with_file_actions)
{
	char *argv[] = { path, (char *)(uintptr_t) "part_program", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	find_path();
	QUIET(setenv("DIFF_MARK", "spawned", 1));
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, 1, 8);
	(void)posix_spawn_file_actions_addclose(&actions, 8);
	(void)posix_spawn_file_actions_addopen(&actions, 3, "/dev/null",
	    O_RDONLY, 0);
	/* Said only when the child, which writes too, has ended. */
	r = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	finish(pid);
	diff_say("posix_spawn = %d", r);
	CALL(posix_spawnp(&pid, "/nonexistent/program", NULL, NULL, argv,
	    environ));
}

CASE(d134_shell_and_pipe_of_the_library)
{
	char line[64] = "";
	FILE *stream;

	CALL(system("exit 3"));
	stream = popen("echo from the shell", "r");
	CALL(fgets(line, sizeof(line), stream) != NULL);
	line[strcspn(line, "\n")] = '\0';
	diff_say("  %s", line);
	CALL(pclose(stream));
	use_faces();
}

static int
in_clone(void *arg)
{
	(void)arg;
	use_faces();
	return 13;
}

CASE(d134_clone_without_shared_memory)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	pid_t pid;

	use_faces();
	pid = clone(in_clone, stack + sizeof(stack), SIGCHLD, NULL);
	QUIET(pid);
	finish(pid);
}

CASE(d135_many_children_in_a_row)
{
	for (int i = 0; i < 20; i++) {
		pid_t pid = diff_fork();

		if (pid == 0) {
			int epfd = diff_epoll();
			int fd = eventfd(1, 0);
			struct epoll_event event;

			diff_add(epfd, fd, EPOLLIN, 1);
			_exit(epoll_wait(epfd, &event, 1, -1));
		}
		diff_reap(pid);
	}
	use_faces();
}

CASE(exit_code_and_fatal_signal_are_kept)
{
	pid_t pid = diff_fork();

	if (pid == 0)
		exit(42);
	diff_reap(pid);
	pid = diff_fork();
	if (pid == 0)
		(void)raise(SIGTERM);
	diff_reap(pid);
	pid = diff_fork();
	if (pid == 0)
		abort();
	diff_reap(pid);
}

static void
at_the_end(void)
{
	use_faces();
}

CASE(faces_work_in_atexit)
{
	QUIET(atexit(at_the_end));
}

__attribute__((destructor)) static void
after_main(void)
{
	struct pollfd one = { .fd = 0, .events = POLLIN };

	(void)poll(&one, 1, 0);
}

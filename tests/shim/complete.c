/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that libc opens, closes and replaces inside itself: each way once,
 * and after each one the freed numbers are used again, so that a close that was
 * not told shows as a number that changed behind us.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The lowest numbers, taken and given back. */
static void
reuse(void)
{
	int fds[8];

	for (int i = 0; i < 8; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
}

static int
streams(void)
{
	FILE *file = fopen("/dev/null", "r");
	DIR *dir = opendir("/");

	if (file == NULL || dir == NULL)
		return 1;
	file = freopen("/dev/zero", "r", file);
	reuse();
	if (file == NULL || fclose(file) != 0 || closedir(dir) != 0)
		return 2;
	reuse();
	file = popen("exit 0", "r");
	reuse();
	if (file == NULL || pclose(file) != 0)
		return 3;
	reuse();
	return 0;
}

static int
terminals(void)
{
	int status = -1;
	int fd = -1;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	if (pid == 0) {
		reuse();
		_exit(dup2(open("/dev/null", O_RDWR), 1) != 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return 4;
	return close(fd);
}

int
main(void)
{
	int r = streams();

	if (r == 0)
		r = terminals();
	reuse();
	if (dup2(0, 50) != 50)
		r = 6;
	closefrom(40);
	if (dup2(0, 50) != 50)
		r = 7;
	/* Its last words: the standard streams lead nowhere after this. */
	printf("%d\n", r);
	fflush(stdout);
	if (r != 0 || daemon(0, 0) != 0)
		return 5;
	reuse();
	return dup2(open("/dev/null", O_RDWR), 0) != 0;
}

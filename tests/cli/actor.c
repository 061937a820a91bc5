/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * actor.c - does what its arguments say, one after the other. With fake.c
 * preloaded it also has findings and counts.
 *
 *     find ID SEV CONF   a finding: 105 E certain
 *     call API N         API by number of enum plx_api
 *     unseen BITS
 *     say TEXT           a line on stdout
 *     exit N, kill N     end with a code, by a signal
 *     daemon             fork; the parent ends at once, the child goes on when
 *                        the parent is gone
 *     child              fork; the child goes on, the parent waits for it
 *     await              print "ready" and wait for SIGINT or SIGTERM; say which
 *     poll               wait for events in vain until SIGTERM kills
 *     pid                a line with the process id
 *     env NAME           a line with a variable
 *     exec PROG ARG...   become it
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cli/fake.h"

/* Not inlined, so that its name is in stacks. */
__attribute__((noinline)) static void
make_mistake(unsigned id, const char *severity, const char *confidence)
{
	if (fake_finding != NULL)
		fake_finding(id, *severity,
		    *confidence == 'c' ? PLX_CERTAIN : PLX_LIKELY);
	__asm__ volatile(""); /* no tail call */
}

static void
become_daemon(void)
{
	int parent = pidfd_open(getpid(), 0);
	struct pollfd p = { .fd = parent, .events = POLLIN };

	if (fake_call != NULL)
		fake_call(PLX_API_fork);
	if (fork() != 0)
		_exit(0);
	if (fake_adopt != NULL)
		fake_adopt();
	(void)poll(&p, 1, -1);
}

static void
go_on_in_child(void)
{
	int status;
	pid_t pid;

	/* Counted before, as the real one counts calls when they come in. */
	if (fake_call != NULL)
		fake_call(PLX_API_fork);
	pid = fork();
	if (pid == 0) {
		if (fake_adopt != NULL)
			fake_adopt();
		return;
	}
	(void)waitpid(pid, &status, 0);
	exit(WEXITSTATUS(status));
}

static void
await_signal(void)
{
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("ready");
	fflush(stdout);
	(void)sigwait(&set, &got);
	printf("got %d\n", got);
}

static void
print_pid(void)
{
	printf("%d\n", getpid());
	fflush(stdout);
}

static void
wait_for_events(void)
{
	if (fake_call != NULL)
		fake_call(PLX_API_poll);
	for (;;)
		(void)poll(NULL, 0, -1);
}

/* Returns how many words it took, after the verb. */
static int
act(char **word)
{
	const char *verb = word[0];

	if (strcmp(verb, "find") == 0) {
		make_mistake((unsigned)atoi(word[1]), word[2], word[3]);
		return 3;
	}
	if (strcmp(verb, "call") == 0) {
		for (int n = atoi(word[2]); n > 0 && fake_call; n--)
			fake_call((enum plx_api)atoi(word[1]));
		return 2;
	}
	if (strcmp(verb, "unseen") == 0 && fake_unseen != NULL)
		fake_unseen((unsigned)atoi(word[1]));
	else if (strcmp(verb, "say") == 0)
		puts(word[1]);
	else if (strcmp(verb, "exit") == 0)
		exit(atoi(word[1]));
	else if (strcmp(verb, "kill") == 0)
		raise(atoi(word[1]));
	else if (strcmp(verb, "env") == 0)
		puts(getenv(word[1]) ? getenv(word[1]) : "(unset)");
	else if (strcmp(verb, "exec") == 0)
		execvp(word[1], word + 1);
	else
		return 0;
	return 1;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "daemon") == 0)
			become_daemon();
		else if (strcmp(argv[i], "child") == 0)
			go_on_in_child();
		else if (strcmp(argv[i], "await") == 0)
			await_signal();
		else if (strcmp(argv[i], "pid") == 0)
			print_pid();
		else if (strcmp(argv[i], "poll") == 0)
			wait_for_events();
		else
			i += act(argv + i);
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: every_call NAME | none | --list
 *
 * Makes one call of shim/calls.def, once, with arguments that succeed where
 * that is possible without privileges, and prints what it returned and what
 * became of errno. The table is made from calls.def itself: a name without a
 * case here does not compile. --list prints "NAME API" lines.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#define UNUSED_FD    200
#define ERRNO_CANARY 4242

/* Names that libc exports and no header declares. */
int __poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t bytes);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, size_t bytes);
int __select(int n, fd_set *in, fd_set *out, fd_set *ex, struct timeval *t);
long plx_fdelt_chk(long fd) __asm__("__fdelt_chk");
long plx_fdelt_warn(long fd) __asm__("__fdelt_warn");
int __close(int fd);
int __dup2(int old_fd, int new_fd);
int __fcntl(int fd, int cmd, ...);
int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir_fd, const char *path, int flags);
int __openat64_2(int dir_fd, const char *path, int flags);
int __pipe(int fds[2]);
pid_t __fork(void);
pid_t __vfork(void);
/* libc keeps this name for itself, so it has to be looked up. */
extern pid_t __libc_fork(void) __attribute__((weak));

static struct pollfd one = { .fd = 0, .events = POLLIN };
static struct timeval no_time;
static const struct timespec no_span;
static struct epoll_event event = { .events = EPOLLIN };
static char *echo_argv[] = { (char[]){ "echo" }, (char[]){ "ran" }, NULL };
static char *echo_envp[] = { (char[]){ "A=1" }, NULL };
#define ECHO_PATH "/bin/echo"

static long
pair(int ret, const int fds[2])
{
	return ret == 0 ? fds[0] * 1000L + fds[1] : ret;
}

/* The child says nothing and ends; the parent's result is "a child". */
static long
child(pid_t pid)
{
	int status = 0;

	if (pid == 0)
		_exit(7);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WEXITSTATUS(status);
}

static long
spawned(int error, pid_t pid)
{
	int status = 0;

	if (error != 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int
epoll_with_stdin(void)
{
	int set = epoll_create1(0);

	event.data.u64 = 17;
	return syscall(SYS_epoll_ctl, set, EPOLL_CTL_ADD, 0, &event) == 0 ? set
									  : -1;
}

#define CASE(name, expression)        \
	static long case_##name(void) \
	{                             \
		return (expression);  \
	}
#define CASE_LONG(name) static long case_##name(void)

CASE(poll, poll(&one, 1, 0))
CASE(__poll, __poll(&one, 1, 0))
CASE(ppoll, ppoll(&one, 1, &no_span, NULL))
CASE(__poll_chk, __poll_chk(&one, 1, 0, sizeof(one)))
CASE(__ppoll_chk, __ppoll_chk(&one, 1, &no_span, NULL, sizeof(one)))
CASE(select, select(0, NULL, NULL, NULL, &no_time))
CASE(__select, __select(0, NULL, NULL, NULL, &no_time))
CASE(pselect, pselect(0, NULL, NULL, NULL, &no_span, NULL))
CASE(__fdelt_chk, plx_fdelt_chk(70))
CASE(__fdelt_warn, plx_fdelt_warn(70))
CASE(epoll_create, epoll_create(1))
CASE(epoll_create1, epoll_create1(EPOLL_CLOEXEC))
CASE(epoll_ctl, epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, 0, &event))
CASE(epoll_wait, epoll_wait(epoll_with_stdin(), &event, 1, 0))
CASE(epoll_pwait, epoll_pwait(epoll_with_stdin(), &event, 1, 0, NULL))
CASE(epoll_pwait2, epoll_pwait2(epoll_with_stdin(), &event, 1, &no_span, NULL))
CASE(close, close(0))
CASE(__close, __close(0))
CASE(dup, dup(0))
CASE(dup2, dup2(0, UNUSED_FD))
CASE(__dup2, __dup2(0, UNUSED_FD))
CASE(dup3, dup3(0, UNUSED_FD, O_CLOEXEC))
CASE(fcntl, fcntl(0, F_DUPFD, 50))
CASE(fcntl64, fcntl64(0, F_SETFD, FD_CLOEXEC))
CASE(__fcntl, __fcntl(0, F_GETFL))
CASE(close_range, close_range(UNUSED_FD, UNUSED_FD + 50, 0))
CASE_LONG(closefrom)
{
	closefrom(UNUSED_FD);
	return 0;
}
CASE(fclose, fclose(stdin))
CASE(fcloseall, fcloseall())
CASE(closedir, closedir(opendir("/")))
CASE(freopen, freopen("/dev/null", "r", stdin) != NULL)
CASE(freopen64, freopen64("/dev/null", "r", stdin) != NULL)
CASE(popen, popen("exit 0", "r") != NULL)
CASE(pclose, pclose(popen("exit 3", "r")))
CASE(fork, child(fork()))
CASE(__fork, child(__fork()))
CASE(_Fork, child(_Fork()))
CASE(__libc_fork, child(__libc_fork != NULL ? __libc_fork() : fork()))
CASE(vfork, child(vfork()))
CASE(__vfork, child(__vfork()))
CASE(daemon, daemon(1, 1))
CASE_LONG(forkpty)
{
	int fd;

	return child(forkpty(&fd, NULL, NULL, NULL));
}
CASE(login_tty, login_tty(-1))
CASE(execve, execve(ECHO_PATH, echo_argv, echo_envp))
CASE(execveat, execveat(AT_FDCWD, ECHO_PATH, echo_argv, echo_envp, 0))
CASE(execv, execv(ECHO_PATH, echo_argv))
CASE(execvp, execvp("echo", echo_argv))
CASE(execvpe, execvpe("echo", echo_argv, echo_envp))
CASE(fexecve, fexecve(open(ECHO_PATH, O_RDONLY), echo_argv, echo_envp))
CASE(execl, execl(ECHO_PATH, "echo", "a", "b", (char *)NULL))
CASE(execle,
    execle("/usr/bin/env", "env", (char *)NULL,
	(char *[]){ (char[]){ "B=2" }, NULL }))
CASE(execlp, execlp("echo", "echo", "c", (char *)NULL))
CASE_LONG(posix_spawn)
{
	pid_t pid = 0;
	int error = posix_spawn(&pid, ECHO_PATH, NULL, NULL, echo_argv,
	    echo_envp);

	return spawned(error, pid);
}
CASE_LONG(posix_spawnp)
{
	pid_t pid = 0;
	int error = posix_spawnp(&pid, "echo", NULL, NULL, echo_argv,
	    echo_envp);

	return spawned(error, pid);
}
CASE(system, system("exit 5"))
static struct rlimit limit = { 0, RLIM_INFINITY };
CASE(setrlimit, setrlimit(RLIMIT_CORE, &limit))
CASE(setrlimit64, setrlimit64(RLIMIT_CORE, (struct rlimit64 *)(void *)&limit))
CASE(prlimit, prlimit(0, RLIMIT_CORE, NULL, &limit))
CASE(prlimit64,
    prlimit64(0, RLIMIT_CORE, NULL, (struct rlimit64 *)(void *)&limit))
CASE(prctl, prctl(PR_GET_DUMPABLE))
CASE(unshare, unshare(0))
CASE(syscall, syscall(SYS_getpid) == getpid())
static const struct sigaction ignoring = { .sa_handler = SIG_IGN };
static const union sigval no_value;
sighandler_t plx_bsd_signal(int sig, sighandler_t handler) __asm__(
    "bsd_signal");
int plx_sigaction(int sig, const struct sigaction *action,
    struct sigaction *ret_old) __asm__("__sigaction");
CASE(sigaction, sigaction(SIGUSR1, &ignoring, NULL))
CASE(__sigaction, plx_sigaction(SIGKILL, &ignoring, NULL))
CASE(signal, signal(SIGUSR1, SIG_IGN) == SIG_DFL)
CASE(bsd_signal, plx_bsd_signal(SIGUSR1, SIG_IGN) == SIG_DFL)
CASE(ssignal, ssignal(SIGUSR1, SIG_IGN) == SIG_DFL)
CASE(sysv_signal, sysv_signal(SIGUSR1, SIG_IGN) == SIG_DFL)
CASE(__sysv_signal, __sysv_signal(SIGUSR1, SIG_IGN) == SIG_DFL)
/* Their declarations call them deprecated. */
sighandler_t plx_sigset(int sig, sighandler_t disposition) __asm__("sigset");
int plx_sigignore(int sig) __asm__("sigignore");
int plx_siginterrupt(int sig, int interrupt) __asm__("siginterrupt");
CASE(sigset, plx_sigset(SIGUSR1, SIG_IGN) == SIG_DFL)
CASE(sigignore, plx_sigignore(SIGUSR1))
CASE(siginterrupt, plx_siginterrupt(SIGUSR1, 1))
CASE(kill, kill(getpid(), SIGCHLD))
CASE(killpg, killpg(getpgrp(), 0))
CASE(raise, raise(SIGCHLD))
CASE(gsignal, gsignal(SIGCHLD))
CASE(sigqueue, sigqueue(getpid(), SIGCHLD, no_value))
CASE(pthread_kill, pthread_kill(pthread_self(), SIGCHLD))
CASE(pthread_sigqueue, pthread_sigqueue(pthread_self(), SIGCHLD, no_value))
CASE(tgkill, tgkill(getpid(), gettid(), SIGCHLD))
static struct msghdr message;
CASE(recvmsg, recvmsg(0, &message, MSG_DONTWAIT))
CASE(sendmsg, sendmsg(0, &message, MSG_DONTWAIT))
static struct mmsghdr messages;
CASE(recvmmsg, recvmmsg(0, &messages, 1, MSG_DONTWAIT, NULL))
CASE(sendmmsg, sendmmsg(0, &messages, 1, MSG_DONTWAIT))
CASE(open, open("/dev/null", O_RDONLY))
CASE(open64, open64("/dev/null", O_RDONLY | O_CLOEXEC))
CASE(__open, __open("/dev/null", O_RDONLY))
CASE(__open64, __open64("/dev/null", O_RDONLY))
CASE(openat, openat(AT_FDCWD, "/dev/null", O_RDONLY))
CASE(openat64, openat64(AT_FDCWD, "/dev/null", O_RDONLY))
CASE(__open_2, __open_2("/dev/null", O_RDONLY))
CASE(__open64_2, __open64_2("/dev/null", O_RDONLY))
CASE(__openat_2, __openat_2(AT_FDCWD, "/dev/null", O_RDONLY))
CASE(__openat64_2, __openat64_2(AT_FDCWD, "/dev/null", O_RDONLY))
CASE(creat, creat("/dev/null", 0600))
CASE(creat64, creat64("/dev/null", 0600))
CASE(memfd_create, memfd_create("x", MFD_CLOEXEC))
CASE(socket, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0))
static int fds[2];
CASE(socketpair, pair(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), fds))
CASE(accept, accept(0, NULL, NULL))
CASE(accept4, accept4(0, NULL, NULL, SOCK_CLOEXEC))
CASE(pipe, pair(pipe(fds), fds))
CASE(__pipe, pair(__pipe(fds), fds))
CASE(pipe2, pair(pipe2(fds, O_NONBLOCK), fds))
CASE(eventfd, eventfd(3, EFD_NONBLOCK))
CASE(timerfd_create, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC))
static sigset_t no_signals;
CASE(signalfd, signalfd(-1, &no_signals, SFD_CLOEXEC))
CASE(inotify_init, inotify_init())
CASE(inotify_init1, inotify_init1(IN_NONBLOCK))
CASE(pidfd_open, pidfd_open(getpid(), 0))

static const struct call_case {
	const char *name;
	const char *api;
	long (*make)(void);
} cases[] = {
#define ROW(ret, name, params, api, ...) { #name, #api, case_##name },
#define PLX_CALLS_ALL
#define PLX_KERNEL          ROW
#define PLX_SHAPED          ROW
#define PLX_LIBC            ROW
#define PLX_COLLECT         ROW
#define PLX_JUMP            ROW
#define PLX_ALIAS(of, name) { #name, "=" #of, case_##name },
#include "shim/calls.def"
};

#define CASES_N (sizeof(cases) / sizeof(cases[0]))

static const struct call_case *
case_find(const char *name)
{
	for (size_t i = 0; i < CASES_N; i++)
		if (strcmp(cases[i].name, name) == 0)
			return &cases[i];
	return NULL;
}

static void
list(void)
{
	for (size_t i = 0; i < CASES_N; i++) {
		const struct call_case *c = &cases[i];

		if (c->api[0] == '=')
			c = case_find(c->api + 1);
		printf("%s %s\n", cases[i].name, c->api);
	}
}

static void
say(const char *name, long ret, int error)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %ld errno %d\n", name, ret,
	    error);

	/* stdout may be what a case has closed or flushed. */
	if (n > 0 && write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(2);
}

/* Descriptor 0 becomes a pipe with a byte in it, and nothing else is open. */
static int
stdin_prepare(void)
{
	int ends[2];

	if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
		return -1;
	if (dup2(ends[0], 0) != 0 || dup2(ends[1], UNUSED_FD + 100) < 0)
		return -1;
	return close(ends[0]) | close(ends[1]);
}

int
main(int argc, char **argv)
{
	const struct call_case *c;
	long ret;

	if (argc != 2 || stdin_prepare() != 0)
		return 2;
	if (strcmp(argv[1], "--list") == 0) {
		list();
		return 0;
	}
	c = case_find(argv[1]);
	if (c == NULL)
		return strcmp(argv[1], "none") == 0 ? 0 : 2;
	errno = ERRNO_CANARY;
	ret = c->make();
	say(c->name, ret, errno);
	_exit(0);
}

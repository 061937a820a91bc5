/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor_machine.c - can pollux work here?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/doctor.h"
#include "tools/session.h"

/* An fd_set's room. */
#define SELECT_MAX 1024u

static void
look_at_kernel(struct plx_doctor *doctor)
{
	struct utsname name;

	if (uname(&name) == 0)
		plx_doctor_say(doctor, PLX_HEALTH_OK, "kernel", "%s %s %s",
		    name.sysname, name.release, name.machine);
}

static void
look_at_feature(struct plx_doctor *doctor, const char *name, long r, int error,
    const char *without)
{
	if (r >= 0 || (error != ENOSYS && error != EPERM))
		plx_doctor_say(doctor, PLX_HEALTH_OK, name, "works");
	else
		plx_doctor_say(doctor, PLX_HEALTH_PROBLEM, name, "%s: %s",
		    strerror(error), without);
}

static void
look_at_features(struct plx_doctor *doctor)
{
	int fd;

	errno = 0;
	fd = pidfd_open(getpid(), 0);
	look_at_feature(doctor, "pidfd_open", fd, errno,
	    "pollux check cannot wait for programs");
	if (fd >= 0)
		close(fd);
	errno = 0;
	fd = memfd_create("pollux", MFD_CLOEXEC);
	look_at_feature(doctor, "memfd_create", fd, errno,
	    "pollux check cannot share memory; use log_path=");
	if (fd >= 0)
		close(fd);
	/* Bad arguments: only whether the call is there is asked. */
	look_at_feature(doctor, "epoll_pwait2",
	    syscall(SYS_epoll_pwait2, -1, NULL, 0, NULL, NULL, 0), errno,
	    "waits have a resolution of a millisecond");
	look_at_feature(doctor, "close_range",
	    syscall(SYS_close_range, 1, 0, 0), errno, "closefrom(3) is slow");
}

/* The first line of a file of /proc, or NULL. */
static char *
read_line(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256];
	char *copy = NULL;

	if (file == NULL)
		return NULL;
	if (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		copy = plx_format("%s", line);
	}
	fclose(file);
	return copy;
}

static void
look_at_limits(struct plx_doctor *doctor)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur > SELECT_MAX)
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "descriptors",
		    "limit %llu: a program that uses select(2) is not safe "
		    "above %u (PX501)",
		    (unsigned long long)limit.rlim_cur, SELECT_MAX);
	else
		plx_doctor_say(doctor, PLX_HEALTH_OK, "descriptors",
		    "limit %llu", (unsigned long long)limit.rlim_cur);
}

static void
look_at_sandbox(struct plx_doctor *doctor)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	unsigned long mode = 0;

	if (file == NULL) {
		plx_doctor_say(doctor, PLX_HEALTH_PROBLEM, "/proc",
		    "not mounted: descriptors have no names in reports");
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "Seccomp:", 8) == 0)
			mode = strtoul(line + 8, NULL, 10);
	}
	fclose(file);
	if (mode == 0)
		plx_doctor_say(doctor, PLX_HEALTH_OK, "seccomp", "no filter");
	else
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "seccomp",
		    "a filter is in force here (container?)");
}

static void
look_at_sysctls(struct plx_doctor *doctor)
{
	char *yama = read_line("/proc/sys/kernel/yama/ptrace_scope");
	char *uring = read_line("/proc/sys/kernel/io_uring_disabled");

	if (yama != NULL && strcmp(yama, "0") != 0)
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "ptrace_scope",
		    "%s: debuggers attach to children only; pollux does not "
		    "need ptrace",
		    yama);
	else
		plx_doctor_say(doctor, PLX_HEALTH_OK, "ptrace_scope",
		    "%s; pollux does not need ptrace", yama ? yama : "none");
	if (uring != NULL && strcmp(uring, "0") == 0)
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "io_uring",
		    "allowed: what a program does through it is not seen");
	else
		plx_doctor_say(doctor, PLX_HEALTH_OK, "io_uring", "%s",
		    uring ? "restricted" : "not in this kernel");
	free(yama);
	free(uring);
}

static void
look_at_environment(struct plx_doctor *doctor)
{
	const char *preload = getenv("LD_PRELOAD");
	const char *options = getenv("POLLUX_OPTIONS");

	if (preload != NULL && *preload != '\0')
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "LD_PRELOAD",
		    "%s is kept behind libpollux.so.0", preload);
	if (options != NULL && *options != '\0')
		plx_doctor_say(doctor, PLX_HEALTH_NOTE, "POLLUX_OPTIONS",
		    "%s also applies; the command line wins", options);
}

/* The one question that answers all others: does it work? */
static void
try_it(struct plx_doctor *doctor)
{
	static char name[] = "true";
	char *argv[] = { name, NULL };
	struct plx_session session = {
		.launch = { .cmd = "check", .argv = argv, .region_fd = -1 },
		.watch = { .wait_all = true },
	};
	char *object;

	if (plx_library_find(&object) != 0) {
		doctor->worst = PLX_HEALTH_PROBLEM;
		return;
	}
	plx_launch_option(&session.launch, "level", "log");
	if (plx_session_run(&session) == 0 && session.attached &&
	    session.watch.status == 0)
		plx_doctor_say(doctor, PLX_HEALTH_OK, "trial",
		    "%s works in true(1)", object);
	else
		plx_doctor_say(doctor, PLX_HEALTH_PROBLEM, "trial",
		    "%s did not record true(1)", object);
	plx_session_fini(&session);
	free(object);
}

void
plx_doctor_machine(struct plx_doctor *doctor)
{
	look_at_kernel(doctor);
	look_at_features(doctor);
	look_at_limits(doctor);
	look_at_sandbox(doctor);
	look_at_sysctls(doctor);
	look_at_environment(doctor);
	try_it(doctor);
}

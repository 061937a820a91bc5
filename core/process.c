/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.c - see process.h.
 */
#include "core/process.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/arena.h"
#include "core/iset_impl.h"
#include "core/os.h"
#include "core/sys.h"
#include "core/sysfile.h"

#define STAT_START_CODE 26
#define STAT_EXIT_CODE  52
#define STAT_BYTES      1024

/* Linux 6.15's ioctl, younger than the headers: first version, 64 bytes. */
struct pidfd_info {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t pid;
	uint32_t others[10];
	int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info) == 64, "the kernel's first version");
#define PIDFD_INFO_EXIT_BIT (UINT64_C(1) << 3)
#define PIDFD_GET_INFO_NR   UINT32_C(0xc040ff0b)

int
process_open(int pid)
{
	return (int)plx_sys(SYS_pidfd_open, pid, 0, 0, 0, 0, 0);
}

/* 1: a child (ret_info says whether it ended), 0: none, -EBADF: no pidfd. */
static int
child_look(int pidfd, siginfo_t *ret_info)
{
	long r;

	memset(ret_info, 0, sizeof(*ret_info));
	r = plx_sys(SYS_waitid, P_PIDFD, pidfd, (long)ret_info,
	    WEXITED | WNOHANG | WNOWAIT | __WALL, 0, 0);
	if (r == -ECHILD)
		return 0;
	return r < 0 ? (int)r : 1;
}

bool
process_is_pidfd(int fd)
{
	siginfo_t info;

	return child_look(fd, &info) >= 0;
}

bool
process_gone(int pidfd)
{
	return (backend_sample(pidfd, PLX_IN) & (PLX_IN | PLX_HUP)) != 0;
}

static int
wait_status(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return info->si_status | WCOREFLAG;
	default:
		return info->si_status;
	}
}

/* --- /proc: text without stdio --- */

static long
proc_text(const char *head, int number, const char *tail, char *buf,
    size_t size_bytes)
{
	char path[64];
	size_t at = plx_text_append(path, 0, sizeof(path), head);
	long n;
	int fd;

	at = plx_text_number(path, at, sizeof(path), number);
	(void)plx_text_append(path, at, sizeof(path), tail);
	fd = plx_sys_open(path, 0);
	if (fd < 0)
		return fd;
	n = plx_sys_read(fd, buf, size_bytes - 1);
	(void)plx_sys_close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

static uint64_t
number_at(const char *p)
{
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	return value;
}

/* Field n (as proc(5) counts, from 3 on) of its stat; false if unreadable. */
static bool
stat_field(int pid, int n, uint64_t *ret_value)
{
	char text[STAT_BYTES];
	const char *p = NULL;
	int field = 2;

	if (proc_text("/proc/", pid, "/stat", text, sizeof(text)) <= 0)
		return false;
	/* The name may hold anything; what follows its last ')' does not. */
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == ')')
			p = at + 1;
	}
	for (; p != NULL && *p != '\0'; p++) {
		if (*p == ' ' && ++field == n) {
			*ret_value = number_at(p + 1);
			return true;
		}
	}
	return false;
}

int
process_pid(int pidfd)
{
	char text[STAT_BYTES];
	const char *p;

	if (proc_text("/proc/self/fdinfo/", pidfd, "", text, sizeof(text)) <= 0)
		return 0;
	p = strstr(text, "\nPid:\t");
	return p == NULL ? 0 : (int)number_at(p + 6); /* "-1": reaped */
}

/* --- how it ended --- */

static bool
reaped_status(int pidfd, int *ret_status)
{
	struct pidfd_info info = { .mask = PIDFD_INFO_EXIT_BIT };

	if (plx_sys(SYS_ioctl, pidfd, (long)PIDFD_GET_INFO_NR, (long)&info, 0,
		0, 0) < 0 ||
	    (info.mask & PIDFD_INFO_EXIT_BIT) == 0)
		return false;
	*ret_status = info.exit_code;
	return true;
}

static bool
may_trace(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (plx_sys(SYS_capget, (long)&head, (long)data, 0, 0, 0, 0) < 0)
		return false;
	return (data[0].effective & (UINT32_C(1) << CAP_SYS_PTRACE)) != 0;
}

static bool
zombie_status(int pidfd, int *ret_status)
{
	const int pid = process_pid(pidfd);
	uint64_t value;

	if (pid <= 0 || !may_trace() ||
	    !stat_field(pid, STAT_EXIT_CODE, &value))
		return false;
	/* Reaped meanwhile, and the pid may be another's. */
	if (process_pid(pidfd) != pid)
		return false;
	*ret_status = (int)value;
	return true;
}

bool
process_status(int pidfd, int *ret_status)
{
	siginfo_t info;

	if (child_look(pidfd, &info) == 1 && info.si_pid != 0) {
		*ret_status = wait_status(&info);
		return true;
	}
	/* It may be reaped while we ask for a zombie's. */
	return reaped_status(pidfd, ret_status) ||
	    zombie_status(pidfd, ret_status) ||
	    reaped_status(pidfd, ret_status);
}

int
process_promise(int pidfd)
{
	siginfo_t info;
	uint64_t start;
	int status;
	int pid;

	if (child_look(pidfd, &info) == 1)
		return 0;
	pid = process_pid(pidfd);
	/* Nobody waits for the own end; and what ended says so now. */
	if (pid == plx_sys_getpid() || process_gone(pidfd))
		return pid == plx_sys_getpid() || process_status(pidfd, &status)
		    ? 0
		    : -EPERM;
	/* Its addresses read as 1 for those who may not know. */
	if (!may_trace() || !stat_field(pid, STAT_START_CODE, &start) ||
	    start == 1)
		return -EPERM;
	return 0;
}

/* --- one descriptor for all who watch a process --- */

struct process {
	uint32_t link;         /* arena link when free */
	_Atomic uint32_t refs; /* [a] 0: not in use */
	_Atomic int fd;        /* [a] */
	_Atomic int pid;       /* [a] */
};

static struct plx_arena processes = PLX_ARENA(struct process, 6);

static struct process *
process_at(uint32_t index)
{
	return arena_at(&processes, index);
}

int
process_fd(uint32_t index)
{
	/* relaxed: a number; the kernel orders the rest. */
	return atomic_load_explicit(&process_at(index)->fd,
	    memory_order_relaxed);
}

static bool
process_enter(struct process *p)
{
	uint32_t refs = atomic_load_explicit(&p->refs, memory_order_relaxed);

	/* acquire: pairs with the release in process_make. */
	while (refs != 0) {
		if (atomic_compare_exchange_weak_explicit(&p->refs, &refs,
			refs + 1, memory_order_acquire, memory_order_relaxed))
			return true;
	}
	return false;
}

void
process_put(uint32_t index)
{
	struct process *p = process_at(index);
	const int fd = process_fd(index);

	/* acq_rel: the last one closes after everybody's use. */
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (fd >= 0)
		plx_os.fd_drop(fd);
	arena_give(&processes, index);
}

/* Somebody watches it already, and it is the same process: it still runs. */
static uint32_t
process_find(int pid)
{
	const uint32_t used = atomic_load_explicit(&processes.used,
	    memory_order_relaxed);

	for (uint32_t i = 1; i <= used; i++) {
		struct process *p = process_at(i);

		if (p == NULL ||
		    atomic_load_explicit(&p->pid, memory_order_relaxed) !=
			pid ||
		    !process_enter(p))
			continue;
		if (atomic_load_explicit(&p->pid, memory_order_relaxed) ==
			pid &&
		    process_fd(i) >= 0 && !process_gone(process_fd(i)))
			return i;
		process_put(i);
	}
	return 0;
}

/* Whose descriptor had to move; then those who registered it are told. */
static void (*watchers_moved)(int old_fd, int new_fd);

static void
process_moved(int old_fd, int new_fd)
{
	const uint32_t used = atomic_load_explicit(&processes.used,
	    memory_order_relaxed);

	watchers_moved(old_fd, new_fd);
	for (uint32_t i = 1; i <= used; i++) {
		struct process *p = process_at(i);

		if (p != NULL && process_fd(i) == old_fd &&
		    atomic_load_explicit(&p->refs, memory_order_relaxed) != 0)
			atomic_store_explicit(&p->fd, new_fd,
			    memory_order_relaxed);
	}
}

static int
process_make(int pid, uint32_t *ret_index)
{
	const uint32_t index = arena_take(&processes);
	struct process *p = process_at(index);
	int fd;

	if (p == NULL)
		return -ENOMEM;
	fd = process_open(pid);
	if (fd >= 0)
		fd = plx_os.fd_hide(fd, process_moved);
	if (fd < 0) {
		arena_give(&processes, index);
		/* A thread that is not its process: no such process. */
		return fd == -EINVAL || fd == -ENOENT ? -ESRCH : fd;
	}
	atomic_store_explicit(&p->fd, fd, memory_order_relaxed);
	atomic_store_explicit(&p->pid, pid, memory_order_relaxed);
	/* release: it is complete before others can find it. */
	atomic_store_explicit(&p->refs, 1, memory_order_release);
	*ret_index = index;
	return 0;
}

int
process_get(int pid, uint32_t *ret_index, void (*moved)(int old_fd, int new_fd))
{
	const uint32_t index = process_find(pid);

	watchers_moved = moved;
	if (index == 0)
		return process_make(pid, ret_index);
	*ret_index = index;
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys.c - raw system calls. The only file with system call numbers; see sys.h.
 */
#include "core/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
/* The kernel's sigset_t is 8 bytes, whatever libc's type says. */
#define KERNEL_SIGSET_BYTES 8

#if defined(__x86_64__)
long
plx_sys(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			 "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
long
plx_sys(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "Pollux knows the system call instruction of x86-64 and aarch64 only"
#endif

int
plx_sys_close(int fd)
{
	return (int)plx_sys(SYS_close, fd, 0, 0, 0, 0, 0);
}

int
plx_sys_getpid(void)
{
	return (int)plx_sys(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

int
plx_sys_gettid(void)
{
	return (int)plx_sys(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

int
plx_sys_fcntl(int fd, int cmd, long arg)
{
	return (int)plx_sys(SYS_fcntl, fd, cmd, arg, 0, 0, 0);
}

int
plx_sys_ioctl_int(int fd, unsigned long request, int *ret_value)
{
	int value = 0;
	int r;

	r = (int)plx_sys(SYS_ioctl, fd, (long)request, (long)&value, 0, 0, 0);
	if (r >= 0)
		*ret_value = value;
	return r;
}

int
plx_sys_dup3(int old_fd, int new_fd, int flags)
{
	return (int)plx_sys(SYS_dup3, old_fd, new_fd, flags, 0, 0, 0);
}

int
plx_sys_epoll_create1(int flags)
{
	return (int)plx_sys(SYS_epoll_create1, flags, 0, 0, 0, 0, 0);
}

int
plx_sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return (int)plx_sys(SYS_epoll_ctl, epfd, op, fd, (long)event, 0, 0);
}

int
plx_sys_epoll_peek(int epfd, struct epoll_event *ret_events, int events_max)
{
	return (int)plx_sys(SYS_epoll_pwait, epfd, (long)ret_events, events_max,
	    0, 0, KERNEL_SIGSET_BYTES);
}

int
plx_sys_poll_peek(struct pollfd *fds, unsigned int fds_n)
{
	struct __kernel_timespec zero = { 0, 0 };

	return (int)plx_sys(SYS_ppoll, (long)fds, fds_n, (long)&zero, 0,
	    KERNEL_SIGSET_BYTES, 0);
}

int
plx_sys_select_bit(int n, unsigned long *bits)
{
	struct __kernel_timespec zero = { 0, 0 };

	return (int)plx_sys(SYS_pselect6, n, (long)bits, 0, 0, (long)&zero, 0);
}

uint64_t
plx_sys_signals_block(void)
{
	const uint64_t all = UINT64_MAX;
	uint64_t before = 0;

	(void)plx_sys(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, (long)&all,
	    (long)&before, KERNEL_SIGSET_BYTES, 0, 0);
	return before;
}

void
plx_sys_signals_restore(uint64_t mask)
{
	(void)plx_sys(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&mask, 0,
	    KERNEL_SIGSET_BYTES, 0, 0);
}

int
plx_sys_eventfd(unsigned int value, int flags)
{
	return (int)plx_sys(SYS_eventfd2, value, flags, 0, 0, 0, 0);
}

int
plx_sys_timerfd_create(int clock, int flags)
{
	return (int)plx_sys(SYS_timerfd_create, clock, flags, 0, 0, 0, 0);
}

int
plx_sys_timerfd_arm(int fd, int64_t deadline_ns)
{
	struct __kernel_itimerspec when = {
		.it_value = { deadline_ns / NS_PER_S, deadline_ns % NS_PER_S },
	};
	const int absolute = 1; /* TFD_TIMER_ABSTIME */

	return (int)plx_sys(SYS_timerfd_settime, fd, absolute, (long)&when, 0,
	    0, 0);
}

void *
plx_sys_map(size_t len_bytes)
{
	long r;

	r = plx_sys(SYS_mmap, 0, (long)len_bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return r < 0 && r > -4096 ? NULL : (void *)r;
}

void
plx_sys_unmap(void *p, size_t len_bytes)
{
	(void)plx_sys(SYS_munmap, (long)p, (long)len_bytes, 0, 0, 0, 0);
}

int
plx_sys_futex_wait(const _Atomic uint32_t *word, uint32_t value)
{
	return (int)plx_sys(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE,
	    (long)value, 0, 0, 0);
}

int
plx_sys_futex_wake(const _Atomic uint32_t *word, int waiters_max)
{
	return (int)plx_sys(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE,
	    waiters_max, 0, 0, 0);
}

int
plx_sys_store(int pid, void *to, const void *from, size_t len_bytes)
{
	struct iovec local = { (void *)(uintptr_t)from, len_bytes };
	struct iovec remote = { to, len_bytes };
	long r;

	r = plx_sys(SYS_process_vm_writev, pid, (long)&local, 1, (long)&remote,
	    1, 0);
	if (r == (long)len_bytes)
		return 0;
	/* A part is what was before the page that cannot be written. */
	return r >= 0 ? -EFAULT : (int)r;
}

void
plx_sys_write(int fd, const char *text, size_t len_bytes)
{
	(void)plx_sys(SYS_write, fd, (long)text, (long)len_bytes, 0, 0, 0);
}

static int64_t
clock_ns(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	/* The vdso's; it cannot fail for these two clocks. */
	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t
plx_sys_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t
plx_sys_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys.h - every raw system call that Pollux makes itself.
 *
 * Used by all of core and by shim. Nothing here blocks for long, touches
 * errno, or is a cancellation point: results are the kernel's own, >= 0 or
 * -Exxx. All functions are async-signal-safe, thread-safe, and safe in a vfork
 * child. Blocking calls do not belong here but in struct plx_os (os.h), since
 * they must be libc's own to stay cancellation points.
 *
 * Authority: syscall(2), and the man page of each call.
 */
#ifndef PLX_CORE_SYS_H
#define PLX_CORE_SYS_H

#include <stddef.h>
#include <stdint.h>

struct epoll_event;
struct pollfd;

/* plx_sys - one raw system call with up to six arguments. */
long plx_sys(long nr, long a, long b, long c, long d, long e, long f);

int plx_sys_close(int fd);
int plx_sys_getpid(void);
int plx_sys_gettid(void);
int plx_sys_fcntl(int fd, int cmd, long arg);
int plx_sys_ioctl_int(int fd, unsigned long request, int *ret_value);
int plx_sys_dup3(int old_fd, int new_fd, int flags);

int plx_sys_epoll_create1(int flags);
/* plx_sys_epoll_ctl - event may be NULL for EPOLL_CTL_DEL. */
int plx_sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
/* plx_sys_epoll_peek - epoll_wait with timeout 0: never blocks. */
int plx_sys_epoll_peek(int epfd, struct epoll_event *ret_events,
    int events_max);
/* plx_sys_poll_peek - poll with timeout 0: never blocks. */
int plx_sys_poll_peek(struct pollfd *fds, unsigned int fds_n);

/* plx_sys_select_bit - the kernel's select, read set only, no time. */
int plx_sys_select_bit(int n, unsigned long *bits);

/*
 * plx_sys_signals_block - block all signals of this thread; returns the mask
 * that was. plx_sys_signals_restore takes it back.
 */
uint64_t plx_sys_signals_block(void);
void plx_sys_signals_restore(uint64_t mask);

int plx_sys_eventfd(unsigned int value, int flags);
int plx_sys_timerfd_create(int clock, int flags);
/* plx_sys_timerfd_arm - absolute CLOCK_MONOTONIC ns; 0 disarms. */
int plx_sys_timerfd_arm(int fd, int64_t deadline_ns);

/* plx_sys_map - anonymous private zero memory, or NULL when there is none. */
void *plx_sys_map(size_t len_bytes);
void plx_sys_unmap(void *p, size_t len_bytes);

int plx_sys_futex_wait(const _Atomic uint32_t *word, uint32_t value);
int plx_sys_futex_wake(const _Atomic uint32_t *word, int waiters_max);

/*
 * plx_sys_store - copy to the program's memory by the kernel: a page that cannot
 * be written is -EFAULT instead of a signal. pid is the calling process.
 */
int plx_sys_store(int pid, void *to, const void *from, size_t len_bytes);

/* plx_sys_write - best effort, for last words only; the result is ignored. */
void plx_sys_write(int fd, const char *text, size_t len_bytes);

/* plx_sys_now_ns - CLOCK_MONOTONIC (vdso), plx_sys_realtime_ns - the wall. */
int64_t plx_sys_now_ns(void);
int64_t plx_sys_realtime_ns(void);

#endif

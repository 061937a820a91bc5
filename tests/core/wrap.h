/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap.h - functions of core/sys.h that the linker leads past us: a call of the
 * name comes to __wrap_NAME, and __real_NAME is core's own.
 */
#ifndef PLX_TESTS_CORE_WRAP_H
#define PLX_TESTS_CORE_WRAP_H

#include <stddef.h>
#include <stdint.h>

struct epoll_event;

void *__wrap_plx_sys_map(size_t len_bytes);
void __wrap_plx_sys_unmap(void *p, size_t len_bytes);
int __wrap_plx_sys_epoll_ctl(int epfd, int op, int fd,
    struct epoll_event *event);
int __real_plx_sys_epoll_ctl(int epfd, int op, int fd,
    struct epoll_event *event);
int64_t __wrap_plx_sys_now_ns(void);
int64_t __real_plx_sys_now_ns(void);
int64_t __wrap_plx_sys_realtime_ns(void);
int64_t __real_plx_sys_realtime_ns(void);

#endif

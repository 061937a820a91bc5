/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * types.h - the system headers whose types appear in calls.def.
 */
#ifndef PLX_SHIM_TYPES_H
#define PLX_SHIM_TYPES_H

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <termios.h>
#include <time.h>

#endif

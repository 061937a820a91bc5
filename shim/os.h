/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os.h - gives core libc's blocking calls.
 */
#ifndef PLX_SHIM_OS_H
#define PLX_SHIM_OS_H

/* plx_os_fill - from the constructor, after plx_real_resolve. */
void plx_os_fill(void);

#endif

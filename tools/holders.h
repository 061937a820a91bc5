/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.h - which processes have a region mapped: those that attached, and
 * children of fork(2) that are about to.
 */
#ifndef PLX_TOOLS_HOLDERS_H
#define PLX_TOOLS_HOLDERS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * plx_holds_region - whether a process has the file with this inode mapped as
 * a region. True when /proc may not be asked about it.
 */
bool plx_holds_region(pid_t pid, ino_t inode);

/*
 * plx_region_is_held - whether any process but ours has it mapped. Processes
 * that /proc may not be asked about do not count.
 */
bool plx_region_is_held(ino_t inode);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc.h - which process we are in, and whether its tables are ours to write.
 *
 * Three ways to share our memory without being us: a fork child (a copy, told
 * by a wipe-on-fork page that reads zero there), a vfork or CLONE_VM child (the
 * same memory, told only by its pid), a thread (us). Only the owner writes
 * tables, sets and records.
 *
 * Thread-safe, async-signal-safe.
 */
#ifndef PLX_CORE_PROC_H
#define PLX_CORE_PROC_H

#include <stdbool.h>
#include <stdint.h>

/* How libc's close() reaches us in this process (design.md 3.2). */
enum plx_presence {
	PLX_PRESENCE_UNKNOWN = 0,
	PLX_PRESENCE_INTERPOSED,
	PLX_PRESENCE_BLIND,
};

/* plx_proc_init - once, from the constructor. 0, or -ENOMEM (degraded). */
int plx_proc_init(enum plx_presence presence);

enum plx_presence plx_proc_presence(void);

/*
 * plx_proc_is_owner - true if the calling process owns the tables: one raw
 * getpid (about 190 ns), so ask only before writing for a tracked descriptor.
 */
bool plx_proc_is_owner(void);

/* plx_proc_owner_pid - the owner's pid as last established; no system call. */
int plx_proc_owner_pid(void);

/*
 * plx_proc_forked - true once in a fork child, until plx_proc_adopt: one load.
 * Every entry that uses process state asks this first.
 */
bool plx_proc_forked(void);

/*
 * plx_proc_adopt - the child of a fork takes over the copied tables: new owner
 * pid, thread id cache dropped, page re-marked, process generation bumped.
 */
void plx_proc_adopt(void);

/* plx_proc_generation - 1 in the first process, +1 with each adopted fork. */
uint32_t plx_proc_generation(void);

#endif

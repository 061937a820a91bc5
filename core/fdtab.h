/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdtab.h - what Pollux knows about each descriptor number of the process.
 *
 * A two-level radix of 64-bit atomics, pages installed by compare-and-swap and
 * never freed. An all-zero entry is a plain descriptor of the kernel, so
 * nothing needs filling in. Readers take no lock and no reference; whoever
 * follows `object` re-checks the generation of what it finds.
 *
 * Locks: none. Order: entries are written with release and read with acquire.
 * Async-signal-safe, thread-safe. Limits: numbers >= FDTAB_FDS_MAX are not
 * tracked (treated as plain). A vfork child must not write (proc.h).
 *
 * Rule for closers: the generation is bumped *before* the real close, for
 * afterwards another thread may own the number. Creators publish after the
 * real call succeeded.
 */
#ifndef PLX_CORE_FDTAB_H
#define PLX_CORE_FDTAB_H

#include <stdbool.h>
#include <stdint.h>

#define FDTAB_FDS_MAX (1 << 20)

enum fd_kind {
	FD_PLAIN = 0, /* the kernel's, nothing of ours behind it */
	FD_ISET,      /* an engine set; object = iset index */
	FD_PRIVATE,   /* ours; the program must not see it */
	FD_KIND_MAX,
};

enum fd_flag {
	/* Some engine set has an interest in this number: a close must ask. */
	FD_WATCHED = 1u << 0,
	/* Seen by a check (checks keep their own table of facts). */
	FD_CHECKED = 1u << 1,
};

struct fd_entry {
	uint32_t generation; /* 24 bits, wraps */
	enum fd_kind kind;
	uint32_t flags; /* enum fd_flag, 4 bits */
	uint32_t object;
};

/* fdtab_get - the entry of fd; all zero when unknown or out of range. */
struct fd_entry fdtab_get(int fd);

/* fdtab_kind - the same, only the kind: the hot path of every wrapper. */
enum fd_kind fdtab_kind(int fd);

/*
 * fdtab_publish - a new object took the number. Bumps the generation.
 * Returns 0, -EBADF (fd out of range), -ENOMEM (no page).
 */
int fdtab_publish(int fd, enum fd_kind kind, uint32_t object);

/* fdtab_set_flag - add a flag to the current generation. 0, -EBADF, -ENOMEM. */
int fdtab_set_flag(int fd, enum fd_flag flag);

/*
 * fdtab_forget - the number is about to be closed or replaced: bumps the
 * generation, makes the entry plain, clears flags. Returns the entry as it was.
 */
struct fd_entry fdtab_forget(int fd);

/* fdtab_generation - the current generation of fd (0 for untouched ones). */
uint32_t fdtab_generation(int fd);

/*
 * fdtab_next - the first fd >= from, <= last whose entry is not all zero, or
 * -1. Skips absent pages at once: cost is O(pages present).
 */
int fdtab_next(int from, int last);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seen.h - how a wrapper tells what the program did.
 *
 * For the slow paths only: plx_active() was true. All of it is thread-safe and
 * async-signal-safe, allocates nothing and leaves errno alone.
 */
#ifndef PLX_SHIM_SEEN_H
#define PLX_SHIM_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/record.h"

/* Return address into the program; only in an exported wrapper itself. */
#define PLX_CALLER() __builtin_return_address(0)

/* Which call came in, and from where. */
struct plx_call {
	enum plx_api api;
	const void *caller;
};

#define PLX_CALL(api_name) \
	((struct plx_call){ PLX_API_##api_name, PLX_CALLER() })

/*
 * plx_seen - the call is counted and a fork child takes over if need be. First
 * statement of every slow path. Returns true if records are wanted.
 */
bool plx_seen(struct plx_call call);

/* plx_rec - an empty record of an operation: no set, no descriptor. */
struct plx_record plx_rec(enum plx_op op, struct plx_call call);

/* plx_rec_fd - the same, about one descriptor. */
struct plx_record plx_rec_fd(enum plx_op op, struct plx_call call, int fd);

/* How a new descriptor was opened; goes into a record's n. */
enum plx_open_flag {
	PLX_OPEN_CLOEXEC = 1u << 0,
	PLX_OPEN_NONBLOCK = 1u << 1,
};

/*
 * plx_seen_open - a creating call gave fd (or failed: then nothing is said).
 * open_flags may hold O_CLOEXEC and O_NONBLOCK, which all the creating calls
 * spell alike. Hands fd back, errno as it was.
 */
int plx_seen_open(struct plx_call call, enum plx_fd_what what, int open_flags,
    int fd);

/* plx_seen_open2 - the same for the calls that make a pair; ret of the call. */
int plx_seen_open2(struct plx_call call, enum plx_fd_what what, int open_flags,
    const int fds[2], int ret);

/*
 * plx_seen_wait - make a blocking call between "about to wait" and its end.
 * enter is emitted before; if a listener forbids the call, its errno is set and
 * -1 returned. make(arg) is the real call, a cancellation point: should the
 * thread be cancelled in it, the end of the wait is emitted with -ECANCELED.
 * Otherwise the caller emits what was delivered and then plx_seen_waited.
 */
long plx_seen_wait(const struct plx_record *enter,
    long (*make)(const long *arg), const long *arg);

/* plx_seen_waited - the wait announced by enter is over; ret of the call. */
void plx_seen_waited(const struct plx_record *enter, long ret);

/*
 * plx_seen_readable - true if the kernel can read len_bytes at p: for memory
 * that the program hands to the kernel and that we must look at before the
 * kernel does. One or two system calls.
 */
bool plx_seen_readable(const void *p, size_t len_bytes);

#endif

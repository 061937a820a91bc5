/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - the checks: listeners that turn records into findings.
 *
 * Public side, for the embedder; how a check is written is in check_priv.h.
 * The model of the process that they judge by is shadow.h. Severities and
 * idioms that stay silent: each check's own comment. Nothing here runs, and no
 * memory is taken, before checks_start.
 *
 * Locks: the shadow's (rank 50), never across a blocking call.
 * Async-signal-safe, thread-safe.
 */
#ifndef PLX_CORE_CHECK_H
#define PLX_CORE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#define PLX_CHECK_OFF_MAX 64

enum plx_check_level {
	PLX_LEVEL_OFF = 0,
	PLX_LEVEL_LOG,    /* report, change nothing */
	PLX_LEVEL_STRICT, /* a silent hazard becomes the documented errno */
	PLX_LEVEL_ABORT,  /* report, then SIGABRT, for severities F and E */
	PLX_LEVEL_MAX,
};

struct plx_check_options {
	enum plx_check_level level;
	/* Checks that stay silent, by number (201 for PX201). */
	uint16_t off[PLX_CHECK_OFF_MAX];
	uint32_t off_n;
};

/*
 * checks_start - listen from now on. After plx_proc_init and report_attach_*,
 * from the constructor, once. Descriptors that are open now count as inherited.
 * Level OFF does nothing. Returns 0, -ENOMEM, -ENOSPC (too many listeners).
 */
int checks_start(const struct plx_check_options *options);

/*
 * checks_filter_event - level strict: true when an event that a wait on set
 * has just returned, with this user data, belongs to a descriptor that the
 * program has closed (PX202): drop it. Ask after emitting PLX_OP_DELIVER.
 * One load and false at any other level.
 */
bool checks_filter_event(int set, uint64_t data);

/*
 * checks_fork_before, _parent, _child - for pthread_atfork, after checks_start
 * and from the constructor: so it is the first of all handlers, its lock the
 * last that is taken before a fork and the first that is given back. A lock
 * held over the whole of fork() instead could meet the program's own handlers.
 */
void checks_fork_before(void);
void checks_fork_parent(void);
void checks_fork_child(void);

/* checks_veto - level strict: records "before" may refuse a call. One load. */
bool checks_veto(void);

/*
 * checks_wants_member - whether a PLX_OP_MEMBER record about fd can say
 * anything: false lets select skip the record. Two loads, no lock.
 *
 * select: before the call, for each bit that is set, if n is above 1024 or
 * checks_veto(); after it, for each bit that is still set (what lies above the
 * table of descriptors keeps its bit) or, after EBADF, was. poll: after the
 * call, for members that answer PLX_NVAL, without asking.
 */
bool checks_wants_member(int fd);

#endif

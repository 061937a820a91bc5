/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h - what happened, in fixed-size records, and who listens.
 *
 * Wrappers (truth=kernel) and the engine emit; checks, the flight recorder and
 * call counters listen. Emitters guard with plx_listening(): one predicted
 * branch and no store when nobody asked. A listener may veto an operation
 * before it is made (level strict), never after.
 *
 * Thread-safe and async-signal-safe: a listener that cannot take its lock
 * because the handler interrupted it marks the history incomplete and returns.
 * A vfork child emits nothing (plx_emit_* ask plx_proc_is_owner themselves).
 */
#ifndef PLX_CORE_RECORD_H
#define PLX_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mask.h"
#include "core/report_abi.h"

/* What was done, whatever the face calls it. */
enum plx_op {
	PLX_OP_NONE = 0,
	/* Sets. fd = the set's number (after success). */
	PLX_OP_SET_CREATE,
	PLX_OP_ATTACH,    /* set, fd, want, data */
	PLX_OP_MODIFY,    /* set, fd, want, data */
	PLX_OP_DETACH,    /* set, fd */
	PLX_OP_CTL_OTHER, /* unknown operation number; extra = the number */
	/* Waits. set = the set, or -1 for select and poll. */
	PLX_OP_WAIT_ENTER, /* timeout_ns, n = most events */
	PLX_OP_DELIVER,    /* set, fd (-1: not known), want = observed, data */
	PLX_OP_WAIT_LEAVE, /* ret */
	/*
	 * poll and select: one record for each member that says something
	 * (checks_wants_member in check.h). fd, want, have (PLX_NVAL for
	 * POLLNVAL), n = nfds, address of the fd_set or array; after: ret of
	 * the whole call. Between WAIT_ENTER and WAIT_LEAVE of that call.
	 */
	PLX_OP_MEMBER,
	/* Descriptors. */
	PLX_OP_FD_OPEN,        /* fd, kind in extra (enum plx_fd_what) */
	PLX_OP_FD_DUP,         /* after success: fd = new, other = old */
	PLX_OP_FD_CLOSE,       /* fd; before: about to, after: ret */
	PLX_OP_FD_CLOSE_RANGE, /* fd = first, other = last; before only */
	PLX_OP_FD_CLOEXEC,     /* fd, extra = 0 or 1 */
	PLX_OP_FD_NONBLOCK,    /* fd, extra = 0 or 1 */
	PLX_OP_FD_PASSED,      /* fd sent away or received: history unknown */
	PLX_OP_FD_BIT,         /* fortified fd_set access, fd = the bit */
	/* Processes. FORK_CHILD: after plx_proc_adopt and report_adopt. */
	PLX_OP_FORK_PARENT, /* ret = child pid */
	PLX_OP_FORK_CHILD,
	PLX_OP_VFORK,
	PLX_OP_EXEC,   /* before */
	PLX_OP_SPAWN,  /* ret */
	PLX_OP_UNSEEN, /* something escaped us; extra = enum plx_unseen */
	/* kqueue and /dev/poll: we own these, nothing is guessed. */
	/* after: EV_ADD on an existing knote with another udata; other =
	 * filter, fd = ident, data = new udata, address = old udata. */
	PLX_OP_KQ_REPLACE,
	/* after: change of an unknown knote; other = filter, fd = ident, ret,
	 * extra = 1 when the knote went by itself (oneshot, close). */
	PLX_OP_KQ_MISSING,
	PLX_OP_MAX,
};

/* Kinds of descriptor, as far as the creating call tells. */
enum plx_fd_what {
	PLX_WHAT_UNKNOWN = 0,
	PLX_WHAT_FILE,
	PLX_WHAT_SOCKET,
	PLX_WHAT_ACCEPTED,
	PLX_WHAT_PIPE,
	PLX_WHAT_EVENTFD,
	PLX_WHAT_TIMERFD,
	PLX_WHAT_SIGNALFD,
	PLX_WHAT_INOTIFY,
	PLX_WHAT_PIDFD,
	PLX_WHAT_MEMFD,
	PLX_WHAT_EPOLL,
	PLX_WHAT_KQUEUE,
	PLX_WHAT_DEVPOLL,
	PLX_WHAT_MAX,
};

struct plx_record {
	enum plx_op op;
	uint16_t api; /* enum plx_api of report_abi.h: the call's name */
	uint16_t extra;
	int32_t set; /* number of the set, or -1 */
	int32_t fd;  /* the descriptor concerned, or -1 */
	int32_t other;
	int32_t ret; /* >= 0 or -Exxx; meaningless in "before" */
	plx_mask want;
	plx_mask have;
	uint32_t n;
	uint64_t data;      /* user data of the interest */
	int64_t timeout_ns; /* -1: for ever */
	uint64_t address;   /* of the program's buffer (fd_set, pollfd array) */
	uint64_t caller;    /* return address into the program */
};

/* Set by plx_listen; read by plx_listening on every intercepted call. */
extern bool plx_listeners_on;

static inline bool
plx_listening(void)
{
	return __builtin_expect(plx_listeners_on, 0);
}

/* Who is told. Both members may be NULL; both run with no lock of ours held. */
struct plx_listener {
	/* 0, or -Exxx: the call must fail with it and not be made. */
	int (*before)(const struct plx_record *rec);
	void (*after)(const struct plx_record *rec);
};

#define PLX_LISTENERS_MAX 4

/*
 * plx_listen - tell this one too, from now on and for good. listener is
 * borrowed for ever. Returns 0 or -ENOSPC. From the constructor only.
 */
int plx_listen(const struct plx_listener *listener);

/*
 * plx_emit_before - the operation is about to be made.
 * Returns 0 (go on) or -Exxx (level strict: fail the call with this errno and
 * do not make it).
 */
int plx_emit_before(const struct plx_record *rec);

/* plx_emit_after - the operation was made and gave rec->ret. */
void plx_emit_after(const struct plx_record *rec);

/*
 * plx_count - one intercepted call entered by the program (the call that came
 * in, once, whatever we do for it). Cheap: one relaxed add to shared memory.
 */
void plx_count(enum plx_api api);

#endif

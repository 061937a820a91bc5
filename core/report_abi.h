/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_abi.h - the memory that a watched process shares with the launcher.
 *
 * The launcher (tools/) makes a sparse file or memfd of PLX_REGION_BYTES, puts
 * the header in place and names its descriptor in POLLUX_OPTIONS; every process
 * of the tree maps it shared, so what a process wrote survives its death. Only
 * fixed-size, position-independent data: offsets and indices, no pointers. All
 * counters are atomics, relaxed unless said otherwise; an element is valid once
 * its `state` reads PLX_SLOT_FULL (written with release).
 *
 * This header is the only part of core that tools may include. It includes
 * nothing of core. Changing a layout means a new PLX_REGION_VERSION.
 */
#ifndef PLX_CORE_REPORT_ABI_H
#define PLX_CORE_REPORT_ABI_H

#include <stdatomic.h>
#include <stdint.h>

#define PLX_REGION_MAGIC   UINT64_C(0x31584c4c4f50) /* "POLLX1" */
#define PLX_REGION_VERSION 1u

#define PLX_PROCS_MAX       512u
#define PLX_FINDINGS_MAX    4096u
#define PLX_STACKS_MAX      65536u /* power of two: open-addressed by hash */
#define PLX_STACK_DEPTH     24u
#define PLX_MODULES_MAX     1024u
#define PLX_PATH_BYTES      256u
#define PLX_COMM_BYTES      16u
#define PLX_FINDING_STACKS  4u
#define PLX_SHARED_SETS_MAX 1024u

/*
 * Every intercepted call that is counted, by its libc name. The order is part
 * of the format: append only.
 */
/* clang-format off */
#define PLX_API_LIST(X)                                                        \
	X(none)                                                                \
	X(select) X(pselect) X(poll) X(ppoll) X(epoll_create) X(epoll_create1) \
	    X(epoll_ctl) X(epoll_wait) X(epoll_pwait) X(epoll_pwait2) X(close) \
		X(dup) X(dup2) X(dup3) X(fcntl) X(close_range) X(closefrom)    \
		    X(fclose) X(closedir) X(freopen) X(fork) X(vfork) X(exec)  \
			X(posix_spawn) X(setrlimit) X(prctl) X(syscall)        \
			    X(kqueue) X(kevent) X(open) X(socket) X(accept)    \
				X(pipe) X(eventfd) X(timerfd_create)           \
				    X(signalfd) X(inotify_init) X(pidfd_open)  \
					X(memfd_create) X(socketpair)          \
					    X(recvmsg) X(sendmsg) X(fd_set)    \
						X(fdopen) X(popen) X(pclose)   \
						    X(other)
/* clang-format on */

enum plx_api {
#define PLX_API_ENUM(name) PLX_API_##name,
	PLX_API_LIST(PLX_API_ENUM)
#undef PLX_API_ENUM
	PLX_API_MAX,
};

enum plx_slot_state {
	PLX_SLOT_FREE = 0,
	PLX_SLOT_BUSY, /* being written */
	PLX_SLOT_FULL,
};

/* Why the history of a process is not complete: no finding is certain then. */
enum plx_unseen {
	PLX_UNSEEN_BLIND = 1u << 0,        /* libc's close binds past us */
	PLX_UNSEEN_RAW_SYSCALLS = 1u << 1, /* sites outside libc that we know */
	PLX_UNSEEN_IO_URING = 1u << 2,
	PLX_UNSEEN_CLOSE = 1u << 3,   /* a descriptor changed behind us */
	PLX_UNSEEN_HANDLER = 1u << 4, /* a handler ran inside our lock */
	PLX_UNSEEN_FULL = 1u << 5,    /* a table of ours was full */
	PLX_UNSEEN_UNSHARE = 1u << 6,
	PLX_UNSEEN_SECCOMP = 1u << 7, /* sandboxed: checks stopped */
	PLX_UNSEEN_THREAD_CLONE = 1u << 8,
};

enum plx_confidence {
	PLX_CERTAIN = 0,
	PLX_LIKELY,
	PLX_HINT
};

/* How a stack in a finding relates to the descriptor. */
enum plx_stack_role {
	PLX_STACK_MISUSED = 0,
	PLX_STACK_OPENED,
	PLX_STACK_REGISTERED,
	PLX_STACK_CLOSED,
};

struct plx_region_header {
	uint64_t magic;
	uint32_t version;
	uint32_t region_bytes;
	uint64_t options;            /* reserved, 0 */
	_Atomic uint32_t procs_n;    /* claimed, may exceed the limit */
	_Atomic uint32_t findings_n; /* claimed, may exceed the limit */
	_Atomic uint32_t stacks_n;
	_Atomic uint32_t modules_n;
	_Atomic uint32_t findings_lost;
	_Atomic uint32_t stacks_lost;
};

struct plx_proc_slot {
	_Atomic uint32_t state; /* enum plx_slot_state */
	int32_t pid;
	int32_t parent_pid;
	uint32_t generation;     /* 1, or more for the child of a fork */
	int64_t start_ns;        /* CLOCK_REALTIME */
	_Atomic uint32_t unseen; /* enum plx_unseen bits */
	uint32_t engine;         /* 1: truth=engine */
	char comm[PLX_COMM_BYTES];
	char exe[PLX_PATH_BYTES];
	_Atomic uint64_t calls[PLX_API_MAX];
};

/* A loaded object, interned by path; frames are offsets into it. */
struct plx_module {
	_Atomic uint32_t state;
	uint32_t build_id_bytes;
	uint8_t build_id[32];
	char path[PLX_PATH_BYTES];
};

struct plx_frame {
	uint32_t module; /* index, or PLX_NO_MODULE: offset is absolute */
	uint32_t pad;
	uint64_t offset; /* of the return address, from the load base */
};
#define PLX_NO_MODULE UINT32_MAX

struct plx_stack {
	_Atomic uint32_t state;
	uint32_t depth;
	uint64_t hash;
	struct plx_frame frame[PLX_STACK_DEPTH]; /* innermost first */
};
#define PLX_NO_STACK UINT32_MAX

struct plx_finding {
	_Atomic uint32_t state;
	uint16_t id;        /* 105 for PX105 */
	uint8_t severity;   /* 'F', 'E', 'W', 'P', 'I' */
	uint8_t confidence; /* enum plx_confidence */
	int32_t pid;
	int32_t tid;
	uint16_t api;     /* enum plx_api: the call that misused */
	uint16_t variant; /* which sentence of the explanation applies */
	int32_t fd;
	int32_t set;         /* number of the set, or -1 */
	int32_t other;       /* second descriptor, pid or filter, or -1 */
	int32_t ret;         /* what the call returned: >= 0 or -Exxx */
	uint32_t generation; /* of fd when it was misused */
	uint32_t generation_registered;
	uint32_t want; /* core mask bits of the interest (mask.h) */
	uint32_t have;
	uint64_t data;
	int64_t when_ns; /* CLOCK_REALTIME of the first */
	uint64_t dedup;
	_Atomic uint32_t count;
	_Atomic uint32_t withdrawn; /* of these, turned out to be an idiom */
	uint32_t stack[PLX_FINDING_STACKS]; /* by role, or PLX_NO_STACK */
	int32_t stack_tid[PLX_FINDING_STACKS];
	char fd_name[64];          /* "socket:[123]", "/etc/passwd", cut */
	char comm[PLX_COMM_BYTES]; /* of the thread */
};

/*
 * An interest set that a child may inherit by fork. Only the processes use it:
 * the child that changed its parent's set leaves its finding here, and the
 * parent confirms it when it waits on the set again.
 */
struct plx_shared_set {
	_Atomic uint32_t state; /* enum plx_slot_state */
	int32_t creator_pid;
	_Atomic uint64_t waits;  /* of the creator */
	_Atomic uint32_t edited; /* index + 1 of the finding, or 0 */
	_Atomic uint32_t edits;  /* by children, ever */
};

struct plx_region {
	struct plx_region_header header;
	struct plx_proc_slot proc[PLX_PROCS_MAX];
	struct plx_module module[PLX_MODULES_MAX];
	struct plx_finding finding[PLX_FINDINGS_MAX];
	struct plx_shared_set shared_set[PLX_SHARED_SETS_MAX];
	struct plx_stack stack[PLX_STACKS_MAX];
};

#define PLX_REGION_BYTES ((uint32_t)sizeof(struct plx_region))

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow.h - what the checks believe about the process: its descriptor
 * numbers, the open files behind them, interest sets and registrations.
 *
 * Built from records only, beside the kernel, never instead of it. Numbers are
 * keys of nothing: a set is found by its open file (a dup of an epoll fd is the
 * same set), a registration by (set, number, open file) as in the kernel.
 *
 * Locks: one lock (rank 50) for all of it; every function below is called with
 * it held (shadow_enter), except where said. Fields marked [a] are also read
 * without it. Memory is mapped, never given back, no libc. In a signal handler
 * that interrupted the lock's owner, shadow_enter fails and the history counts
 * as incomplete from then on.
 *
 * Order (spec: checks 8): what adds (open, ATTACH) is noted after the system
 * call, what removes (close) before it, or another thread could own the number
 * in between and lose its fresh entry.
 */
#ifndef PLX_CORE_SHADOW_H
#define PLX_CORE_SHADOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/mask.h"

#define SHADOW_FDS_MAX (1 << 20)
/* Registrations kept only because a child might still hold the open file. */
#define SHADOW_MAYBE_MAX 256

enum shadow_state {
	SHADOW_NEW = 0, /* never seen */
	SHADOW_OPEN,
	SHADOW_CLOSED,
};

/* How we learnt of a descriptor: bounds what may be called certain. */
enum shadow_known {
	SHADOW_SEEN = 0,  /* we saw it opened */
	SHADOW_INHERITED, /* open when the process began */
	SHADOW_GUESSED,   /* found in use; opened behind us */
};

/* A close that left the removal of a registration undone (for PX105). */
struct shadow_debt {
	uint32_t generation; /* of what was closed; 0: none */
	uint32_t set;
	uint32_t tid;
	uint32_t waits; /* how often tid had waited by then */
	bool tried;     /* tid then tried to remove it, and failed */
};

struct shadow_fd {
	_Atomic uint8_t state; /* [a] enum shadow_state */
	uint8_t known;         /* enum shadow_known */
	uint8_t kind;          /* enum plx_fd_what */
	uint32_t generation;   /* +1 with each open */
	uint32_t ofd;
	uint32_t regs; /* registrations of this number, any generation */
	uint32_t open_stack;
	uint32_t open_tid;
	uint32_t close_stack;
	uint32_t close_tid;
	uint64_t closed_seq;  /* the close was done by then; 0: not yet */
	uint32_t removed_set; /* last removal that succeeded ... */
	uint32_t removed_generation; /* ... and what it removed */
	uint32_t added_set;          /* last registration ... */
	uint32_t added_generation;   /* ... and of what */
	struct shadow_debt debt;
	uint64_t nval_address; /* PX509: the array that named it closed */
	uint32_t nval_n;
};

/* An open file description, as far as this process holds it. */
struct shadow_ofd {
	uint32_t refs;   /* numbers of this process */
	uint32_t set;    /* the interest set that it is, or 0 */
	uint32_t epoch;  /* number of children by then */
	uint32_t ghosts; /* registrations whose number was closed */
	bool passed;     /* others have it: inherited, or sent by a socket */
};

enum shadow_reg_state {
	SHADOW_LIVE = 1,
	SHADOW_GHOST, /* number closed, open file alive in this process */
	SHADOW_MAYBE, /* number closed, open file perhaps alive elsewhere */
};

struct shadow_reg {
	uint32_t index; /* its own; the arena's while free */
	uint32_t set;
	int32_t fd;
	uint32_t ofd;
	uint32_t generation; /* of fd at ATTACH */
	uint32_t fd_next, data_next, ofd_next, set_next, set_prev;
	plx_mask mask;
	uint64_t data;
	uint32_t add_stack, add_tid;
	uint32_t close_stack, close_tid;
	uint64_t dead_seq; /* the close was done by then; 0: not yet */
	uint32_t delivered;
	uint32_t delivered_tid;
	int32_t set_fd;  /* the set's number in that ATTACH */
	int32_t finding; /* slot of its PX201, or -1 */
	uint16_t maybe;  /* place in the ring of MAYBE ones */
	uint8_t state;   /* enum shadow_reg_state */
	bool leaving;    /* a removal is under way */
	bool guessed;    /* not seen added, or not alone with its data */
};

struct shadow_set {
	uint32_t index; /* its own; the arena's while free */
	uint32_t ofd;   /* 0: not in use */
	uint32_t first_reg;
	int32_t creator_pid; /* 0: unknown */
	uint32_t shared;     /* index + 1 in the region's shared sets, or 0 */
	uint32_t changing;   /* threads between the two records of a change */
	uint64_t waits;      /* of the creator; in a child, up to the fork */
	bool inherited;      /* made by the process we were forked from */
	bool guessed;
};

/* Of the calling thread. */
struct shadow_thread {
	uint64_t wait_seq; /* shadow_seq when its last wait began */
	uint32_t waits;
	uint32_t attach_generation;
	uint32_t changing; /* the set that this thread is changing, or 0 */
};

extern _Thread_local struct shadow_thread shadow_self;

/* shadow_start - take memory, learn what is open now. 0 or -ENOMEM. */
int shadow_start(void);

/*
 * shadow_enter - take the lock; false: it must not be touched now (we are in a
 * handler above its owner, or the copy is broken). No lock held.
 */
bool shadow_enter(void);
void shadow_leave(void);

/*
 * shadow_fork_* - what pthread_atfork calls: the lock is taken so that the
 * copy is whole, and given back in the parent and the child. It comes last of
 * all such locks, for it is registered before the program's.
 * shadow_fork_noticed - later, in the child: if the fork was made without
 * those, the copy may be torn, and the shadow is not used any more there.
 */
void shadow_fork_before(void);
void shadow_fork_parent(void);
void shadow_fork_child(void);
void shadow_fork_noticed(void);

/*
 * shadow_spawned - a child that executes another program got copies of what is
 * not close-on-exec. Lock held.
 */
void shadow_spawned(void);
/* shadow_forked - has this process forked, or been forked? No lock. */
bool shadow_forked(void);
/* shadow_seq_now - any thread, no lock: closes that are done so far. */
uint64_t shadow_seq_now(void);

/* Descriptors: shadow.c. */

/* shadow_fd_at - the entry, made if needed; NULL out of range or memory. */
struct shadow_fd *shadow_fd_at(int fd);
/* shadow_fd_peek - the state, no lock. */
enum shadow_state shadow_fd_peek(int fd);
/* shadow_fd_used - the same, for a number that the kernel has just accepted. */
struct shadow_fd *shadow_fd_used(int fd);
/* shadow_opened - a new open file took the number. */
struct shadow_fd *shadow_opened(int fd, uint8_t kind, uint32_t stack);
/* shadow_duped - new_fd names what old_fd names. */
void shadow_duped(int new_fd, int old_fd, uint32_t stack);
/*
 * shadow_closing - before the close: registrations become ghosts or go.
 * shadow_closed - after it, whatever it returned.
 */
void shadow_closing(int fd, uint32_t stack);
void shadow_closed(int fd);
/* shadow_next_open - the first open number in [from, last] or -1. */
int shadow_next_open(int from, int last);
struct shadow_ofd *shadow_ofd_at(uint32_t ofd);
/* shadow_ofd_foreign - may another process hold this open file? */
bool shadow_ofd_foreign(const struct shadow_ofd *ofd);

/* Sets: shadow_set.c. 0 is "none". */

/* shadow_set_made - set_fd is a new set. NULL: no memory. */
struct shadow_set *shadow_set_made(int set_fd);
/*
 * shadow_set_find - the set that the number names; made as "guessed" if it was
 * never seen. ret_index is its key. NULL: no memory.
 */
struct shadow_set *shadow_set_find(int set_fd, uint32_t *ret_index);
/* shadow_set_next - sets in turn, for walks: the first index > after, or 0. */
uint32_t shadow_set_next(uint32_t after);
struct shadow_set *shadow_set_at(uint32_t set);
void shadow_set_gone(uint32_t set);

/* Registrations: shadow_reg.c. 0 is "none". */

/* shadow_reg_start - take memory. 0 or -ENOMEM. */
int shadow_reg_start(void);
/* shadow_reg_find - the one in force, or NULL. */
struct shadow_reg *shadow_reg_find(uint32_t set, int fd);
/* shadow_reg_add - NULL: no memory. The caller fills stack and thread. */
struct shadow_reg *shadow_reg_add(uint32_t set, int fd, plx_mask mask,
    uint64_t data);
void shadow_reg_change(struct shadow_reg *reg, plx_mask mask, uint64_t data);
void shadow_reg_drop(struct shadow_reg *reg);
/*
 * shadow_reg_by_data - the one registration of the set with this user data;
 * NULL when there is none or more than one.
 */
struct shadow_reg *shadow_reg_by_data(uint32_t set, uint64_t data);
struct shadow_reg *shadow_reg_at(uint32_t reg);
/* shadow_regs_orphan - fd is being closed: sort its registrations. */
void shadow_regs_orphan(struct shadow_fd *entry);
/* shadow_regs_return - fd names the open file again: ghosts live. */
void shadow_regs_return(struct shadow_fd *entry);
/* shadow_ofd_ended - the last number of this process is gone. */
void shadow_ofd_ended(uint32_t ofd);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iset_impl.h - the engine's own nouns, shared by core/iset*.c, knote.c,
 * ready.c, source_*.c and nothing else.
 *
 * Lock letters: [I] immutable after creation, [a] atomic, [s] the set's lock,
 * [c] written by closers without the lock, see iset_close.c.
 *
 * Memory: sets, knotes and sources live in type-stable arenas and are named by
 * 32-bit indices; there can be hundreds of thousands of knotes, so a READ
 * interest is 64 bytes: 40 of knote, 24 of source (asserted below).
 */
#ifndef PLX_CORE_ISET_IMPL_H
#define PLX_CORE_ISET_IMPL_H

#include <stdatomic.h>

#include "core/arena.h"
#include "core/iset.h"
#include "core/lock.h"

struct pollfd;

/*
 * The life of one registration. Transitions are made by knote_step only, which
 * has the whole table.
 */
enum knote_state {
	KNOTE_IDLE = 0,         /* enabled, nothing to report */
	KNOTE_QUEUED,           /* will be looked at by the next delivery */
	KNOTE_DISABLED,         /* keeps what it knows, reports nothing */
	KNOTE_DISABLED_PENDING, /* as above, was activated meanwhile */
	KNOTE_DEAD,             /* dropped, waits to leave the ready list */
	KNOTE_STATE_MAX,
};

enum knote_event {
	KNOTE_ACTIVATE,
	KNOTE_DELIVERED_IDLE,    /* nothing left, or the kernel will tell */
	KNOTE_DELIVERED_AGAIN,   /* still true: to the tail */
	KNOTE_DELIVERED_DISABLE, /* dispatch */
	KNOTE_STALE,             /* looked at, was not true */
	KNOTE_ENABLE,
	KNOTE_DISABLE,
	KNOTE_DROP,
	KNOTE_EVENT_MAX,
};

struct knote {
	uint32_t ready_next; /* [s] index, or READY_END; arena link when free */
	uint32_t chain;      /* [s] next knote of the source or hash bucket */
	union {
		uint64_t ident; /* [I] no descriptor */
		struct {
			uint32_t source; /* [I] fd filters */
			uint32_t have;   /* [s] pass:16 | observed:16 */
		};
	};
	uint64_t udata; /* [s] opaque */
	int64_t data;   /* [s] lowat; user data; timer: index of its timer */
	uint32_t bits;  /* [s] FILTER_FD: want; USER: 24 bits; fd: options */
	uint16_t flags; /* [s] enum knote_flag */
	uint8_t filter; /* [I] enum plx_filter */
	uint8_t state;  /* [s] enum knote_state */
};
_Static_assert(sizeof(struct knote) == 40, "there can be many");

#define KNOTE_PASS_SHIFT 16 /* of `have`: the pass that observed it */

/* What the kernel was told of one lane: 9 readiness bits and these. */
#define ARMED_READINESS 0x01ffu
#define ARMED_EDGE      0x0200u
#define ARMED_ONESHOT   0x0400u
#define ARMED_EXCLUSIVE 0x0800u
#define ARMED_WAKEUP    0x1000u
#define ARMED_PRESENT   0x2000u /* an item exists in the kernel's set */
#define ARMED_OFF       0x4000u /* its oneshot fired: present but silent */
#define ARMED_STALE     0x8000u /* to be told again, though nothing differs */

enum source_kind {
	SOURCE_FREE = 0,
	SOURCE_POLLED, /* the kernel's epoll takes it */
	SOURCE_FILE,   /* regular file or directory: we look ourselves */
	SOURCE_ALWAYS, /* a device that is always ready */
	SOURCE_SET,    /* a set that the kernel would not nest */
};

struct source {
	_Atomic uint32_t closed_next; /* [c] closed list; arena link if free */
	uint32_t fd;                  /* [I] */
	uint32_t klist;               /* [s] first knote */
	uint32_t cookie;              /* [s] generation of this object */
	uint32_t generation : 24;     /* [I] of the fd at registration */
	uint32_t kind : 4;            /* [I] enum source_kind */
	uint32_t dirty : 1;           /* [s] on the set's list of changes */
	uint32_t orphan : 1;          /* [s] its number was closed, it lives */
	uint32_t nested : 1;          /* [I] it is a set of ours */
	uint32_t : 1;
	uint16_t armed[2]; /* [s] what the kernel knows, by lane */
};
_Static_assert(sizeof(struct source) == 24, "there can be many");

struct plx_timer {
	uint32_t link;     /* arena link when free */
	uint32_t knote;    /* [I] */
	uint32_t heap_pos; /* [s] position + 1, 0: not in the heap */
	uint32_t absolute; /* [s] 1: wall_ns rules */
	int64_t next_ns;   /* [s] CLOCK_MONOTONIC of the next expiry */
	int64_t period_ns; /* [s] 0: fires once */
	int64_t wall_ns;   /* [s] CLOCK_REALTIME, if absolute */
	int64_t count;     /* [s] expiries not yet delivered */
};

struct timer_heap {
	uint32_t *slot;     /* [s] timer indices */
	uint32_t n;         /* [s] */
	uint32_t max;       /* [s] */
	uint32_t absolutes; /* [s] absolute timers in the heap */
	uint32_t made;      /* [s] timers that may be in it; has room for all */
};

struct ready_list {
	uint32_t head; /* [s] index, 0 when empty */
	uint32_t tail; /* [s] */
	uint32_t n;    /* [s] linked knotes, dead ones too */
};
#define READY_END UINT32_MAX

struct knote_hash {
	uint32_t *bucket; /* [s] */
	uint32_t size;    /* [s] a power of two, or 0 */
	uint32_t n;       /* [s] */
};

#define FD_PAGE_FDS  1024
#define FD_PAGES_MAX 1024
#define DIRTY_MAX    64

struct fd_index_page {
	_Atomic uint32_t source[FD_PAGE_FDS];
};

enum iset_life {
	ISET_FREE = 0,
	ISET_LIVE,
	ISET_DYING
};

struct iset {
	uint32_t link;            /* arena link when free */
	uint32_t index;           /* [I] */
	_Atomic uint32_t life;    /* [a] enum iset_life */
	_Atomic uint32_t names;   /* [a] numbers that mean this set */
	_Atomic uint32_t inside;  /* [a] threads that hold a reference */
	_Atomic uint32_t waiters; /* [a] threads that sleep or are about to */
	_Atomic uint32_t given;   /* [a] 1: the kernel has the program's data */
	_Atomic uint32_t seen;    /* [a] 1: others may look at the number */
	_Atomic uint32_t pending; /* [a] changes from our own handlers */
	_Atomic uint32_t closed;  /* [c] sources whose number was closed */
	_Atomic uint32_t signals_due; /* [a] told by handlers */
	_Atomic uint64_t signals;     /* [a] watched here; bit: signal - 1 */
	_Atomic int epfd;             /* [a] one of the numbers */
	_Atomic int lane_fd; /* [a] the second epoll, -1 until needed */
	const struct plx_policy *policy; /* [I] */
	enum plx_face face;              /* [I] */
	struct plx_lock lock;
	uint32_t pass;          /* [s] counts deliveries, low 16 bits stamped */
	uint32_t soft_n;        /* [s] queued knotes that the kernel hides */
	uint32_t orphans_n;     /* [s] sources that outlived their number */
	uint32_t orphan_head;   /* [s] linked by closed_next */
	uint32_t orphans_max;   /* [s] audit when so many */
	uint32_t files_n;       /* [s] sources of kind SOURCE_FILE */
	uint32_t sets_n;        /* [s] sources that are sets */
	uint32_t deep_arm;      /* [s] the source being armed is SOURCE_SET */
	uint32_t wake_state;    /* [s] enum wake_state */
	uint32_t kick;          /* [s] sleepers must recompute */
	uint32_t watchers_n;    /* [s] sleepers that know the next timer */
	uint32_t timer_epoch;   /* [s] +1 for each new next timer */
	uint32_t signals_n;     /* [s] interests in signals */
	uint32_t strangers;     /* [s] events without an owner, in a row */
	int timer_fd;           /* [s] -1 until somebody polls us */
	int64_t timer_armed_ns; /* [s] 0: disarmed */
	_Atomic uint32_t notified; /* [a] 1: the shared inotify is in it */
	_Atomic uint32_t posted;   /* [a] 1: marks wait to be taken */
	uint32_t marks_posted;     /* the table lock of notify.h: first one */
	uint32_t posted_next;      /* the same: the next set that has such */
	uint32_t posted_listed;    /* the same: 1 if it is on that list */
	struct ready_list ready;
	struct timer_heap timers;
	struct knote_hash hash;
	uint32_t dirty_n;          /* [s] */
	uint32_t dirty[DIRTY_MAX]; /* [s] sources the kernel must hear about */
	_Atomic(struct fd_index_page *) page[FD_PAGES_MAX]; /* [c] */
};

enum wake_state {
	WAKE_ABSENT = 0,
	WAKE_SILENT,
	WAKE_SHOWN
};

/*
 * Cookies in the kernel's data: lane:1 | source cookie:24 | source index:32.
 * Index 0 is nobody's, so these are free for the set's own descriptors.
 */
#define COOKIE_WAKE        (UINT64_C(1) << 32)
#define COOKIE_TIMER       (UINT64_C(2) << 32)
#define COOKIE_LANE        (UINT64_C(3) << 32)
#define COOKIE_NOTIFY      (UINT64_C(4) << 32)
#define COOKIE_SIGNAL      (UINT64_C(5) << 32)
#define COOKIE_LANE_BIT    (UINT64_C(1) << 63)
#define COOKIE_PROC_BIT    (UINT64_C(1) << 62) /* a watch, not a source */
#define SOURCE_COOKIE_MASK UINT32_C(0xffffff)

extern struct plx_arena plx_isets;
extern struct plx_arena plx_knotes;
extern struct plx_arena plx_sources;
extern struct plx_arena plx_timers;

static inline struct knote *
knote_at(uint32_t index)
{
	return arena_at(&plx_knotes, index);
}

static inline struct source *
source_at(uint32_t index)
{
	return arena_at(&plx_sources, index);
}

static inline struct plx_timer *
timer_at(uint32_t index)
{
	return arena_at(&plx_timers, index);
}

/* iset.c */
void sets_fork_child(void);
struct iset *iset_get_any(int fd);
/* The same by the index of the object, whichever set that is now. */
struct iset *iset_get_index(uint32_t index);
bool iset_lock(struct iset *set);   /* false: our own handler, do without */
void iset_unlock(struct iset *set); /* settles mirror and wake-ups first */
bool iset_deferrable(const struct iset *set);

/* knote.c: see there for the table. */
void knote_step(struct iset *set, uint32_t kn_index, enum knote_event event);
/* True if a filter's ident is a descriptor (filter.c). */
bool filter_is_fd(enum plx_filter filter);
bool knote_is_fd(const struct knote *kn);
/* False: its descriptor is not registered in the kernel for it. */
bool knote_polls(const struct knote *kn);
/* False: the registration is another knote's too, which must stay level. */
bool source_may_quiet(const struct knote *kn);
/* True if the kernel itself shows and re-reports this knote's readiness. */
bool knote_kernel_keeps(const struct knote *kn);
uint32_t knote_new(struct iset *set, const struct iset_spec *spec);
void knote_free(uint32_t kn_index);

/* register.c */
void knote_remove(struct iset *set, uint32_t kn_index);
int register_locked(struct iset *set, const struct iset_spec *spec);

/* ext.c: the four pass-through words, kept only where one is not zero. */
int ext_reserve(uint32_t kn_index, const struct iset_spec *spec);
/* After a successful ext_reserve of the same. */
void ext_store(uint32_t kn_index, const struct iset_spec *spec);
void ext_load(uint32_t kn_index, uint64_t ret_ext[4]);
void ext_drop(uint32_t kn_index);

/* ready.c */
void ready_push(struct iset *set, uint32_t kn_index);
uint32_t ready_pop(struct iset *set);

/* ident.c: (ident, filter) -> knote for filters without a descriptor. */
uint32_t hash_find(const struct iset *set, enum plx_filter filter,
    uint64_t ident);
int hash_reserve(struct iset *set);
void hash_insert(struct iset *set, uint32_t kn_index);
void hash_remove(struct iset *set, uint32_t kn_index);

/* pending.c: changes from a handler above our own critical section. */
int pending_push(struct iset *set, const struct iset_spec *spec);
bool pending_any(const struct iset *set);
void pending_apply(struct iset *set,
    int (*locked)(struct iset *set, const struct iset_spec *spec));

/* rebuild.c: items in the kernel that nobody can remove. */
/* Under the lock, after a collection; true: others look, so slow down. */
bool strangers_settle(struct iset *set);
void strangers_rest(const sigset_t *mask);

/* fd_index.c: fd -> source of one set. Slots are taken by exchange. */
_Atomic uint32_t *fd_index_slot(struct iset *set, int fd);
int fd_index_reserve(struct iset *set, int fd);
uint32_t fd_index_get(struct iset *set, int fd);
/* Walks all sources that have a number; fn may release the one it is given. */
/* The source of the next number after *fd, which moves there; 0: no more. */
uint32_t fd_index_next(struct iset *set, int *fd);
void fd_index_each(struct iset *set,
    void (*fn)(struct iset *set, uint32_t src_index));

/* source_fd.c: what a set watches on one descriptor. */
int source_take(struct iset *set, int fd, uint32_t *ret_source);
void source_link(struct source *src, uint32_t kn_index);
void source_drop_knote(struct iset *set, uint32_t kn_index);
void source_settle_empty(struct iset *set, uint32_t src_index);
uint32_t source_find_knote(const struct source *src, enum plx_filter filter);
void sources_reap_closed(struct iset *set);
void source_forget(struct iset *set, uint32_t src_index);
/* The number means another file now, and nobody told us. */
void source_behind(struct iset *set, uint32_t src_index);
/* behind.c: blind only; true if that is so, and then it has been forgotten. */
bool source_gone(struct iset *set, uint32_t src_index);
uint64_t source_cookie(uint32_t src_index, unsigned int lane);
/* The program's data behind a cookie; what is no cookie is data already. */
uint64_t source_udata(uint64_t data);

/* source_arm.c: what the kernel is told about it. */
int source_arm_new(struct iset *set, uint32_t src_index, uint32_t kn_index);
/* The same, and takes files that the kernel's epoll refuses. */
int source_arm_first(struct iset *set, uint32_t src_index, uint32_t kn_index);
/* Tell what differs, and the lane of a changed knote (0: none) in any case. */
int source_sync(struct iset *set, uint32_t src_index, uint32_t changed);
void sources_flush(struct iset *set);
plx_mask knote_want(const struct knote *kn);
/* The bits of a raw mask as a registration of its own. */
uint16_t armed_of_mask(plx_mask mask);
/* Observed bits as this filter counts them; 0: nothing for it. */
plx_mask filter_sees(const struct knote *kn, plx_mask observed);

/* orphan.c: registrations that outlive their number (POLICY_CLOSED_LIVES). */
void orphan_keep(struct iset *set, uint32_t src_index);
void orphans_audit(struct iset *set);
/* The number of an orphan means its file again; 0 if the kernel knows none. */
uint32_t orphan_return(struct iset *set, int fd);
void orphans_forget(struct iset *set);

/* deep.c: sets in sets, deeper than the kernel nests. */
bool deep_any(void);
bool deep_ready(int fd);
void deep_look(struct iset *set);
int deep_sleep(struct iset *set, int64_t sleep_ns, const sigset_t *mask);
int deep_register(struct iset *set, const struct iset_spec *spec,
    int (*locked)(struct iset *set, const struct iset_spec *spec));
void deep_link_made(void);
void deep_link_gone(void);
void deep_fork_child(void);
/* In a knote's bits: the edge of a nested set was told already. */
#define KNOTE_TOLD UINT32_C(0x80000000)

/* source_file.c: files that epoll refuses. */
enum source_kind file_kind(int fd);
/* 0, -EBADF, or -EINVAL: the filter could never fire on this object. */
int file_usable(uint64_t ident, enum plx_filter filter);
/* A READ or WRITE of a file hears of changes. 0 or as notify_add. */
int file_watch(struct iset *set, struct source *src, uint32_t kn_index);
/* False: a pipe that pipe(2) made. */
bool fifo_is_named(int fd);
bool file_ready(const struct knote *kn, const struct source *src);
int64_t file_read_bytes(int fd);
/* Queue an idle knote of an object we look at ourselves, if it is true. */
void file_activate(struct iset *set, uint32_t kn_index);
void files_look(struct iset *set);

/* measure.c: byte counts, end of file, errors; asks the kernel, no lock. */
int64_t measure_read(int fd, plx_mask observed);
int64_t measure_write(int fd);
/* A stream socket that never was connected: neither ready nor at an end. */
bool socket_unconnected(int fd);

/* measure_diag.c: the counts that need more than one call. */
int64_t unix_backlog(int fd);
int64_t eventfd_count(int fd);
int64_t eventfd_room(int fd);

/* source_timer.c */
/* A timer for a knote, stopped; its index, or 0. timer_end gives it back. */
uint32_t timer_make(struct iset *set, uint32_t kn_index);
void timer_end(struct iset *set, uint32_t t_index);
/* In the heap with this expiry; DEADLINE_NEVER: out of it. */
void timer_set(struct iset *set, uint32_t t_index, int64_t next_ns);
void timers_run(struct iset *set);
plx_deadline timers_next(const struct iset *set);

/* source_proc.c: an event of one of the set's own pidfds. */
void proc_collect(struct iset *set, uint64_t cookie);

/* source_signal.c: signals came; activate, and know what is shown. */
void signals_settle(struct iset *set);
void signals_fork_child(void);
/* signal_detect.c: count what is blocked and pending. */
void signals_detect(void);

static inline bool
signals_due(const struct iset *set)
{
	/* seq_cst: a waiter has announced itself before it asks. */
	return atomic_load_explicit(&set->signals_due, memory_order_seq_cst) !=
	    0;
}

/* deliver.c */
void iset_collect(struct iset *set, const void *events, int n);
int iset_deliver(struct iset *set, const struct iset_wait *w);
/* How many of the ready list are true now; nothing changes. */
int ready_count_true(struct iset *set);

/* mirror.c: what the set's number shows to others (INV-POLL). */
void mirror_settle(struct iset *set);
int mirror_prepare(void);
void mirror_wake_all(struct iset *set);
/* The last set ended, or we are a fork's child: give the wake-up back. */
void mirror_unprepare(void);

/* backend_epoll.c: the kernel's epoll, in core's words. */
int backend_add(int epfd, int fd, uint16_t armed, uint64_t cookie);
int backend_mod(int epfd, int fd, uint16_t armed, uint64_t cookie);
int backend_del(int epfd, int fd);
int backend_show(int epfd, int fd, bool shown, bool add, uint64_t cookie);
plx_mask backend_observed(const void *events, int i, uint64_t *ret_cookie);
plx_mask backend_sample(int fd, plx_mask want);
/* An entry for plx_os.poll that asks whether fd is readable. */
struct pollfd backend_readable(int fd);

#endif

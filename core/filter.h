/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.h - what kinds of thing can be watched: one row of functions each.
 *
 * The engine (register.c, deliver.c) decides when; a filter decides what. All
 * slots are called under the lock of the knote's set and must not block. Slots
 * that are NULL do nothing; `is_true` and `fill` are mandatory, and so is
 * `change`. A filter with `fd` set is keyed through a descriptor's source and
 * ends with its number; the others are found by (ident, filter).
 */
#ifndef PLX_CORE_FILTER_H
#define PLX_CORE_FILTER_H

#include "core/iset_impl.h"

struct filter_ops {
	const char *name;
	bool fd;
	/*
	 * fd: what the kernel is asked for, and what of its answer makes the
	 * knote true. want 0: the descriptor is not polled for this filter.
	 * FILTER_FD has its own mask in each knote instead.
	 */
	plx_mask want;
	plx_mask sees;
	/* fd: is the descriptor polled for this very knote? NULL: it is. */
	bool (*polls)(const struct knote *kn);
	/*
	 * Before the set's lock is taken for any change: what happened until
	 * now is taken notice of.
	 */
	void (*fresh)(void);
	/*
	 * Can this filter ever fire on this object? Before anything is made,
	 * for an ADD only. 0 or -Exxx.
	 */
	int (*check)(const struct iset_spec *spec);
	/*
	 * A new knote takes what it needs: 0, or -Exxx with nothing taken. The
	 * knote cannot be found yet and may not be activated.
	 */
	int (*attach)(struct iset *set, uint32_t kn_index,
	    const struct iset_spec *spec);
	/* It can be found now, and be activated if it is true already. */
	void (*attached)(struct iset *set, uint32_t kn_index,
	    const struct iset_spec *spec);
	/* All the memory that `change` may need: 0 or -ENOMEM. */
	int (*reserve)(struct iset *set);
	/* New values for an existing knote: 0, or -Exxx and unchanged. */
	int (*change)(struct iset *set, uint32_t kn_index,
	    const struct iset_spec *spec);
	/* The knote goes: give back what attach took. */
	void (*detach)(struct iset *set, uint32_t kn_index);
	/* It was disabled and is enabled again; it is about to be disabled. */
	void (*enable)(struct iset *set, uint32_t kn_index);
	void (*disable)(struct iset *set, uint32_t kn_index);
	/* It left the ready list and is enabled: what wakes it up again? */
	void (*idle)(struct iset *set, uint32_t kn_index);
	/*
	 * Its timer in the set's heap is due: look. Returns when to look next,
	 * or DEADLINE_NEVER.
	 */
	int64_t (*due)(struct iset *set, uint32_t kn_index, int64_t now_ns);
	/* Is it true at this moment? Called for queued knotes only. */
	bool (*is_true)(const struct iset *set, struct knote *kn);
	/* ident, data, user_bits, have, kind, eof of the delivery. */
	void (*fill)(const struct knote *kn, struct delivery *d);
	/* Delivered with KN_CLEAR: what accumulated starts anew. */
	void (*clear)(struct knote *kn);
};

/* filter_ops_of - the row of a filter; never NULL. */
const struct filter_ops *filter_ops_of(enum plx_filter filter);

static inline const struct filter_ops *
knote_ops(const struct knote *kn)
{
	return filter_ops_of((enum plx_filter)kn->filter);
}

/* One row each, defined beside its filter's functions. */
extern const struct filter_ops filter_read;     /* filter_fd.c */
extern const struct filter_ops filter_write;    /* filter_fd.c */
extern const struct filter_ops filter_mask;     /* filter_fd.c */
extern const struct filter_ops filter_timer;    /* source_timer.c */
extern const struct filter_ops filter_user;     /* source_user.c */
extern const struct filter_ops filter_proc;     /* source_proc.c */
extern const struct filter_ops filter_procdesc; /* source_proc.c */
extern const struct filter_ops filter_signal;   /* source_signal.c */
extern const struct filter_ops filter_vnode;    /* filter_vnode.c */
extern const struct filter_ops filter_except;   /* filter_fd.c */
extern const struct filter_ops filter_empty;    /* filter_empty.c */

#endif

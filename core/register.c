/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * register.c - one change of one registration, under the set's lock.
 *
 * What happens to an interest that exists, or does not, is the policy row's
 * word; the order of the steps on an existing interest is FreeBSD's
 * kqueue_register. Nothing is changed before everything that can fail is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/filter.h"
#include "core/iset.h"
#include "core/iset_impl.h"
#include "core/mutant.h"
#include "core/proc.h"
#include "core/sys.h"

static bool
fd_is_open(uint64_t ident)
{
	return ident <= INT_MAX && plx_sys_fcntl((int)ident, F_GETFD, 0) >= 0;
}

/* --- a new interest --- */

static int
fd_register_new(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	const struct filter_ops *ops = filter_ops_of(spec->filter);
	struct knote *kn = knote_at(kn_index);
	uint32_t src_index;
	int r;

	r = source_take(set, (int)spec->ident, &src_index);
	if (r < 0)
		return r;
	kn->source = src_index;
	kn->have = 0;
	source_link(source_at(src_index), kn_index);
	r = ops->attach(set, kn_index, spec);
	if (r < 0) {
		source_at(src_index)->klist = kn->chain;
		source_settle_empty(set, src_index);
	}
	return r;
}

static int
ident_register_new(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	const struct filter_ops *ops = filter_ops_of(spec->filter);
	int r;

	r = hash_reserve(set);
	if (r < 0)
		return r;
	knote_at(kn_index)->ident = spec->ident;
	if (ops->attach != NULL)
		r = ops->attach(set, kn_index, spec);
	if (r >= 0)
		hash_insert(set, kn_index);
	return r;
}

static void
knote_force(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	if ((spec->op & ISET_FORCE_ONESHOT) == 0)
		return;
	knote_at(kn_index)->flags |= KN_ONESHOT | KN_FORCED;
	knote_step(set, kn_index, KNOTE_ACTIVATE);
}

static int
register_new(struct iset *set, const struct iset_spec *spec)
{
	const struct filter_ops *ops = filter_ops_of(spec->filter);
	uint32_t kn_index;
	int r = 0;

	if (ops->check != NULL)
		r = ops->check(spec);
	if (r < 0)
		return r;
	kn_index = knote_new(set, spec);
	if (kn_index == 0)
		return -ENOMEM;
	if ((spec->op & ISET_DISABLE) != 0)
		knote_step(set, kn_index, KNOTE_DISABLE);
	r = ext_reserve(kn_index, spec);
	if (r >= 0)
		r = ops->fd ? fd_register_new(set, kn_index, spec)
			    : ident_register_new(set, kn_index, spec);
	if (r < 0) {
		knote_step(set, kn_index, KNOTE_DROP);
		knote_free(kn_index);
		return r;
	}
	ext_store(kn_index, spec);
	if (ops->attached != NULL)
		ops->attached(set, kn_index, spec);
	knote_force(set, kn_index, spec);
	return 0;
}

/* --- an existing interest --- */

void
knote_remove(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);

	ext_drop(kn_index);
	if (knote_ops(kn)->detach != NULL)
		knote_ops(kn)->detach(set, kn_index);
	if (knote_is_fd(kn)) {
		source_drop_knote(set, kn_index);
		return;
	}
	hash_remove(set, kn_index);
	knote_step(set, kn_index, KNOTE_DROP);
	if ((kn->flags & KN_LINKED) == 0)
		knote_free(kn_index);
}

static bool
knote_is_off(const struct knote *kn)
{
	return kn->state == KNOTE_DISABLED ||
	    kn->state == KNOTE_DISABLED_PENDING;
}

static void
knote_enable(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);
	const bool was_off = knote_is_off(kn);

	knote_step(set, kn_index, KNOTE_ENABLE);
	if (!was_off || knote_is_fd(kn))
		return;
	if (knote_ops(kn)->enable != NULL)
		knote_ops(kn)->enable(set, kn_index);
	/* Taken back since: an enabling must not queue it again. */
	if (kn->state == KNOTE_QUEUED && (kn->flags & KN_FORCED) == 0 &&
	    !knote_ops(kn)->is_true(set, kn))
		knote_step(set, kn_index, KNOTE_STALE);
}

static void
knote_disable(struct iset *set, uint32_t kn_index)
{
	const struct filter_ops *ops = knote_ops(knote_at(kn_index));

	if (ops->disable != NULL)
		ops->disable(set, kn_index);
	knote_step(set, kn_index, KNOTE_DISABLE);
}

/* All the memory that the change may need, before anything changes. */
static int
change_reserve(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	const struct filter_ops *ops = filter_ops_of(spec->filter);
	const int r = ext_reserve(kn_index, spec);

	return r < 0 || ops->reserve == NULL ? r : ops->reserve(set);
}

static void
udata_take(struct knote *kn, const struct iset_spec *spec)
{
	if ((spec->op & ISET_KEEP_UDATA) != 0)
		return;
	if (spec->ret_replaced != NULL && (spec->op & ISET_ADD) != 0 &&
	    kn->udata != spec->udata)
		*spec->ret_replaced = (struct iset_replaced){ .yes = true,
			.udata = kn->udata };
	kn->udata = spec->udata;
}

static int
register_change(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	const bool was_off = knote_is_off(kn);
	int r;

	if ((spec->op & ISET_DELETE) != 0) {
		knote_remove(set, kn_index);
		return 0;
	}
	r = change_reserve(set, kn_index, spec);
	if (r < 0)
		return r;
	if ((spec->op & ISET_ENABLE) != 0)
		knote_enable(set, kn_index);
	else if ((spec->op & ISET_DISABLE) != 0)
		knote_disable(set, kn_index);
	r = knote_ops(kn)->change(set, kn_index, spec);
	if (r < 0) {
		/* Only the kernel refuses here, and only what was off. */
		if (was_off && !knote_is_off(kn))
			knote_step(set, kn_index, KNOTE_DISABLE);
		return r;
	}
	ext_store(kn_index, spec);
	udata_take(kn, spec);
	knote_force(set, kn_index, spec);
	return 0;
}

/* --- which of the two --- */

static uint32_t
knote_find(struct iset *set, const struct iset_spec *spec)
{
	uint32_t src_index;

	if (!filter_ops_of(spec->filter)->fd)
		return hash_find(set, spec->filter, spec->ident);
	if (spec->ident > INT_MAX)
		return 0;
	src_index = fd_index_get(set, (int)spec->ident);
	if (src_index == 0)
		return 0;
	return source_find_knote(source_at(src_index), spec->filter);
}

/* What the kernel has to say of the descriptor itself, before "no entry". */
static int
descriptor_objection(const struct iset *set, const struct iset_spec *spec)
{
	const int epfd = atomic_load_explicit(&set->epfd, memory_order_relaxed);
	int r;

	if (!filter_ops_of(spec->filter)->fd)
		return 0;
	if (spec->filter != FILTER_FD)
		return fd_is_open(spec->ident) ? 0 : -EBADF;
	if (spec->ident > INT_MAX)
		return -EBADF;
	if ((spec->op & ISET_DELETE) != 0)
		r = backend_del(epfd, (int)spec->ident);
	else
		r = backend_mod(epfd, (int)spec->ident,
		    armed_of_mask(spec->want), spec->udata);
	return r == -ENOENT ? 0 : PLX_MUTATE(closed_number_is_unknown, r, 0);
}

static int
register_unknown(struct iset *set, const struct iset_spec *spec)
{
	const enum policy_unknown rule = (spec->op & ISET_DELETE) != 0
	    ? set->policy->remove_unknown
	    : set->policy->modify_unknown;
	const int r = descriptor_objection(set, spec);

	if (r < 0)
		return r;
	switch (rule) {
	case POLICY_UNKNOWN_ADDS:
		return register_new(set, spec);
	case POLICY_UNKNOWN_IGNORED:
		return 0;
	case POLICY_UNKNOWN_NONE:
	case POLICY_UNKNOWN_ENOENT:
	case POLICY_UNKNOWN_KEYERROR:
	default:
		return -ENOENT;
	}
}

/*
 * ADD of what is registered, where that is an error. The kernel has the last
 * word: if it takes the registration, the number became another file behind our
 * back, and the old interest lives on without a number.
 */
static int
register_exists(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	const uint32_t src_index = knote_at(kn_index)->source;
	const int epfd = atomic_load_explicit(&set->epfd, memory_order_relaxed);
	const int fd = (int)spec->ident;
	int r;

	r = backend_add(epfd, fd, armed_of_mask(spec->want),
	    source_cookie(src_index, 0));
	if (r < 0)
		return r;
	(void)backend_del(epfd, fd);
	source_behind(set, src_index);
	return register_new(set, spec);
}

/* Removal where the kernel's own answer must come back (raw mask face). */
static int
register_raw_delete(struct iset *set, uint32_t kn_index)
{
	const uint32_t src_index = knote_at(kn_index)->source;
	struct source *src = source_at(src_index);
	int r;

	r = backend_del(atomic_load_explicit(&set->epfd, memory_order_relaxed),
	    (int)src->fd);
	if (r < 0) {
		source_behind(set, src_index);
		return r;
	}
	src->armed[0] = 0;
	knote_remove(set, kn_index);
	return 0;
}

static int
register_again(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	const bool fd_filter = filter_ops_of(spec->filter)->fd;

	/* Blind: the number may have become another file, or none. */
	if (fd_filter && spec->filter != FILTER_FD &&
	    plx_proc_presence() != PLX_PRESENCE_INTERPOSED &&
	    !fd_is_open(spec->ident)) {
		source_behind(set, knote_at(kn_index)->source);
		return -EBADF;
	}
	if ((spec->op & ISET_ADD) != 0 &&
	    set->policy->again == POLICY_AGAIN_EEXIST)
		return register_exists(set, kn_index, spec);
	if ((spec->op & ISET_DELETE) != 0 && spec->filter == FILTER_FD)
		return register_raw_delete(set, kn_index);
	return register_change(set, kn_index, spec);
}

int
register_locked(struct iset *set, const struct iset_spec *spec)
{
	uint32_t kn_index;

	if (filter_is_fd(spec->filter) && spec->ident <= INT_MAX) {
		const uint32_t src_index = fd_index_get(set, (int)spec->ident);

		if (src_index != 0)
			(void)source_gone(set, src_index);
	}
	kn_index = knote_find(set, spec);
	if (kn_index == 0 && set->orphan_head != 0 && spec->ident <= INT_MAX &&
	    orphan_return(set, (int)spec->ident) != 0)
		kn_index = knote_find(set, spec);
	if (kn_index != 0)
		return register_again(set, kn_index, spec);
	if ((spec->op & ISET_ADD) == 0)
		return register_unknown(set, spec);
	if (filter_ops_of(spec->filter)->fd && spec->ident > INT_MAX)
		return -EBADF;
	return register_new(set, spec);
}

int
iset_register(struct iset *set, const struct iset_spec *spec)
{
	int r;

	PLX_ASSERT(spec->filter < FILTER_MAX);
	/* A set in a set: it is looked at from now on. Before our lock. */
	if (filter_ops_of(spec->filter)->fd && spec->ident <= INT_MAX &&
	    fdtab_kind((int)spec->ident) == FD_ISET) {
		iset_publish((int)spec->ident);
		if (spec->filter == FILTER_READ && (spec->op & ISET_ADD) != 0)
			return deep_register(set, spec, register_locked);
	}
	if (filter_ops_of(spec->filter)->fresh != NULL)
		filter_ops_of(spec->filter)->fresh();
	if (!iset_lock(set))
		return pending_push(set, spec);
	r = register_locked(set, spec);
	iset_unlock(set);
	return r;
}

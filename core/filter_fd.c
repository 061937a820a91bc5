/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_fd.c - READ, WRITE and raw masks of a descriptor.
 *
 * The kernel reports what source_arm.c registered; here is what of it counts,
 * and whether it is still so when it is handed over.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_READ, EVFILT_WRITE; epoll_ctl(2).
 */
#include <errno.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/mutant.h"

#define ENDS (PLX_RDHUP | PLX_HUP | PLX_ERR)

static void
fd_take_values(struct knote *kn, const struct iset_spec *spec)
{
	if (kn->filter == FILTER_FD) {
		kn->bits = spec->want;
		return;
	}
	kn->bits = spec->fopts;
	kn->data = spec->data;
}

static int
fd_check(const struct iset_spec *spec)
{
	return file_usable(spec->ident, spec->filter);
}

static int
fd_attach(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	fd_take_values(knote_at(kn_index), spec);
	return source_arm_first(set, knote_at(kn_index)->source, kn_index);
}

/* What we look at ourselves may be true already. */
static void
fd_attached(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	(void)spec;
	file_activate(set, kn_index);
}

/*
 * New values may have made a queued descriptor event untrue; the kernel is
 * asked again when it is told the new mask, so the old observation can go.
 */
static int
fd_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	const struct knote before = *kn;
	int r;

	fd_take_values(kn, spec);
	if (kn->filter == FILTER_FD) {
		kn->flags = (uint16_t)((kn->flags & ~(uint32_t)KN_FACE_FLAGS) |
		    (spec->flags & KN_FACE_FLAGS));
	}
	r = source_sync(set, kn->source,
	    PLX_MUTATE(modify_asks_nothing_again, kn_index, 0));
	if (r < 0) {
		kn->bits = before.bits;
		kn->data = before.data;
		kn->flags = before.flags;
		return r;
	}
	if (kn->filter == FILTER_FD && kn->state == KNOTE_QUEUED)
		knote_step(set, kn_index, KNOTE_STALE);
	file_activate(set, kn_index);
	return 0;
}

/* --- is it true now? --- */

/* An observation of this very pass is trusted, an older one made again. */
static plx_mask
observed_now(const struct iset *set, struct knote *kn, int fd)
{
	plx_mask observed = kn->have & PLX_READINESS;

	if (kn->have >> KNOTE_PASS_SHIFT == (set->pass & 0xffffu))
		return observed;
	/* The number may be another file's: believe what was seen. */
	if (source_at(kn->source)->orphan != 0)
		return knote_kernel_keeps(kn) ? 0 : observed;
	observed = backend_sample(fd, knote_want(kn));
	if ((observed & PLX_NVAL) != 0 || filter_sees(kn, observed) == 0)
		return 0;
	kn->have = (set->pass << KNOTE_PASS_SHIFT) | observed;
	return observed;
}

static bool
lowat_reached(const struct knote *kn, int fd, plx_mask observed)
{
	if ((kn->bits & FOPT_LOWAT) == 0 || (observed & ENDS) != 0)
		return true;
	return (kn->filter == FILTER_READ ? measure_read(fd, observed)
					  : measure_write(fd)) >= kn->data;
}

static bool
fd_true(const struct iset *set, struct knote *kn)
{
	const struct source *src = source_at(kn->source);
	const int fd = (int)src->fd;
	plx_mask observed;

	if (src->kind == SOURCE_FILE)
		return file_ready(kn, src);
	if (src->kind == SOURCE_ALWAYS)
		return true;
	if (src->nested != 0 && deep_any()) {
		kn->have = (set->pass << KNOTE_PASS_SHIFT) | PLX_IN;
		return deep_ready(fd);
	}
	observed = observed_now(set, kn, fd);
	if (observed == 0 || kn->filter == FILTER_FD)
		return observed != 0;
	if (kn->filter == FILTER_WRITE && (observed & ENDS) == PLX_HUP &&
	    socket_unconnected(fd))
		return false;
	return lowat_reached(kn, fd, observed);
}

static void
fd_fill(const struct knote *kn, struct delivery *d)
{
	const struct source *src = source_at(kn->source);

	d->ident = src->fd;
	d->kind = src->kind & 7u;
	d->have = (uint16_t)(kn->have & PLX_READINESS);
	if (kn->filter == FILTER_FD)
		d->have = (uint16_t)PLX_MUTATE(tells_what_was_asked,
		    filter_sees(kn, d->have), knote_want(kn));
}

static void
fd_clear(struct knote *kn)
{
	/* The edge of a set in this one is told once until it was not true. */
	if (source_at(kn->source)->nested != 0)
		kn->bits |= KNOTE_TOLD;
}

const struct filter_ops filter_read = {
	.name = "read",
	.fd = true,
	.want = PLX_IN | PLX_RDHUP,
	.sees = PLX_IN | PLX_RDHUP | PLX_HUP | PLX_ERR,
	.check = fd_check,
	.attach = fd_attach,
	.attached = fd_attached,
	.change = fd_change,
	.is_true = fd_true,
	.fill = fd_fill,
	.clear = fd_clear,
};

const struct filter_ops filter_write = {
	.name = "write",
	.fd = true,
	.want = PLX_OUT,
	.sees = PLX_OUT | PLX_HUP | PLX_ERR,
	.check = fd_check,
	.attach = fd_attach,
	.attached = fd_attached,
	.change = fd_change,
	.is_true = fd_true,
	.fill = fd_fill,
};

const struct filter_ops filter_mask = {
	.name = "mask",
	.fd = true,
	.attach = fd_attach,
	.attached = fd_attached,
	.change = fd_change,
	.is_true = fd_true,
	.fill = fd_fill,
};

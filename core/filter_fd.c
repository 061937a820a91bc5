/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_fd.c - READ, WRITE, EXCEPT and raw masks of a descriptor.
 *
 * The kernel reports what source_arm.c registered; here is what of it counts,
 * and whether it is still so when it is handed over.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_READ, EVFILT_WRITE; OpenBSD kqueue(2)
 * EVFILT_EXCEPT; epoll_ctl(2).
 */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/mutant.h"
#include "core/notify.h"
#include "core/sys.h"

#define ENDS         (PLX_RDHUP | PLX_HUP | PLX_ERR)
#define EXCEPT_TELLS (PLX_PRI | PLX_RDHUP | PLX_HUP)

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
	if (kn->filter != FILTER_READ && (observed & ENDS) == PLX_HUP &&
	    socket_unconnected(fd))
		return false;
	/* An error is read's and write's affair. */
	if (kn->filter == FILTER_EXCEPT)
		return (observed & EXCEPT_TELLS) != 0;
	return lowat_reached(kn, fd, observed);
}

/* Of a file: its mark. */
static void
fd_detach(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);

	(void)set;
	if (source_at(kn->source)->kind != SOURCE_FILE || kn->have == 0)
		return;
	notify_remove(kn->have);
	kn->have = 0;
}

static void
fd_fill(const struct knote *kn, struct delivery *d)
{
	const struct source *src = source_at(kn->source);

	d->ident = src->fd;
	d->kind = src->kind & 7u;
	if (src->kind != SOURCE_FILE)
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
	.detach = fd_detach,
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
	.detach = fd_detach,
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

/* --- urgent data --- */

/* Sockets and terminals (packet mode) have such a thing. */
static int
except_check(const struct iset_spec *spec)
{
	struct stat st;
	int r;

	if (spec->ident > INT_MAX)
		return -EBADF;
	r = (int)plx_sys(SYS_fstat, (long)spec->ident, (long)&st, 0, 0, 0, 0);
	if (r < 0)
		return r;
	if ((spec->user_bits & EXCEPT_URGENT) == 0)
		return -EINVAL;
	return S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode) ? 0 : -EINVAL;
}

static int
except_attach(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	const uint32_t src_index = knote_at(kn_index)->source;
	int r;

	(void)spec;
	knote_at(kn_index)->bits = 0;
	/* A device that is always ready has nothing urgent. */
	if (source_at(src_index)->kind != SOURCE_POLLED)
		return -EINVAL;
	r = source_arm_new(set, src_index, kn_index);
	return r == -EPERM ? -EINVAL : r;
}

static int
except_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	(void)spec;
	return source_sync(set, knote_at(kn_index)->source, kn_index);
}

static void
except_fill(const struct knote *kn, struct delivery *d)
{
	const bool urgent = (kn->have & PLX_PRI) != 0;

	d->ident = source_at(kn->source)->fd;
	d->eof = (kn->have & (PLX_RDHUP | PLX_HUP)) != 0 ? 1 : 0;
	d->user_bits = urgent ? EXCEPT_URGENT : 0;
	/* The urgent byte; what lies beyond it Linux does not tell. */
	d->data = urgent ? 1 : 0;
}

const struct filter_ops filter_except = {
	.name = "except",
	.fd = true,
	.want = PLX_PRI | PLX_RDHUP,
	.sees = PLX_PRI | PLX_RDHUP | PLX_HUP | PLX_ERR,
	.check = except_check,
	.attach = except_attach,
	.change = except_change,
	.is_true = fd_true,
	.fill = except_fill,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_vnode.c - what happens to the file, directory, device or fifo behind a
 * descriptor. The descriptor is not polled; it names the inode and, by its
 * close, the end of the interest.
 *
 * A knote: bits are the notes it wants, data those that accumulated, have is
 * its mark (notify.h). Nothing is forgotten while it is disabled, and without
 * KN_CLEAR nothing ever.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_VNODE, filt_vfsvnode.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/notify.h"
#include "core/proc.h"
#include "core/sys.h"

static int
vnode_check(const struct iset_spec *spec)
{
	struct stat st;
	int r;

	if (spec->ident > INT_MAX)
		return -EBADF;
	r = (int)plx_sys(SYS_fstat, (long)spec->ident, (long)&st, 0, 0, 0, 0);
	if (r < 0)
		return r;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
		return 0;
	case S_IFIFO:
		break;
	default: /* sockets, and what has no type at all */
		return -EINVAL;
	}
	/* A pipe without a name: nothing can ever happen to its inode. */
	return fifo_is_named((int)spec->ident) ? 0 : -EINVAL;
}

static int
vnode_attach(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);

	kn->bits = spec->user_bits & VN_ALL;
	kn->data = 0;
	return notify_add(set, kn_index, (int)spec->ident, kn->bits);
}

/* Every change brings its own notes, as on FreeBSD; what came in stays. */
static int
vnode_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	int r;

	(void)set;
	r = notify_change(kn->have, spec->user_bits & VN_ALL);
	if (r >= 0)
		kn->bits = spec->user_bits & VN_ALL;
	return r < 0 ? r : 0;
}

static void
vnode_detach(struct iset *set, uint32_t kn_index)
{
	(void)set;
	notify_remove(knote_at(kn_index)->have);
}

/* A delivery that disabled it did not clear what had accumulated. */
static void
vnode_enable(struct iset *set, uint32_t kn_index)
{
	if (knote_at(kn_index)->data != 0)
		knote_step(set, kn_index, KNOTE_ACTIVATE);
}

void
vnode_posted(struct iset *set, uint32_t kn_index, uint32_t notes)
{
	struct knote *kn = knote_at(kn_index);

	PLX_ASSERT(kn->filter == FILTER_VNODE);
	kn->data |= notes;
	knote_step(set, kn_index, KNOTE_ACTIVATE);
}

static bool
vnode_true(const struct iset *set, struct knote *kn)
{
	(void)set;
	if (kn->data == 0)
		return false;
	/* Where closes pass us by, the number may mean another file. */
	return plx_proc_presence() == PLX_PRESENCE_INTERPOSED ||
	    notify_is(kn->have, (int)source_at(kn->source)->fd);
}

static void
vnode_fill(const struct knote *kn, struct delivery *d)
{
	d->ident = source_at(kn->source)->fd;
	d->user_bits = (uint32_t)kn->data & VN_ALL;
	if (((uint32_t)kn->data & VN_EOF) != 0)
		d->eof = 1;
}

static void
vnode_clear(struct knote *kn)
{
	kn->data = 0;
}

const struct filter_ops filter_vnode = {
	.name = "vnode",
	.fd = true,
	.fresh = notify_pump,
	.check = vnode_check,
	.attach = vnode_attach,
	.change = vnode_change,
	.detach = vnode_detach,
	.enable = vnode_enable,
	.is_true = vnode_true,
	.fill = vnode_fill,
	.clear = vnode_clear,
};

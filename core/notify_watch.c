/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify_watch.c - inodes that are watched, and who wants what of them. All
 * under the table lock.
 *
 * The kernel has one watch for an inode however often it is added, with one
 * mask: here it is the union of the marks' wishes. It grows with IN_MASK_ADD. To
 * write it anew is a moment in which the kernel has no mask at all (fs/notify/
 * inotify/inotify_user.c clears it first, and who reports an event does not take
 * the lock), so that a change may go unheard: it is done only to be rid of what
 * is noisy, reading and opening. Other wishes of marks that went stay in it, and
 * what they bring is for nobody.
 *
 * Of a directory that is removed while somebody has it open inotify tells
 * nothing, but the directory above says that a name is gone: that one gets a
 * mark of ours, through "/proc/self/fd/N/..".
 *
 * Authority: inotify_add_watch(2), statx(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/notify_impl.h"
#include "core/sys.h"

#define PATH_BYTES 32
#define ENTRIES    (IN_CREATE | IN_DELETE | IN_MOVE)
#define NOISY      (IN_ACCESS | IN_OPEN | IN_CLOSE)

struct plx_arena plx_watches = PLX_ARENA(struct watch, 8);
struct plx_arena plx_marks = PLX_ARENA(struct mark, 8);

/* --- where a mark leads, and how it looks there --- */

static void
mark_path(const struct mark *m, char path[PATH_BYTES])
{
	char digits[12];
	int fd = m->fd;
	size_t n = 0;
	size_t at = 14;

	memcpy(path, "/proc/self/fd/", at);
	do {
		digits[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd > 0);
	while (n > 0)
		path[at++] = digits[--n];
	memcpy(path + at, m->child != 0 ? "/.." : "", m->child != 0 ? 4 : 1);
}

static int
mark_look(const struct mark *m, struct look *ret_look)
{
	const int flags = m->child != 0 ? 0 : AT_EMPTY_PATH;
	char path[PATH_BYTES] = "";
	struct statx stx;
	long r;

	if (m->child != 0)
		mark_path(m, path);
	r = plx_sys(SYS_statx, m->child != 0 ? AT_FDCWD : m->fd, (long)path,
	    flags | AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS, (long)&stx, 0);
	if (r < 0)
		return (int)r;
	*ret_look = (struct look){
		.dev = (uint64_t)stx.stx_dev_major << 32 | stx.stx_dev_minor,
		.ino = stx.stx_ino,
		.size = (int64_t)stx.stx_size,
		.mtime_ns = stx.stx_mtime.tv_sec * PLX_NS_PER_S +
		    stx.stx_mtime.tv_nsec,
		.nlink = stx.stx_nlink,
		.mode = stx.stx_mode,
		.uid = stx.stx_uid,
		.gid = stx.stx_gid,
	};
	return 0;
}

static bool
same_inode(const struct look *a, const struct look *b)
{
	return a->ino == b->ino && a->dev == b->dev;
}

bool
mark_is(uint32_t mark_index, int fd)
{
	const struct mark *m = mark_at(mark_index);
	const struct mark probe = { .fd = fd };
	struct look now;

	return mark_look(&probe, &now) >= 0 &&
	    same_inode(&now, &watch_at(m->watch)->look);
}

/* A mark whose descriptor still means this inode; 0: none. */
static uint32_t
watch_door(const struct watch *w, struct look *ret_look)
{
	uint32_t at = w->marks;

	for (; at != 0; at = mark_at(at)->next) {
		if (mark_look(mark_at(at), ret_look) >= 0 &&
		    same_inode(ret_look, &w->look))
			break;
	}
	return at;
}

bool
watch_look(const struct watch *w, struct look *ret_look)
{
	return watch_door(w, ret_look) != 0;
}

/* --- what the kernel is asked for --- */

static uint32_t
mask_of_file(uint32_t want)
{
	uint32_t mask = 0;

	/* A file that became shorter changed its attributes as well. */
	if ((want &
		(VN_WRITE | VN_EXTEND | VN_TRUNCATE | VN_ATTRIB | VN_LOOK)) !=
	    0)
		mask |= IN_MODIFY;
	if ((want & (VN_ATTRIB | VN_DELETE | VN_LINK | VN_LOOK)) != 0)
		mask |= IN_ATTRIB;
	return mask;
}

static uint32_t
mask_of_dir(uint32_t want)
{
	uint32_t mask = 0;

	if ((want & (VN_WRITE | VN_LINK | VN_EXTEND | VN_LOOK)) != 0)
		mask |= ENTRIES;
	if ((want & VN_CHILD) != 0)
		mask |= IN_DELETE | IN_MOVE;
	if ((want & (VN_ATTRIB | VN_LOOK)) != 0)
		mask |= IN_ATTRIB;
	if ((want & VN_DELETE) != 0)
		mask |= IN_MOVE_SELF; /* the directory above is another */
	return mask;
}

static uint32_t
mask_of(uint32_t want, bool dir)
{
	/* Never nothing: that is an error. */
	uint32_t mask = IN_DELETE_SELF |
	    (dir ? mask_of_dir(want) : mask_of_file(want));

	if ((want & VN_RENAME) != 0)
		mask |= IN_MOVE_SELF;
	if ((want & VN_OPEN) != 0)
		mask |= IN_OPEN;
	if ((want & VN_CLOSE) != 0)
		mask |= IN_CLOSE_NOWRITE;
	if ((want & VN_CLOSE_WRITE) != 0)
		mask |= IN_CLOSE_WRITE;
	if ((want & VN_READ) != 0)
		mask |= IN_ACCESS;
	return mask;
}

static int
kernel_watch(const struct mark *m, uint32_t mask)
{
	char path[PATH_BYTES];

	mark_path(m, path);
	return (int)plx_sys(SYS_inotify_add_watch, notify_fd(), (long)path,
	    (long)mask, 0, 0, 0);
}

/* What was not asked for until now may have changed unseen. */
static void
look_refresh(struct watch *w, const struct look *now, uint32_t mask)
{
	const uint32_t fresh = mask & ~w->mask;

	if ((fresh & IN_MODIFY) != 0)
		w->look.size = now->size;
	if ((fresh & IN_ATTRIB) != 0) {
		w->look.nlink = now->nlink;
		w->look.mode = now->mode;
		w->look.uid = now->uid;
		w->look.gid = now->gid;
	}
	w->look.mtime_ns = now->mtime_ns;
}

/* The watch for what the mark leads to, with the mark's wishes in it. */
static int
watch_take(const struct mark *m, uint32_t *ret_watch)
{
	struct look now;
	struct watch *w;
	uint32_t mask;
	int r;

	r = mark_look(m, &now);
	if (r >= 0)
		r = watches_reserve();
	if (r < 0)
		return r;
	mask = mask_of(m->want, look_is_dir(&now));
	r = kernel_watch(m, mask | IN_MASK_ADD);
	if (r < 0)
		return r;
	*ret_watch = watch_find(r);
	if (*ret_watch != 0) {
		w = watch_at(*ret_watch);
		look_refresh(w, &now, mask);
		w->mask |= mask;
		return 0;
	}
	*ret_watch = arena_take(&plx_watches);
	w = watch_at(*ret_watch);
	if (w == NULL) {
		(void)plx_sys(SYS_inotify_rm_watch, notify_fd(), r, 0, 0, 0, 0);
		return -ENOMEM;
	}
	*w = (struct watch){ .wd = r, .mask = mask, .look = now };
	watch_hash(*ret_watch);
	return 0;
}

static uint32_t
watch_wants(const struct watch *w)
{
	uint32_t want = 0;

	for (uint32_t at = w->marks; at != 0; at = mark_at(at)->next)
		want |= mark_at(at)->want;
	return want;
}

/* Fewer wishes: the mask is written anew if it is worth it. */
static void
watch_shrink(struct watch *w, uint32_t mask)
{
	struct look now;
	uint32_t other;
	uint32_t door;
	int r;

	if (w->wd < 0 || (w->mask & ~mask & NOISY) == 0)
		return;
	door = watch_door(w, &now);
	if (door == 0)
		return;
	r = kernel_watch(mark_at(door), mask);
	if (r == w->wd)
		w->mask = mask;
	if (r < 0 || r == w->wd)
		return;
	/* The number became another file at this very moment: undo that. */
	other = watch_find(r);
	if (other == 0)
		(void)plx_sys(SYS_inotify_rm_watch, notify_fd(), r, 0, 0, 0, 0);
	else
		(void)kernel_watch(mark_at(door),
		    watch_at(other)->mask | IN_MASK_ADD);
}

static void
watch_free(uint32_t watch_index)
{
	struct watch *w = watch_at(watch_index);

	if (w->wd >= 0 && notify_fd() >= 0)
		(void)plx_sys(SYS_inotify_rm_watch, notify_fd(), w->wd, 0, 0, 0,
		    0);
	watch_unhash(w);
	arena_give(&plx_watches, watch_index);
}

static void
mark_unlink(uint32_t mark_index)
{
	const struct mark *m = mark_at(mark_index);
	uint32_t *link = &watch_at(m->watch)->marks;

	while (*link != mark_index)
		link = &mark_at(*link)->next;
	*link = m->next;
	arena_give(&plx_marks, mark_index);
}

static int
mark_link(const struct mark *like, uint32_t *ret_mark)
{
	const uint32_t mark_index = arena_take(&plx_marks);
	struct mark *m = mark_at(mark_index);
	int r;

	if (m == NULL)
		return -ENOMEM;
	*m = *like;
	m->epoch = notify_epoch();
	r = watch_take(m, &m->watch);
	if (r < 0) {
		arena_give(&plx_marks, mark_index);
		return r;
	}
	m->next = watch_at(m->watch)->marks;
	watch_at(m->watch)->marks = mark_index;
	*ret_mark = mark_index;
	return 0;
}

/* The mark above is given back; returns the watch that it was on. */
static uint32_t
parent_drop(struct watch *w)
{
	const uint32_t mark_index = w->parent;
	uint32_t above;

	if (mark_index == 0)
		return 0;
	above = mark_at(mark_index)->watch;
	w->parent = 0;
	mark_unlink(mark_index);
	return above;
}

static int
parent_make(uint32_t watch_index)
{
	struct watch *w = watch_at(watch_index);
	struct look now;
	const uint32_t door = watch_door(w, &now);

	if (w->parent != 0 || door == 0)
		return 0;
	return mark_link(&(struct mark){ .fd = mark_at(door)->fd,
			     .child = watch_index,
			     .want = VN_CHILD },
	    &w->parent);
}

static bool
needs_parent(const struct watch *w)
{
	return look_is_dir(&w->look) && w->look.nlink > 0 &&
	    (watch_wants(w) & VN_DELETE) != 0;
}

void
watch_settle(uint32_t watch_index)
{
	/* Upwards, while each has only been there for the one below. */
	while (watch_index != 0) {
		struct watch *w = watch_at(watch_index);
		uint32_t above = 0;

		if (!needs_parent(w))
			above = parent_drop(w);
		if (w->marks == 0)
			watch_free(watch_index);
		else
			watch_shrink(w,
			    mask_of(watch_wants(w), look_is_dir(&w->look)));
		watch_index = above;
	}
}

void
watch_parent_renew(uint32_t watch_index)
{
	struct watch *w = watch_at(watch_index);

	if (w->parent == 0)
		return;
	watch_settle(parent_drop(w));
	(void)parent_make(watch_index);
}

/* --- marks --- */

int
mark_make(const struct mark *like, uint32_t *ret_mark)
{
	uint32_t mark_index;
	uint32_t watch_index;
	int r;

	r = mark_link(like, &mark_index);
	if (r < 0)
		return r;
	watch_index = mark_at(mark_index)->watch;
	if (needs_parent(watch_at(watch_index)))
		r = parent_make(watch_index);
	if (r < 0) {
		mark_end(mark_index);
		return r;
	}
	*ret_mark = mark_index;
	return 0;
}

int
mark_want(uint32_t mark_index, uint32_t want)
{
	struct mark *m = mark_at(mark_index);
	const struct mark like = { .fd = m->fd, .want = want };
	const uint32_t before = m->want;
	uint32_t watch_index;
	int r = 0;

	if (before == want)
		return 0;
	if ((want & ~before) != 0)
		r = watch_take(&like, &watch_index);
	if (r < 0)
		return r;
	m->want = want;
	if (needs_parent(watch_at(m->watch)))
		r = parent_make(m->watch);
	if (r < 0)
		m->want = before;
	watch_settle(m->watch);
	return r;
}

void
mark_end(uint32_t mark_index)
{
	const uint32_t watch_index = mark_at(mark_index)->watch;

	mark_unlink(mark_index);
	watch_settle(watch_index);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify_event.c - what inotify says, in the words of a vnode's notes. Under
 * the table lock.
 *
 * inotify merges what is alike and says little: IN_MODIFY may be a write or a
 * truncation, IN_ATTRIB a chmod, a link or an unlink. How the inode looked last
 * tells them apart. As on FreeBSD an operation has one set of notes, and all of
 * them are reported when any of them was asked for.
 *
 * Authority: inotify(7); FreeBSD sys/kern/vfs_subr.c, vop_*_post.
 */
#include <string.h>
#include <sys/inotify.h>

#include "core/notify_impl.h"

#define MOVES_MAX 8

/* Renames of which the half that left was seen. */
struct move {
	uint32_t watch;
	uint32_t cookie;
	bool dir;
};

static struct move moves[MOVES_MAX];
static unsigned int moves_n;

struct event_note {
	uint32_t event;
	uint32_t note;
};

/* What says everything by itself. */
static const struct event_note plain_notes[] = {
	{ IN_ACCESS, VN_READ },
	{ IN_OPEN, VN_OPEN },
	{ IN_CLOSE_NOWRITE, VN_CLOSE },
	{ IN_CLOSE_WRITE, VN_CLOSE_WRITE },
	{ IN_MOVE_SELF, VN_RENAME },
	{ IN_UNMOUNT, VN_REVOKE | VN_EOF },
};
#define PLAIN_NOTES_N (sizeof(plain_notes) / sizeof(plain_notes[0]))

static uint32_t
notes_of_mask(uint32_t mask)
{
	uint32_t notes = 0;

	for (size_t i = 0; i < PLAIN_NOTES_N; i++) {
		if ((mask & plain_notes[i].event) != 0)
			notes |= plain_notes[i].note;
	}
	if ((mask &
		(IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVE)) != 0)
		notes |= VN_LOOK;
	return notes;
}

/* The notes of an operation that this mark gets. */
static uint32_t
notes_for(const struct mark *m, uint32_t notes)
{
	if ((notes & VN_EOF) != 0)
		return notes;
	if ((m->want & VN_LOOK) != 0)
		return notes & VN_LOOK;
	notes &= ~VN_LOOK;
	/* The last link: those who count links are told of it as well. */
	if ((notes & VN_DELETE) != 0 && (m->want & VN_LINK) != 0)
		notes |= VN_LINK;
	return (m->want & notes) != 0 ? notes : 0;
}

static void
watch_post(const struct watch *w, uint32_t notes)
{
	for (uint32_t at = w->marks; at != 0; at = mark_at(at)->next) {
		const struct mark *m = mark_at(at);
		const uint32_t mine = m->set == 0 ? 0 : notes_for(m, notes);

		if (mine != 0)
			mark_post(at, mine);
	}
}

/* --- differences --- */

static uint32_t
size_notes(struct watch *w, const struct look *now)
{
	uint32_t notes = VN_WRITE;

	if (now->size > w->look.size)
		notes |= VN_EXTEND;
	if (now->size < w->look.size)
		notes |= VN_TRUNCATE | VN_ATTRIB;
	w->look.size = now->size;
	w->look.mtime_ns = now->mtime_ns;
	return notes;
}

static uint32_t
link_notes(struct watch *w, const struct look *now)
{
	uint32_t notes = 0;

	if (now->nlink < w->look.nlink && now->nlink == 0)
		notes = VN_DELETE;
	else if (now->nlink != w->look.nlink && !look_is_dir(now))
		notes = VN_LINK;
	w->look.nlink = now->nlink;
	return notes;
}

static uint32_t
attrib_notes(struct watch *w, const struct look *now)
{
	const bool owner = now->mode != w->look.mode ||
	    now->uid != w->look.uid || now->gid != w->look.gid;
	uint32_t notes = link_notes(w, now);

	/* A link or an unlink changes nothing else; times are not compared. */
	if (owner || notes == 0)
		notes |= VN_ATTRIB;
	w->look.mode = now->mode;
	w->look.uid = now->uid;
	w->look.gid = now->gid;
	return notes;
}

static void
child_removed(uint32_t watch_index)
{
	struct watch *w = watch_at(watch_index);
	struct look now;

	if (watch_look(w, &now))
		watch_post(w, link_notes(w, &now) & VN_DELETE);
}

/* A name of this directory went: was it one that is watched itself? */
static void
children_look(const struct watch *w)
{
	for (uint32_t at = w->marks; at != 0; at = mark_at(at)->next) {
		if (mark_at(at)->child != 0)
			child_removed(mark_at(at)->child);
	}
}

/* --- directories --- */

static uint32_t
entry_notes(bool dir)
{
	return VN_LOOK | VN_WRITE | (dir ? VN_LINK : 0);
}

static void
move_end(unsigned int i)
{
	/* It went elsewhere: on FreeBSD both directories are EXTENDed. */
	watch_post(watch_at(moves[i].watch),
	    entry_notes(moves[i].dir) | VN_EXTEND);
	moves[i] = moves[--moves_n];
}

bool
moves_any(void)
{
	return moves_n > 0;
}

void
moves_end(void)
{
	while (moves_n > 0)
		move_end(moves_n - 1);
}

static void
moved_from(uint32_t watch_index, const struct inotify_event *e)
{
	if (moves_n == MOVES_MAX)
		move_end(0);
	moves[moves_n++] = (struct move){
		.watch = watch_index,
		.cookie = e->cookie,
		.dir = (e->mask & IN_ISDIR) != 0,
	};
}

static uint32_t
moved_to_notes(uint32_t watch_index, const struct inotify_event *e)
{
	const bool dir = (e->mask & IN_ISDIR) != 0;

	for (unsigned int i = 0; i < moves_n; i++) {
		if (moves[i].cookie != e->cookie)
			continue;
		if (moves[i].watch == watch_index) {
			moves[i] = moves[--moves_n];
			return entry_notes(false);
		}
		move_end(i);
		break;
	}
	return entry_notes(dir) | VN_EXTEND;
}

/* An event about a name in this directory. */
static void
entry_event(uint32_t watch_index, const struct inotify_event *e)
{
	struct watch *w = watch_at(watch_index);
	const bool dir = (e->mask & IN_ISDIR) != 0;

	if ((e->mask & (IN_CREATE | IN_DELETE)) != 0)
		watch_post(w, entry_notes(dir));
	else if ((e->mask & IN_MOVED_FROM) != 0)
		moved_from(watch_index, e);
	else if ((e->mask & IN_MOVED_TO) != 0)
		watch_post(w, moved_to_notes(watch_index, e));
	if (dir && (e->mask & (IN_DELETE | IN_MOVED_TO)) != 0)
		children_look(w);
}

/* --- one event --- */

static void
self_event(uint32_t watch_index, uint32_t mask)
{
	struct watch *w = watch_at(watch_index);
	uint32_t notes = notes_of_mask(mask);
	struct look now;

	if ((mask & (IN_MODIFY | IN_ATTRIB)) != 0 && watch_look(w, &now)) {
		if ((mask & IN_MODIFY) != 0)
			notes |= size_notes(w, &now);
		if ((mask & IN_ATTRIB) != 0)
			notes |= attrib_notes(w, &now);
	}
	if ((mask & IN_DELETE_SELF) != 0 && w->look.nlink != 0) {
		w->look.nlink = 0;
		notes |= VN_DELETE;
	}
	if ((mask & IN_MOVE_SELF) != 0)
		watch_parent_renew(watch_index);
	watch_post(w, notes);
}

/* Events were lost: what differs now is told, the rest nobody knows. */
static void
watch_compare(uint32_t watch_index)
{
	struct watch *w = watch_at(watch_index);
	uint32_t notes = VN_LOOK;
	struct look now;

	if (!watch_look(w, &now))
		return;
	if (now.size != w->look.size || now.mtime_ns != w->look.mtime_ns)
		notes |= look_is_dir(&now) ? VN_WRITE : size_notes(w, &now);
	if (now.nlink != w->look.nlink)
		notes |= look_is_dir(&now) && now.nlink != 0
		    ? VN_WRITE | VN_LINK
		    : 0;
	if (now.nlink != w->look.nlink || now.mode != w->look.mode ||
	    now.uid != w->look.uid || now.gid != w->look.gid)
		notes |= attrib_notes(w, &now);
	w->look.mtime_ns = now.mtime_ns;
	watch_post(w, notes);
}

static void
event_apply(const struct inotify_event *e)
{
	uint32_t watch_index;

	if ((e->mask & IN_Q_OVERFLOW) != 0) {
		watches_each(watch_compare);
		return;
	}
	watch_index = watch_find(e->wd);
	if (watch_index == 0)
		return;
	if ((e->mask & IN_IGNORED) != 0)
		watch_unhash(watch_at(watch_index));
	else if (e->len == 0)
		self_event(watch_index, e->mask);
	else
		entry_event(watch_index, e);
}

void
events_apply(const char *buffer, size_t len_bytes)
{
	size_t at = 0;

	while (at + sizeof(struct inotify_event) <= len_bytes) {
		struct inotify_event e;

		/* The name that follows is not needed, only how long it is. */
		memcpy(&e, buffer + at, sizeof(e));
		event_apply(&e);
		at += sizeof(e) + e.len;
	}
}

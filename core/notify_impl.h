/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify_impl.h - watches and marks, shared by core/notify*.c only.
 *
 * Letters: [I] immutable after creation, [t] the table lock.
 */
#ifndef PLX_CORE_NOTIFY_IMPL_H
#define PLX_CORE_NOTIFY_IMPL_H

#include <sys/stat.h>

#include "core/notify.h"

/* What of an inode tells one change from another. */
struct look {
	uint64_t dev;
	uint64_t ino;
	int64_t size;
	int64_t mtime_ns;
	uint32_t nlink;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
};

struct watch {
	uint32_t link;    /* arena link when free */
	int wd;           /* [t] -1: the kernel has dropped it */
	uint32_t chain;   /* [t] next of the hash bucket */
	uint32_t marks;   /* [t] first mark */
	uint32_t mask;    /* [t] what the kernel was asked for */
	uint32_t parent;  /* [t] our mark on the directory above, or 0 */
	struct look look; /* [t] dev, ino and the type of mode: [I] */
};

struct mark {
	uint32_t link;   /* arena link when free */
	uint32_t next;   /* [t] of the watch */
	uint32_t watch;  /* [I] */
	uint32_t set;    /* [I] 0: a mark for `child` */
	uint32_t knote;  /* [I] */
	uint32_t child;  /* [I] a watch, of a directory in this one */
	int fd;          /* [I] */
	uint32_t want;   /* [t] notes */
	uint32_t have;   /* [t] notes, not yet taken */
	uint32_t posted; /* [t] 1: on its set's list */
	uint32_t post;   /* [t] the next there */
	uint32_t epoch;  /* [I] of forks */
};

extern struct plx_arena plx_watches;
extern struct plx_arena plx_marks;

static inline struct watch *
watch_at(uint32_t index)
{
	return arena_at(&plx_watches, index);
}

static inline struct mark *
mark_at(uint32_t index)
{
	return arena_at(&plx_marks, index);
}

/* notify.c */
uint64_t table_lock(void); /* returns the signal mask, for table_unlock */
void table_unlock(uint64_t signals);
uint32_t notify_epoch(void);
/* Notes for one mark: it is put on its set's list, the set on ours. */
void mark_post(uint32_t mark_index, uint32_t notes);

/* notify_watch.c; all under the table lock. */
/* A mark like this one, on what its fd leads to. 0 or -Exxx. */
int mark_make(const struct mark *like, uint32_t *ret_mark);
int mark_want(uint32_t mark_index, uint32_t want);
void mark_end(uint32_t mark_index);
bool mark_is(uint32_t mark_index, int fd);
/* How the inode looks now; false when no descriptor leads to it any more. */
bool watch_look(const struct watch *w, struct look *ret_look);
/* The mark on the directory above is made or given back, as is needed. */
void watch_settle(uint32_t watch_index);
/* A directory was moved: another one is above it. */
void watch_parent_renew(uint32_t watch_index);

/* notify_table.c; all under the table lock. */
uint32_t watch_find(int wd);
/* Room for one more: 0 or -ENOMEM. */
int watches_reserve(void);
/* After watches_reserve. */
void watch_hash(uint32_t watch_index);
/* Its wd means nothing any more. */
void watch_unhash(struct watch *w);
/* Calls fn for each watch; it may not add or remove any. */
void watches_each(void (*fn)(uint32_t watch_index));
void watches_forget(void);

static inline bool
look_is_dir(const struct look *look)
{
	return S_ISDIR(look->mode);
}

/* notify_event.c: a buffer of events, under the table lock. */
void events_apply(const char *buffer, size_t len_bytes);
/* Halves of renames whose other half did not come. */
bool moves_any(void);
void moves_end(void);

#endif

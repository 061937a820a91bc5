/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow.c - descriptor numbers and open files, see shadow.h.
 */
#include "core/shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "core/arena.h"
#include "core/lock.h"
#include "core/record.h"
#include "core/report.h"
#include "core/sys.h"
#include "core/sysfile.h"

#define PAGE_SHIFT 9
#define PAGE_FDS   (1 << PAGE_SHIFT)
#define PAGES_MAX  (SHADOW_FDS_MAX / PAGE_FDS)
#define LIST_BYTES 2048

_Thread_local struct shadow_thread shadow_self;

static struct plx_lock lock;
static bool broken; /* a copy that was made while somebody wrote */
static _Atomic uint64_t seq;
static uint32_t epoch = 1; /* number of children, from 1 */
static _Atomic bool forked_ever;
static bool fork_locked; /* by shadow_fork_before, not by what we are in */
static bool fork_copied; /* this child's copy is whole */
static struct plx_arena ofds = PLX_ARENA(struct shadow_ofd, 9);

static _Atomic(struct shadow_fd *) pages[PAGES_MAX];

bool
shadow_enter(void)
{
	if (plx_lock_take(&lock) < 0) {
		report_mark_unseen(PLX_UNSEEN_HANDLER);
		return false;
	}
	if (!broken)
		return true;
	plx_lock_drop(&lock);
	return false;
}

void
shadow_leave(void)
{
	plx_lock_drop(&lock);
}

uint64_t
shadow_seq_now(void)
{
	/* acquire: pairs with the release in shadow_closed. */
	return atomic_load_explicit(&seq, memory_order_acquire);
}

bool
shadow_forked(void)
{
	/* relaxed: the parent's own thread set it before it waits again. */
	return atomic_load_explicit(&forked_ever, memory_order_relaxed);
}

void
shadow_spawned(void)
{
	epoch++;
}

static void
fork_note(void)
{
	epoch++;
	atomic_store_explicit(&forked_ever, true, memory_order_relaxed);
}

void
shadow_fork_before(void)
{
	if (plx_lock_take(&lock) < 0)
		report_mark_unseen(PLX_UNSEEN_HANDLER);
	else
		fork_locked = true;
}

void
shadow_fork_parent(void)
{
	if (!fork_locked)
		return;
	fork_note();
	fork_locked = false;
	plx_lock_drop(&lock);
}

void
shadow_fork_child(void)
{
	uint32_t set;

	if (!fork_locked)
		return;
	fork_locked = false;
	fork_copied = true;
	/* The word names the parent's thread. */
	plx_lock_reset(&lock);
	fork_note();
	for (set = shadow_set_next(0); set != 0; set = shadow_set_next(set))
		shadow_set_at(set)->inherited = true;
}

void
shadow_fork_noticed(void)
{
	if (!fork_copied) {
		plx_lock_reset(&lock);
		broken = true;
		report_mark_unseen(PLX_UNSEEN_HANDLER);
	}
	fork_copied = false;
}

static struct shadow_fd *
page_at(int fd)
{
	if (fd < 0 || fd >= SHADOW_FDS_MAX)
		return NULL;
	/* acquire: pairs with the release in shadow_fd_at. */
	return atomic_load_explicit(&pages[fd >> PAGE_SHIFT],
	    memory_order_acquire);
}

struct shadow_fd *
shadow_fd_at(int fd)
{
	struct shadow_fd *page = page_at(fd);

	if (page != NULL)
		return &page[fd & (PAGE_FDS - 1)];
	if (fd < 0 || fd >= SHADOW_FDS_MAX)
		return NULL;
	page = plx_sys_map(PAGE_FDS * sizeof(*page));
	if (page == NULL) {
		report_mark_unseen(PLX_UNSEEN_FULL);
		return NULL;
	}
	/* release: zeroes first, then the page. */
	atomic_store_explicit(&pages[fd >> PAGE_SHIFT], page,
	    memory_order_release);
	return &page[fd & (PAGE_FDS - 1)];
}

enum shadow_state
shadow_fd_peek(int fd)
{
	struct shadow_fd *page = page_at(fd);

	if (page == NULL)
		return SHADOW_NEW;
	/* relaxed: a hint; the lock is taken before anything is said. */
	return atomic_load_explicit(&page[fd & (PAGE_FDS - 1)].state,
	    memory_order_relaxed);
}

static void
state_set(struct shadow_fd *entry, enum shadow_state state)
{
	/* relaxed: see shadow_fd_peek. */
	atomic_store_explicit(&entry->state, (uint8_t)state,
	    memory_order_relaxed);
}

struct shadow_ofd *
shadow_ofd_at(uint32_t ofd)
{
	return ofd == 0 ? NULL : arena_at(&ofds, ofd);
}

bool
shadow_ofd_foreign(const struct shadow_ofd *ofd)
{
	return ofd->passed || ofd->epoch != epoch;
}

static uint32_t
ofd_make(bool passed)
{
	const uint32_t i = arena_take(&ofds);
	struct shadow_ofd *ofd = shadow_ofd_at(i);

	if (ofd == NULL) {
		report_mark_unseen(PLX_UNSEEN_FULL);
		return 0;
	}
	*ofd = (struct shadow_ofd){ .refs = 0,
		.epoch = epoch,
		.passed = passed };
	return i;
}

static void
ofd_release(uint32_t i)
{
	struct shadow_ofd *ofd = shadow_ofd_at(i);

	if (ofd == NULL || --ofd->refs > 0)
		return;
	if (ofd->set != 0)
		shadow_set_gone(ofd->set);
	shadow_ofd_ended(i);
	arena_give(&ofds, i);
}

/* Gives the number its open file; ofd 0: none could be had. */
static void
entry_open(struct shadow_fd *entry, uint32_t i, enum shadow_known known)
{
	struct shadow_ofd *ofd = shadow_ofd_at(i);

	entry->generation++;
	entry->known = (uint8_t)known;
	entry->ofd = i;
	entry->nval_n = 0;
	entry->open_stack = PLX_NO_STACK;
	entry->open_tid = 0;
	if (ofd != NULL)
		ofd->refs++;
	state_set(entry, SHADOW_OPEN);
}

/* The number is open again without a close that we saw. */
static void
entry_lost(int fd, struct shadow_fd *entry)
{
	report_mark_unseen(PLX_UNSEEN_CLOSE);
	shadow_closing(fd, PLX_NO_STACK);
	shadow_closed(fd);
	entry->debt.generation = 0;
}

struct shadow_fd *
shadow_fd_used(int fd)
{
	struct shadow_fd *entry = shadow_fd_at(fd);

	if (entry == NULL || entry->state == SHADOW_OPEN)
		return entry;
	entry_open(entry, ofd_make(true), SHADOW_GUESSED);
	return entry;
}

struct shadow_fd *
shadow_opened(int fd, uint8_t kind, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_at(fd);

	if (entry == NULL)
		return NULL;
	if (entry->state == SHADOW_OPEN)
		entry_lost(fd, entry);
	entry_open(entry, ofd_make(false), SHADOW_SEEN);
	entry->kind = kind;
	entry->open_stack = stack;
	entry->open_tid = plx_tid();
	return entry;
}

void
shadow_duped(int new_fd, int old_fd, uint32_t stack)
{
	struct shadow_fd *from = shadow_fd_used(old_fd);
	struct shadow_fd *to = shadow_fd_at(new_fd);

	if (from == NULL || to == NULL || from == to)
		return;
	/* dup2 closes what the number was; F_DUPFD finds it free. */
	if (to->state == SHADOW_OPEN) {
		shadow_closing(new_fd, stack);
		shadow_closed(new_fd);
	}
	entry_open(to, from->ofd, from->known);
	to->kind = from->kind;
	to->open_stack = stack;
	to->open_tid = plx_tid();
	shadow_regs_return(to);
}

void
shadow_closing(int fd, uint32_t stack)
{
	struct shadow_fd *entry = shadow_fd_at(fd);

	if (entry == NULL || entry->state == SHADOW_CLOSED)
		return;
	entry->close_stack = stack;
	entry->close_tid = plx_tid();
	entry->closed_seq = 0;
	state_set(entry, SHADOW_CLOSED);
	shadow_regs_orphan(entry);
	ofd_release(entry->ofd);
	entry->ofd = 0;
}

void
shadow_closed(int fd)
{
	struct shadow_fd *entry = shadow_fd_at(fd);
	struct shadow_reg *reg;
	uint64_t now;

	if (entry == NULL)
		return;
	/* release: pairs with the acquire in shadow_seq_now. */
	now = atomic_fetch_add_explicit(&seq, 1, memory_order_release) + 1;
	if (entry->state == SHADOW_CLOSED && entry->closed_seq == 0)
		entry->closed_seq = now;
	for (reg = shadow_reg_at(entry->regs); reg != NULL;
	     reg = shadow_reg_at(reg->fd_next))
		if (reg->state != SHADOW_LIVE && reg->dead_seq == 0)
			reg->dead_seq = now;
}

int
shadow_next_open(int from, int last)
{
	int fd = from < 0 ? 0 : from;

	while (fd <= last && fd < SHADOW_FDS_MAX) {
		if (page_at(fd) == NULL) {
			fd = (fd | (PAGE_FDS - 1)) + 1;
			continue;
		}
		if (shadow_fd_peek(fd) == SHADOW_OPEN)
			return fd;
		fd++;
	}
	return -1;
}

/* The record of getdents64(2). */
struct directory_entry {
	uint64_t ino;
	int64_t off;
	uint16_t len_bytes;
	uint8_t type;
	char name[];
};

static int
name_number(const char *name)
{
	int value = 0;

	if (*name == '\0')
		return -1;
	for (; *name >= '0' && *name <= '9' && value < SHADOW_FDS_MAX; name++)
		value = value * 10 + (*name - '0');
	return *name == '\0' ? value : -1;
}

static void
inherited_add(int fd, int list_fd)
{
	struct shadow_fd *entry;

	if (fd < 0 || fd == list_fd)
		return;
	entry = shadow_fd_at(fd);
	if (entry == NULL || entry->state == SHADOW_OPEN)
		return;
	entry_open(entry, ofd_make(true), SHADOW_INHERITED);
}

/* What was open when the process began. Without /proc: learnt when used. */
static void
inherited_list(void)
{
	_Alignas(struct directory_entry) char buf[LIST_BYTES];
	const struct directory_entry *at;
	long got;
	long i;
	int fd;

	fd = plx_sys_open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return;
	for (;;) {
		got = plx_sys(SYS_getdents64, fd, (long)buf, LIST_BYTES, 0, 0,
		    0);
		if (got <= 0)
			break;
		for (i = 0; i < got; i += at->len_bytes) {
			at = (const void *)(buf + i);
			inherited_add(name_number(at->name), fd);
		}
	}
	(void)plx_sys_close(fd);
}

int
shadow_start(void)
{
	int r;

	r = shadow_reg_start();
	if (r < 0)
		return r;
	inherited_list();
	return 0;
}

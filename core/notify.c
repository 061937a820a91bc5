/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify.c - the shared inotify descriptor: who has it, who drains it, and how
 * what it tells gets from there to the sets. See notify.h.
 */
#include "core/notify.h"

#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/notify_impl.h"
#include "core/os.h"
#include "core/proc.h"
#include "core/sys.h"

#define PUMP_BYTES          4096
#define KERNEL_SIGSET_BYTES 8

static struct plx_lock pump_lock;
static struct plx_lock table;

/* -1: not made. Private. */
static _Atomic int shared_fd = -1;
static uint32_t users_n;     /* [t] sets that have it registered */
static uint32_t epoch;       /* [t] counts forks */
static uint32_t posted_head; /* [t] sets with posted marks */

int
notify_fd(void)
{
	/* relaxed: a number; the kernel orders the rest. */
	return atomic_load_explicit(&shared_fd, memory_order_relaxed);
}

uint32_t
notify_epoch(void)
{
	return epoch;
}

uint64_t
table_lock(void)
{
	const uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;

	(void)plx_sys(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all,
	    (long)&before, KERNEL_SIGSET_BYTES, 0, 0);
	if (plx_lock_take(&table) < 0)
		PLX_BUG("the table of watches is locked by this thread");
	return before;
}

void
table_unlock(uint64_t signals)
{
	plx_lock_drop(&table);
	(void)plx_sys(SYS_rt_sigprocmask, SIG_SETMASK, (long)&signals, 0,
	    KERNEL_SIGSET_BYTES, 0, 0);
}

/* --- the descriptor --- */

static bool
set_joined(const struct iset *set)
{
	/* relaxed: changes under the set's lock. */
	return atomic_load_explicit(&set->notified, memory_order_relaxed) != 0;
}

static int
set_epfd(const struct iset *set)
{
	/* relaxed: a number. */
	return atomic_load_explicit(&set->epfd, memory_order_relaxed);
}

/* The program wanted the number: registrations follow to the new one. */
static void
notify_moved(int old_fd, int new_fd)
{
	const uint32_t sets = atomic_load_explicit(&plx_isets.used,
	    memory_order_relaxed);

	atomic_store_explicit(&shared_fd, new_fd, memory_order_relaxed);
	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = arena_at(&plx_isets, i);

		if (set == NULL || !set_joined(set))
			continue;
		(void)backend_del(set_epfd(set), old_fd);
		if (new_fd >= 0)
			(void)backend_add(set_epfd(set), new_fd, PLX_IN,
			    COOKIE_NOTIFY);
	}
}

static int
notify_make(void)
{
	int fd = (int)plx_sys(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK, 0, 0,
	    0, 0, 0);

	if (fd >= 0)
		fd = plx_os.fd_hide(fd, notify_moved);
	if (fd >= 0)
		atomic_store_explicit(&shared_fd, fd, memory_order_relaxed);
	return fd < 0 ? fd : 0;
}

/* One user less; the descriptor goes with the last. */
static void
user_gone(void)
{
	const uint64_t signals = table_lock();
	const int fd = notify_fd();
	bool last;

	PLX_ASSERT(users_n > 0);
	users_n--;
	last = users_n == 0;
	if (last)
		atomic_store_explicit(&shared_fd, -1, memory_order_relaxed);
	table_unlock(signals);
	/* Milliseconds, for the kernel waits for its readers. */
	if (last && fd >= 0)
		plx_os.fd_drop(fd);
}

static int
notify_join(struct iset *set)
{
	uint64_t signals;
	int r = 0;

	if (set_joined(set))
		return notify_fd() < 0 ? -EMFILE : 0;
	signals = table_lock();
	if (notify_fd() < 0)
		r = notify_make();
	if (r >= 0)
		users_n++;
	table_unlock(signals);
	if (r < 0)
		return r;
	/* relaxed: a hint for those who do not have the lock. */
	atomic_store_explicit(&set->notified, 1, memory_order_relaxed);
	r = backend_add(set_epfd(set), notify_fd(), PLX_IN, COOKIE_NOTIFY);
	if (r < 0) {
		atomic_store_explicit(&set->notified, 0, memory_order_relaxed);
		user_gone();
	}
	return r;
}

void
notify_set_end(struct iset *set)
{
	if (!set_joined(set))
		return;
	atomic_store_explicit(&set->notified, 0, memory_order_relaxed);
	user_gone();
}

/* --- marks of knotes --- */

int
notify_add(struct iset *set, uint32_t kn_index, int fd, uint32_t want)
{
	uint64_t signals;
	int r;

	r = notify_join(set);
	if (r < 0)
		return r;
	signals = table_lock();
	r = mark_make(&(struct mark){ .set = set->index,
			  .knote = kn_index,
			  .fd = fd,
			  .want = want },
	    &knote_at(kn_index)->have);
	table_unlock(signals);
	return r;
}

int
notify_change(uint32_t mark_index, uint32_t want)
{
	const uint64_t signals = table_lock();
	const int r = mark_want(mark_index, want);

	table_unlock(signals);
	return r;
}

static void
mark_unpost(struct mark *m, uint32_t mark_index)
{
	struct iset *set = arena_at(&plx_isets, m->set);
	uint32_t *link = &set->marks_posted;

	if (m->posted == 0)
		return;
	while (*link != mark_index)
		link = &mark_at(*link)->post;
	*link = m->post;
	m->posted = 0;
}

void
notify_remove(uint32_t mark_index)
{
	const uint64_t signals = table_lock();
	struct mark *m = mark_at(mark_index);

	/* Of before a fork: the watch is the parent's. */
	if (m->epoch != epoch) {
		arena_give(&plx_marks, mark_index);
	} else {
		mark_unpost(m, mark_index);
		mark_end(mark_index);
	}
	table_unlock(signals);
}

bool
notify_is(uint32_t mark_index, int fd)
{
	const uint64_t signals = table_lock();
	const bool same = mark_is(mark_index, fd);

	table_unlock(signals);
	return same;
}

/* --- from the descriptor to the sets --- */

void
mark_post(uint32_t mark_index, uint32_t notes)
{
	struct mark *m = mark_at(mark_index);
	struct iset *set = arena_at(&plx_isets, m->set);

	m->have |= notes;
	if (m->posted != 0)
		return;
	m->posted = 1;
	m->post = set->marks_posted;
	set->marks_posted = mark_index;
	/* release: pairs with the acquire in iset_lock and iset_unlock. */
	atomic_store_explicit(&set->posted, 1, memory_order_release);
	if (set->posted_listed == 0) {
		set->posted_listed = 1;
		set->posted_next = posted_head;
		posted_head = set->index;
	}
}

/* What is posted, oldest first; the list is empty then. */
static uint32_t
posted_take_all(struct iset *set)
{
	uint32_t at = set->marks_posted;
	uint32_t reversed = 0;

	set->marks_posted = 0;
	while (at != 0) {
		const uint32_t next = mark_at(at)->post;

		mark_at(at)->post = reversed;
		reversed = at;
		at = next;
	}
	return reversed;
}

void
notify_take(struct iset *set)
{
	const uint64_t signals = table_lock();
	uint32_t at;

	atomic_store_explicit(&set->posted, 0, memory_order_relaxed);
	for (at = posted_take_all(set); at != 0; at = mark_at(at)->post) {
		struct mark *m = mark_at(at);
		const uint32_t notes = m->have;

		m->posted = 0;
		m->have = 0;
		if ((m->want & VN_LOOK) != 0)
			file_activate(set, m->knote);
		else
			vnode_posted(set, m->knote, notes);
	}
	table_unlock(signals);
}

/* The next set with something posted; 0: no more. */
static uint32_t
posted_pop(void)
{
	const uint64_t signals = table_lock();
	const uint32_t index = posted_head;
	struct iset *set = arena_at(&plx_isets, index);

	if (set != NULL) {
		posted_head = set->posted_next;
		set->posted_listed = 0;
	}
	table_unlock(signals);
	return index;
}

static void
posted_hand_out(void)
{
	uint32_t index = posted_pop();

	for (; index != 0; index = posted_pop()) {
		struct iset *set = iset_get_index(index);

		if (set == NULL)
			continue; /* its marks end with it */
		/* The lock takes what is posted, its end shows it. Held by the
		 * code that we interrupted: then that does it. */
		if (iset_lock(set))
			iset_unlock(set);
		iset_put(set);
	}
}

static long
notify_read(char buffer[PUMP_BYTES])
{
	return plx_sys(SYS_read, notify_fd(), (long)buffer, PUMP_BYTES, 0, 0,
	    0);
}

static void
pump_drain(char buffer[PUMP_BYTES], long n)
{
	const uint64_t signals = table_lock();
	bool again = true;

	while (n > 0) {
		events_apply(buffer, (size_t)n);
		n = notify_read(buffer);
		/* The second half of a rename may be about to come. */
		if (n <= 0 && again && moves_any()) {
			again = false;
			(void)plx_sys(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
			n = notify_read(buffer);
		}
	}
	moves_end();
	table_unlock(signals);
}

void
notify_pump(void)
{
	char buffer[PUMP_BYTES];
	long n;

	if (notify_fd() < 0 || plx_lock_take(&pump_lock) < 0)
		return;
	n = notify_read(buffer);
	if (n > 0) {
		pump_drain(buffer, n);
		posted_hand_out();
	}
	plx_lock_drop(&pump_lock);
}

/* --- the child of a fork --- */

void
notify_fork_child(void)
{
	const int fd = notify_fd();

	plx_lock_reset(&pump_lock);
	plx_lock_reset(&table);
	atomic_store_explicit(&shared_fd, -1, memory_order_relaxed);
	users_n = 0;
	posted_head = 0;
	epoch++;
	watches_forget();
	if (fd >= 0)
		plx_os.fd_drop(fd);
}

void
notify_forget(uint32_t set_index)
{
	struct iset *set = arena_at(&plx_isets, set_index);

	if (set == NULL)
		return;
	atomic_store_explicit(&set->notified, 0, memory_order_relaxed);
	atomic_store_explicit(&set->posted, 0, memory_order_relaxed);
	set->marks_posted = 0;
	set->posted_listed = 0;
}

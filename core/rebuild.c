/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rebuild.c - a kernel set with an item that nobody can remove.
 *
 * Closed behind our back while its open file lives on, an item keeps reporting
 * and cannot be deleted by any number: a level item then makes every wait
 * return at once (17,000 times in 10 ms). Seen twice, the set gets a new kernel
 * epoll instance under the same number, with what is registered now. If others
 * may hold the old instance (a poller, a dup, a child), that would cut them
 * off: then waits are slowed down instead.
 *
 * Authority: epoll(7), "Will closing a file descriptor cause it to be removed
 * from all epoll interest lists?".
 */
#include <errno.h>
#include <fcntl.h>

#include "core/bug.h"
#include "core/iset_impl.h"
#include "core/notify.h"
#include "core/os.h"
#include "core/sys.h"

#define STRANGERS_MAX 2
#define REST_NS       PLX_NS_PER_MS

/* Where the sources of the set being rebuilt are put; under its lock. */
static void
source_move(struct iset *set, uint32_t src_index, int fresh)
{
	struct source *src = source_at(src_index);

	/* What was silent need not come along: it is armed when enabled. */
	if ((src->armed[0] & ARMED_OFF) != 0)
		src->armed[0] = 0;
	if ((src->armed[0] & ARMED_PRESENT) == 0)
		return;
	(void)set;
	if (backend_add(fresh, (int)src->fd, src->armed[0],
		source_cookie(src_index, 0)) < 0)
		src->armed[0] = 0;
}

static void
own_move(int fresh, int fd, uint64_t cookie)
{
	if (fd >= 0)
		(void)backend_add(fresh, fd, PLX_IN, cookie);
}

static int
set_rebuild(struct iset *set)
{
	const int epfd = atomic_load_explicit(&set->epfd, memory_order_relaxed);
	int fresh = plx_sys_epoll_create1(O_CLOEXEC);
	int fd = -1;
	uint32_t at;

	if (fresh < 0)
		return fresh;
	for (at = fd_index_next(set, &fd); at != 0;
	     at = fd_index_next(set, &fd))
		source_move(set, at, fresh);
	own_move(fresh,
	    atomic_load_explicit(&set->lane_fd, memory_order_relaxed),
	    COOKIE_LANE);
	own_move(fresh, set->timer_fd, COOKIE_TIMER);
	/* relaxed: changes under the lock that is held. */
	if (atomic_load_explicit(&set->notified, memory_order_relaxed) != 0)
		own_move(fresh, notify_fd(), COOKIE_NOTIFY);
	/* Sleepers of the old instance come back and find the new one. */
	mirror_wake_all(set);
	set->wake_state = WAKE_ABSENT;
	if (plx_sys_dup3(fresh, epfd, O_CLOEXEC) < 0)
		PLX_BUG("the set's own number cannot be replaced");
	(void)plx_sys_close(fresh);
	return 0;
}

bool
strangers_settle(struct iset *set)
{
	const bool alone = atomic_load_explicit(&set->seen,
			       memory_order_relaxed) == 0 &&
	    atomic_load_explicit(&set->names, memory_order_relaxed) == 1;

	if (set->strangers < STRANGERS_MAX)
		return false;
	set->strangers = 0;
	if (alone && set_rebuild(set) == 0)
		return false;
	return true;
}

void
strangers_rest(const sigset_t *mask)
{
	struct pollfd *none = NULL;

	(void)plx_os.poll(none, 0, REST_NS, mask);
}

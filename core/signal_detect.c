/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal_detect.c - see signal_detect.h. Nothing is read: the signal stays
 * pending for the program's own sigwait(3) or signalfd(2).
 *
 * Authority: signalfd(2), fs/signalfd.c (readable for whoever asks and could
 * take the signal), epoll(7).
 */
#include "core/signal_detect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "core/iset_impl.h"
#include "core/os.h"
#include "core/signals.h"
#include "core/sys.h"

/* 16 bytes is the largest struct epoll_event of any machine. */
#define EVENT_BYTES 16

static _Atomic int detect_fd = -1; /* the epoll; made with the first signal */
static uint32_t detect_n;          /* signals in it, under the watch lock */
static _Atomic int signal_fd_plus_one[SIGNALS_MAX + 1];
static _Atomic uint32_t expect[SIGNALS_MAX + 1];
static _Atomic uint32_t token[SIGNALS_MAX + 1];

static int
detect_fd_now(void)
{
	/* relaxed: a number; the kernel orders the rest. */
	return atomic_load_explicit(&detect_fd, memory_order_relaxed);
}

static int
epfd_of(const struct iset *set)
{
	/* relaxed: see detect_fd_now. */
	return atomic_load_explicit(&set->epfd, memory_order_relaxed);
}

static void
detect_moved(int old_fd, int new_fd)
{
	const uint32_t sets = atomic_load_explicit(&plx_isets.used,
	    memory_order_relaxed);

	atomic_store_explicit(&detect_fd, new_fd, memory_order_relaxed);
	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = arena_at(&plx_isets, i);

		if (set == NULL ||
		    atomic_load_explicit(&set->life, memory_order_acquire) !=
			ISET_LIVE ||
		    atomic_load_explicit(&set->signals, memory_order_relaxed) ==
			0)
			continue;
		(void)backend_del(epfd_of(set), old_fd);
		if (new_fd >= 0)
			(void)backend_add(epfd_of(set), new_fd, PLX_IN,
			    COOKIE_SIGNAL);
	}
}

static void
signal_fd_moved(int old_fd, int new_fd)
{
	for (int i = 1; i <= SIGNALS_MAX; i++) {
		if (atomic_load_explicit(&signal_fd_plus_one[i],
			memory_order_relaxed) != old_fd + 1)
			continue;
		(void)backend_del(detect_fd_now(), old_fd);
		if (new_fd >= 0)
			(void)backend_add(detect_fd_now(), new_fd,
			    PLX_IN | ARMED_EDGE, (uint64_t)i);
		atomic_store_explicit(&signal_fd_plus_one[i], new_fd + 1,
		    memory_order_relaxed);
	}
}

static int
detect_make(void)
{
	int fd;

	if (detect_fd_now() >= 0)
		return 0;
	fd = plx_sys_epoll_create1(O_CLOEXEC);
	if (fd < 0)
		return fd;
	fd = plx_os.fd_hide(fd, detect_moved);
	if (fd < 0)
		return fd;
	atomic_store_explicit(&detect_fd, fd, memory_order_relaxed);
	return 0;
}

static void
detect_unmake(void)
{
	const int fd = detect_fd_now();

	if (detect_n > 0 || fd < 0)
		return;
	atomic_store_explicit(&detect_fd, -1, memory_order_relaxed);
	plx_os.fd_drop(fd);
}

static int
signal_fd_make(int signal_number)
{
	const uint64_t mask = UINT64_C(1) << (signal_number - 1);
	int fd;
	int r;

	fd = (int)plx_sys(SYS_signalfd4, -1, (long)&mask, sizeof(mask),
	    O_CLOEXEC | O_NONBLOCK, 0, 0);
	if (fd < 0)
		return fd;
	fd = plx_os.fd_hide(fd, signal_fd_moved);
	if (fd < 0)
		return fd;
	r = backend_add(detect_fd_now(), fd, PLX_IN | ARMED_EDGE,
	    (uint64_t)signal_number);
	if (r < 0) {
		plx_os.fd_drop(fd);
		return r;
	}
	return fd;
}

int
signal_detect_start(int signal_number)
{
	int r;

	r = detect_make();
	if (r < 0)
		return r;
	atomic_store_explicit(&token[signal_number], 0, memory_order_relaxed);
	/* What is pending already was sent before anybody watched. */
	signal_expect(signal_number);
	r = signal_fd_make(signal_number);
	if (r < 0) {
		detect_unmake();
		return r;
	}
	atomic_store_explicit(&signal_fd_plus_one[signal_number], r + 1,
	    memory_order_relaxed);
	detect_n++;
	signals_detect();
	return 0;
}

void
signal_detect_stop(int signal_number)
{
	const int fd = atomic_exchange_explicit(
			   &signal_fd_plus_one[signal_number], 0,
			   memory_order_relaxed) -
	    1;

	if (fd >= 0)
		plx_os.fd_drop(fd);
	detect_n--;
	detect_unmake();
}

int
signal_detect_join(struct iset *set)
{
	int r = 0;

	if (set->signals_n == 0)
		r = backend_add(epfd_of(set), detect_fd_now(), PLX_IN,
		    COOKIE_SIGNAL);
	if (r >= 0)
		set->signals_n++;
	return r;
}

void
signal_detect_leave(struct iset *set)
{
	set->signals_n--;
	/* A set without a number is closed, and its number may be another's. */
	if (set->signals_n == 0 &&
	    atomic_load_explicit(&set->life, memory_order_acquire) == ISET_LIVE)
		(void)backend_del(epfd_of(set), detect_fd_now());
}

void
signal_expect(int signal_number)
{
	atomic_store_explicit(&expect[signal_number], 1, memory_order_seq_cst);
}

bool
signal_detected(int signal_number, bool own)
{
	if (own) {
		atomic_store_explicit(&expect[signal_number], 0,
		    memory_order_seq_cst);
		return true;
	}
	return atomic_exchange_explicit(&token[signal_number], 0,
		   memory_order_seq_cst) != 0;
}

/* Signals that are pending and that the calling thread has blocked. */
static uint64_t
pending_now(void)
{
	uint64_t mask = 0;

	(void)plx_sys(SYS_rt_sigpending, (long)&mask, sizeof(mask), 0, 0, 0, 0);
	return mask;
}

static void
edge_seen(int signal_number)
{
	uint32_t one = 1;

	if (atomic_exchange_explicit(&expect[signal_number], 0,
		memory_order_seq_cst) != 0)
		return;
	/* First the token, then a look: a handler may be quicker. */
	atomic_store_explicit(&token[signal_number], 1, memory_order_seq_cst);
	if ((pending_now() & UINT64_C(1) << (signal_number - 1)) != 0 ||
	    !atomic_compare_exchange_strong_explicit(&token[signal_number],
		&one, 0, memory_order_seq_cst, memory_order_relaxed))
		signal_count(signal_number);
}

void
signals_detect(void)
{
	char events[SIGNALS_MAX * EVENT_BYTES];
	const int n = plx_sys_epoll_peek(detect_fd_now(),
	    (struct epoll_event *)(void *)events, SIGNALS_MAX);
	uint64_t gone;

	for (int i = 0; i < n; i++) {
		uint64_t signal_number;

		(void)backend_observed(events, i, &signal_number);
		edge_seen((int)signal_number);
	}
	/* What is not pending any more was taken: nothing is owed for it. */
	gone = signals_watched() & ~pending_now();
	for (; gone != 0; gone &= gone - 1) {
		const int signal_number = __builtin_ctzll(gone) + 1;

		if (signal_being_sent(signal_number))
			continue;
		atomic_store_explicit(&expect[signal_number], 0,
		    memory_order_relaxed);
		atomic_store_explicit(&token[signal_number], 0,
		    memory_order_relaxed);
	}
}

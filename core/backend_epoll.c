/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend_epoll.c - the kernel's epoll as source of raw readiness. With sys.c
 * the only place in core that knows the kernel's constants.
 *
 * Authority: epoll_ctl(2), fs/eventpoll.c. Locks: none of its own.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/bug.h"
#include "core/iset_impl.h"
#include "core/sys.h"

struct bit_pair {
	plx_mask core;
	uint32_t kernel;
};

/* clang-format off */
static const struct bit_pair readiness_bits[] = {
	{ PLX_IN, EPOLLIN }, { PLX_OUT, EPOLLOUT }, { PLX_PRI, EPOLLPRI },
	{ PLX_RDNORM, EPOLLRDNORM }, { PLX_RDBAND, EPOLLRDBAND },
	{ PLX_WRNORM, EPOLLWRNORM }, { PLX_WRBAND, EPOLLWRBAND },
	{ PLX_MSG, EPOLLMSG }, { PLX_RDHUP, EPOLLRDHUP },
	{ PLX_ERR, EPOLLERR }, { PLX_HUP, EPOLLHUP },
};
/* clang-format on */
#define READINESS_BITS_N (sizeof(readiness_bits) / sizeof(readiness_bits[0]))

static uint32_t
kernel_bits(plx_mask mask)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < READINESS_BITS_N; i++) {
		if ((mask & readiness_bits[i].core) != 0)
			bits |= readiness_bits[i].kernel;
	}
	return bits;
}

static plx_mask
core_bits(uint32_t bits)
{
	plx_mask mask = 0;

	/* The two masks that nearly every event has. */
	if (bits == EPOLLIN)
		return PLX_IN;
	if (bits == EPOLLOUT)
		return PLX_OUT;
	for (size_t i = 0; i < READINESS_BITS_N; i++) {
		if ((bits & readiness_bits[i].kernel) != 0)
			mask |= readiness_bits[i].core;
	}
	return mask;
}

static int
armed_ctl(int epfd, int op, int fd, uint16_t armed, uint64_t cookie)
{
	struct epoll_event event = {
		.events = kernel_bits(armed & ARMED_READINESS),
		.data = { .u64 = cookie },
	};

	if ((armed & ARMED_EDGE) != 0)
		event.events |= EPOLLET;
	if ((armed & ARMED_ONESHOT) != 0)
		event.events |= EPOLLONESHOT;
	if ((armed & ARMED_EXCLUSIVE) != 0)
		event.events |= EPOLLEXCLUSIVE;
	if ((armed & ARMED_WAKEUP) != 0)
		event.events |= EPOLLWAKEUP;
	return plx_sys_epoll_ctl(epfd, op, fd, &event);
}

int
backend_add(int epfd, int fd, uint16_t armed, uint64_t cookie)
{
	return armed_ctl(epfd, EPOLL_CTL_ADD, fd, armed, cookie);
}

int
backend_mod(int epfd, int fd, uint16_t armed, uint64_t cookie)
{
	return armed_ctl(epfd, EPOLL_CTL_MOD, fd, armed, cookie);
}

int
backend_del(int epfd, int fd)
{
	return plx_sys_epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL);
}

int
backend_show(int epfd, int fd, bool shown, bool add, uint64_t cookie)
{
	struct epoll_event event = {
		.events = shown ? EPOLLIN : 0,
		.data = { .u64 = cookie },
	};

	return plx_sys_epoll_ctl(epfd, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd,
	    &event);
}

plx_mask
backend_observed(const void *events, int i, uint64_t *ret_cookie)
{
	struct epoll_event event;

	/* The scratch buffer is the program's: no alignment is promised. */
	memcpy(&event, (const char *)events + (size_t)i * sizeof(event),
	    sizeof(event));
	*ret_cookie = event.data.u64;
	return core_bits(event.events);
}

struct pollfd
backend_readable(int fd)
{
	return (struct pollfd){ .fd = fd, .events = POLLIN };
}

plx_mask
backend_sample(int fd, plx_mask want)
{
	struct pollfd one = { .fd = fd, .events = (short)kernel_bits(want) };

	_Static_assert(EPOLLIN == POLLIN, "one numbering");
	_Static_assert(EPOLLRDHUP == POLLRDHUP, "one numbering");
	if (plx_sys_poll_peek(&one, 1) < 0)
		return 0;
	if ((one.revents & POLLNVAL) != 0)
		return PLX_NVAL;
	return core_bits((uint32_t)one.revents & 0xffffu);
}

_Static_assert(sizeof(struct epoll_event) <= ISET_SCRATCH_BYTES ||
	sizeof(struct epoll_event) == 16,
    "scratch room: 12 bytes on x86-64");

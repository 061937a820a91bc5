/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * masks.c - one table, see masks.h.
 */
#include "shim/masks.h"
#include "core/mutant.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>

struct mask_row {
	plx_mask core;
	uint32_t epoll;
	uint32_t poll;
};

/* clang-format off */
static const struct mask_row mask_rows[] = {
	{ PLX_IN,	 EPOLLIN,	 POLLIN },
	{ PLX_OUT,	 EPOLLOUT,	 POLLOUT },
	{ PLX_PRI,	 EPOLLPRI,	 POLLPRI },
	{ PLX_RDNORM,	 EPOLLRDNORM,	 POLLRDNORM },
	{ PLX_RDBAND,	 EPOLLRDBAND,	 POLLRDBAND },
	{ PLX_WRNORM,	 EPOLLWRNORM,	 POLLWRNORM },
	{ PLX_WRBAND,	 EPOLLWRBAND,	 POLLWRBAND },
	{ PLX_MSG,	 EPOLLMSG,	 POLLMSG },
	{ PLX_RDHUP,	 EPOLLRDHUP,	 POLLRDHUP },
	{ PLX_ERR,	 EPOLLERR,	 POLLERR },
	{ PLX_HUP,	 EPOLLHUP,	 POLLHUP },
	{ PLX_NVAL,	 0,		 POLLNVAL },
	{ PLX_EDGE,	 EPOLLET,	 0 },
	{ PLX_ONESHOT,	 EPOLLONESHOT,	 0 },
	{ PLX_EXCLUSIVE, EPOLLEXCLUSIVE, 0 },
	{ PLX_WAKEUP,	 EPOLLWAKEUP,	 0 },
};
/* clang-format on */

#define MASK_ROWS_N (sizeof(mask_rows) / sizeof(mask_rows[0]))

plx_mask
plx_mask_from_epoll(uint32_t events)
{
	plx_mask mask = 0;
	uint32_t known = 0;
	size_t i;

	for (i = 0; i < MASK_ROWS_N; i++) {
		known |= mask_rows[i].epoll;
		if ((events & mask_rows[i].epoll) != 0 &&
		    PLX_MUTATE(epoll_mask_loses_rdhup, true,
			mask_rows[i].core != PLX_RDHUP))
			mask |= mask_rows[i].core;
	}
	return (events & ~known) != 0 ? mask | PLX_UNKNOWN : mask;
}

uint32_t
plx_mask_to_epoll(plx_mask mask)
{
	uint32_t events = 0;
	size_t i;

	for (i = 0; i < MASK_ROWS_N; i++)
		if ((mask & mask_rows[i].core) != 0)
			events |= mask_rows[i].epoll;
	return events;
}

plx_mask
plx_mask_from_poll(short events)
{
	uint32_t bits = (uint16_t)events;
	plx_mask mask = 0;
	uint32_t known = 0;
	size_t i;

	for (i = 0; i < MASK_ROWS_N; i++) {
		known |= mask_rows[i].poll;
		if ((bits & mask_rows[i].poll) != 0)
			mask |= mask_rows[i].core;
	}
	return (bits & ~known) != 0 ? mask | PLX_UNKNOWN : mask;
}

short
plx_mask_to_poll(plx_mask mask)
{
	uint32_t bits = 0;
	size_t i;

	for (i = 0; i < MASK_ROWS_N; i++)
		if ((mask & mask_rows[i].core) != 0 &&
		    PLX_MUTATE(poll_mask_loses_rdnorm, true,
			mask_rows[i].core != PLX_RDNORM))
			bits |= mask_rows[i].poll;
	return (short)bits;
}

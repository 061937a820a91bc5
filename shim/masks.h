/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * masks.h - the event bits of the faces and of core, twins side by side.
 *
 * Pure functions. Bits without a twin become PLX_UNKNOWN on the way in and
 * vanish on the way out.
 */
#ifndef PLX_SHIM_MASKS_H
#define PLX_SHIM_MASKS_H

#include <stdint.h>

#include "core/mask.h"

/* EPOLL*, with EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE and EPOLLWAKEUP. */
plx_mask plx_mask_from_epoll(uint32_t events);
uint32_t plx_mask_to_epoll(plx_mask mask);

/* POLL*, of events and revents alike. */
plx_mask plx_mask_from_poll(short events);
short plx_mask_to_poll(plx_mask mask);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knote.h - the state table of a registration, for those who test it.
 */
#ifndef PLX_CORE_KNOTE_H
#define PLX_CORE_KNOTE_H

#include "core/iset_impl.h"

/*
 * knote_next_state - the state after an event, or KNOTE_STATE_MAX where the
 * event cannot happen in that state (a bug of the caller). Pure.
 */
enum knote_state knote_next_state(enum knote_state state,
    enum knote_event event);

#endif

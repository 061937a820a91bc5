/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kevent.h - the two translators of the kqueue face: struct kevent to a change
 * of the engine, and a delivery to struct kevent. No state; thread-safe.
 */
#ifndef PLX_SHIM_KEVENT_H
#define PLX_SHIM_KEVENT_H

#include <sys/event.h>

#include "core/iset.h"

/*
 * plx_kevent_in - a change going in. 0, or the errno of what is refused before
 * anything is looked at: -EINVAL, -EPERM.
 */
int plx_kevent_in(const struct kevent *change, struct iset_spec *spec);

/* plx_kevent_out - the delivery that is kept in *event becomes the event. */
void plx_kevent_out(struct kevent *event);

#endif

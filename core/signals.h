/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals.h - counting signals without taking any: what the shim's wrappers and
 * its handler tell the engine.
 *
 * Every delivery is counted once: what this process sends itself where it is
 * sent (so also what is blocked or ignored), what comes from elsewhere by the
 * handler, and what is blocked everywhere by an unread signalfd (at least 1).
 *
 * Everything is lock-free and async-signal-safe. Signals are 1 to SIGNALS_MAX.
 */
#ifndef PLX_CORE_SIGNALS_H
#define PLX_CORE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#define SIGNALS_MAX 64

/* signal_watched - true if some set counts it: one load. */
bool signal_watched(int signal_number);

/* signal_any - true if any signal is watched: one load. */
bool signal_any(void);

/*
 * signal_sending - this process is about to send itself the signal: counted.
 * signal_sent - after the call; failed takes the count back.
 */
void signal_sending(int signal_number);
void signal_sent(int signal_number, bool failed);

/* signal_arrived - the handler runs; own: this process sent it. */
void signal_arrived(int signal_number, bool own);

/*
 * signal_ran - the calling thread's sleep, if any, was interrupted: by a
 * handler of the program's, or by one that the program knows nothing of.
 */
void signal_ran(bool programs);

/*
 * signal_mark, signal_unnoticed - true if since the mark this thread was
 * interrupted only where the program must not notice: its call goes on.
 */
uint64_t signal_mark(void);
bool signal_unnoticed(uint64_t mark);

#endif

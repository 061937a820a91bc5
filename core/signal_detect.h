/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal_detect.h - signals that no handler sees since they are blocked: one
 * unread signalfd for each watched signal, edge-triggered in an epoll of the
 * process, which each set that watches signals has among its own descriptors.
 *
 * expect: this process sent one itself, its edge is no news. token: an edge was
 * counted, the handler that may run for it later must not count it again.
 */
#ifndef PLX_CORE_SIGNAL_DETECT_H
#define PLX_CORE_SIGNAL_DETECT_H

#include <stdbool.h>
#include <stdint.h>

struct iset;

/* signal_detect_start, _stop - a signal is watched or not any more. 0, -Exxx. */
int signal_detect_start(int signal_number);
void signal_detect_stop(int signal_number);

/* signal_detect_join, _leave - one more, one less signal of this set. */
int signal_detect_join(struct iset *set);
void signal_detect_leave(struct iset *set);

/* signal_expect - this process is about to send it. Async-signal-safe. */
void signal_expect(int signal_number);

/* signal_detected - the handler runs: true if it was counted already. AS-safe. */
bool signal_detected(int signal_number, bool own);

/* signals_detect - count what became pending. Under the set's lock. */
void signals_detect(void);

/* source_signal.c, for signal_detect.c. */
uint64_t signals_watched(void);
bool signal_being_sent(int signal_number);
void signal_count(int signal_number);

#endif

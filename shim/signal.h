/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signal.h - virtual dispositions. Of a signal that some set watches, the
 * kernel has our handler and the program sees its own disposition: what it
 * sets and gets goes to a table here. All others are the kernel's alone.
 *
 * Thread-safe, async-signal-safe. Only where libc's names lead to us.
 */
#ifndef PLX_SHIM_SIGNAL_H
#define PLX_SHIM_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

#include "shim/types.h"

/* For struct plx_os (core/os.h). */
int plx_signal_watch(int sig);
void plx_signal_unwatch(int sig);

/* plx_signal_virtual - true if the signal's disposition is in the table. */
bool plx_signal_virtual(int sig);

/*
 * plx_signal_action - sigaction(2) of such a signal. Result as libc's. If it is
 * not watched any more it is the real call.
 */
int plx_signal_action(int sig, const struct sigaction *action,
    struct sigaction *ret_old);

/*
 * plx_signal_send - is the call about to send a counted signal to this process?
 * Then it is counted, and plx_signal_sent must follow the call. pid as for
 * kill(2): the own one, 0 or the own group.
 */
bool plx_signal_send(int pid, int sig);
void plx_signal_sent(bool counted, int sig, long ret);

/*
 * plx_signal_raw_action - rt_sigaction(2) as syscall(2) is given it: the
 * kernel's structure. make(arg) is the call itself.
 */
long plx_signal_raw_action(long (*make)(const long *arg), const long *arg);

/* plx_signal_thread - true if tid is a thread of this process. */
bool plx_signal_thread(int tid);

/* plx_signal_self - the pid to give for a call that can only mean ourselves. */
int plx_signal_self(void);

/*
 * plx_signal_exec, plx_signal_exec_failed - what the program ignores is really
 * ignored around the making of another program. Also in a vfork child.
 */
void plx_signal_exec(void);
void plx_signal_exec_failed(void);

#endif

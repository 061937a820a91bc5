/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - other processes: descriptors of them, and how they ended.
 *
 * Nothing here reaps: a status is looked at where the kernel keeps it, and is
 * still there for the program's own wait(2). Lock-free, async-signal-safe;
 * results >= 0 or -Exxx.
 *
 * Authority: pidfd_open(2), waitid(2) WNOWAIT, proc(5) stat and fdinfo.
 */
#ifndef PLX_CORE_PROCESS_H
#define PLX_CORE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* process_open - a new pidfd, close-on-exec; -ESRCH: no such process. */
int process_open(int pid);

/* process_is_pidfd - true if fd refers to a process. */
bool process_is_pidfd(int fd);

/* process_pid - the pid behind a pidfd; 0 once it was reaped. */
int process_pid(int pidfd);

/* process_gone - true if it has ended: a zombie, or reaped. */
bool process_gone(int pidfd);

/*
 * process_status - how it ended, as wait(2) tells it. False if nobody says so
 * (reaped under Linux before 6.15; a zombie that is no child, without the right
 * to trace it).
 */
bool process_status(int pidfd, int *ret_status);

/*
 * process_promise - will process_status be able to tell? 0, or -EPERM. A child
 * that the program reaps before we look is lost to us before Linux 6.15.
 */
int process_promise(int pidfd);

/*
 * process_get - a shared, private pidfd of the process, as an index > 0 with a
 * reference; sets that watch one process share it. -ESRCH, -EMFILE, -ENOMEM ...
 * moved is told when the number has to change (plx_os.fd_hide).
 */
int process_get(int pid, uint32_t *ret_index,
    void (*moved)(int old_fd, int new_fd));
/* process_put - give the reference back; the last one closes the number. */
void process_put(uint32_t index);
/* process_fd - its number now; -1 when there was no number left for it. */
int process_fd(uint32_t index);

#endif

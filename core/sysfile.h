/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysfile.h - the raw system calls of the recorder: files, mappings, identity.
 *
 * Only cold paths: attaching to the shared region, reading /proc once, telling
 * what a descriptor is for a finding. Results are the kernel's own, >= 0 or
 * -Exxx. Async-signal-safe, thread-safe; no errno.
 */
#ifndef PLX_CORE_SYSFILE_H
#define PLX_CORE_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What fstat tells that a finding or the shadow needs. */
struct plx_sys_stat {
	uint32_t mode;
	uint64_t dev;
	uint64_t ino;
	int64_t size_bytes;
};

/* plx_sys_open - openat(AT_FDCWD), always close-on-exec, mode 0600. */
int plx_sys_open(const char *path, int flags);
/* plx_sys_read - one read(2); may be short. */
long plx_sys_read(int fd, void *ret_bytes, size_t len_bytes);
/*
 * plx_sys_readlink - the target, always terminated, cut to len_bytes - 1.
 * Returns its length.
 */
long plx_sys_readlink(const char *path, char *ret_text, size_t len_bytes);
int plx_sys_fstat(int fd, struct plx_sys_stat *ret_stat);
int plx_sys_ftruncate(int fd, int64_t size_bytes);
/* plx_sys_map_shared - the file, readable and writable, or NULL. */
void *plx_sys_map_shared(int fd, size_t len_bytes);
/* plx_sys_process_alive - true while the process pid has not ended. */
bool plx_sys_process_alive(int pid);
/*
 * plx_sys_fd_table - how many numbers the process's table of descriptors has
 * room for now (FDSize of /proc/self/status), or INT_MAX when unknown.
 */
int plx_sys_fd_table(void);
int plx_sys_getppid(void);
/* plx_sys_comm - the calling thread's name, 16 bytes. */
int plx_sys_comm(char ret_comm[16]);
/* plx_sys_raise - the signal to this very thread, whatever its handler. */
int plx_sys_raise(int signal_number);

/*
 * plx_text_append - copy text behind at, keeping the result terminated within
 * size_bytes. Returns the new end. For building paths without stdio.
 */
size_t plx_text_append(char *buf, size_t at, size_t size_bytes,
    const char *text);
size_t plx_text_number(char *buf, size_t at, size_t size_bytes, int value);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysfile.c - raw calls of the recorder, see sysfile.h.
 */
#include "core/sysfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/lock.h"
#include "core/sys.h"

#define REGION_MODE 0600
/* Fields of /proc/<pid>/stat up to the state: "pid (comm) S". */
#define STAT_BYTES   64
#define STATUS_BYTES 1024

int
plx_sys_open(const char *path, int flags)
{
	return (int)plx_sys(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC,
	    REGION_MODE, 0, 0);
}

long
plx_sys_read(int fd, void *ret_bytes, size_t len_bytes)
{
	return plx_sys(SYS_read, fd, (long)ret_bytes, (long)len_bytes, 0, 0, 0);
}

long
plx_sys_readlink(const char *path, char *ret_text, size_t len_bytes)
{
	long r;

	r = plx_sys(SYS_readlinkat, AT_FDCWD, (long)path, (long)ret_text,
	    (long)len_bytes - 1, 0, 0);
	ret_text[r > 0 ? r : 0] = '\0';
	return r;
}

int
plx_sys_fstat(int fd, struct plx_sys_stat *ret_stat)
{
	struct stat st;
	int r;

	/* libc's struct stat is the kernel's on x86-64 and aarch64. */
	r = (int)plx_sys(SYS_fstat, fd, (long)&st, 0, 0, 0, 0);
	if (r < 0)
		return r;
	ret_stat->mode = st.st_mode;
	ret_stat->dev = st.st_dev;
	ret_stat->ino = st.st_ino;
	ret_stat->size_bytes = st.st_size;
	return 0;
}

int
plx_sys_ftruncate(int fd, int64_t size_bytes)
{
	return (int)plx_sys(SYS_ftruncate, fd, size_bytes, 0, 0, 0, 0);
}

void *
plx_sys_map_shared(int fd, size_t len_bytes)
{
	long r;

	r = plx_sys(SYS_mmap, 0, (long)len_bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	/* The kernel answers -Exxx in the last page of the address space. */
	return r < 0 && r > -4096 ? NULL : (void *)r;
}

bool
plx_sys_process_alive(int pid)
{
	char path[32];
	char text[STAT_BYTES];
	size_t end;
	long got;
	long i;
	int fd;

	end = plx_text_append(path, 0, sizeof(path), "/proc/");
	end = plx_text_number(path, end, sizeof(path), pid);
	(void)plx_text_append(path, end, sizeof(path), "/stat");
	fd = plx_sys_open(path, O_RDONLY);
	/* Without /proc nothing is known: a signal 0 tells what it can. */
	if (fd < 0)
		return fd != -ENOENT &&
		    plx_sys(SYS_kill, pid, 0, 0, 0, 0, 0) != -ESRCH;
	got = plx_sys_read(fd, text, sizeof(text));
	(void)plx_sys_close(fd);
	/* The name may hold parentheses; the state follows the last of them. */
	for (i = got - 1; i >= 0 && text[i] != ')'; i--)
		;
	if (i < 0 || i + 2 >= got)
		return true;
	return text[i + 2] != 'Z' && text[i + 2] != 'X';
}

/* The number that follows the key in text, or -1. */
static int
number_after(const char *text, size_t len_bytes, const char *key,
    size_t key_bytes)
{
	int value = 0;
	size_t i = 0;

	while (
	    i + key_bytes <= len_bytes && memcmp(text + i, key, key_bytes) != 0)
		i++;
	if (i + key_bytes > len_bytes)
		return -1;
	for (i += key_bytes; i < len_bytes && text[i] >= '0' &&
	     text[i] <= '9' && value < INT_MAX / 16;
	     i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

int
plx_sys_fd_table(void)
{
	static const char key[] = "FDSize:\t";
	char text[STATUS_BYTES];
	long got;
	int value;
	int fd;

	fd = plx_sys_open("/proc/self/status", O_RDONLY);
	if (fd < 0)
		return INT_MAX;
	got = plx_sys_read(fd, text, sizeof(text));
	(void)plx_sys_close(fd);
	if (got <= 0)
		return INT_MAX;
	value = number_after(text, (size_t)got, key, sizeof(key) - 1);
	return value < 0 ? INT_MAX : value;
}

int
plx_sys_getppid(void)
{
	return (int)plx_sys(SYS_getppid, 0, 0, 0, 0, 0, 0);
}

int
plx_sys_comm(char ret_comm[16])
{
	return (int)plx_sys(SYS_prctl, PR_GET_NAME, (long)ret_comm, 0, 0, 0, 0);
}

int
plx_sys_raise(int signal_number)
{
	return (int)plx_sys(SYS_tgkill, plx_sys_getpid(), (long)plx_tid(),
	    signal_number, 0, 0, 0);
}

size_t
plx_text_append(char *buf, size_t at, size_t size_bytes, const char *text)
{
	while (*text != '\0' && at + 1 < size_bytes)
		buf[at++] = *text++;
	buf[at] = '\0';
	return at;
}

size_t
plx_text_number(char *buf, size_t at, size_t size_bytes, int value)
{
	char digits[12];
	size_t i = sizeof(digits) - 1;
	unsigned int rest = value < 0 ? 0u - (unsigned int)value
				      : (unsigned int)value;

	digits[i] = '\0';
	do {
		digits[--i] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (value < 0)
		digits[--i] = '-';
	return plx_text_append(buf, at, size_bytes, &digits[i]);
}

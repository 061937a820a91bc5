/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_file.c - files that the kernel's epoll refuses: we look ourselves.
 *
 * READ is true while the offset is not at the end (FreeBSD filt_vfsread: also
 * beyond it); it is looked at in every wait, and one inotify descriptor of the
 * set wakes sleepers when a file grows, shrinks or changes. WRITE is always
 * true. Devices without readiness (/dev/null) are always ready.
 *
 * The watch goes to the file by its descriptor (/proc/self/fd/N), so a rename
 * does not matter and no second descriptor is opened (fcntl locks).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/iset_impl.h"
#include "core/os.h"
#include "core/sys.h"

#define NOTIFY_BYTES 4096

static int
mode_of(int fd, mode_t *ret_mode)
{
	struct stat st;
	const int r = (int)plx_sys(SYS_fstat, fd, (long)&st, 0, 0, 0, 0);

	if (r >= 0)
		*ret_mode = st.st_mode;
	return r;
}

enum source_kind
file_kind(int fd)
{
	mode_t mode;

	if (mode_of(fd, &mode) >= 0 && (S_ISREG(mode) || S_ISDIR(mode)))
		return SOURCE_FILE;
	return SOURCE_ALWAYS;
}

int
file_usable(uint64_t ident, enum plx_filter filter)
{
	const bool write = filter == FILTER_WRITE;
	mode_t mode;
	int flags;
	int r;

	if (ident > INT_MAX)
		return -EBADF;
	flags = plx_sys_fcntl((int)ident, F_GETFL, 0);
	if (flags < 0)
		return flags;
	if (write && fdtab_kind((int)ident) == FD_ISET)
		return -EINVAL;
	if ((flags & O_ACCMODE) != (write ? O_RDONLY : O_WRONLY))
		return 0;
	r = mode_of((int)ident, &mode);
	if (r < 0)
		return r;
	/* The other end of a pipe: the kernel would never report it. */
	return S_ISFIFO(mode) ? -EINVAL : 0;
}

static int64_t
file_left(int fd)
{
	struct stat st;
	long offset;

	if (plx_sys(SYS_fstat, fd, (long)&st, 0, 0, 0, 0) < 0)
		return 0;
	offset = plx_sys(SYS_lseek, fd, 0, SEEK_CUR, 0, 0, 0);
	return offset < 0 ? 0 : (int64_t)st.st_size - offset;
}

int64_t
file_read_bytes(int fd)
{
	return file_left(fd);
}

bool
file_ready(const struct knote *kn, const struct source *src)
{
	if (kn->filter == FILTER_WRITE)
		return true;
	if ((kn->bits & FOPT_FILE_POLL) != 0)
		return true;
	return file_left((int)src->fd) != 0;
}

void
file_activate(struct iset *set, uint32_t kn_index)
{
	const struct knote *kn = knote_at(kn_index);
	const struct source *src = source_at(kn->source);

	if (src->kind == SOURCE_POLLED || kn->state != KNOTE_IDLE)
		return;
	if (src->kind == SOURCE_ALWAYS ||
	    (src->kind == SOURCE_SET ? deep_ready((int)src->fd)
				     : file_ready(kn, src)))
		knote_step(set, kn_index, KNOTE_ACTIVATE);
}

static void
notify_moved(int old_fd, int new_fd)
{
	const uint32_t sets = atomic_load_explicit(&plx_isets.used,
	    memory_order_relaxed);

	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = arena_at(&plx_isets, i);
		int epfd;

		if (set == NULL || set->notify_fd != old_fd)
			continue;
		epfd = atomic_load_explicit(&set->epfd, memory_order_relaxed);
		(void)backend_del(epfd, old_fd);
		if (new_fd >= 0)
			(void)backend_add(epfd, new_fd, PLX_IN, COOKIE_NOTIFY);
		set->notify_fd = new_fd;
	}
}

static int
notify_make(struct iset *set)
{
	int fd;
	int r;

	fd = (int)plx_sys(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK, 0, 0, 0,
	    0, 0);
	if (fd < 0)
		return fd;
	fd = plx_os.fd_hide(fd, notify_moved);
	if (fd < 0)
		return fd;
	r = backend_add(atomic_load_explicit(&set->epfd, memory_order_relaxed),
	    fd, PLX_IN, COOKIE_NOTIFY);
	if (r < 0) {
		plx_os.fd_drop(fd);
		return r;
	}
	set->notify_fd = fd;
	return 0;
}

static void
proc_path(int fd, char path[32])
{
	char digits[12];
	size_t n = 0;
	size_t at;

	memcpy(path, "/proc/self/fd/", 14);
	at = 14;
	do {
		digits[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd > 0);
	while (n > 0)
		path[at++] = digits[--n];
	path[at] = '\0';
}

int
file_watch(struct iset *set, struct source *src)
{
	char path[32];
	int r;

	if (set->notify_fd < 0) {
		r = notify_make(set);
		if (r < 0)
			return r;
	}
	proc_path((int)src->fd, path);
	r = (int)plx_sys(SYS_inotify_add_watch, set->notify_fd, (long)path,
	    IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVE, 0, 0, 0);
	return r < 0 ? r : 0;
}

static void
file_look(struct iset *set, uint32_t src_index)
{
	const struct source *src = source_at(src_index);

	if (src->kind != SOURCE_FILE)
		return;
	for (uint32_t at = src->klist; at != 0; at = knote_at(at)->chain) {
		const struct knote *kn = knote_at(at);

		/* An edge waits for a change that inotify tells of. */
		if ((kn->flags & KN_CLEAR) == 0)
			file_activate(set, at);
	}
}

static void
file_changed(struct iset *set, uint32_t src_index)
{
	const struct source *src = source_at(src_index);

	if (src->kind != SOURCE_FILE)
		return;
	for (uint32_t at = src->klist; at != 0; at = knote_at(at)->chain)
		file_activate(set, at);
}

void
files_look(struct iset *set, bool changed)
{
	char drain[NOTIFY_BYTES];

	if (!changed) {
		fd_index_each(set, file_look);
		return;
	}
	/* What changed does not matter: each file is looked at again. */
	while (plx_sys(SYS_read, set->notify_fd, (long)drain, sizeof(drain), 0,
		   0, 0) == (long)sizeof(drain))
		;
	fd_index_each(set, file_changed);
}

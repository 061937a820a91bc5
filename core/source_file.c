/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_file.c - files that the kernel's epoll refuses: we look ourselves.
 *
 * READ is true while the offset is not at the end (FreeBSD filt_vfsread: also
 * beyond it); it is looked at in every wait, and a mark (notify.h) wakes
 * sleepers when the file grows, shrinks or changes. WRITE is always true. Devices without readiness (/dev/null) are always ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/iset_impl.h"
#include "core/notify.h"
#include "core/sys.h"

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

	if (src->kind == SOURCE_POLLED || kn->state != KNOTE_IDLE ||
	    !knote_polls(kn))
		return;
	if (src->kind == SOURCE_ALWAYS ||
	    (src->kind == SOURCE_SET ? deep_ready((int)src->fd)
				     : file_ready(kn, src)))
		knote_step(set, kn_index, KNOTE_ACTIVATE);
}

int
file_watch(struct iset *set, struct source *src, uint32_t kn_index)
{
	return notify_add(set, kn_index, (int)src->fd, VN_LOOK);
}

bool
fifo_is_named(int fd)
{
	struct statfs fs;

	/* Those that pipe(2) made live in a file system of their own. */
	return plx_sys(SYS_fstatfs, fd, (long)&fs, 0, 0, 0, 0) >= 0 &&
	    fs.f_type != PIPEFS_MAGIC;
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

void
files_look(struct iset *set)
{
	fd_index_each(set, file_look);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_stdio.c - streams and directories: libc closes their descriptors
 * itself, past our close, so it is noted here. Nothing in here uses stdio but
 * to ask for a number.
 *
 * fcloseall only flushes in glibc: it closes no descriptor.
 */
#include "shim/calls.h"

#include "shim/active.h"
#include "shim/errno.h"
#include "shim/hooks.h"
#include "shim/real.h"
#include "shim/seen.h"
#include "shim/signal.h"

/* The number behind a stream or directory, errno as it was; -1: none. */
static int
stream_fd(FILE *file)
{
	int saved = errno;
	int fd = file == NULL ? -1 : fileno(file);

	errno = saved;
	return fd;
}

static int
directory_fd(DIR *dir)
{
	int saved = errno;
	int fd = dir == NULL ? -1 : dirfd(dir);

	errno = saved;
	return fd;
}

/*
 * libc is about to close fd. Not to be forbidden: the stream would be half
 * closed. Returns true if the end is to be told as well.
 */
static bool
closing(struct plx_call call, int fd)
{
	bool listening = plx_seen(call);
	struct plx_record rec;

	if (fd < 0)
		return false;
	if (plx_active_is(PLX_ACTIVE_TRACKED))
		plx_hook_closing(fd);
	if (!listening)
		return false;
	rec = plx_rec_fd(PLX_OP_FD_CLOSE, call, fd);
	(void)plx_emit_before(&rec);
	return true;
}

static void
closed(struct plx_call call, int fd, int result)
{
	struct plx_record rec = plx_rec_fd(PLX_OP_FD_CLOSE, call, fd);

	/* Whatever libc says, the number is gone, unless it was not open. */
	rec.ret = result == -EBADF ? result : 0;
	plx_emit_after(&rec);
}

int
plx_w_fclose(FILE *file)
{
	struct plx_call call = PLX_CALL(fclose);
	int fd;
	int ret;

	if (!plx_active())
		return plx_real.fclose(file);
	fd = stream_fd(file);
	if (!closing(call, fd))
		return plx_real.fclose(file);
	ret = plx_real.fclose(file);
	closed(call, fd, plx_result(ret));
	return ret;
}

int
plx_w_fcloseall(void)
{
	if (plx_active())
		(void)plx_seen(PLX_CALL(fclose));
	return plx_real.fcloseall();
}

int
plx_w_closedir(DIR *dir)
{
	struct plx_call call = PLX_CALL(closedir);
	int fd;
	int ret;

	if (!plx_active())
		return plx_real.closedir(dir);
	fd = directory_fd(dir);
	if (!closing(call, fd))
		return plx_real.closedir(dir);
	ret = plx_real.closedir(dir);
	closed(call, fd, plx_result(ret));
	return ret;
}

/* May give the same number to the new file, or another one. */
static FILE *
reopen(struct plx_call call,
    FILE *(*real)(const char *path, const char *mode, FILE *file),
    const char *path, const char *mode, FILE *file)
{
	int fd = stream_fd(file);
	bool telling = closing(call, fd);
	struct plx_record rec;
	FILE *fresh = real(path, mode, file);

	if (!telling)
		return fresh;
	closed(call, fd, 0);
	if (fresh != NULL) {
		rec = plx_rec_fd(PLX_OP_FD_OPEN, call, stream_fd(fresh));
		rec.extra = PLX_WHAT_FILE;
		rec.ret = rec.fd;
		plx_emit_after(&rec);
	}
	return fresh;
}

FILE *
plx_w_freopen(const char *path, const char *mode, FILE *file)
{
	if (!plx_active())
		return plx_real.freopen(path, mode, file);
	return reopen(PLX_CALL(freopen), plx_real.freopen, path, mode, file);
}

FILE *
plx_w_freopen64(const char *path, const char *mode, FILE *file)
{
	if (!plx_active())
		return plx_real.freopen64(path, mode, file);
	return reopen(PLX_CALL(freopen), plx_real.freopen64, path, mode, file);
}

static FILE *
popen_seen(struct plx_call call, const char *command, const char *mode)
{
	bool listening = plx_seen(call);
	struct plx_record rec;
	FILE *file;

	plx_signal_exec();
	file = plx_real.popen(command, mode);
	plx_signal_exec_failed();
	if (!listening || file == NULL)
		return file;
	rec = plx_rec(PLX_OP_SPAWN, call);
	plx_emit_after(&rec);
	rec = plx_rec_fd(PLX_OP_FD_OPEN, call, stream_fd(file));
	rec.extra = PLX_WHAT_PIPE;
	rec.ret = rec.fd;
	plx_emit_after(&rec);
	return file;
}

FILE *
plx_w_popen(const char *command, const char *mode)
{
	if (!plx_active())
		return plx_real.popen(command, mode);
	return popen_seen(PLX_CALL(popen), command, mode);
}

int
plx_w_pclose(FILE *file)
{
	struct plx_call call = PLX_CALL(pclose);
	int fd;
	int ret;

	if (!plx_active())
		return plx_real.pclose(file);
	fd = stream_fd(file);
	if (!closing(call, fd))
		return plx_real.pclose(file);
	ret = plx_real.pclose(file);
	closed(call, fd, 0);
	return ret;
}

#define PLX_CALLS_STDIO
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * measure.c - how much, end of file, which error: asked of the kernel when an
 * event is handed over, without any lock.
 *
 * Nothing here consumes what is the program's: no read, and above all no
 * getsockopt(SO_ERROR), which clears the error that the program will ask for.
 * The error of a TCP socket is told from its state instead.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_READ and EVFILT_WRITE; tcp(7), unix(7),
 * pipe(7), tty_ioctl(4), proc(5) fdinfo.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "core/fdtab.h"
#include "core/iset.h"
#include "core/iset_impl.h"
#include "core/sys.h"

#define TTY_ROOM_BYTES   4096
#define TCP_LEVEL        6 /* IPPROTO_TCP */
#define TCP_STATE_CLOSE  7
#define TCP_STATE_LISTEN 10

static _Atomic bool data_exact = true;

void
iset_data_exact(bool exact)
{
	/* relaxed: an option, set at start. */
	atomic_store_explicit(&data_exact, exact, memory_order_relaxed);
}

static int
tcp_info(int fd, struct tcp_info *ret_info)
{
	uint32_t len = sizeof(*ret_info);

	memset(ret_info, 0, sizeof(*ret_info));
	return (int)plx_sys(SYS_getsockopt, fd, TCP_LEVEL, TCP_INFO,
	    (long)ret_info, (long)&len, 0);
}

static int
socket_option(int fd, int option, int *ret_value)
{
	uint32_t len = sizeof(*ret_value);

	return (int)plx_sys(SYS_getsockopt, fd, SOL_SOCKET, option,
	    (long)ret_value, (long)&len, 0);
}

bool
socket_unconnected(int fd)
{
	struct tcp_info info;

	return tcp_info(fd, &info) >= 0 && info.tcpi_state == TCP_STATE_CLOSE &&
	    info.tcpi_segs_out == 0;
}

/* Connections that wait to be accepted. */
static int64_t
backlog(int fd)
{
	struct tcp_info info;

	if (tcp_info(fd, &info) >= 0 && info.tcpi_state == TCP_STATE_LISTEN)
		return info.tcpi_unacked;
	return unix_backlog(fd);
}

static int64_t
set_pending(int fd)
{
	const int n = iset_pending_fd(fd);

	return n < 0 ? 0 : n;
}

static bool
is_datagram(int fd)
{
	int type;

	return socket_option(fd, SO_TYPE, &type) >= 0 && type == SOCK_DGRAM;
}

int64_t
measure_read(int fd, plx_mask observed)
{
	int bytes;
	int r;

	(void)observed;
	if (fdtab_kind(fd) == FD_ISET)
		return set_pending(fd);
	r = plx_sys_ioctl_int(fd, FIONREAD, &bytes);
	if (r >= 0)
		return bytes;
	if (r == -EINVAL)
		return backlog(fd); /* a listening socket */
	return eventfd_count(fd);
}

int64_t
measure_write(int fd)
{
	int queued;
	int size;

	if (socket_option(fd, SO_SNDBUF, &size) >= 0) {
		if (plx_sys_ioctl_int(fd, SIOCOUTQ, &queued) < 0)
			queued = 0;
		return size > queued ? size - queued : 0;
	}
	size = plx_sys_fcntl(fd, F_GETPIPE_SZ, 0);
	if (size >= 0) {
		if (plx_sys_ioctl_int(fd, FIONREAD, &queued) < 0)
			queued = 0;
		return size > queued ? size - queued : 0;
	}
	if (plx_sys_ioctl_int(fd, TIOCOUTQ, &queued) >= 0)
		return queued < TTY_ROOM_BYTES ? TTY_ROOM_BYTES - queued : 1;
	return eventfd_room(fd);
}

/*
 * What went wrong on a socket in error, told without asking SO_ERROR. A TCP
 * socket that never got an answer to time has no round trip: its connect failed.
 */
static uint32_t
socket_error(int fd)
{
	struct tcp_info info;
	int value;

	if (socket_option(fd, SO_TYPE, &value) < 0)
		return 0; /* a pipe or tty: the end says it all */
	if (tcp_info(fd, &info) < 0)
		return socket_option(fd, SO_DOMAIN, &value) >= 0 &&
			value == AF_UNIX
		    ? ECONNRESET
		    : 0;
	if (info.tcpi_state != TCP_STATE_CLOSE)
		return 0;
	if (info.tcpi_rtt == 0)
		return info.tcpi_segs_in > 0 ? ECONNREFUSED : ETIMEDOUT;
	return ECONNRESET;
}

static void
measure_read_event(struct delivery *d, bool exact)
{
	const int fd = (int)d->ident;

	d->eof = (d->have & (PLX_RDHUP | PLX_HUP)) != 0;
	if (d->kind == SOURCE_FILE)
		d->data = file_read_bytes(fd);
	else if (d->kind != SOURCE_ALWAYS)
		d->data = exact || d->eof ? measure_read(fd, d->have) : 1;
	if ((d->have & PLX_ERR) != 0 && d->eof)
		d->user_bits = socket_error(fd);
}

static void
measure_write_event(struct delivery *d, bool exact)
{
	const int fd = (int)d->ident;
	const plx_mask gone = d->have & (PLX_HUP | PLX_ERR);
	int type;

	if (d->kind != SOURCE_POLLED)
		return; /* a file: always, and 0 bytes as on BSD */
	/* An error on a datagram socket does not end it. */
	d->eof = (gone & PLX_HUP) != 0 || (gone != 0 && !is_datagram(fd));
	d->data = exact ? measure_write(fd) : 1;
	if (d->eof && socket_option(fd, SO_TYPE, &type) < 0)
		d->data = 0; /* a pipe without a reader takes nothing */
	if (d->data < 1 && (d->have & PLX_OUT) != 0 && !d->eof)
		d->data = 1; /* the kernel counts overhead, the room is there */
	if (d->eof && (gone & PLX_ERR) != 0)
		d->user_bits = socket_error(fd);
}

void
delivery_measure(struct delivery *d)
{
	/* relaxed: see iset_data_exact. */
	const bool exact = atomic_load_explicit(&data_exact,
	    memory_order_relaxed);

	if (d->filter == FILTER_READ)
		measure_read_event(d, exact);
	else if (d->filter == FILTER_WRITE)
		measure_write_event(d, exact);
}

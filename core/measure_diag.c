/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * measure_diag.c - counts that no ioctl gives: the backlog of a UNIX listener
 * (sock_diag netlink) and the counter of an eventfd (fdinfo). Cold: asked when
 * such an object is delivered. No lock is held, nothing of the program's is
 * consumed, the descriptors opened here are close-on-exec and closed at once.
 *
 * Authority: sock_diag(7), proc(5).
 */
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/iset_impl.h"
#include "core/sys.h"

#define FDINFO_BYTES      1024
#define EVENTFD_MOST      INT64_MAX
#define DIAG_ANSWER_BYTES 1024
/* NLA_HDRLEN and NLA_ALIGN, unsigned. */
#define ATTR_HEAD     sizeof(struct nlattr)
#define ATTR_ALIGN(n) (((size_t)(n) + 3u) & ~(size_t)3u)

struct diag_request {
	struct nlmsghdr head;
	struct unix_diag_req body;
};

/* The RQLEN attribute of one answer, or -1. */
static int64_t
answer_backlog(const char *answer, size_t len)
{
	struct nlmsghdr head;
	size_t at = NLMSG_LENGTH(sizeof(struct unix_diag_msg));

	if (len < at)
		return -1;
	memcpy(&head, answer, sizeof(head));
	if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || head.nlmsg_len > len)
		return -1;
	while (at + sizeof(struct nlattr) <= head.nlmsg_len) {
		struct nlattr attr;
		struct unix_diag_rqlen rqlen;

		memcpy(&attr, answer + at, sizeof(attr));
		if (attr.nla_type == UNIX_DIAG_RQLEN &&
		    attr.nla_len >= ATTR_HEAD + sizeof(rqlen)) {
			memcpy(&rqlen, answer + at + ATTR_HEAD, sizeof(rqlen));
			return rqlen.udiag_rqueue;
		}
		if (attr.nla_len < ATTR_HEAD)
			return -1;
		at += ATTR_ALIGN(attr.nla_len);
	}
	return -1;
}

static int64_t
diag_ask(int netlink_fd, uint32_t inode)
{
	struct diag_request ask = {
		.head = { .nlmsg_len = sizeof(ask),
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = AF_UNIX,
		    .udiag_states = UINT32_MAX,
		    .udiag_ino = inode,
		    .udiag_show = UDIAG_SHOW_RQLEN,
		    .udiag_cookie = { UINT32_MAX, UINT32_MAX } },
	};
	char answer[DIAG_ANSWER_BYTES];
	long n;

	n = plx_sys(SYS_sendto, netlink_fd, (long)&ask, sizeof(ask), 0, 0, 0);
	if (n < 0)
		return -1;
	n = plx_sys(SYS_recvfrom, netlink_fd, (long)answer, sizeof(answer),
	    MSG_DONTWAIT, 0, 0);
	return n < 0 ? -1 : answer_backlog(answer, (size_t)n);
}

int64_t
unix_backlog(int fd)
{
	struct stat st;
	int64_t n;
	int netlink_fd;

	/* It was reported ready: one is there, whatever we learn. */
	if (plx_sys(SYS_fstat, fd, (long)&st, 0, 0, 0, 0) < 0)
		return 1;
	netlink_fd = (int)plx_sys(SYS_socket, AF_NETLINK,
	    SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG, 0, 0, 0);
	if (netlink_fd < 0)
		return 1;
	n = diag_ask(netlink_fd, (uint32_t)st.st_ino);
	(void)plx_sys_close(netlink_fd);
	return n < 1 ? 1 : n;
}

static size_t
fdinfo_read(int fd, char *text, size_t text_bytes)
{
	char path[40] = "/proc/self/fdinfo/";
	char digits[12];
	size_t n = 0;
	size_t at = strlen(path);
	long got;
	int info_fd;

	do {
		digits[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd > 0);
	while (n > 0)
		path[at++] = digits[--n];
	path[at] = '\0';
	info_fd = (int)plx_sys(SYS_openat, AT_FDCWD, (long)path,
	    O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (info_fd < 0)
		return 0;
	got = plx_sys(SYS_read, info_fd, (long)text, (long)text_bytes - 1, 0, 0,
	    0);
	(void)plx_sys_close(info_fd);
	text[got < 0 ? 0 : got] = '\0';
	return got < 0 ? 0 : (size_t)got;
}

/* The counter, or -1 when fd is no eventfd. */
static int64_t
eventfd_value(int fd)
{
	static const char key[] = "eventfd-count:";
	char text[FDINFO_BYTES];
	const char *p;
	uint64_t value = 0;

	if (fdinfo_read(fd, text, sizeof(text)) == 0)
		return -1;
	p = strstr(text, key);
	if (p == NULL)
		return -1;
	for (p += sizeof(key) - 1; *p == ' ' || *p == '\t';)
		p++;
	for (; *p != '\n' && *p != '\0'; p++) {
		const int digit = *p <= '9' ? *p - '0' : *p - 'a' + 10;

		value = value << 4 | (uint64_t)digit;
	}
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

int64_t
eventfd_count(int fd)
{
	const int64_t value = eventfd_value(fd);

	/* Something else (timerfd, signalfd, device): ready, no count. */
	return value < 0 ? 1 : value;
}

int64_t
eventfd_room(int fd)
{
	const int64_t value = eventfd_value(fd);

	/* The counter may reach 2^64 - 2; the answer is a signed word. */
	return value < 0 ? 1 : EVENTFD_MOST - value;
}

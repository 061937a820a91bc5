/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_message.c - descriptors that leave or arrive in messages.
 *
 * Authority: unix(7), SCM_RIGHTS; cmsg(3).
 */
#include "shim/calls.h"

#include <string.h>

#include "shim/active.h"
#include "shim/hooks.h"
#include "shim/real.h"
#include "shim/seen.h"

/* Calls what(call, fd) for each descriptor in the ancillary data. */
static void
rights_each(struct plx_call call, const struct msghdr *message,
    void (*what)(struct plx_call call, int fd))
{
	struct msghdr copy = *message;
	struct cmsghdr *part;

	for (part = CMSG_FIRSTHDR(&copy); part != NULL;
	     part = CMSG_NXTHDR(&copy, part)) {
		size_t bytes = part->cmsg_len - CMSG_LEN(0);
		size_t at;
		int fd;

		if (part->cmsg_len < CMSG_LEN(0) ||
		    part->cmsg_level != SOL_SOCKET ||
		    part->cmsg_type != SCM_RIGHTS)
			continue;
		for (at = 0; at + sizeof(fd) <= bytes; at += sizeof(fd)) {
			memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
			what(call, fd);
		}
	}
}

static void
right_publish(struct plx_call call, int fd)
{
	(void)call;
	plx_hook_pass(fd);
}

static void
right_passed(struct plx_call call, int fd)
{
	struct plx_record rec = plx_rec_fd(PLX_OP_FD_PASSED, call, fd);

	plx_emit_after(&rec);
}

/* A message that the kernel would refuse to read is not for us to read. */
static bool
message_readable(const struct msghdr *message)
{
	return plx_seen_readable(message, sizeof(*message)) &&
	    message->msg_control != NULL &&
	    plx_seen_readable(message->msg_control, message->msg_controllen);
}

ssize_t
plx_w_sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct plx_call call = PLX_CALL(sendmsg);
	bool listening;
	ssize_t ret;

	if (!plx_active())
		return plx_real.sendmsg(fd, message, flags);
	listening = plx_seen(call);
	if (plx_active_is(PLX_ACTIVE_TRACKED) && message_readable(message))
		rights_each(call, message, right_publish);
	ret = plx_real.sendmsg(fd, message, flags);
	/* It was sent, so the kernel has read it all. */
	if (listening && ret >= 0 && message->msg_control != NULL)
		rights_each(call, message, right_passed);
	return ret;
}

ssize_t
plx_w_recvmsg(int fd, struct msghdr *message, int flags)
{
	struct plx_call call = PLX_CALL(recvmsg);
	ssize_t ret;

	if (!plx_active())
		return plx_real.recvmsg(fd, message, flags);
	ret = plx_real.recvmsg(fd, message, flags);
	if (plx_seen(call) && ret >= 0 && message->msg_control != NULL)
		rights_each(call, message, right_passed);
	return ret;
}

/* The first n of the messages were sent or received. */
static void
messages_passed(struct plx_call call, const struct mmsghdr *messages, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (messages[i].msg_hdr.msg_control != NULL)
			rights_each(call, &messages[i].msg_hdr, right_passed);
}

static void
messages_publish(struct plx_call call, const struct mmsghdr *messages,
    unsigned n)
{
	unsigned i;

	if (!plx_seen_readable(messages, n * sizeof(*messages)))
		return;
	for (i = 0; i < n; i++)
		if (message_readable(&messages[i].msg_hdr))
			rights_each(call, &messages[i].msg_hdr, right_publish);
}

int
plx_w_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	struct plx_call call = PLX_CALL(other);
	bool listening;
	int ret;

	if (!plx_active())
		return plx_real.sendmmsg(fd, messages, n, flags);
	listening = plx_seen(call);
	if (plx_active_is(PLX_ACTIVE_TRACKED))
		messages_publish(call, messages, n);
	ret = plx_real.sendmmsg(fd, messages, n, flags);
	if (listening)
		messages_passed(call, messages, ret);
	return ret;
}

int
plx_w_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags,
    struct timespec *timeout)
{
	struct plx_call call = PLX_CALL(other);
	int ret;

	if (!plx_active())
		return plx_real.recvmmsg(fd, messages, n, flags, timeout);
	ret = plx_real.recvmmsg(fd, messages, n, flags, timeout);
	if (plx_seen(call))
		messages_passed(call, messages, ret);
	return ret;
}

#define PLX_CALLS_MESSAGE
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"

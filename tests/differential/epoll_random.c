/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations on epoll sets: nested, edge, oneshot, few events at a time.
 * Authority: the kernel's own answer; epoll(7).
 */
#include "tests/differential/random.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS_MAX 16

const uint32_t random_face_percent = 62;

/*
 * In some sequences sets are shared: with children, or over a socket. The engine
 * then gives the set to the kernel, with three limits that such sequences stay
 * within: an edge that was told may be told again, an exclusive interest goes to
 * the end of the ready ones, and a member that outlived its number stays behind.
 */
static bool sharing;

static uint32_t
random_mask(const struct random_step *step)
{
	static const uint32_t bits[] = { EPOLLIN, EPOLLIN, EPOLLOUT, EPOLLRDHUP,
		EPOLLPRI, EPOLLRDNORM, EPOLLWRNORM, EPOLLHUP };
	uint32_t draw = step->with[2];
	uint32_t mask = 0;

	for (size_t i = 0; i < 8; i++)
		if (draw >> i & 1)
			mask |= bits[i];
	if (draw >> 8 & 1)
		mask &= EPOLLIN | EPOLLOUT;
	if ((draw >> 9) % 3 == 0 && !sharing)
		mask |= EPOLLET;
	if ((draw >> 11) % 4 == 0)
		mask |= EPOLLONESHOT;
	if ((draw >> 14) % 40 == 0 && !sharing)
		mask |= EPOLLEXCLUSIVE;
	return mask;
}

static int
random_set(uint32_t draw)
{
	int fd = draw % 20 == 0 ? -1 : random_fd_of(RANDOM_SET, draw / 20);

	return fd < 0 ? random_fd(draw) : fd;
}

/* The latest registrations, so that most changes are of some that exist. */
static struct {
	int set;
	int fd;
} known[8];
static uint32_t known_count;

static void
remember(int set, int fd)
{
	known[known_count % 8].set = set;
	known[known_count % 8].fd = fd;
	known_count++;
}

void
random_face_begin(uint64_t seed)
{
	known_count = 0;
	sharing = seed % 4 == 0;
	random_no_dup = sharing;
}

static int
random_member(uint32_t draw)
{
	static const enum random_kind kinds[] = { RANDOM_EVENTFD, RANDOM_SOCKET,
		RANDOM_PIPE_READ, RANDOM_PIPE_WRITE };
	int fd = draw % 6 == 0 ? -1
			       : random_fd_of(kinds[draw / 6 % 4], draw / 24);

	return fd < 0 ? random_fd(draw) : fd;
}

static void
change(const struct random_step *step, int op)
{
	static const char *const names[] = { "ADD", "DEL", "MOD" };
	struct epoll_event event = { .events = random_mask(step),
		.data.u64 = 0x1000000000000ULL + step->serial };
	int set = random_set(step->with[0]);
	int fd = random_member(step->with[1]);
	int r;

	if (op != EPOLL_CTL_ADD && known_count > 0 && step->with[3] % 8 != 0) {
		uint32_t count = known_count < 8 ? known_count : 8;

		set = known[step->with[1] % count].set;
		fd = known[step->with[1] % count].fd;
	}
	if (step->with[3] % 5 == 0)
		r = (int)syscall(SYS_epoll_ctl, set, op, fd, &event);
	else
		r = epoll_ctl(set, op, fd, &event);
	random_say("%s set %d fd %d mask %#x data %u%s", names[op - 1], set, fd,
	    event.events, step->serial, random_result(r));
	if (op == EPOLL_CTL_ADD && r == 0)
		remember(set, fd);
}

static int
wait_somehow(uint32_t how, int set, struct epoll_event *events, int max)
{
	static const struct timespec zero = { 0, 0 };
	sigset_t none;

	(void)sigemptyset(&none);
	switch (how % 6) {
	case 0:
		return epoll_pwait(set, events, max, 0, &none);
	case 1:
		return epoll_pwait2(set, events, max, &zero, NULL);
	case 2:
		return (int)syscall(SYS_epoll_wait, set, events, max, 0);
	case 3:
		return (
		    int)syscall(SYS_epoll_pwait, set, events, max, 0, NULL, 8);
	default:
		return epoll_wait(set, events, max, 0);
	}
}

static void
wait_set(const struct random_step *step)
{
	struct epoll_event events[EVENTS_MAX + 1];
	const unsigned char *bytes = (const void *)events;
	int set = random_set(step->with[0]);
	int max = 1 + (int)(step->with[1] % EVENTS_MAX);
	int n;

	if (step->with[2] % 3 == 0)
		max = 1;
	memset(events, 0xa5, sizeof(events));
	n = wait_somehow(step->with[3], set, events, max);
	random_say("wait set %d max %d%s", set, max, random_result(n));
	for (int i = 0; i < n; i++)
		random_say("  %#x data %#llx", (unsigned)events[i].events,
		    (unsigned long long)events[i].data.u64);
	for (size_t i = n > 0 ? (size_t)n * sizeof(events[0]) : 0;
	     i < sizeof(events); i++)
		if (bytes[i] != 0xa5)
			random_say("  byte %zu changed", i);
}

static void
poll_set(const struct random_step *step)
{
	struct pollfd one = { .fd = random_set(step->with[0]),
		.events = POLLIN | POLLOUT };
	int r = poll(&one, 1, 0);

	random_say("poll set %d%s: %#x", one.fd, random_result(r),
	    (unsigned short)one.revents);
}

/* A child that changes what it shares with us, and is gone. */
static void
share_with_child(const struct random_step *step)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct epoll_event event = { .events = EPOLLIN,
			.data.u64 = 0xc0000 + step->serial };
		int r = epoll_ctl(random_set(step->with[0]),
		    step->with[2] % 2 == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
		    random_member(step->with[1]), &event);

		_exit(r == 0 ? 0 : errno);
	}
	(void)waitpid(pid, &status, 0);
	random_say("child %#x", (unsigned)status);
}

/* The set goes over a socket and comes back under another number. */
static void
send_set(const struct random_step *step)
{
	int socket = random_fd_of(RANDOM_SOCKET, step->with[1]);
	int set = random_fd_of(RANDOM_SET, step->with[0]);
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec part = { .iov_base = &control, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(set));
	memcpy(CMSG_DATA(head), &set, sizeof(set));
	random_say("send set %d over %d%s", set, socket,
	    random_result(sendmsg(socket, &message, MSG_DONTWAIT)));
}

static void
share(const struct random_step *step)
{
	if (step->with[2] % 3 == 0)
		send_set(step);
	else
		share_with_child(step);
}

static void
new_set(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	random_say("epoll_create1%s", random_result(fd));
	random_keep(fd, RANDOM_SET);
}

void
random_face_step(const struct random_step *step)
{
	if (random_fd_of(RANDOM_SET, 0) < 0) {
		new_set();
		return;
	}
	if (sharing && step->with[2] % 24 == 5) {
		share(step);
		return;
	}
	switch (step->with[3] / 4 % 24) {
	case 0:
		new_set();
		break;
	case 1:
	case 2:
		poll_set(step);
		break;
	case 3:
	case 4:
		change(step, EPOLL_CTL_DEL);
		break;
	case 5:
	case 6:
	case 7:
		change(step, EPOLL_CTL_MOD);
		break;
	case 8:
	case 9:
	case 10:
	case 11:
	case 12:
	case 13:
	case 14:
		change(step, EPOLL_CTL_ADD);
		break;
	default:
		wait_set(step);
		break;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random arrays for poll and ppoll.
 * Authority: the kernel's own answer; poll(2).
 */
#include "tests/differential/random.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

/* More than the number from which the engine may keep a set of its own. */
#define ARRAY_MAX 160

const uint32_t random_face_percent = 45;

static struct pollfd fds[ARRAY_MAX];

static uint32_t
mix(uint32_t a, uint32_t b)
{
	return ((a ^ (b * 0x9e3779b9)) * 0x85ebca6b) >> 7;
}

/* Changes part of the array, as programs do, or all of it. */
static void
fill(const struct random_step *step, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t draw = mix(step->with[2], i);

		fds[i].revents = 0x5a5a;
		if (step->with[1] % 3 != 0 && draw % 8 != 0)
			continue;
		fds[i].fd = draw % 9 == 0 ? -(int)(draw % 5) : random_fd(draw);
		fds[i].events = (short)(mix(draw, step->with[0]) &
		    (draw % 5 == 0 ? 0xffff : POLLIN | POLLOUT));
	}
}

void
random_face_begin(uint64_t seed)
{
	(void)seed;
	memset(fds, 0, sizeof(fds));
}

void
random_face_step(const struct random_step *step)
{
	static const struct timespec zero = { 0, 0 };
	static const uint32_t counts[] = { 0, 1, 2, 5, 12, 63, 64, 100,
		ARRAY_MAX };
	uint32_t count = counts[step->with[3] % 9];
	int r;

	if (step->with[3] % 13 == 0) {
		int fd = epoll_create1(0);
		struct epoll_event event = { .events = EPOLLIN };
		int member = random_fd(step->with[0]);

		random_say("epoll_create1%s", random_result(fd));
		random_say("ADD %d%s", member,
		    random_result(
			epoll_ctl(fd, EPOLL_CTL_ADD, member, &event)));
		random_keep(fd, RANDOM_SET);
		return;
	}
	fill(step, count);
	if (step->with[0] % 4 == 0)
		r = ppoll(fds, count, &zero, NULL);
	else
		r = poll(fds, count, 0);
	random_say("poll %u%s", count, random_result(r));
	for (uint32_t i = 0; i < count; i++)
		random_say("  fd %d %#x: %#x", fds[i].fd,
		    (unsigned short)fds[i].events,
		    (unsigned short)fds[i].revents);
}

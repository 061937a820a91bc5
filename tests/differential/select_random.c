/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sets for select and pselect.
 * Authority: the kernel's own answer; select(2).
 */
#include "tests/differential/random.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define WORDS 4

const uint32_t random_face_percent = 45;

struct bits {
	unsigned long word[WORDS];
};

static struct bits sets[3];

static void
fill(const struct random_step *step)
{
	uint64_t draw = (uint64_t)step->with[2] << 24 ^ step->with[1];

	if (step->with[0] % 3 == 0)
		memset(sets, 0, sizeof(sets));
	for (int i = 0; i < 3; i++) {
		for (uint32_t k = 0; k < step->with[0] % 7; k++) {
			uint32_t fd;

			draw = draw * 6364136223846793005ULL + 1442695040888963;
			fd = (uint32_t)random_fd((uint32_t)(draw >> 33));
			/* Mostly what is open, else few calls succeed. */
			if (draw >> 59 == 0)
				fd = (uint32_t)(draw >> 40) % (WORDS * 64);
			sets[i].word[fd / 64] |= 1UL << (fd % 64);
		}
	}
}

static void
say_sets(void)
{
	for (int i = 0; i < 3; i++)
		random_say("  %d: %lx %lx %lx %lx", i, sets[i].word[0],
		    sets[i].word[1], sets[i].word[2], sets[i].word[3]);
}

static fd_set *
set_or_null(const struct random_step *step, int i)
{
	if ((step->with[3] >> i) % 8 == 0)
		return NULL;
	return (fd_set *)(void *)sets[i].word;
}

void
random_face_begin(uint64_t seed)
{
	(void)seed;
	memset(sets, 0, sizeof(sets));
}

void
random_face_step(const struct random_step *step)
{
	static const int counts[] = { RANDOM_FDS, RANDOM_FDS, RANDOM_FDS, 0, 1,
		5, 10, 21, 64, 65, 128, 256 };
	static const struct timespec zero = { 0, 0 };
	struct timeval timeout = { 0, 0 };
	int nfds = counts[step->with[3] % 12];
	int r;

	fill(step);
	if (step->with[1] % 4 == 0)
		r = pselect(nfds, set_or_null(step, 0), set_or_null(step, 1),
		    set_or_null(step, 2), &zero, NULL);
	else
		r = select(nfds, set_or_null(step, 0), set_or_null(step, 1),
		    set_or_null(step, 2), &timeout);
	random_say("select %d%s, rest %ld %ld", nfds, random_result(r),
	    (long)timeout.tv_sec, (long)timeout.tv_usec);
	say_sets();
}

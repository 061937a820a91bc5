/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame of the random programs.
 *
 * usage: PROGRAM FROM COUNT [--trace SEED] [--drop STEP,STEP,...]
 *
 * Writes "SEED HASH" for each sequence, where HASH stands for its transcript,
 * and the transcript itself of SEED. Dropped steps are left out of every
 * sequence.
 */
#include "tests/differential/random.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES   2048
#define RANDOM_OPENS 5

static uint64_t state;
static uint64_t hash;
static bool tracing;
static bool dropped[RANDOM_STEPS];

/* splitmix64: any seed will do, neighbours included. */
static uint64_t
draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void
random_say(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	/* FNV-1a, over the terminating NUL too. */
	for (size_t i = 0; i == 0 || line[i - 1] != '\0'; i++)
		hash = (hash ^ (unsigned char)line[i]) * 0x100000001b3;
	if (tracing)
		(void)printf("%s\n", line);
}

const char *
random_result(long result)
{
	static char text[64];

	if (result == -1)
		(void)snprintf(text, sizeof(text), " = -1 %s",
		    strerrorname_np(errno));
	else
		(void)snprintf(text, sizeof(text), " = %ld", result);
	return text;
}

static void
run_sequence(uint64_t seed)
{
	struct random_step step[RANDOM_STEPS];

	state = seed * 0x2545f4914f6cdd1d;
	hash = 0xcbf29ce484222325;
	for (uint32_t i = 0; i < RANDOM_STEPS; i++) {
		uint64_t a = draw();
		uint64_t b = draw();

		step[i] = (struct random_step){ .what = (uint32_t)(a >> 40),
			.with = { (uint32_t)a & 0xffffff, (uint32_t)b & 0xffff,
			    (uint32_t)(b >> 16) & 0xffffff,
			    (uint32_t)(b >> 40) },
			.serial = i };
		/* Begin with something to work on. */
		if (i < RANDOM_OPENS) {
			step[i].what = 99;
			step[i].with[3] = 0;
		}
	}
	random_face_begin(seed);
	for (uint32_t i = 0; i < RANDOM_STEPS; i++) {
		if (dropped[i])
			continue;
		if (tracing)
			(void)printf("%2u: ", i);
		if (step[i].what % 100 < random_face_percent)
			random_face_step(&step[i]);
		else
			random_file_step(&step[i]);
	}
	random_close_all();
	(void)printf("%llu %016llx\n", (unsigned long long)seed,
	    (unsigned long long)hash);
}

static void
read_drops(const char *list)
{
	while (*list != '\0') {
		char *end;
		unsigned long step = strtoul(list, &end, 10);

		if (end == list)
			return;
		if (step < RANDOM_STEPS)
			dropped[step] = true;
		list = *end == ',' ? end + 1 : end;
	}
}

/* Whether the shared object is mapped: each side proves itself. */
static void
say_side(void)
{
	static char maps[1 << 17];
	size_t used = 0;
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while ((n = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)n;
	(void)close(fd);
	(void)printf("#side %s\n",
	    strstr(maps, "libpollux.so") == NULL ? "native" : "pollux");
}

int
main(int argc, char **argv)
{
	uint64_t traced = UINT64_MAX;
	uint64_t from;
	uint64_t count;

	if (argc < 3)
		return 2;
	from = strtoull(argv[1], NULL, 10);
	count = strtoull(argv[2], NULL, 10);
	for (int i = 3; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--trace") == 0)
			traced = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--drop") == 0)
			read_drops(argv[i + 1]);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	say_side();
	for (uint64_t seed = from; seed < from + count; seed++) {
		tracing = seed == traced;
		run_sequence(seed);
	}
	return 0;
}

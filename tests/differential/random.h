/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of operations, for comparing two sides step by step.
 *
 * A sequence is a seed. Its steps are drawn before any of them runs, so a step
 * that is left out changes no other one: that is what makes shrinking possible.
 * Which descriptor a step takes follows from what is open then.
 *
 * Nothing blocks and nothing depends on time; every step writes all that its
 * call handed back.
 */
#ifndef PLX_TESTS_DIFFERENTIAL_RANDOM_H
#define PLX_TESTS_DIFFERENTIAL_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANDOM_STEPS 48
/* Descriptors of a sequence have numbers below this. */
#define RANDOM_FDS 28

enum random_kind {
	RANDOM_CLOSED,
	RANDOM_PIPE_READ,
	RANDOM_PIPE_WRITE,
	RANDOM_SOCKET,
	RANDOM_EVENTFD,
	RANDOM_SET,
};

/* One step as drawn: what it does is decided by `what`, with which by the rest. */
struct random_step {
	uint32_t what;
	uint32_t with[4];
	/* Unique in the sequence: for user data. */
	uint32_t serial;
};

/*
 * random_face_begin, random_face_step - the program's own state is new; its own
 * operation for this step.
 *
 * Each program defines it. what_per_face of 100 steps come here; the others
 * open, write, read, duplicate and close descriptors.
 */
void random_face_begin(uint64_t seed);
void random_face_step(const struct random_step *step);
extern const uint32_t random_face_percent;

/* Set by random_face_begin: no descriptor gets a second number. */
extern bool random_no_dup;

/* Writes one line of the transcript of this sequence. */
void random_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* " = 3" or " = -1 EBADF", for the end of a line. Valid until the next call. */
const char *random_result(long result);

/*
 * Any descriptor: mostly one that is open, sometimes a number that is not.
 * random_fd_of() prefers the kind given and gives -1 when there is none.
 */
int random_fd(uint32_t draw);
int random_fd_of(enum random_kind kind, uint32_t draw);
void random_keep(int fd, enum random_kind kind);

/* The operations that have nothing to do with a face (random_file.c). */
void random_file_step(const struct random_step *step);
void random_close_all(void);

#endif

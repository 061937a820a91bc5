/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every kqueue test stands on: a fresh queue, descriptors that are closed
 * for it, calls that answer in one number, and threads that are known to wait.
 *
 * The environment says in what state the tests run (see README.md): KQ_SEEN, the
 * queue was looked at from outside; KQ_COMPANY, there are other threads, with a
 * queue of their own; KQ_BLIND, the library does not see the program's close.
 *
 * Results of the kq_* calls are those of kevent: the count, or -errno.
 */
#ifndef PLX_TESTS_KQUEUE_FIXTURE_H
#define PLX_TESTS_KQUEUE_FIXTURE_H

#include <sys/types.h>
#include <sys/event.h>
#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVS 64
#define MS  INT64_C(1000000)
/* Longer than anything takes here; shorter than Check's five seconds. */
#define PATIENCE_MS 3000

/* The queue of the test and what came out of it. */
extern int kq;
extern struct kevent ev[EVS];

/*
 * kq_tcase - a new case of `suite` with the fixture and a watchdog of 5 s
 * (30 s under sanitizers).
 *
 * Each test of it starts with an empty queue in kq. After it, kq and whatever
 * own() took are closed, and the number of open descriptors must be what it
 * was before. The words of `name` are its tags (CK_INCLUDE_TAGS,
 * CK_EXCLUDE_TAGS): "close" marks what depends on seeing the program's close.
 */
TCase *kq_tcase(Suite *suite, const char *name);

/* The same without a queue, and without the warm-up that comes before. */
TCase *kq_tcase_cold(Suite *suite, const char *name);

/* own - close fd after the test, if the test did not. Returns fd. */
int own(int fd);
/* disown - the test closes fd itself, in a way of its own. Returns fd. */
int disown(int fd);
/* drop - close what own() took, now, by close(2). */
void drop(int fd);
/* open_fds - how many descriptors this process has open. */
int open_fds(void);

/* One change, without room for an answer: 0 or -errno. */
int kq_change(int queue, uintptr_t ident, int filter, unsigned int flags,
    unsigned int fflags, int64_t data, void *udata);
/* The same with neither fflags, data nor udata. */
int kq_op(int queue, uintptr_t ident, int filter, unsigned int flags);
/* Collect with a timeout of zero. */
int kq_poll(int queue, struct kevent *events, int nevents);
/* Collect what comes within PATIENCE_MS. */
int kq_wait(int queue, struct kevent *events, int nevents);
/* Collect what comes within `ms`. */
int kq_wait_ms(int queue, struct kevent *events, int nevents, int64_t ms);
/* NOTE_TRIGGER of a user event: 0 or -errno. */
int kq_trigger(int queue, uintptr_t ident);

/* Two connected stream sockets (AF_UNIX), both owned. */
void make_pair(int fds[2]);
/* A pipe, both ends owned. */
void make_pipe(int fds[2]);
/* A regular file that is read and written, owned; removed after the test. */
int make_file(const char *content);
/* Where make_file put the last one. */
const char *file_path(void);
/* An empty directory, removed after the test with what is in it. */
const char *make_dir(void);
/* Where `name` would be in it; good until the 8th call after this one. */
const char *in_dir(const char *name);
/* A new file in it, owned. */
int make_in_dir(const char *name);
/* A listening TCP socket of `domain` on the loopback, owned. */
int make_listener(int domain, int backlog);
/* A blocking connect to `listener`, owned. */
int connect_to(int listener);
/* Two connected TCP sockets, both owned. */
void make_tcp_pair(int fds[2]);
/* Write n bytes, all of them. */
void put(int fd, size_t n);
/* Read n bytes, all of them. */
void take(int fd, size_t n);
/* Make fd non-blocking and write until it takes no more; what it took. */
size_t fill(int fd);
/* Read what is there from a non-blocking fd; how much it was. */
size_t drain(int fd);

int64_t now_ns(clockid_t clock);

/* A thread that collects from a queue, once. */
struct waiter {
	pthread_t thread;
	pid_t tid;
	int queue;
	int nevents;
	const struct timespec *timeout; /* of the caller; NULL: none */
	struct kevent events[EVS];
	int result;
	bool done;
};

/* Start it; returns when the thread sleeps in the kernel, inside kevent. */
void waiter_start(struct waiter *w, int queue, int nevents);
/* The same with a timeout, which must outlive the thread. */
void waiter_start_for(struct waiter *w, int queue, int nevents,
    const struct timespec *timeout);
/* Wait until it sleeps in the kernel (again). */
void waiter_asleep(struct waiter *w);
/* Its result; the test fails when it takes longer than PATIENCE_MS. */
int waiter_join(struct waiter *w);
/* Whether it has returned from kevent. */
bool waiter_done(struct waiter *w);

/* Run fn in a child of fork(2); what it returned (0..127), or 128 + signal. */
int in_child(int (*fn)(void *), void *arg);

/* Say why a test cannot run on this machine. */
void skip(const char *why);

#define assert_silent(queue)                                      \
	do {                                                      \
		struct kevent got_[1] = { 0 };                    \
		int n_ = kq_poll((queue), got_, 1);               \
		ck_assert_msg(n_ == 0,                            \
		    "expected silence, got %d (ident %ju "        \
		    "filter %d flags %#x data %jd)",              \
		    n_, (uintmax_t)got_[0].ident, got_[0].filter, \
		    got_[0].flags, (intmax_t)got_[0].data);       \
	} while (0)

/* Exactly one event now, into ev[0]. */
#define assert_one(queue, ident_, filter_)                           \
	do {                                                         \
		ck_assert_int_eq(kq_poll((queue), ev, EVS), 1);      \
		ck_assert_uint_eq(ev[0].ident, (uintptr_t)(ident_)); \
		ck_assert_int_eq(ev[0].filter, (filter_));           \
	} while (0)

/* Exactly one event within PATIENCE_MS, into ev[0]. */
#define assert_comes(queue, ident_, filter_)                         \
	do {                                                         \
		ck_assert_int_eq(kq_wait((queue), ev, EVS), 1);      \
		ck_assert_uint_eq(ev[0].ident, (uintptr_t)(ident_)); \
		ck_assert_int_eq(ev[0].filter, (filter_));           \
	} while (0)

#define assert_ok(call)           ck_assert_int_eq((call), 0)
#define assert_fails(call, error) ck_assert_int_eq((call), -(error))

#endif

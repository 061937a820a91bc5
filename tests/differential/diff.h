/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the differential programs share: named cases that write one canonical
 * line for every call they make.
 *
 * The programs are ordinary C that knows nothing of pollux. The same program is
 * run natively and under the shared object, one case a process, and the lines
 * must agree byte for byte. So a line holds everything a call hands back:
 * result, errno, every output byte, numbers of new descriptors. What depends on
 * the clock is coarsened to a word, and nothing else is.
 *
 * Nothing here sleeps to synchronise: who needs a thread that sleeps in a wait
 * looks at what the kernel says about it.
 */
#ifndef PLX_TESTS_DIFFERENTIAL_DIFF_H
#define PLX_TESTS_DIFFERENTIAL_DIFF_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

/* errno before each call; a call that succeeds must leave it. */
#define DIFF_ERRNO 4242

/* Time in which nothing that the test waits for may fail to happen. */
#define DIFF_LONG_MS 8000

struct diff_case {
	const char *name;
	void (*run)(void);
	struct diff_case *next;
};

/*
 * CASE - define a case; its name is the number in the checklist and the fact.
 */
#define CASE(id)                                                        \
	static void id(void);                                           \
	static struct diff_case id##_case = { .name = #id, .run = id }; \
	__attribute__((constructor)) static void id##_register(void)    \
	{                                                               \
		diff_register(&id##_case);                              \
	}                                                               \
	static void id(void)

/*
 * CALL - make a call and write its text, result and errno; gives the result.
 */
#define CALL(expr) diff_result(#expr, (errno = DIFF_ERRNO, (long)(expr)))

/* QUIET - a step that must succeed and is not what the case is about. */
#define QUIET(expr) diff_must(#expr, (long)(expr))

void diff_register(struct diff_case *item);

/*
 * diff_say - write one line of the transcript (a newline is added).
 */
void diff_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

long diff_result(const char *text, long result);
long diff_must(const char *text, long result);

/*
 * diff_opaque - the same pointer, about which the compiler knows nothing: it
 * refuses to compile the bad ones.
 */
static inline void *
diff_opaque(const void *pointer)
{
	__asm__("" : "+r"(pointer));
	return (void *)(uintptr_t)pointer;
}
#define DIFF_BAD diff_opaque((const void *)8)

/* Descriptor sets of any size, for select beyond FD_SETSIZE. */
#define BITS_WORDS 64
struct bits {
	unsigned long word[BITS_WORDS];
};
void bits_clear(struct bits *set);
void bits_add(struct bits *set, int fd);
fd_set *bits_fds(struct bits *set);
void diff_say_bits(const char *name, const struct bits *set);

/* Every member of the array, with fd and events, which must not change. */
void diff_say_pollfds(const struct pollfd *fds, size_t count);

/*
 * Events of a wait. diff_fill_events() before the call; afterwards n (if > 0)
 * events are written out, and whether any byte behind them changed.
 */
void diff_fill_events(struct epoll_event *events, size_t count);
void diff_say_events(const struct epoll_event *events, long n, size_t count);

/* Rests of a timeout: "none", "all", "part", or the numbers when neither. */
void diff_say_timeval(const struct timeval *rest, long asked_us);
void diff_say_timespec(const struct timespec *value);

/* Elapsed time, as "in time" or how much too early (or far too late). */
int64_t diff_now_us(void);
void diff_say_elapsed(int64_t start_us, int64_t least_us);

/* Signals: a handler that counts, installed with the flags given. */
extern volatile sig_atomic_t diff_signals;
void diff_catch(int sig, int flags);
void diff_say_signals(int sig);
void diff_block(int sig);
void diff_say_mask(void);

/*
 * A thread that waits until `tid` sleeps in select, poll or epoll_wait (or any
 * variant) and then sends it `sig`. With diff_kick_then a byte is written to `fd`
 * after that, to end a wait that the signal must not end.
 */
struct diff_kick {
	pthread_t thread;
	pid_t tid;
	int sig;
	int fd;
};
void diff_kick_start(struct diff_kick *kick, int sig);
void diff_kick_then(struct diff_kick *kick, int sig, int fd);
void diff_kick_join(struct diff_kick *kick);

/* Returns when the thread (or process) `tid` of process `pid` waits. */
void diff_until_waiting(pid_t pid, pid_t tid);

/*
 * A thread running `run`, and its tid. The stack is 64 KiB on request.
 */
struct diff_thread {
	pthread_t thread;
	volatile pid_t tid;
	void *(*run)(void *);
	void *arg;
};
void diff_thread_start(struct diff_thread *thread, void *(*run)(void *),
    void *arg, size_t stack_bytes);
void *diff_thread_join(struct diff_thread *thread);
void diff_thread_cancel(struct diff_thread *thread);

/* Descriptors. */
void diff_pipe(int fd[2]);
void diff_unix_pair(int fd[2]);
void diff_tcp_pair(int fd[2]);
int diff_tcp_listen(void);
int diff_file(void);
void diff_put(int fd, size_t count);
void diff_take(int fd, size_t count);
void diff_send_fd(int socket, int fd);
int diff_receive_fd(int socket);

/* Child processes. The line says how the child ended. */
pid_t diff_fork(void);
void diff_reap(pid_t pid);

/*
 * diff_again - replace this process by the same program running `part`.
 *
 * Parts are cases whose names start with "part_": they are not listed.
 */
void diff_again(const char *part);

/* An epoll set and the commonest calls on it, without transcript. */
int diff_epoll(void);
void diff_add(int epfd, int fd, uint32_t events, uint64_t data);

/* A wait with zero timeout, written out: result and events. */
long diff_wait0(int epfd, int max);

#endif

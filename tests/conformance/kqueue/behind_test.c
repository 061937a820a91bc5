/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens behind the library's back: descriptors closed and replaced by
 * system calls of the program's own, and changes made by signal handlers.
 */
#include <sys/event.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

static int fds[2];
static int other[2];

/* A system call that nobody intercepts. */
static long
raw_dup2(int from, int to)
{
	register long r10 __asm__("r10") = 0;
	long ret;

#if defined(__x86_64__)
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"((long)SYS_dup3), "D"((long)from), "S"((long)to),
			 "d"(0L), "r"(r10)
			 : "rcx", "r11", "memory");
#else
	(void)r10;
	ret = syscall(SYS_dup3, from, to, 0);
#endif
	return ret;
}

/* How many items of the kernel's set have this number. */
static int
kernel_items(int queue, int fd)
{
	char path[64];
	char line[256];
	FILE *list;
	int n = 0;
	int tfd;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", queue);
	list = fopen(path, "r");
	ck_assert_ptr_nonnull(list);
	while (fgets(line, sizeof(line), list) != NULL)
		n += sscanf(line, "tfd: %d", &tfd) == 1 && tfd == fd;
	(void)fclose(list);
	return n;
}

/* Processor time of this thread. */
static int64_t
cpu_ns(void)
{
	return now_ns(CLOCK_THREAD_CPUTIME_ID);
}

START_TEST(behind_item_that_nobody_can_remove_does_not_spin)
{
	/* design 3.13: closed unseen while a dup lives, its number reused. */
	int64_t spent;
	int copy;

	make_pipe(fds);
	make_pipe(other);
	copy = own(dup(fds[0]));
	ck_assert_int_ge(copy, 0);
	assert_ok(kq_op(kq, (uintptr_t)fds[0], EVFILT_READ, EV_ADD));
	ck_assert_int_eq(raw_dup2(other[0], fds[0]), fds[0]);
	assert_ok(kq_op(kq, (uintptr_t)fds[0], EVFILT_READ, EV_ADD));
	assert_silent(kq); /* the kernel has been told by now */
	ck_assert_int_eq(kernel_items(kq, fds[0]), 2);
	put(fds[1], 1); /* the old file is ready for good */
	spent = cpu_ns();
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 200), 0);
	ck_assert_int_lt(cpu_ns() - spent, 100 * MS);
	/* Private: gone. Looked at by others: waits are only slowed down. */
	if (kernel_items(kq, fds[0]) == 1) {
		struct pollfd look = { .fd = kq, .events = POLLIN };

		ck_assert_int_eq(poll(&look, 1, 0), 0);
	}
	assert_silent(kq);
	put(other[1], 1);
	assert_comes(kq, (uintptr_t)fds[0], EVFILT_READ);
}
END_TEST

#define FIRST_IDENT 1000

static int added;

/* Each handler, in whatever thread, adds and fires an interest of its own. */
static void
add_in_handler(int signo)
{
	int mine = __atomic_fetch_add(&added, 1, __ATOMIC_RELAXED);

	(void)signo;
	if (kq_change(kq, (uintptr_t)(FIRST_IDENT + mine), EVFILT_USER,
		EV_ADD | EV_ONESHOT, NOTE_TRIGGER, 0, NULL) != 0)
		abort();
}

static int
collected_now(void)
{
	int n = kq_poll(kq, ev, EVS);
	int found = 0;

	for (int i = 0; i < n; i++)
		found += ev[i].ident >= FIRST_IDENT;
	return found;
}

START_TEST(behind_change_made_in_a_handler_is_never_lost)
{
	/* design 3.7: a handler may come in the middle of our own section. */
	struct sigaction action = { .sa_handler = add_in_handler };
	struct itimerval often = { { 0, 50 }, { 0, 50 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	int64_t end = now_ns(CLOCK_MONOTONIC) + 200 * MS;
	int found = 0;

	assert_ok(sigaction(SIGALRM, &action, NULL));
	assert_ok(setitimer(ITIMER_REAL, &often, NULL));
	while (now_ns(CLOCK_MONOTONIC) < end) {
		(void)kq_op(kq, 2, EVFILT_USER, EV_ADD);
		(void)kq_op(kq, 2, EVFILT_USER, EV_DELETE);
		found += collected_now();
	}
	assert_ok(setitimer(ITIMER_REAL, &never, NULL));
	for (int n = collected_now(); n > 0; n = collected_now())
		found += n;
	ck_assert_int_gt(added, 0);
	ck_assert_int_eq(found, added);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: behind our back");
	TCase *c = kq_tcase(s, "behind");

	tcase_add_test(c, behind_item_that_nobody_can_remove_does_not_spin);
	tcase_add_test(c, behind_change_made_in_a_handler_is_never_lost);
	return plx_check_main(s);
}

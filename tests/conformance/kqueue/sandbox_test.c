/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: a queue in a sandbox (design 4): a child that has worked with
 * its queue installs a filter that kills it for any system call but those that
 * working with an epoll set and a socket takes. It must live and see all events.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(name)                                            \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter rules[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	/* The program's own. */
	ALLOW(read),
	ALLOW(write),
	ALLOW(exit_group),
	/* Waiting and changing. */
	ALLOW(epoll_ctl),
	ALLOW(epoll_pwait),
	ALLOW(epoll_pwait2),
#ifdef SYS_epoll_wait
	ALLOW(epoll_wait),
#endif
	ALLOW(futex),
	ALLOW(clock_gettime),
	/* A timer of a queue that others may look at; it worked before, too. */
	ALLOW(timerfd_settime),
	/* What is true of a descriptor, and how much there is. */
	ALLOW(fcntl),
	ALLOW(ioctl),
	ALLOW(getsockopt),
	ALLOW(ppoll),
#ifdef SYS_poll
	ALLOW(poll),
#endif
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static const struct sock_fprog filter = {
	.len = sizeof(rules) / sizeof(rules[0]),
	.filter = rules,
};

/* Each kind of event once; 0, or which was missing. */
static int
work(int queue, const int pair[2])
{
	char byte;

	if (kq_trigger(queue, 1) != 0 || kq_poll(queue, ev, EVS) != 1)
		return 1;
	if (write(pair[1], "", 1) != 1 || kq_wait(queue, ev, EVS) != 1)
		return 2;
	if (read(pair[0], &byte, 1) != 1 || kq_poll(queue, ev, EVS) != 0)
		return 3;
	if (kq_op(queue, (uintptr_t)pair[0], EVFILT_WRITE,
		EV_ADD | EV_ONESHOT) != 0 ||
	    kq_poll(queue, ev, EVS) != 1)
		return 4;
	if (kq_change(queue, 2, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
		NOTE_MSECONDS, 1, NULL) != 0 ||
	    kq_wait(queue, ev, EVS) != 1)
		return 5;
	return kq_wait_ms(queue, ev, EVS, 1) == 0 ? 0 : 6;
}

static int
work_in_a_sandbox(void *arg)
{
	int pair[2], queue = kqueue();
	int r;

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return 100;
	if (kq_op(queue, 1, EVFILT_USER, EV_ADD | EV_CLEAR) != 0 ||
	    kq_op(queue, (uintptr_t)pair[0], EVFILT_READ, EV_ADD) != 0)
		return 101;
	r = work(queue, pair);
	if (r != 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		return 102;
	for (int i = 0; i < 3 && r == 0; i++)
		r = work(queue, pair);
	return r == 0 ? 0 : 10 + r;
}

START_TEST(sandbox_kills_no_queue_at_work)
{
	/* As sshd's network process. 102: the kernel has no such filters. */
	int r = in_child(work_in_a_sandbox, NULL);

	if (r == 102)
		skip("no seccomp filters here");
	else
		ck_assert_int_eq(r, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: sandbox");
	TCase *c = kq_tcase(s, "sandbox");

	tcase_add_test(c, sandbox_kills_no_queue_at_work);
	return plx_check_main(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: EVFILT_VNODE and the life of descriptors, queues, processes and
 * threads (V23, V29-V34, V37, and what the design adds: one descriptor for all).
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/conformance/kqueue/observer.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int file;

static void
watch_in(int queue, int fd, unsigned int flags, unsigned int fflags)
{
	assert_ok(kq_change(queue, fd, EVFILT_VNODE, EV_ADD | flags, fflags, 0,
	    NULL));
}

static void
assert_notes(int queue, int fd, unsigned int want)
{
	assert_comes(queue, fd, EVFILT_VNODE);
	ck_assert_msg(ev[0].fflags == want, "notes %#x, expected %#x",
	    ev[0].fflags, want);
}

static void
write_over(const char *name)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

START_TEST(v23_closing_the_watched_descriptor_is_no_event)
{
	/* kqueue(2): the close removes; it is not reported to itself, and what
	 * was pending goes with it. */
	file = make_file("0");
	watch_in(kq, file, _i == 0 ? EV_CLEAR : 0,
	    NOTE_CLOSE | NOTE_CLOSE_WRITE | NOTE_WRITE);
	if (_i == 1)
		ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	drop(file);
	assert_silent(kq);
	write_over(file_path());
	assert_silent(kq);
	assert_fails(kq_op(kq, file, EVFILT_VNODE, EV_DELETE), EBADF);
}
END_TEST

START_TEST(v23_reused_number_is_a_new_file)
{
	/* The number means another file: the old interest must be gone. */
	int old;

	file = make_file("0");
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE);
	old = own(open(file_path(), O_WRONLY | O_CLOEXEC));
	ck_assert_int_eq(dup2(own(open("/dev/null", O_RDWR | O_CLOEXEC)), file),
	    file);
	put(old, 1);
	assert_silent(kq);
	assert_fails(kq_op(kq, file, EVFILT_VNODE, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(v29_unlinked_fifo_is_deleted)
{
	/* FreeBSD vnode.c note_delete_fifo. */
	make_dir();
	assert_ok(mkfifo(in_dir("fifo"), 0600));
	file = own(open(in_dir("fifo"), O_RDWR | O_CLOEXEC));
	watch_in(kq, file, EV_CLEAR, NOTE_DELETE);
	assert_ok(unlink(in_dir("fifo")));
	assert_notes(kq, file, NOTE_DELETE);
}
END_TEST

START_TEST(v29_symbolic_link_is_watched_itself)
{
	/* O_PATH|O_NOFOLLOW: the link, not what it names. */
	make_dir();
	drop(make_in_dir("target"));
	assert_ok(symlink("target", in_dir("name")));
	file = own(open(in_dir("name"), O_PATH | O_NOFOLLOW | O_CLOEXEC));
	watch_in(kq, file, EV_CLEAR, NOTE_DELETE | NOTE_ATTRIB | NOTE_WRITE);
	write_over(in_dir("target"));
	assert_ok(unlink(in_dir("target")));
	assert_silent(kq);
	assert_ok(unlink(in_dir("name")));
	assert_notes(kq, file, NOTE_DELETE);
}
END_TEST

START_TEST(v30_socket_pipe_and_others_are_einval)
{
	/* FreeBSD: no vnode behind them. */
	int pair[2], ends[2];

	make_pair(pair);
	make_pipe(ends);
	assert_fails(kq_change(kq, pair[0], EVFILT_VNODE, EV_ADD, NOTE_DELETE,
			 0, NULL),
	    EINVAL);
	assert_fails(kq_change(kq, ends[0], EVFILT_VNODE, EV_ADD, NOTE_DELETE,
			 0, NULL),
	    EINVAL);
	assert_fails(kq_change(kq, own(eventfd(0, EFD_CLOEXEC)), EVFILT_VNODE,
			 EV_ADD, NOTE_DELETE, 0, NULL),
	    EINVAL);
	assert_fails(kq_change(kq, kq, EVFILT_VNODE, EV_ADD, NOTE_DELETE, 0,
			 NULL),
	    EINVAL);
	assert_fails(kq_change(kq, 9999, EVFILT_VNODE, EV_ADD, NOTE_DELETE, 0,
			 NULL),
	    EBADF);
}
END_TEST

/* In a child: 1 if somebody has a lock on the file. */
static int
locked_by_other(void *arg)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0)
		return 2;
	return lock.l_type != F_UNLCK;
}

START_TEST(v31_fcntl_lock_survives)
{
	/* OpenBSD kqueue-flock: over ADD, DELETE and the queue's close. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	void *name;
	int queue = kqueue();

	file = make_file("0");
	name = (void *)(uintptr_t)file_path();
	assert_ok(fcntl(file, F_SETLK, &lock));
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE | NOTE_DELETE);
	ck_assert_int_eq(in_child(locked_by_other, name), 1);
	assert_ok(kq_op(kq, file, EVFILT_VNODE, EV_DELETE));
	ck_assert_int_eq(in_child(locked_by_other, name), 1);
	watch_in(queue, file, EV_CLEAR, NOTE_WRITE);
	close(queue);
	ck_assert_int_eq(in_child(locked_by_other, name), 1);
}
END_TEST

START_TEST(v32_name_does_not_matter)
{
	/* Renamed or unlinked before ADD: the descriptor is what counts. */
	char other[4096];

	file = make_file("0");
	snprintf(other, sizeof(other), "%s.new", file_path());
	if (_i == 0)
		assert_ok(rename(file_path(), other));
	else
		assert_ok(unlink(file_path()));
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE);
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_notes(kq, file, NOTE_WRITE);
	if (_i == 0)
		assert_ok(unlink(other));
}
END_TEST

#define MANY 10000

static bool
many_possible(void)
{
	struct rlimit limit;
	long watches = 0;
	FILE *f = fopen("/proc/sys/fs/inotify/max_user_watches", "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%ld", &watches), 1);
	fclose(f);
	assert_ok(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max;
	assert_ok(setrlimit(RLIMIT_NOFILE, &limit));
	return watches > MANY + 100 && limit.rlim_max > MANY + 100;
}

START_TEST(v33_ten_thousand_watches_cost_one_descriptor)
{
	/* performance.md 8, item 7: no instance for each, no wall at 128. */
	static int fds[MANY];
	int before, queue;

	if (!many_possible()) {
		skip("limits of descriptors or inotify watches");
		return;
	}
	/* Ten thousand inodes take a disk seconds. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TEST_TMPDIR", "/dev/shm", 1);
	make_dir();
	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		fds[i] = open(in_dir(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ck_assert_int_ge(fds[i], 0);
	}
	queue = kqueue();
	before = open_fds();
	for (int i = 0; i < MANY; i++)
		watch_in(queue, fds[i], EV_CLEAR, NOTE_WRITE);
	ck_assert_int_le(open_fds(), before + 1);
	for (int i = 0; i < MANY; i += 997) {
		put(fds[i], 1);
		assert_notes(queue, fds[i], NOTE_WRITE | NOTE_EXTEND);
		assert_silent(queue);
	}
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	assert_silent(queue);
	close(queue);
}
END_TEST

START_TEST(v34_dups_have_notes_of_their_own)
{
	/* NetBSD t_vnode interest: three of one file, one is closed. */
	int fds[3];

	fds[0] = make_file("0");
	fds[1] = own(dup(fds[0]));
	fds[2] = own(open(file_path(), O_RDONLY | O_CLOEXEC));
	watch_in(kq, fds[0], EV_CLEAR, NOTE_WRITE);
	watch_in(kq, fds[1], EV_CLEAR, NOTE_ATTRIB);
	watch_in(kq, fds[2], EV_CLEAR, NOTE_WRITE | NOTE_ATTRIB);
	ck_assert_int_eq(pwrite(fds[0], "x", 1, 0), 1);
	ck_assert_int_eq(kq_wait(kq, ev, EVS), 2);
	assert_ok(fchmod(fds[0], 0640));
	ck_assert_int_eq(kq_wait(kq, ev, EVS), 2);
	drop(fds[2]);
	assert_ok(fchmod(fds[0], 0600));
	assert_notes(kq, fds[1], NOTE_ATTRIB);
	assert_ok(kq_op(kq, fds[1], EVFILT_VNODE, EV_DELETE));
	ck_assert_int_eq(pwrite(fds[0], "x", 1, 0), 1);
	assert_notes(kq, fds[0], NOTE_WRITE);
	assert_ok(fchmod(fds[0], 0640));
	assert_silent(kq);
}
END_TEST

START_TEST(v37_two_queues_are_both_told)
{
	/* Each has its own; the one that is asked first takes nothing from the
	 * other, and the other's number shows it. */
	int other = own(kqueue());

	file = make_file("0");
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE);
	watch_in(other, file, EV_CLEAR, NOTE_WRITE | NOTE_ATTRIB);
	ck_assert(!poll_sees(other));
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_notes(kq, file, NOTE_WRITE);
	ck_assert(poll_sees(other));
	assert_notes(other, file, NOTE_WRITE);
	ck_assert(!poll_sees(other));
	assert_ok(fchmod(file, 0640));
	assert_silent(kq);
	assert_notes(other, file, NOTE_ATTRIB);
}
END_TEST

START_TEST(v37_sleeper_is_woken_by_what_another_queue_drained)
{
	/* Design: who reads the shared descriptor hands out to all. */
	struct waiter w;
	int other = own(kqueue());

	file = make_file("0");
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE);
	watch_in(other, file, EV_CLEAR, NOTE_WRITE);
	waiter_start(&w, other, 1);
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_notes(kq, file, NOTE_WRITE);
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_uint_eq(w.events[0].fflags, NOTE_WRITE);
}
END_TEST

START_TEST(v37_read_and_vnode_of_one_file)
{
	/* One inode, three interests in it, in two queues; each ends alone. */
	int other = own(kqueue());

	file = make_file("0");
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 1);
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE);
	assert_ok(kq_op(kq, file, EVFILT_READ, EV_ADD | EV_CLEAR));
	assert_ok(kq_op(other, file, EVFILT_READ, EV_ADD));
	assert_silent(kq);
	ck_assert_int_eq(pwrite(file, "x", 1, 1), 1);
	ck_assert_int_eq(kq_wait(kq, ev, EVS), 2);
	assert_comes(other, file, EVFILT_READ);
	assert_ok(kq_op(kq, file, EVFILT_READ, EV_DELETE));
	assert_ok(kq_op(other, file, EVFILT_READ, EV_DELETE));
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_notes(kq, file, NOTE_WRITE);
	assert_silent(other);
}
END_TEST

static int
write_in_child(void *arg)
{
	write_over(arg);
	return 0;
}

START_TEST(v40_another_process_wakes_a_sleeper)
{
	/* The change is made by a child; the thread sleeps without a limit. */
	struct waiter w;

	file = make_file("0");
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE);
	waiter_start(&w, kq, 1);
	assert_ok(in_child(write_in_child, (void *)(uintptr_t)file_path()));
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_uint_eq(w.events[0].fflags, NOTE_WRITE);
	/* What is not asked for wakes nobody for good. */
	assert_ok(fchmod(file, 0640));
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
}
END_TEST

/* A child makes a queue of its own for the same file and ends. */
static int
own_queue_in_child(void *arg)
{
	struct kevent got;
	int fd = open(arg, O_RDWR | O_CLOEXEC);
	int queue = kqueue();

	if (queue < 0 || fd < 0 ||
	    kq_change(queue, fd, EVFILT_VNODE, EV_ADD | EV_CLEAR, NOTE_WRITE, 0,
		NULL) != 0)
		return 1;
	if (pwrite(fd, "x", 1, 0) != 1 || kq_wait(queue, &got, 1) != 1)
		return 2;
	if (close(queue) != 0)
		return 3;
	return got.fflags != NOTE_WRITE;
}

START_TEST(v41_forked_child_leaves_the_parents_watches)
{
	/* The inotify of the parent is not the child's to change: what the
	 * child drops, watches and closes leaves it as it is. */
	file = make_file("0");
	watch_in(kq, file, EV_CLEAR, NOTE_WRITE);
	assert_ok(in_child(own_queue_in_child, (void *)(uintptr_t)file_path()));
	assert_notes(kq, file, NOTE_WRITE);
	ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
	assert_notes(kq, file, NOTE_WRITE);
}
END_TEST

START_TEST(v42_descriptor_comes_with_the_first_and_goes_with_the_last_queue)
{
	/* Nothing is held that nobody uses. */
	const int before = open_fds();
	int queues[3];

	file = make_file("0");
	for (int i = 0; i < 3; i++) {
		queues[i] = kqueue();
		watch_in(queues[i], file, EV_CLEAR, NOTE_WRITE);
		ck_assert_int_eq(open_fds(), before + 1 + 1 + i + 1);
	}
	for (int i = 0; i < 3; i++)
		close(queues[i]);
	ck_assert_int_eq(open_fds(), before + 1);
}
END_TEST

#define ROUNDS   200
#define WATCHERS 3

static pthread_barrier_t barrier;
static _Atomic bool churning;

/* Each round somebody writes; this queue must hear of it in that round. */
static void *
watcher_main(void *arg)
{
	uintptr_t missed = 0;
	int queue = kqueue();

	(void)arg;
	if (kq_change(queue, file, EVFILT_VNODE, EV_ADD | EV_CLEAR, NOTE_WRITE,
		0, NULL) != 0)
		missed = ROUNDS;
	for (int i = 0; i < ROUNDS; i++) {
		struct kevent got = { 0 };

		pthread_barrier_wait(&barrier);
		if (kq_wait(queue, &got, 1) != 1 || got.fflags != NOTE_WRITE)
			missed++;
		pthread_barrier_wait(&barrier);
	}
	close(queue);
	return (void *)missed;
}

/* Queues that come and go with watches of the same inode. */
static void *
churn_main(void *arg)
{
	(void)arg;
	while (churning) {
		int queue = kqueue();

		(void)kq_change(queue, file, EVFILT_VNODE, EV_ADD,
		    NOTE_ATTRIB | NOTE_DELETE, 0, NULL);
		(void)kq_poll(queue, &(struct kevent){ 0 }, 1);
		if ((queue & 1) != 0)
			(void)kq_op(queue, file, EVFILT_VNODE, EV_DELETE);
		close(queue);
	}
	return NULL;
}

START_TEST(v43_every_queue_hears_of_every_round)
{
	/* Whoever drains the shared descriptor, nobody misses a change. */
	pthread_t threads[WATCHERS], churn;
	void *missed;

	file = make_file("0");
	churning = true;
	assert_ok(pthread_barrier_init(&barrier, NULL, WATCHERS + 1));
	for (int i = 0; i < WATCHERS; i++)
		assert_ok(
		    pthread_create(&threads[i], NULL, watcher_main, NULL));
	assert_ok(pthread_create(&churn, NULL, churn_main, NULL));
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < WATCHERS; i++) {
		assert_ok(pthread_join(threads[i], &missed));
		ck_assert_uint_eq((uintptr_t)missed, 0);
	}
	churning = false;
	assert_ok(pthread_join(churn, NULL));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: vnode, lives");
	TCase *c = kq_tcase(s, "close");

	tcase_add_loop_test(c, v23_closing_the_watched_descriptor_is_no_event,
	    0, 2);
	tcase_add_test(c, v23_reused_number_is_a_new_file);
	tcase_add_test(c, v34_dups_have_notes_of_their_own);
	tcase_add_test(c, v41_forked_child_leaves_the_parents_watches);
	tcase_add_test(c,
	    v42_descriptor_comes_with_the_first_and_goes_with_the_last_queue);
	c = kq_tcase(s, "lives");
	tcase_add_test(c, v29_unlinked_fifo_is_deleted);
	tcase_add_test(c, v29_symbolic_link_is_watched_itself);
	tcase_add_test(c, v30_socket_pipe_and_others_are_einval);
	tcase_add_test(c, v31_fcntl_lock_survives);
	tcase_add_loop_test(c, v32_name_does_not_matter, 0, 2);
	tcase_add_test(c, v33_ten_thousand_watches_cost_one_descriptor);
	tcase_add_test(c, v37_two_queues_are_both_told);
	tcase_add_test(c, v37_sleeper_is_woken_by_what_another_queue_drained);
	tcase_add_test(c, v37_read_and_vnode_of_one_file);
	tcase_add_test(c, v40_another_process_wakes_a_sleeper);
	tcase_add_test(c, v43_every_queue_hears_of_every_round);
	return plx_check_main(s);
}

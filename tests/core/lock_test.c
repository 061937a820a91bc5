/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: the owner-tid lock: exclusion, handlers on the owner's own
 * thread, sleepers that are woken, the reset of a fork's child.
 */
#include "core/lock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sys.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define THREADS 4
#define TURNS   20000
#define WAITERS UINT32_C(0x80000000)

static struct plx_lock lock;
static int counter; /* plain: only the lock protects it */

static void *
count(void *arg)
{
	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		ck_assert_int_eq(plx_lock_take(&lock), 0);
		counter++;
		plx_lock_drop(&lock);
	}
	return NULL;
}

START_TEST(lock_lets_one_thread_in_at_a_time)
{
	/* A plain counter loses nothing; under the sanitizer: no race. */
	pthread_t threads[THREADS];

	counter = 0;
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count, NULL),
		    0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(counter, THREADS * TURNS);
	ck_assert_uint_eq(atomic_load(&lock.word), 0);
}
END_TEST

START_TEST(lock_knows_its_owner)
{
	/* lock.h: held by this thread, by none, by another. */
	ck_assert_int_eq(plx_lock_held(&lock), 0);
	ck_assert_int_eq(plx_lock_take(&lock), 0);
	ck_assert_int_ne(plx_lock_held(&lock), 0);
	ck_assert_uint_eq(atomic_load(&lock.word), (uint32_t)gettid());
	plx_lock_drop(&lock);
	ck_assert_int_eq(plx_lock_held(&lock), 0);
	atomic_store(&lock.word, (uint32_t)gettid() + 1);
	ck_assert_int_eq(plx_lock_held(&lock), 0);
	plx_lock_reset(&lock);
}
END_TEST

static volatile sig_atomic_t handler_result;

static void
take_in_handler(int sig)
{
	(void)sig;
	handler_result = plx_lock_take(&lock);
}

START_TEST(lock_in_a_handler_above_its_own_section_is_edeadlk)
{
	/* design 3.7: the handler must do without; the section goes on. */
	struct sigaction act = { .sa_handler = take_in_handler };

	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
	ck_assert_int_eq(plx_lock_take(&lock), 0);
	handler_result = 0;
	ck_assert_int_eq(raise(SIGUSR1), 0);
	ck_assert_int_eq(handler_result, -EDEADLK);
	ck_assert_int_ne(plx_lock_held(&lock), 0);
	plx_lock_drop(&lock);
	/* With somebody asleep on it the word has one more bit. */
	ck_assert_int_eq(plx_lock_take(&lock), 0);
	atomic_fetch_or(&lock.word, WAITERS);
	ck_assert_int_eq(plx_lock_take(&lock), -EDEADLK);
	plx_lock_drop(&lock);
	ck_assert_int_eq(plx_lock_take(&lock), 0);
	plx_lock_drop(&lock);
}
END_TEST

static _Atomic int entered;

static void *
enter_once(void *arg)
{
	(void)arg;
	ck_assert_int_eq(plx_lock_take(&lock), 0);
	atomic_fetch_add(&entered, 1);
	plx_lock_drop(&lock);
	return NULL;
}

START_TEST(lock_wakes_every_sleeper_in_turn)
{
	/* All sleep on the word before it is dropped once. */
	pthread_t threads[THREADS];
	const int64_t end = plx_sys_now_ns() + PATIENCE_NS;

	atomic_store(&entered, 0);
	ck_assert_int_eq(plx_lock_take(&lock), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, enter_once,
				     NULL),
		    0);
	while (
	    (atomic_load(&lock.word) & WAITERS) == 0 && plx_sys_now_ns() < end)
		(void)sched_yield();
	ck_assert_uint_ne(atomic_load(&lock.word) & WAITERS, 0);
	ck_assert_int_eq(atomic_load(&entered), 0);
	plx_lock_drop(&lock);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(atomic_load(&entered), THREADS);
	ck_assert_uint_eq(atomic_load(&lock.word), 0);
}
END_TEST

START_TEST(lock_held_by_the_parent_is_free_in_a_child_after_reset)
{
	/* fork(2): a copy of a word whose owner is not there. */
	int status;
	pid_t pid;

	ck_assert_int_eq(plx_lock_take(&lock), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		plx_tid_forget();
		plx_lock_reset(&lock);
		if (plx_tid() != (uint32_t)gettid() || plx_lock_held(&lock))
			_exit(1);
		_exit(
		    plx_lock_take(&lock) == 0 && plx_lock_held(&lock) ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_ne(plx_lock_held(&lock), 0);
	plx_lock_drop(&lock);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lock");
	TCase *tcase = embed_tcase_face(suite, "lock", PLX_FACE_MAX);
	const int n = rounds(3);

	tcase_add_loop_test(tcase, lock_lets_one_thread_in_at_a_time, 0, n);
	tcase_add_test(tcase, lock_knows_its_owner);
	tcase_add_test(tcase,
	    lock_in_a_handler_above_its_own_section_is_edeadlk);
	tcase_add_loop_test(tcase, lock_wakes_every_sleeper_in_turn, 0, n);
	tcase_add_test(tcase,
	    lock_held_by_the_parent_is_free_in_a_child_after_reset);
	return plx_check_main(suite);
}

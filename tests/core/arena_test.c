/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: the arena: indices that stay what they were, objects that are
 * handed out again, its limits, and many threads taking and giving at once.
 */
#include "core/arena.h"

#include <pthread.h>
#include <string.h>

#include "core/sys.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

struct object {
	uint32_t link;
	_Atomic uint32_t owner;
	uint64_t mark;
};

#define SHIFT 3
#define CHUNK (1u << SHIFT)

static struct plx_arena arena;

static void
arena_fresh(void)
{
	for (int i = 0; i < ARENA_CHUNKS_MAX; i++) {
		char *chunk = atomic_load(&arena.chunk[i]);

		if (chunk != NULL)
			plx_sys_unmap(chunk, sizeof(struct object) << SHIFT);
	}
	memset((void *)&arena, 0, sizeof(arena));
	arena.object_bytes = sizeof(struct object);
	arena.chunk_shift = SHIFT;
}

static struct object *
at(uint32_t index)
{
	return arena_at(&arena, index);
}

START_TEST(arena_index_zero_is_nobody)
{
	/* arena.h: 0 means "none", and what was not handed out has no place. */
	ck_assert_ptr_null(at(0));
	ck_assert_ptr_null(at(CHUNK));
	ck_assert_ptr_null(at(UINT32_MAX));
	ck_assert_uint_eq(arena_take(&arena), 1);
	ck_assert_ptr_nonnull(at(1));
	ck_assert_ptr_null(at(0));
}
END_TEST

START_TEST(arena_objects_are_apart_and_stay)
{
	/* Addresses do not move when more chunks come; fresh ones are zero. */
	enum {
		N = 10 * CHUNK
	};
	struct object *seen[N + 1];

	for (uint32_t i = 1; i <= N; i++) {
		ck_assert_uint_eq(arena_take(&arena), i);
		seen[i] = at(i);
		ck_assert_uint_eq(seen[i]->mark, 0);
		seen[i]->mark = i;
	}
	for (uint32_t i = 1; i <= N; i++) {
		ck_assert_ptr_eq(at(i), seen[i]);
		ck_assert_uint_eq(at(i)->mark, i);
	}
	/* Ten chunks hold 79 objects and the place of nobody. */
	ck_assert_uint_eq(atomic_load(&embed.maps_n), 11);
}
END_TEST

START_TEST(arena_given_object_is_the_next_one_and_of_its_type)
{
	/* Type-stable: a stale index sees another life, never other memory. */
	const uint32_t a = arena_take(&arena);
	const uint32_t b = arena_take(&arena);
	struct object *place = at(a);

	place->mark = 77;
	arena_give(&arena, a);
	ck_assert_ptr_eq(at(a), place);
	ck_assert_uint_eq(place->mark, 77);
	arena_give(&arena, b);
	ck_assert_uint_eq(arena_take(&arena), b);
	ck_assert_uint_eq(arena_take(&arena), a);
	ck_assert_uint_eq(arena_take(&arena), b + 1);
	ck_assert_uint_eq(atomic_load(&embed.maps_n), 1);
}
END_TEST

START_TEST(arena_at_its_limit_gives_nobody)
{
	/* ARENA_CHUNKS_MAX chunks; given back, there is one again. */
	const uint32_t n = ARENA_CHUNKS_MAX * CHUNK - 1;

	for (uint32_t i = 1; i <= n; i++)
		ck_assert_uint_eq(arena_take(&arena), i);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(arena_take(&arena), 0);
	arena_give(&arena, 5);
	ck_assert_uint_eq(arena_take(&arena), 5);
	ck_assert_uint_eq(arena_take(&arena), 0);
	/* Those who walk up to `used` do not pay for what failed. */
	ck_assert_uint_eq(atomic_load(&arena.used), n);
}
END_TEST

START_TEST(arena_without_memory_gives_nobody_and_loses_nothing)
{
	/* The k-th map fails; with memory again the next index comes. */
	for (uint32_t i = 1; i < CHUNK; i++)
		ck_assert_uint_eq(arena_take(&arena), i);
	atomic_store(&embed.maps_left, 0);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(arena_take(&arena), 0);
	ck_assert_uint_eq(atomic_load(&arena.used), CHUNK - 1);
	atomic_store(&embed.maps_left, FOREVER);
	ck_assert_uint_eq(arena_take(&arena), CHUNK);
}
END_TEST

#define THREADS 4
#define TURNS   20000
#define HELD    6

/* Whoever is handed an object that somebody has, finds a name in it. */
static void *
take_and_give(void *arg)
{
	const uint32_t self = *(const uint32_t *)arg;
	uint32_t held[HELD] = { 0 };

	for (int i = 0; i < TURNS; i++) {
		uint32_t *slot = &held[(i * 7 + (int)self) % HELD];
		uint32_t nobody = 0;

		if (*slot != 0) {
			ck_assert_uint_eq(atomic_exchange(&at(*slot)->owner, 0),
			    self);
			arena_give(&arena, *slot);
		}
		*slot = arena_take(&arena);
		ck_assert_uint_ne(*slot, 0);
		ck_assert(atomic_compare_exchange_strong(&at(*slot)->owner,
		    &nobody, self));
	}
	for (int i = 0; i < HELD; i++) {
		atomic_store(&at(held[i])->owner, 0);
		arena_give(&arena, held[i]);
	}
	return NULL;
}

START_TEST(arena_hands_an_object_to_one_thread_only)
{
	/* ABA: pops, pushes and pops again of few objects by four threads. */
	static const uint32_t names[THREADS] = { 1, 2, 3, 4 };
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
				     take_and_give,
				     (void *)(uintptr_t)&names[i]),
		    0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_uint_le(atomic_load(&arena.used), THREADS * HELD);
	ck_assert_uint_eq(arena_live(&arena), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tcase = embed_tcase_face(suite, "arena", PLX_FACE_MAX);

	tcase_add_checked_fixture(tcase, arena_fresh, NULL);
	tcase_add_test(tcase, arena_index_zero_is_nobody);
	tcase_add_test(tcase, arena_objects_are_apart_and_stay);
	tcase_add_test(tcase,
	    arena_given_object_is_the_next_one_and_of_its_type);
	tcase_add_test(tcase, arena_at_its_limit_gives_nobody);
	tcase_add_test(tcase,
	    arena_without_memory_gives_nobody_and_loses_nothing);
	tcase_add_loop_test(tcase, arena_hands_an_object_to_one_thread_only, 0,
	    rounds(5));
	return plx_check_main(suite);
}

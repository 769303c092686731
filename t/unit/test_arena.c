/* SPDX-License-Identifier: MIT */
/*
 * src/memory: arenas for CPython, taken and given back by several threads at
 * once, as interpreters with a lock each do it.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#include "host/memory.h"
#include "tap.h"

#define SIZE ((size_t)1 << 20)
#define THREADS 4
#define ROUNDS 5000
#define HELD 3			/* at a time; all of them fit what is reserved */

static atomic_int shared;	/* pieces that another thread had as well */

/* Marks what it takes, and looks for its mark. */
static void *
take_and_give(void *mark)
{
	_Atomic(void *) *piece[HELD];
	int i, k;

	for (i = 0; i < ROUNDS; i++) {
		for (k = 0; k < HELD; k++) {
			piece[k] = memory_arena(NULL, SIZE);
			if (piece[k] == NULL)
				return NULL;
			if (atomic_exchange(piece[k], mark) != NULL)
				atomic_fetch_add(&shared, 1);
		}
		sched_yield();
		for (k = 0; k < HELD; k++) {
			if (atomic_exchange(piece[k], NULL) != mark)
				atomic_fetch_add(&shared, 1);
			memory_arena_free(NULL, (void *)piece[k], SIZE);
		}
	}
	return NULL;
}

START_TEST(a_piece_has_one_owner)
{
	pthread_t threads[THREADS];
	int i, marks[THREADS];

	/* The first is taken while there is one thread. */
	memory_arena_free(NULL, memory_arena(NULL, SIZE), SIZE);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    take_and_give, &marks[i]), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(atomic_load(&shared), 0);
}
END_TEST

START_TEST(what_is_given_back_comes_again_as_zeros)
{
	unsigned char *p = memory_arena(NULL, SIZE), *again;

	ck_assert_ptr_nonnull(p);
	p[0] = p[SIZE - 1] = 1;
	memory_arena_free(NULL, p, SIZE);
	again = memory_arena(NULL, SIZE);
	ck_assert_ptr_eq(again, p);
	ck_assert_int_eq(p[0] + p[SIZE - 1], 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arena");
	TCase *tc = tcase_create("arena");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_piece_has_one_owner);
	tcase_add_test(tc, what_is_given_back_comes_again_as_zeros);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

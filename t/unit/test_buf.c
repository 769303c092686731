/* SPDX-License-Identifier: MIT */
/*
 * Tests base/buf: byte buffers and big-endian integers.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tap.h"

START_TEST(empty_buffer_has_no_octets)
{
	struct buf b = { 0 };

	ck_assert_uint_eq(buf_len(&b), 0);
	ck_assert_ptr_null(buf_data(&b));
	buf_add(&b, NULL, 0);
	ck_assert_uint_eq(buf_len(&b), 0);
	ck_assert(!b.failed);
	buf_free(&b);
}
END_TEST

START_TEST(numbers_are_big_endian)
{
	static const uint8_t want[] = {
		0x12, 0x34, 0x89, 0xab, 0xcd, 0xef
	};
	struct buf b = { 0 };

	buf_add_u16(&b, 0x1234);
	buf_add_u32(&b, 0x89abcdef);
	ck_assert_uint_eq(buf_len(&b), sizeof(want));
	ck_assert_mem_eq(buf_data(&b), want, sizeof(want));
	ck_assert_uint_eq(get_u16(want), 0x1234);
	ck_assert_uint_eq(get_u24(want + 3), 0xabcdef);
	ck_assert_uint_eq(get_u32(want + 2), 0x89abcdef);
	buf_free(&b);
}
END_TEST

START_TEST(numbers_lose_what_does_not_fit)
{
	static const uint8_t want[] = { 0x02, 0x03 };
	struct buf b = { 0 };

	buf_add_u16(&b, 0x010203);
	ck_assert_uint_eq(buf_len(&b), sizeof(want));
	ck_assert_mem_eq(buf_data(&b), want, sizeof(want));
	buf_free(&b);
}
END_TEST

START_TEST(consumed_octets_leave_at_the_front)
{
	struct buf b = { 0 };

	buf_add(&b, "abcdef", 6);
	buf_consume(&b, 0);
	ck_assert_mem_eq(buf_data(&b), "abcdef", 6);
	buf_consume(&b, 2);
	ck_assert_uint_eq(buf_len(&b), 4);
	ck_assert_mem_eq(buf_data(&b), "cdef", 4);
	buf_consume(&b, 4);
	ck_assert_uint_eq(buf_len(&b), 0);
	ck_assert_uint_eq(b.off, 0);
	buf_free(&b);
}
END_TEST

/* Returns octet i of an endless stream, whose period is no power of two. */
static uint8_t
octet(size_t i)
{
	return (uint8_t)(i * 7 % 251);
}

static void
add_stream(struct buf *b, size_t from, size_t n)
{
	uint8_t *p = buf_reserve(b, n);
	size_t i;

	ck_assert_ptr_nonnull(p);
	for (i = 0; i < n; i++)
		p[i] = octet(from + i);
	buf_commit(b, n);
}

static void
check_stream(const struct buf *b, size_t from)
{
	size_t i;

	/* Only one assertion, since each costs a system call. */
	for (i = 0; i < buf_len(b); i++)
		if (buf_data(b)[i] != octet(from + i))
			break;
	ck_assert_uint_eq(i, buf_len(b));
}

START_TEST(octets_keep_their_order_through_growth_and_moves)
{
	struct buf b = { 0 };
	size_t in = 0, out = 0, step;

	for (step = 1; step < 400; step++) {
		size_t take = step * 37 % 300;

		add_stream(&b, in, step);
		in += step;
		if (take > buf_len(&b))
			take = buf_len(&b);
		buf_consume(&b, take);
		out += take;
		ck_assert_uint_eq(buf_len(&b), in - out);
		check_stream(&b, out);
	}
	buf_free(&b);
}
END_TEST

START_TEST(a_queue_that_is_kept_short_does_not_grow)
{
	struct buf b = { 0 };
	size_t i;

	add_stream(&b, 0, 1000);
	for (i = 0; i < 10000; i++) {
		add_stream(&b, 1000 + i, 1);
		buf_consume(&b, 1);
	}
	check_stream(&b, i);
	ck_assert_uint_le(b.cap, 4096);
	buf_free(&b);
}
END_TEST

START_TEST(reserve_without_commit_adds_nothing)
{
	struct buf b = { 0 };
	uint8_t *p;

	buf_add(&b, "x", 1);
	p = buf_reserve(&b, 5000);
	ck_assert_ptr_nonnull(p);
	memset(p, 'y', 5000);
	ck_assert_uint_eq(buf_len(&b), 1);
	buf_commit(&b, 2);
	ck_assert_uint_eq(buf_len(&b), 3);
	ck_assert_mem_eq(buf_data(&b), "xyy", 3);
	buf_free(&b);
}
END_TEST

START_TEST(a_failed_addition_stays_failed)
{
	struct buf b = { 0 };

	buf_add(&b, "abc", 3);
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX - 1));
	ck_assert(b.failed);
	/* Later octets are lost even if they fit: writers check at the end. */
	buf_add(&b, "d", 1);
	buf_add_u16(&b, 1);
	buf_add_u32(&b, 1);
	ck_assert_ptr_null(buf_reserve(&b, 1));
	ck_assert_uint_eq(buf_len(&b), 3);
	ck_assert_mem_eq(buf_data(&b), "abc", 3);
	buf_free(&b);
}
END_TEST

START_TEST(clear_forgets_octets_and_failure)
{
	struct buf b = { 0 };
	uint8_t *base;

	buf_add(&b, "abc", 3);
	base = b.base;
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
	buf_clear(&b);
	ck_assert_uint_eq(buf_len(&b), 0);
	ck_assert_ptr_eq(b.base, base);
	buf_add(&b, "de", 2);
	ck_assert(!b.failed);
	ck_assert_mem_eq(buf_data(&b), "de", 2);
	buf_free(&b);
	ck_assert_ptr_null(b.base);
	ck_assert_uint_eq(b.cap, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("buf");
	TCase *tc = tcase_create("buf");

	tcase_add_test(tc, empty_buffer_has_no_octets);
	tcase_add_test(tc, numbers_are_big_endian);
	tcase_add_test(tc, numbers_lose_what_does_not_fit);
	tcase_add_test(tc, consumed_octets_leave_at_the_front);
	tcase_add_test(tc, octets_keep_their_order_through_growth_and_moves);
	tcase_add_test(tc, a_queue_that_is_kept_short_does_not_grow);
	tcase_add_test(tc, reserve_without_commit_adds_nothing);
	tcase_add_test(tc, a_failed_addition_stays_failed);
	tcase_add_test(tc, clear_forgets_octets_and_failure);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

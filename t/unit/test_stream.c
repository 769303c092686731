/* SPDX-License-Identifier: MIT */
/*
 * Tests stream states (RFC 9113 §5.1, figure 2), the table of streams, and the
 * priority that a stream keeps.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "h2/stream.h"
#include "tap.h"

enum { END_SENT, END_RECEIVED, RESET };

/* The states after each transition; impossible ones do not change it. */
static const struct {
	enum stream_state from;
	bool can_send, can_receive;
	enum stream_state to[3];
} transitions[] = {
	{ STREAM_RESERVED_LOCAL, true, false, { STREAM_CLOSED,
	    STREAM_RESERVED_LOCAL, STREAM_CLOSED } },
	{ STREAM_OPEN, true, true, { STREAM_HALF_CLOSED_LOCAL,
	    STREAM_HALF_CLOSED_REMOTE, STREAM_CLOSED } },
	{ STREAM_HALF_CLOSED_LOCAL, false, true, { STREAM_HALF_CLOSED_LOCAL,
	    STREAM_CLOSED, STREAM_CLOSED } },
	{ STREAM_HALF_CLOSED_REMOTE, true, false,
	    { STREAM_CLOSED, STREAM_HALF_CLOSED_REMOTE, STREAM_CLOSED } },
	{ STREAM_CLOSED, false, false, { STREAM_CLOSED, STREAM_CLOSED,
	    STREAM_CLOSED } },
};

START_TEST(test_transition)
{
	struct stream s[3];
	int i;

	for (i = 0; i < 3; i++) {
		memset(&s[i], 0, sizeof(s[i]));
		s[i].state = transitions[_i].from;
	}
	ck_assert(stream_can_send(&s[0]) == transitions[_i].can_send);
	ck_assert(stream_can_receive(&s[0]) == transitions[_i].can_receive);
	stream_end_sent(&s[END_SENT]);
	stream_end_received(&s[END_RECEIVED]);
	stream_set_reset(&s[RESET], H2_CANCEL, true);
	for (i = 0; i < 3; i++)
		ck_assert_msg(s[i].state == transitions[_i].to[i],
		    "state %d, transition %d: %d",
		    (int)transitions[_i].from, i, (int)s[i].state);
	ck_assert(!s[END_SENT].reset);
	ck_assert(s[RESET].reset && s[RESET].reset_by_peer);
	ck_assert_uint_eq(s[RESET].reset_code, H2_CANCEL);
}
END_TEST

/* Each chain gets several streams, of odd and even numbers. */
START_TEST(test_table)
{
	struct stream_table t = { 0 };
	struct stream *s;
	size_t sum = 0;
	uint32_t id;

	ck_assert_ptr_null(stream_table_find(&t, 1));
	for (id = 1; id <= 1000; id++) {
		s = stream_table_add(&t, id);
		ck_assert_uint_eq(s->id, id);
		ck_assert_int_eq(s->state, STREAM_CLOSED);
	}
	ck_assert_uint_eq(t.n, 1000);
	for (id = 1; id <= 1000; id++)
		ck_assert_uint_eq(stream_table_find(&t, id)->id, id);
	ck_assert_ptr_null(stream_table_find(&t, 1001));
	for (s = NULL; (s = stream_table_next(&t, s)) != NULL;)
		sum += s->id;
	ck_assert_uint_eq(sum, 500500);
	for (id = 2; id <= 1000; id += 2)
		stream_table_remove(&t, stream_table_find(&t, id));
	ck_assert_uint_eq(t.n, 500);
	for (id = 1; id <= 1000; id++)
		ck_assert((stream_table_find(&t, id) != NULL) == (id % 2));
	stream_table_free(&t);
	ck_assert_ptr_null(stream_table_find(&t, 1));
}
END_TEST

START_TEST(test_urgency)
{
	static const struct {
		const char *value;
		unsigned urgency;
		bool incremental;
	} cases[] = {
		{ "", 3, false },
		{ "u=0", 0, false },
		{ "u=7, i", 7, true },
		{ "i,u=5", 5, true },
		{ "i=?0, u=1", 1, false },
		{ "i;x=1, u=2;y", 2, true },
		{ "i=?1", 3, true },
		{ "u=8", 3, false },
		{ "u=-1", 3, false },
		{ "u=1.5", 3, false },
		{ "u", 3, false },
		{ "uu=1, ii", 3, false },
		{ "u=1, u=6", 6, false },
		{ "i, i=?0", 3, false },
		{ "x=u=1", 3, false }
	};
	struct stream s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&s, 0xff, sizeof(s));
		stream_set_priority(&s, (const uint8_t *)cases[i].value,
		    strlen(cases[i].value));
		ck_assert_msg(s.urgency == cases[i].urgency &&
		    s.incremental == cases[i].incremental, "\"%s\": %u %d",
		    cases[i].value, s.urgency, s.incremental);
	}
}
END_TEST

START_TEST(test_priority)
{
	char longest[STREAM_PRIORITY_SIZE + 1];
	struct stream s;

	memset(&s, 0, sizeof(s));
	memset(longest, 'a', sizeof(longest));
	stream_set_priority(&s, (const uint8_t *)"u=1", 3);
	ck_assert_str_eq(s.priority, "u=1");
	stream_set_priority(&s, (const uint8_t *)"u\n1", 3);
	stream_set_priority(&s, (const uint8_t *)"u\x7f", 2);
	stream_set_priority(&s, (const uint8_t *)longest,
	    STREAM_PRIORITY_SIZE);
	ck_assert_str_eq(s.priority, "u=1");
	stream_set_priority(&s, (const uint8_t *)longest,
	    STREAM_PRIORITY_SIZE - 1);
	ck_assert_uint_eq(strlen(s.priority), STREAM_PRIORITY_SIZE - 1);
	stream_set_priority(&s, NULL, 0);
	ck_assert_str_eq(s.priority, "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stream");
	TCase *tc = tcase_create("stream");

	tcase_add_loop_test(tc, test_transition, 0,
	    (int)(sizeof(transitions) / sizeof(transitions[0])));
	tcase_add_test(tc, test_table);
	tcase_add_test(tc, test_priority);
	tcase_add_test(tc, test_urgency);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

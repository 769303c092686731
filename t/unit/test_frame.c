/* SPDX-License-Identifier: MIT */
/*
 * Tests frames by themselves: rules of the header, payloads, encoders.
 * test_session.c tests what a session does about the errors, t/frame_vectors.t
 * the vectors of other projects.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "h2/frame.h"
#include "tap.h"

/* §4.2, §6: the payload lengths and stream identifiers that a type allows. */
static const struct {
	uint8_t type;
	uint8_t flags;
	uint32_t stream_id;
	uint32_t length;
	enum h2_level level;	/* H2_LEVEL_NONE: no error */
	enum h2_code code;
	const char *section;	/* the end of the reason */
} header_cases[] = {
	{ FRAME_DATA, 0, 1, 0, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_DATA, 0, 1, 16384, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_DATA, 0, 1, 16385, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
	    "(RFC 9113 4.2)" },
	{ FRAME_DATA, 0, 0, 0, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
	    "(RFC 9113 6.1)" },
	{ FRAME_HEADERS, 0, 1, 0, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_HEADERS, 0, 0, 0, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
	    "(RFC 9113 6.2)" },
	{ FRAME_PRIORITY, 0, 1, 5, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_PRIORITY, 0, 0, 5, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
	    "(RFC 9113 6.3)" },
	{ FRAME_RST_STREAM, 0, 1, 4, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_RST_STREAM, 0, 1, 3, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR, "(RFC 9113 6.4)" },
	{ FRAME_RST_STREAM, 0, 1, 5, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR, "(RFC 9113 6.4)" },
	{ FRAME_RST_STREAM, 0, 0, 4, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
	    "(RFC 9113 6.4)" },
	{ FRAME_SETTINGS, 0, 0, 0, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_SETTINGS, 0, 0, 12, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_SETTINGS, 0, 0, 11, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
	    "(RFC 9113 6.5)" },
	{ FRAME_SETTINGS, 0, 1, 0, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
	    "(RFC 9113 6.5)" },
	{ FRAME_SETTINGS, FLAG_ACK, 0, 0, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_SETTINGS, FLAG_ACK, 0, 6, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR, "(RFC 9113 6.5)" },
	{ FRAME_PUSH_PROMISE, 0, 1, 4, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_PUSH_PROMISE, 0, 1, 3, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR, "(RFC 9113 6.6)" },
	{ FRAME_PUSH_PROMISE, 0, 0, 4, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR, "(RFC 9113 6.6)" },
	{ FRAME_PING, 0, 0, 8, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_PING, 0, 0, 7, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
	    "(RFC 9113 6.7)" },
	{ FRAME_PING, 0, 0, 9, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
	    "(RFC 9113 6.7)" },
	{ FRAME_PING, 0, 1, 8, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
	    "(RFC 9113 6.7)" },
	{ FRAME_GOAWAY, 0, 0, 8, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_GOAWAY, 0, 0, 100, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_GOAWAY, 0, 0, 7, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
	    "(RFC 9113 6.8)" },
	{ FRAME_GOAWAY, 0, 1, 8, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
	    "(RFC 9113 6.8)" },
	{ FRAME_WINDOW_UPDATE, 0, 0, 4, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_WINDOW_UPDATE, 0, 1, 4, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_WINDOW_UPDATE, 0, 1, 3, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR, "(RFC 9113 6.9)" },
	{ FRAME_WINDOW_UPDATE, 0, 1, 5, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR, "(RFC 9113 6.9)" },
	{ FRAME_CONTINUATION, 0, 1, 0, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_CONTINUATION, 0, 0, 0, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR, "(RFC 9113 6.10)" },
	{ FRAME_PRIORITY_UPDATE, 0, 0, 4, H2_LEVEL_NONE, 0, NULL },
	{ FRAME_PRIORITY_UPDATE, 0, 0, 3, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR, "(RFC 9218 7.1)" },
	{ FRAME_PRIORITY_UPDATE, 0, 1, 4, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR, "(RFC 9218 7.1)" },
	/* §4.1: unknown types. */
	{ 0x0a, 0xff, 0, 0, H2_LEVEL_NONE, 0, NULL },
	{ 0xff, 0xff, 1, 16384, H2_LEVEL_NONE, 0, NULL },
	{ 0xff, 0xff, 1, 16385, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
	    "(RFC 9113 4.2)" },
};

static bool
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

START_TEST(test_header_rule)
{
	struct h2_error err = { H2_LEVEL_NONE, 0, NULL };
	struct frame h = {
		.length = header_cases[_i].length,
		.type = header_cases[_i].type,
		.flags = header_cases[_i].flags,
		.stream_id = header_cases[_i].stream_id,
	};
	int rc = frame_check(&h, FRAME_DEFAULT_MAX_SIZE, &err);

	ck_assert_int_eq(rc,
	    header_cases[_i].level == H2_LEVEL_NONE ? 0 : -1);
	ck_assert_int_eq(err.level, header_cases[_i].level);
	if (rc == 0)
		return;
	ck_assert_int_eq(err.code, header_cases[_i].code);
	ck_assert_msg(ends_in(err.reason, header_cases[_i].section), "%s",
	    err.reason);
}
END_TEST

/* Payloads that frame_check accepts and frame_decode refuses. */
static const struct {
	uint8_t type;
	uint8_t flags;
	uint32_t stream_id;
	size_t len;
	uint8_t payload[16];
	enum h2_level level;
	enum h2_code code;
} payload_errors[] = {
	/* §6.1: padding as long as the payload or longer. */
	{ FRAME_DATA, FLAG_PADDED, 1, 1, { 1 }, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR },
	{ FRAME_DATA, FLAG_PADDED, 1, 3, { 3 }, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR },
	{ FRAME_DATA, FLAG_PADDED, 1, 0, { 0 }, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR },
	{ FRAME_HEADERS, FLAG_PADDED, 1, 3, { 3 }, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR },
	{ FRAME_HEADERS, FLAG_PADDED | FLAG_PRIORITY, 1, 7, { 2 },
	    H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR },
	{ FRAME_HEADERS, FLAG_PRIORITY, 1, 4, { 0 }, H2_LEVEL_CONNECTION,
	    H2_FRAME_SIZE_ERROR },
	{ FRAME_HEADERS, FLAG_PADDED | FLAG_PRIORITY, 1, 5, { 0 },
	    H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR },
	{ FRAME_PUSH_PROMISE, FLAG_PADDED, 1, 4, { 0 },
	    H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR },
	{ FRAME_PUSH_PROMISE, FLAG_PADDED, 1, 6, { 2, 0, 0, 0, 2 },
	    H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR },
	/* §5.1.1, §6.6: the promised stream identifier. */
	{ FRAME_PUSH_PROMISE, 0, 1, 4, { 0 }, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR },
	{ FRAME_PUSH_PROMISE, 0, 1, 4, { 0, 0, 0, 3 }, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR },
	/* §6.3: a PRIORITY frame of wrong length is only a stream error. */
	{ FRAME_PRIORITY, 0, 1, 4, { 0 }, H2_LEVEL_STREAM,
	    H2_FRAME_SIZE_ERROR },
	{ FRAME_PRIORITY, 0, 1, 6, { 0 }, H2_LEVEL_STREAM,
	    H2_FRAME_SIZE_ERROR },
	{ FRAME_PRIORITY, 0, 7, 5, { 0x80, 0, 0, 7 }, H2_LEVEL_STREAM,
	    H2_PROTOCOL_ERROR },
	/* §6.9: the level depends on whose window it is. */
	{ FRAME_WINDOW_UPDATE, 0, 0, 4, { 0 }, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR },
	{ FRAME_WINDOW_UPDATE, 0, 1, 4, { 0x80 }, H2_LEVEL_STREAM,
	    H2_PROTOCOL_ERROR },
	/* RFC 9218 §7.1. */
	{ FRAME_PRIORITY_UPDATE, 0, 0, 4, { 0x80 }, H2_LEVEL_CONNECTION,
	    H2_PROTOCOL_ERROR },
};

START_TEST(test_payload_error)
{
	struct frame h = {
		.length = (uint32_t)payload_errors[_i].len,
		.type = payload_errors[_i].type,
		.flags = payload_errors[_i].flags,
		.stream_id = payload_errors[_i].stream_id,
	};
	struct h2_error err;

	ck_assert_int_eq(frame_check(&h, FRAME_DEFAULT_MAX_SIZE, &err), 0);
	ck_assert_int_eq(frame_decode(&h, payload_errors[_i].payload, &err),
	    -1);
	ck_assert_int_eq(err.level, payload_errors[_i].level);
	ck_assert_int_eq(err.code, payload_errors[_i].code);
	ck_assert_ptr_nonnull(strstr(err.reason, "(RFC "));
}
END_TEST

/* Decodes a frame that must be valid. */
static void
decode(struct frame *f, const uint8_t *octets)
{
	struct h2_error err;

	frame_header_decode(octets, f);
	ck_assert_int_eq(frame_check(f, FRAME_DEFAULT_MAX_SIZE, &err), 0);
	ck_assert_int_eq(frame_decode(f, octets + FRAME_HEADER_LEN, &err), 0);
}

START_TEST(test_header)
{
	static const uint8_t octets[] = { 1, 2, 3, 0xfe, 0xa5,
		0xff, 0xff, 0xff, 0xff };
	struct frame h;

	frame_header_decode(octets, &h);
	ck_assert_uint_eq(h.length, 0x010203);
	ck_assert_uint_eq(h.type, 0xfe);
	ck_assert_uint_eq(h.flags, 0xa5);
	ck_assert_uint_eq(h.stream_id, 0x7fffffff);	/* §4.1: no R bit */
}
END_TEST

START_TEST(test_headers)
{
	static const uint8_t octets[] = { 0, 0, 11, 1, 0x28, 0, 0, 0, 3,
		2, 0x80, 0, 0, 20, 9, 'a', 'b', 'c', 0, 0 };
	struct frame f;

	decode(&f, octets);
	ck_assert(f.has_priority && f.priority.exclusive);
	ck_assert_uint_eq(f.priority.dependency, 20);
	ck_assert_uint_eq(f.priority.weight, 10);
	ck_assert_uint_eq(f.len, 3);
	ck_assert_mem_eq(f.data, "abc", 3);
}
END_TEST

/* RFC 7540 §6.3: 255 on the wire is a weight of 256. */
START_TEST(test_priority)
{
	static const uint8_t octets[] = { 0, 0, 5, 2, 0, 0, 0, 0, 3,
		0x7f, 0xff, 0xff, 0xff, 255 };
	struct frame f;

	decode(&f, octets);
	ck_assert(f.has_priority && !f.priority.exclusive);
	ck_assert_uint_eq(f.priority.dependency, 0x7fffffff);
	ck_assert_uint_eq(f.priority.weight, 256);
}
END_TEST

START_TEST(test_rst_stream_goaway)
{
	static const uint8_t rst[] = { 0, 0, 4, 3, 0, 0, 0, 0, 1,
		0xfe, 0xdc, 0xba, 0x98 };
	static const uint8_t goaway[] = { 0, 0, 10, 7, 0, 0, 0, 0, 0,
		0x80, 0, 0, 7, 0, 0, 0, 11, 'n', 'o' };
	struct frame f;

	decode(&f, rst);
	ck_assert_uint_eq(f.code, 0xfedcba98);
	decode(&f, goaway);
	ck_assert_uint_eq(f.other_id, 7);
	ck_assert_uint_eq(f.code, 11);
	ck_assert_uint_eq(f.len, 2);
	ck_assert_mem_eq(f.data, "no", 2);
}
END_TEST

START_TEST(test_push_promise)
{
	static const uint8_t octets[] = { 0, 0, 8, 5, FLAG_PADDED, 0, 0, 0, 1,
		2, 0x80, 0, 0, 4, 'x', 0, 0 };
	struct frame f;

	decode(&f, octets);
	ck_assert_uint_eq(f.other_id, 4);
	ck_assert_uint_eq(f.len, 1);
	ck_assert_mem_eq(f.data, "x", 1);
}
END_TEST

START_TEST(test_priority_update)
{
	static const uint8_t octets[] = { 0, 0, 7, 16, 0, 0, 0, 0, 0,
		0x80, 0, 0, 5, 'u', '=', '1' };
	struct frame f;

	decode(&f, octets);
	ck_assert_uint_eq(f.other_id, 5);
	ck_assert_uint_eq(f.len, 3);
	ck_assert_mem_eq(f.data, "u=1", 3);
}
END_TEST

START_TEST(test_encode)
{
	static const uint8_t want[] = {
		0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 8,
		0, 0, 0, 4, 1, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0xfe, 0xa5, 0xff, 0xff, 0xff, 0xff,
	};
	static const uint8_t code[] = { 0, 0, 0, H2_CANCEL };
	struct buf b = { 0 };

	frame_encode(&b, FRAME_RST_STREAM, 0, 5, code, sizeof(code));
	frame_encode(&b, FRAME_SETTINGS, FLAG_ACK, 0, NULL, 0);
	frame_header_encode(&b, 0xffffff, 0xfe, 0xa5, 0xffffffff);
	ck_assert_uint_eq(buf_len(&b), sizeof(want));
	ck_assert_mem_eq(buf_data(&b), want, sizeof(want));
	buf_free(&b);
}
END_TEST

START_TEST(test_setting)
{
	static const uint8_t octets[] = { 0, 1, 0, 0, 0x10, 0,
		0xab, 0xcd, 0xfe, 0xdc, 0xba, 0x98 };
	uint32_t value;
	uint16_t id;

	frame_setting_decode(octets, 0, &id, &value);
	ck_assert_uint_eq(id, SETTINGS_HEADER_TABLE_SIZE);
	ck_assert_uint_eq(value, 4096);
	frame_setting_decode(octets, 1, &id, &value);
	ck_assert_uint_eq(id, 0xabcd);
	ck_assert_uint_eq(value, 0xfedcba98);
}
END_TEST

static void
check_code(uint32_t code, const char *want)
{
	char text[FRAME_CODE_TEXT];

	ck_assert_str_eq(frame_code_text(code, text), want);
}

static void
check_description(unsigned type, uint32_t stream_id, const char *want)
{
	struct frame h = { .type = (uint8_t)type,
		.stream_id = stream_id };
	char text[64];

	frame_describe(&h, text, sizeof(text));
	ck_assert_str_eq(text, want);
}

START_TEST(test_names)
{
	check_description(0, 1, "DATA on stream 1");
	check_description(9, 0x7fffffff, "CONTINUATION on stream 2147483647");
	check_description(16, 0, "PRIORITY_UPDATE");
	check_description(10, 0, "frame of type 0x0a");
	check_description(255, 3, "frame of type 0xff on stream 3");
	check_code(0, "NO_ERROR");
	check_code(13, "HTTP_1_1_REQUIRED");
	check_code(14, "0xe");
	check_code(0xffffffff, "0xffffffff");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("frame");

	tcase_add_loop_test(tc, test_header_rule, 0,
	    (int)(sizeof(header_cases) / sizeof(header_cases[0])));
	tcase_add_loop_test(tc, test_payload_error, 0,
	    (int)(sizeof(payload_errors) / sizeof(payload_errors[0])));
	tcase_add_test(tc, test_header);
	tcase_add_test(tc, test_headers);
	tcase_add_test(tc, test_priority);
	tcase_add_test(tc, test_rst_stream_goaway);
	tcase_add_test(tc, test_push_promise);
	tcase_add_test(tc, test_priority_update);
	tcase_add_test(tc, test_encode);
	tcase_add_test(tc, test_setting);
	tcase_add_test(tc, test_names);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

/* SPDX-License-Identifier: MIT */
/*
 * Tests the Huffman code: examples of RFC 7541, every pair of symbols, every
 * symbol at every bit position, and codes that must not decode.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "h2/hpack_impl.h"
#include "tap.h"

#define ROOM 4096
#define CANARY 0x5a

/* Texts and their codes: RFC 7541 appendices C.4 and C.6, then appendix B. */
static const struct example {
	const char *text;
	size_t text_len;
	const char *code;
	size_t code_len;
} examples[] = {
#define EXAMPLE(t, c) { t, sizeof(t) - 1, c, sizeof(c) - 1 }
	EXAMPLE("www.example.com",
	    "\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"),
	EXAMPLE("no-cache", "\xa8\xeb\x10\x64\x9c\xbf"),
	EXAMPLE("custom-key", "\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f"),
	EXAMPLE("custom-value", "\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"),
	EXAMPLE("302", "\x64\x02"),
	EXAMPLE("307", "\x64\x0e\xff"),
	EXAMPLE("private", "\xae\xc3\x77\x1a\x4b"),
	EXAMPLE("Mon, 21 Oct 2013 20:13:21 GMT",
	    "\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66"
	    "\xe0\x82\xa6\x2d\x1b\xff"),
	EXAMPLE("https://www.example.com",
	    "\x9d\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43"
	    "\xd3"),
	EXAMPLE("gzip", "\x9b\xd9\xab"),
	EXAMPLE("foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
	    "\x94\xe7\x82\x1d\xd7\xf2\xe6\xc7\xb3\x35\xdf\xdf\xcd\x5b\x39\x60"
	    "\xd5\xaf\x27\x08\x7f\x36\x72\xc1\xab\x27\x0f\xb5\x29\x1f\x95\x87"
	    "\x31\x60\x65\xc0\x03\xed\x4e\xe5\xb1\x06\x3d\x50\x07"),
	EXAMPLE("", ""),
	EXAMPLE("0", "\x07"),
	EXAMPLE("&", "\xf8"),
	EXAMPLE("\0", "\xff\xc7"),
	EXAMPLE("\\", "\xff\xfe\x1f"),
	EXAMPLE("\x01", "\xff\xff\xb1"),
	EXAMPLE("\n", "\xff\xff\xff\xf3"),
	EXAMPLE("\x16", "\xff\xff\xff\xfb"),
	EXAMPLE("\xff", "\xff\xff\xfb\xbf"),
#undef EXAMPLE
};

#define EXAMPLES ((int)(sizeof(examples) / sizeof(*examples)))

/* Codes that are refused.  Each is also tried behind valid octets. */
static const struct {
	const char *what;
	const char *code;
	size_t len;
} bad[] = {
#define BAD(what, c) { what, c, sizeof(c) - 1 }
	BAD("padding of zeros", "\x18"),
	BAD("padding with one zero", "\x1b"),
	BAD("padding of 8 bits", "\xff"),
	BAD("padding of 11 bits", "\x1f\xff"),
	BAD("padding of 29 bits", "\x1f\xff\xff\xff"),
	BAD("EOS and padding", "\xff\xff\xff\xff"),
	BAD("EOS at the end of an octet", "\x17\xff\xff\xff\xff"),
	/* If EOS were just another code, the rest would be valid. */
	BAD("EOS and more", "\xff\xff\xff\xfc\x00\x00\x00\x00\x00\x00"),
	BAD("EOS with much behind it", "\xff\xff\xff\xfc\x00\x00\x00\x00\x00"
	    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
	BAD("long code cut off", "\xff\xff\xfe"),
	BAD("code of 30 bits cut off", "\xff\xff\xff"),
	BAD("code of 10 bits cut off", "\xf8\xf8\xfe"),
#undef BAD
};

#define BADS ((int)(sizeof(bad) / sizeof(*bad)))

static void
setup(void)
{
	huff_init();
}

/* Appends the code of s, even if it is longer than s. */
static void
encode(struct buf *out, const uint8_t *s, size_t len)
{
	size_t room = len * 4 + 1;

	buf_commit(out, huff_encode(buf_reserve(out, room + HUFF_ENCODE_SLACK),
	    room, s, len));
}

static size_t
encoded_len(const uint8_t *s, size_t len)
{
	struct buf out = { 0 };
	size_t n;

	encode(&out, s, len);
	n = buf_len(&out);
	buf_free(&out);
	return n;
}

START_TEST(test_example)
{
	const struct example *ex = &examples[_i];
	const uint8_t *text = (const uint8_t *)ex->text;
	struct buf out = { 0 };
	uint8_t got[100];

	encode(&out, text, ex->text_len);
	ck_assert(!out.failed);
	ck_assert_uint_eq(buf_len(&out), ex->code_len);
	if (ex->code_len > 0)
		ck_assert_mem_eq(buf_data(&out), ex->code, ex->code_len);
	ck_assert_int_eq(huff_decode(got, (const uint8_t *)ex->code,
	    ex->code_len), (long)ex->text_len);
	ck_assert_mem_eq(got, text, ex->text_len);
	buf_free(&out);
}
END_TEST

/* Counts the codes of each length in appendix B; a wrong length is seen. */
START_TEST(test_code_lengths)
{
	static const uint8_t count[31] = {
		[5] = 10, [6] = 26, [7] = 32, [8] = 6, [10] = 5, [11] = 3,
		[12] = 2, [13] = 6, [14] = 2, [15] = 3, [19] = 3, [20] = 8,
		[21] = 13, [22] = 26, [23] = 29, [24] = 12, [25] = 4,
		[26] = 15, [27] = 19, [28] = 29, [30] = 3
	};
	uint8_t seen[31] = { 0 }, eight[8];
	int c;

	for (c = 0; c < 256; c++) {
		memset(eight, c, sizeof(eight));
		seen[encoded_len(eight, sizeof(eight))]++;
	}
	ck_assert_mem_eq(seen, count, sizeof(count));
}
END_TEST

/*
 * Compares an FNV-1a hash of all 256 codes in a row, so that a swap of two
 * symbols with codes of different lengths is seen.
 */
START_TEST(test_all_codes)
{
	uint8_t text[256];
	struct buf code = { 0 };
	uint32_t hash = 0x811c9dc5;
	size_t i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)i;
	encode(&code, text, sizeof(text));
	ck_assert_uint_eq(buf_len(&code), 583);
	for (i = 0; i < buf_len(&code); i++)
		hash = (hash ^ buf_data(&code)[i]) * 0x01000193;
	ck_assert_uint_eq(hash, 0x2e355a4b);
	buf_free(&code);
}
END_TEST

static void
round_trip(const uint8_t *text, size_t len)
{
	uint8_t back[ROOM];
	struct buf code = { 0 };
	size_t room;

	encode(&code, text, len);
	room = huff_decoded_max(buf_len(&code));
	ck_assert_uint_lt(room, sizeof(back));
	memset(back, CANARY, sizeof(back));
	ck_assert_int_eq(huff_decode(back, buf_data(&code), buf_len(&code)),
	    (long)len);
	ck_assert_mem_eq(back, text, len);
	ck_assert_uint_eq(back[room], CANARY);
	buf_free(&code);
}

/*
 * Each symbol comes behind 0 to 7 codes of 5 bits, and so begins at each bit;
 * as the last one, and with enough behind it for the loop that reads eight
 * octets.
 */
START_TEST(test_every_symbol_at_every_bit)
{
	uint8_t text[64];
	int c, before;

	for (c = 0; c < 256; c++) {
		for (before = 0; before < 8; before++) {
			memset(text, '0', sizeof(text));
			text[before] = (uint8_t)c;
			round_trip(text, (size_t)before + 1);
			round_trip(text, sizeof(text));
		}
	}
}
END_TEST

START_TEST(test_every_pair)
{
	uint8_t text[32];
	int a, b;

	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			memset(text, 'a', sizeof(text));
			text[0] = (uint8_t)a;
			text[1] = (uint8_t)b;
			round_trip(text, 2);
			round_trip(text, sizeof(text));
		}
	}
}
END_TEST

/* The shortest codes decode to the most octets, which must fit the room. */
START_TEST(test_room_for_shortest_codes)
{
	uint8_t text[600];
	size_t len;

	memset(text, '0', sizeof(text));
	for (len = 0; len <= sizeof(text); len++)
		round_trip(text, len);
}
END_TEST

START_TEST(test_refused)
{
	uint8_t code[64], got[128];
	size_t before;

	for (before = 0; before <= 20; before++) {
		memset(code, 0xf8, before);	/* codes of '&', 8 bits each */
		memcpy(code + before, bad[_i].code, bad[_i].len);
		ck_assert_msg(huff_decode(got, code, before + bad[_i].len) ==
		    -1, "%s behind %zu octets", bad[_i].what, before);
	}
}
END_TEST

/* A long code that is cut off at any octet does not decode. */
START_TEST(test_cut_off)
{
	static const uint8_t long_codes[] = { 0, 1, 9, 10, 0x7f, 0xf0, 0xff };
	uint8_t got[64];
	struct buf code = { 0 };
	size_t i, cut;

	for (i = 0; i < sizeof(long_codes); i++) {
		buf_clear(&code);
		encode(&code, (const uint8_t *)"&&&&&&&&&", _i);
		encode(&code, &long_codes[i], 1);
		for (cut = (size_t)_i + 1; cut < buf_len(&code); cut++)
			ck_assert_int_eq(huff_decode(got, buf_data(&code),
			    cut), -1);
	}
	buf_free(&code);
}
END_TEST

/* huff_encode gives the code only if it is shorter, and keeps to its room. */
static void
check_if_shorter(const uint8_t *text, size_t len)
{
	uint8_t dst[ROOM];
	struct buf code = { 0 };
	size_t n, want;

	memset(dst, CANARY, sizeof(dst));
	encode(&code, text, len);
	want = buf_len(&code) < len ? buf_len(&code) : 0;
	n = huff_encode(dst, len, text, len);
	ck_assert_uint_eq(n, want);
	if (n > 0)
		ck_assert_mem_eq(dst, buf_data(&code), n);
	ck_assert_uint_eq(dst[len + HUFF_ENCODE_SLACK], CANARY);
	buf_free(&code);
}

START_TEST(test_if_shorter)
{
	static const uint8_t mixes[][2] = {
		{ '0', '0' }, { '0', 0xff }, { '&', '&' }, { '&', '0' },
		{ '!', '0' }, { '\n', '\n' }, { '\n', '0' }, { 'z', '<' }
	};
	uint8_t text[300];
	size_t m, i, len;

	for (m = 0; m < sizeof(mixes) / sizeof(*mixes); m++) {
		for (i = 0; i < sizeof(text); i++)
			text[i] = mixes[m][i % 7 == 3];
		for (len = 0; len <= sizeof(text); len++)
			check_if_shorter(text, len);
	}
}
END_TEST

/* 8 octets: codes of 64 bits, or of 63 bits with padding, are not shorter. */
START_TEST(test_equal_is_not_shorter)
{
	uint8_t dst[16];

	ck_assert_uint_eq(huff_encode(dst, 8,
	    (const uint8_t *)"&&&&&&&&", 8), 0);
	ck_assert_uint_eq(huff_encode(dst, 8,
	    (const uint8_t *)"&&&&&&&z", 8), 0);
	ck_assert_uint_eq(huff_encode(dst, 8,
	    (const uint8_t *)"&&&&&a00", 8), 7);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("huff");
	TCase *tc = tcase_create("huff");

	tcase_add_unchecked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_example, 0, EXAMPLES);
	tcase_add_test(tc, test_code_lengths);
	tcase_add_test(tc, test_all_codes);
	tcase_add_test(tc, test_every_symbol_at_every_bit);
	tcase_add_test(tc, test_every_pair);
	tcase_add_test(tc, test_room_for_shortest_codes);
	tcase_add_loop_test(tc, test_refused, 0, BADS);
	tcase_add_loop_test(tc, test_cut_off, 0, 10);
	tcase_add_test(tc, test_if_shorter);
	tcase_add_test(tc, test_equal_is_not_shorter);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

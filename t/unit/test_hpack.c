/* SPDX-License-Identifier: MIT */
/*
 * Tests HPACK: the examples of RFC 7541 appendix C, the encoder's decisions,
 * the dynamic table at its bounds, and each reason to refuse a block.
 *
 * Blocks are hexadecimal, with blanks where these help; lists of fields are
 * lines "name: value", with a "!" before a field that is never indexed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h2/hpack_impl.h"
#include "octets.h"
#include "tap.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))
#define ROOM 200000

/* Helpers. */

static int
digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	ck_assert_msg(c != '\0' && at != NULL, "bad hexadecimal");
	return (int)(at - digits);
}

static void
add_hex(struct buf *b, const char *hex)
{
	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		add_u8(b, (unsigned)(digit(hex[0]) << 4 | digit(hex[1])));
		hex++;
	}
}

static int
add_line(void *user, const struct field *f)
{
	struct buf *b = user;

	if (f->never_index)
		add_u8(b, '!');
	buf_add(b, f->name, f->name_len);
	buf_add(b, ": ", 2);
	buf_add(b, f->value, f->value_len);
	add_u8(b, '\n');
	return 0;
}

static int
stop(void *user, const struct field *f)
{
	(void)f;
	return ++*(int *)user == 2 ? 1 : 0;
}

static int
decode_hex(struct hpack_decoder *d, const char *hex, struct buf *lines)
{
	struct buf block = { 0 };
	int rv;

	buf_clear(lines);
	add_hex(&block, hex);
	rv = hpack_decode(d, buf_data(&block), buf_len(&block), add_line,
	    lines);
	add_u8(lines, '\0');
	buf_free(&block);
	return rv;
}

/* The block must decode to these lines. */
static void
check_decode(struct hpack_decoder *d, const char *hex, const char *lines)
{
	struct buf got = { 0 };

	ck_assert_msg(decode_hex(d, hex, &got) == HPACK_OK, "%s", hex);
	ck_assert_str_eq((char *)buf_data(&got), lines);
	buf_free(&got);
}

static void
check_refuse(struct hpack_decoder *d, const char *hex, const char *what)
{
	struct buf got = { 0 };

	ck_assert_msg(decode_hex(d, hex, &got) == HPACK_ERR_DATA, "%s: %s",
	    what, hex);
	buf_free(&got);
}

/* Encodes lines, which it splits in place.  Returns as hpack_encode does. */
static int
encode_lines(struct hpack_encoder *e, struct buf *out, char *lines)
{
	struct field fields[100];
	size_t n = 0;
	char *line, *colon;

	for (line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
		fields[n].never_index = *line == '!';
		line += *line == '!';
		colon = strstr(line, ": ");
		ck_assert_ptr_nonnull(colon);
		fields[n].name = (const uint8_t *)line;
		fields[n].name_len = (size_t)(colon - line);
		fields[n].value = (const uint8_t *)colon + 2;
		fields[n++].value_len = strlen(colon + 2);
	}
	return hpack_encode(e, out, fields, n);
}

static void
check_encode(struct hpack_encoder *e, const char *lines, const char *hex)
{
	struct buf out = { 0 }, want = { 0 };
	char *copy = strdup(lines), got[1000] = "";
	size_t i;

	ck_assert_ptr_nonnull(copy);
	ck_assert_int_eq(encode_lines(e, &out, copy), HPACK_OK);
	add_hex(&want, hex);
	for (i = 0; i < buf_len(&out) && i < 400; i++)
		sprintf(got + 2 * i, "%02x", buf_data(&out)[i]);
	ck_assert_msg(buf_len(&out) == buf_len(&want) &&
	    (buf_len(&out) == 0 || memcmp(buf_data(&out), buf_data(&want),
	    buf_len(&out)) == 0), "%s gave %s, not %s", lines, got, hex);
	buf_free(&out);
	buf_free(&want);
	free(copy);
}

static struct hpack_decoder *
new_decoder(void)
{
	struct hpack_decoder *d =
	    hpack_decoder_new(HPACK_DEFAULT_TABLE_SIZE);

	ck_assert_ptr_nonnull(d);
	return d;
}

static struct hpack_encoder *
new_encoder(size_t max)
{
	struct hpack_encoder *e = hpack_encoder_new(max);

	ck_assert_ptr_nonnull(e);
	return e;
}

static struct hpack_encoder *enc;
static struct hpack_decoder *dec;

static void
setup(void)
{
	enc = new_encoder(HPACK_DEFAULT_TABLE_SIZE);
	dec = new_decoder();
}

static void
teardown(void)
{
	hpack_encoder_free(enc);
	hpack_decoder_free(dec);
}

/* RFC 7541 appendix C. */

/* C.1.1 and C.1.2: 10 and 1337 in a prefix of 5 bits, as size updates. */
START_TEST(test_c1_integers)
{
	hpack_encoder_resize(enc, 10);
	check_encode(enc, "", "2a");
	hpack_encoder_resize(enc, 1337);
	check_encode(enc, "", "3f9a0a");
	check_decode(dec, "2a", "");
	check_decode(dec, "3f9a0a", "");
	/* C.1.3: 42 at an octet's start; here with a prefix of 7 bits. */
	check_decode(dec, "aa", "if-range: \n");
}
END_TEST

/* The entries of appendix A, in its order. */
#define STATIC_TABLE \
	":authority: \n" ":method: GET\n" ":method: POST\n" ":path: /\n" \
	":path: /index.html\n" ":scheme: http\n" ":scheme: https\n" \
	":status: 200\n" ":status: 204\n" ":status: 206\n" ":status: 304\n" \
	":status: 400\n" ":status: 404\n" ":status: 500\n" \
	"accept-charset: \n" "accept-encoding: gzip, deflate\n" \
	"accept-language: \n" "accept-ranges: \n" "accept: \n" \
	"access-control-allow-origin: \n" "age: \n" "allow: \n" \
	"authorization: \n" "cache-control: \n" "content-disposition: \n" \
	"content-encoding: \n" "content-language: \n" "content-length: \n" \
	"content-location: \n" "content-range: \n" "content-type: \n" \
	"cookie: \n" "date: \n" "etag: \n" "expect: \n" "expires: \n" \
	"from: \n" "host: \n" "if-match: \n" "if-modified-since: \n" \
	"if-none-match: \n" "if-range: \n" "if-unmodified-since: \n" \
	"last-modified: \n" "link: \n" "location: \n" "max-forwards: \n" \
	"proxy-authenticate: \n" "proxy-authorization: \n" "range: \n" \
	"referer: \n" "refresh: \n" "retry-after: \n" "server: \n" \
	"set-cookie: \n" "strict-transport-security: \n" \
	"transfer-encoding: \n" "user-agent: \n" "vary: \n" "via: \n" \
	"www-authenticate: \n"

START_TEST(test_static_table)
{
	struct buf got = { 0 };
	uint8_t block[61];
	unsigned i;

	for (i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(0x81 + i);
	ck_assert_int_eq(hpack_decode(dec, block, sizeof(block), add_line,
	    &got), HPACK_OK);
	ck_assert_uint_eq(buf_len(&got), sizeof(STATIC_TABLE) - 1);
	ck_assert_mem_eq(buf_data(&got), STATIC_TABLE, buf_len(&got));
	buf_free(&got);
}
END_TEST

/* C.2: one field each, on a new decoder, and the table's size afterwards. */
static const struct {
	const char *hex;
	const char *lines;
	size_t table;
} c2[] = {
	{ "400a 637573746f6d2d6b6579 0d 637573746f6d2d686561646572",
	    "custom-key: custom-header\n", 55 },
	{ "040c 2f73616d706c652f70617468", ":path: /sample/path\n", 0 },
	{ "1008 70617373776f7264 06 736563726574", "!password: secret\n", 0 },
	{ "82", ":method: GET\n", 0 }
};

START_TEST(test_c2_representations)
{
	check_decode(dec, c2[_i].hex, c2[_i].lines);
	ck_assert_uint_eq(dec->table.size, c2[_i].table);
}
END_TEST

/* C.3 to C.6: blocks in a row, and the table after each. */
struct step {
	const char *hex;
	const char *lines;
	size_t table;
	const char *entries;	/* a block with the index of each entry */
	const char *listed;	/* the entries, newest first */
};

#define REQUEST_1 \
	":method: GET\n:scheme: http\n:path: /\n" \
	":authority: www.example.com\n"
#define REQUEST_2 REQUEST_1 "cache-control: no-cache\n"
#define REQUEST_3 \
	":method: GET\n:scheme: https\n:path: /index.html\n" \
	":authority: www.example.com\ncustom-key: custom-value\n"
#define TABLE_1 ":authority: www.example.com\n"
#define TABLE_2 "cache-control: no-cache\n" TABLE_1
#define TABLE_3 "custom-key: custom-value\n" TABLE_2

static const struct step c3[] = {
	{ "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
	    REQUEST_1, 57, "be", TABLE_1 },
	{ "8286 84be 5808 6e6f 2d63 6163 6865",
	    REQUEST_2, 110, "bebf", TABLE_2 },
	{ "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661"
	    "6c75 65", REQUEST_3, 164, "bebfc0", TABLE_3 }
};

static const struct step c4[] = {
	{ "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
	    REQUEST_1, 57, "be", TABLE_1 },
	{ "8286 84be 5886 a8eb 1064 9cbf",
	    REQUEST_2, 110, "bebf", TABLE_2 },
	{ "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
	    REQUEST_3, 164, "bebfc0", TABLE_3 }
};

#define DATE_21 "date: Mon, 21 Oct 2013 20:13:21 GMT\n"
#define DATE_22 "date: Mon, 21 Oct 2013 20:13:22 GMT\n"
#define LOCATION "location: https://www.example.com\n"
#define COOKIE \
	"set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; " \
	"version=1\n"
#define PRIVATE "cache-control: private\n"
#define RESPONSE_1 ":status: 302\n" PRIVATE DATE_21 LOCATION
#define RESPONSE_2 ":status: 307\n" PRIVATE DATE_21 LOCATION
#define RESPONSE_3 \
	":status: 200\n" PRIVATE DATE_22 LOCATION \
	"content-encoding: gzip\n" COOKIE
#define TABLE_R1 LOCATION DATE_21 PRIVATE ":status: 302\n"
#define TABLE_R2 ":status: 307\n" LOCATION DATE_21 PRIVATE
#define TABLE_R3 COOKIE "content-encoding: gzip\n" DATE_22

static const struct step c5[] = {
	{ "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63"
	    "7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073"
	    "3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
	    RESPONSE_1, 222, "bebfc0c1", TABLE_R1 },
	{ "4803 3330 37c1 c0bf", RESPONSE_2, 222, "bebfc0c1", TABLE_R2 },
	{ "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133"
	    "3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48"
	    "514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178"
	    "2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
	    RESPONSE_3, 215, "bebfc0", TABLE_R3 }
};

static const struct step c6[] = {
	{ "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504"
	    "0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae"
	    "43d3", RESPONSE_1, 222, "bebfc0c1", TABLE_R1 },
	{ "4883 640e ffc1 c0bf", RESPONSE_2, 222, "bebfc0c1", TABLE_R2 },
	{ "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff"
	    "c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af"
	    "2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50"
	    "07", RESPONSE_3, 215, "bebfc0", TABLE_R3 }
};

static void
check_steps(const struct step *s, int n)
{
	for (; n > 0; n--, s++) {
		check_decode(dec, s->hex, s->lines);
		ck_assert_uint_eq(dec->table.size, s->table);
		check_decode(dec, s->entries, s->listed);
	}
}

START_TEST(test_c3_requests_plain)
{
	check_steps(c3, COUNT(c3));
	check_refuse(dec, "c1", "index beyond the last entry");
}
END_TEST

START_TEST(test_c4_requests_huffman)
{
	check_steps(c4, COUNT(c4));
	check_refuse(dec, "c1", "index beyond the last entry");
}
END_TEST

START_TEST(test_c5_responses_plain)
{
	check_decode(dec, "3fe101", "");	/* a table of 256 octets */
	check_steps(c5, COUNT(c5));
	check_refuse(dec, "c1", "index beyond the last entry");
}
END_TEST

START_TEST(test_c6_responses_huffman)
{
	check_decode(dec, "3fe101", "");
	check_steps(c6, COUNT(c6));
	check_refuse(dec, "c1", "index beyond the last entry");
}
END_TEST

START_TEST(test_c4_encoded)
{
	int i;

	for (i = 0; i < COUNT(c4); i++) {
		check_encode(enc, c4[i].lines, c4[i].hex);
		ck_assert_uint_eq(enc->table.size, c4[i].table);
	}
}
END_TEST

/*
 * C.6 as libnghttp2 1.52 encodes it: location and set-cookie are not indexed,
 * so fewer entries are evicted.
 */
START_TEST(test_c6_encoded)
{
	hpack_encoder_resize(enc, 256);
	check_encode(enc, RESPONSE_1, "3fe101 48826402 5885aec3771a4b"
	    "6196d07abe941054d444a8200595040b8166e082a62d1bff"
	    "0f1f919d29ad171863c78f0b97c8e9ae82ae43d3");
	ck_assert_uint_eq(enc->table.size, 159);
	check_encode(enc, RESPONSE_2, "48 03333037 c0bf"
	    "0f1f919d29ad171863c78f0b97c8e9ae82ae43d3");
	ck_assert_uint_eq(enc->table.size, 201);
	check_encode(enc, RESPONSE_3, "88c0"
	    "6196d07abe941054d444a8200595040b8166e084a62d1bff"
	    "0f1f919d29ad171863c78f0b97c8e9ae82ae43d3 5a839bd9ab"
	    "0f28ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb529"
	    "1f9587316065c003ed4ee5b1063d5007");
}
END_TEST

/* The encoder's decisions. */

/* Fields for a new encoder, the block, and the table's size afterwards. */
static const struct {
	const char *lines;
	const char *hex;
	size_t table;
} decisions[] = {
	/* Whole fields of the static table, and only names of it. */
	{ ":method: POST\n:status: 500\nwww-authenticate: \n",
	    "83 8e bd", 0 },
	{ ":method: \x7f\x7f\n", "42 027f7f", 41 },
	{ ":status: \x7f\x7f\n", "48 027f7f", 41 },
	/* A name that is nearly one of the static table. */
	{ "viA: \x7f\n", "40 03766941 017f", 36 },
	/* Not indexed: fields whose value is rarely the same twice. */
	{ ":path: \x7f\n", "04 017f", 0 },
	{ "age: \x7f\n", "0f06 017f", 0 },
	{ "content-length: \x7f\n", "0f0d 017f", 0 },
	{ "etag: \x7f\n", "0f13 017f", 0 },
	{ "if-modified-since: \x7f\n", "0f19 017f", 0 },
	{ "if-none-match: \x7f\n", "0f1a 017f", 0 },
	{ "location: \x7f\n", "0f1f 017f", 0 },
	{ "set-cookie: \x7f\n", "0f28 017f", 0 },
	/* Never indexed: secrets, even if the whole field is in the table. */
	{ "authorization: \x7f\n", "1f08 017f", 0 },
	{ "authorization: \n", "1f08 00", 0 },
	{ "cookie: \n", "1f11 00", 0 },
	{ "cookie: 0000000000000000000\n",
	    "1f11 8c 0000000000000000000000 01", 0 },
	{ "!:method: GET\n", "12 03474554", 0 },
	{ "!x: \x7f\n", "10 0178 017f", 0 },
	{ "!:path: /\n", "14 012f", 0 },
	/* Huffman coding only if it is shorter. */
	{ "x: &\n", "40 0178 0126", 34 },
	{ "x: 00\n", "40 0178 023030", 35 },
	{ "x: 000\n", "40 0178 82 0001", 36 },
	{ "x: \n", "40 0178 00", 33 },
	/* An empty name. */
	{ ": x\n", "40 00 0178", 33 },
	/* If two entries have the name, the index is that of the newer one. */
	{ "x: \x7f\nx: \x01\nx: \x02\nx: \x7f\nx: \x01\n",
	    "40 0178 017f 7e 0101 7e 0102 c0 bf", 102 },
	/* But a name of the static table has its index in that table. */
	{ "via: \x7f\nvia: \x01\nvia: \x7f\n", "7c 017f 7c 0101 bf", 72 },
	/* An indexed name is used even if the value is a secret. */
	{ "x: \x7f\n!x: \x7f\n!via: \x7f\n", "40 0178 017f 1f2f 017f"
	    "1f2d 017f", 34 }
};

START_TEST(test_decision)
{
	check_encode(enc, decisions[_i].lines, decisions[_i].hex);
	ck_assert_uint_eq(enc->table.size, decisions[_i].table);
}
END_TEST

/* A cookie of 20 octets is added to the table, and later sent as an index. */
START_TEST(test_cookie_of_20_octets)
{
	check_encode(enc, "cookie: 00000000000000000000\n",
	    "60 8d 000000000000000000000000 0f");
	check_encode(enc, "cookie: 00000000000000000000\n", "be");
	ck_assert_uint_eq(enc->table.size, 6 + 20 + 32);
}
END_TEST

/* The most is three quarters of the table, here 75, with the overhead of 32. */
START_TEST(test_large_fields_are_not_indexed)
{
	hpack_encoder_resize(enc, 100);
	check_encode(enc, "", "3f45");
	check_encode(enc, "x: &&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&\n",
	    "00 0178 2b 2626262626262626262626262626262626262626262626262626"
	    "2626262626262626262626262626262626");
	ck_assert_uint_eq(enc->table.size, 0);
	check_encode(enc, "x: &&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&\n",
	    "40 0178 2a 2626262626262626262626262626262626262626262626262626"
	    "26262626262626262626262626262626");
	ck_assert_uint_eq(enc->table.size, 75);
	/* The entry is above the bound for a table of 80, but stays in it. */
	hpack_encoder_resize(enc, 80);
	check_encode(enc, "x: &&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&\n",
	    "3f31 be");
}
END_TEST

/* The size updates of RFC 7541 §4.2: the lowest size, then the last one. */
START_TEST(test_encoder_resized)
{
	hpack_encoder_resize(enc, 4096);
	check_encode(enc, "", "3fe11f");
	check_encode(enc, "", "");
	check_encode(enc, "x: 1\n", "40 0178 0131");
	hpack_encoder_resize(enc, 200);
	hpack_encoder_resize(enc, 0);
	hpack_encoder_resize(enc, 64);
	hpack_encoder_resize(enc, 32);
	check_encode(enc, ":method: GET\n", "20 3f01 82");
	ck_assert_uint_eq(enc->table.size, 0);
	hpack_encoder_resize(enc, 100);
	hpack_encoder_resize(enc, 50);
	check_encode(enc, "", "3f13");
	/* The size never exceeds the maximum that the encoder was made with. */
	hpack_encoder_resize(enc, 65536);
	check_encode(enc, "", "3fe11f");
}
END_TEST

/*
 * The peer's table has 4096 octets at first: the encoder must announce a lower
 * size, and must not use a higher one yet.
 */
START_TEST(test_encoder_of_other_size)
{
	struct hpack_encoder *e = new_encoder(0);

	check_encode(e, "x: 1\n", "20 00 0178 0131");
	check_encode(e, "x: 1\n", "00 0178 0131");
	hpack_encoder_resize(e, 4096);
	check_encode(e, "", "20");
	hpack_encoder_free(e);
	e = new_encoder(100);
	check_encode(e, "", "3f45");
	hpack_encoder_free(e);
	e = new_encoder(65536);
	check_encode(e, "", "");
	hpack_encoder_resize(e, 65536);
	check_encode(e, "", "3fe1ff03");
	hpack_encoder_free(e);
}
END_TEST

START_TEST(test_encoder_out_of_memory)
{
	struct field f = { (const uint8_t *)"a", (const uint8_t *)"b", 1, 1,
	    false };
	struct buf out = { .failed = true };

	ck_assert_int_eq(hpack_encode(enc, &out, &f, 1), HPACK_ERR_MEMORY);
	ck_assert(out.failed);
	hpack_encoder_resize(enc, 0);
	ck_assert_int_eq(hpack_encode(enc, &out, &f, 0), HPACK_ERR_MEMORY);
	hpack_encoder_free(NULL);	/* as _new may have returned NULL */
	hpack_decoder_free(NULL);
}
END_TEST

/* Lengths around those from which the encoded length takes one more octet. */
static const size_t edge_lengths[] = {
	0, 1, 125, 126, 127, 128, 129, 200, 254, 255, 256, 16382, 16383,
	16510, 16511, 16512, 65535, 65536
};

START_TEST(test_string_lengths)
{
	static uint8_t text[65536], back[ROOM];
	static const char fill[] = { 'a', '&', '\n', '0' };
	struct buf out = { 0 }, got = { 0 };
	struct field f = { (const uint8_t *)"n", text, 1, edge_lengths[_i],
	    false };
	size_t i;

	for (i = 0; i < sizeof(fill); i++) {
		memset(text, fill[i], sizeof(text));
		buf_clear(&out);
		buf_clear(&got);
		ck_assert_int_eq(hpack_encode(enc, &out, &f, 1), HPACK_OK);
		ck_assert_uint_le(buf_len(&out), f.value_len + 7);
		ck_assert_int_eq(hpack_decode(dec, buf_data(&out),
		    buf_len(&out), add_line, &got), HPACK_OK);
		memcpy(back, "n: ", 3);
		memcpy(back + 3, text, f.value_len);
		ck_assert_uint_eq(buf_len(&got), f.value_len + 4);
		ck_assert_mem_eq(buf_data(&got), back, f.value_len + 3);
	}
	buf_free(&out);
	buf_free(&got);
}
END_TEST

/* 128 times 'a' is a code of 80 octets: its length takes one octet, not 2. */
START_TEST(test_huffman_shortens_its_length)
{
	struct field f = { (const uint8_t *)":path", NULL, 5, 128, false };
	struct buf out = { 0 };
	uint8_t text[128];

	memset(text, 'a', sizeof(text));
	f.value = text;
	ck_assert_int_eq(hpack_encode(enc, &out, &f, 1), HPACK_OK);
	ck_assert_uint_eq(buf_len(&out), 82);
	ck_assert_mem_eq(buf_data(&out), "\x04\xd0\x18\xc6\x31\x8c", 6);
	buf_free(&out);
}
END_TEST

/* Blocks that the decoder accepts and refuses. */

/* Blocks for a new decoder that the RFC's examples do not have. */
static const struct {
	const char *what;
	const char *hex;
	const char *lines;
} taken[] = {
	{ "nothing", "", "" },
	{ "the last index of the static table", "bd", "www-authenticate: \n" },
	{ "no name, no value", "00 00 00", ": \n" },
	{ "no name, no value, of Huffman code", "40 80 80 be", ": \n: \n" },
	{ "never indexed, indexed name", "1f08 00", "!authorization: \n" },
	{ "size updates, any number", "20 3f45 3fe11f 82", ":method: GET\n" },
	{ "integer with zeros behind", "3f8080808000", "" },
	{ "index with zeros behind", "40 0161 0162 0f af80808000 00",
	    "a: b\na: \n" },
	{ "length with zeros behind", "00 0178 7f8180808000"
	    "2626262626262626262626262626262626262626262626262626262626262626"
	    "2626262626262626262626262626262626262626262626262626262626262626"
	    "2626262626262626262626262626262626262626262626262626262626262626"
	    "2626262626262626262626262626262626262626262626262626262626262626",
	    "x: &&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&"
	    "&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&"
	    "\n" },
	{ "the table's whole size", "3fe11f 40 0161 0162 be",
	    "a: b\na: b\n" },
	{ "a table of nothing", "20 40 0161 0162", "a: b\n" },
};

START_TEST(test_taken)
{
	check_decode(dec, taken[_i].hex, taken[_i].lines);
	check_decode(dec, "82", ":method: GET\n");
}
END_TEST

static const struct {
	const char *what;
	const char *hex;
} refused[] = {
	{ "index 0", "80" },
	{ "index beyond the static table, nothing else there", "be" },
	{ "index beyond the tables", "40 0161 0162 bf" },
	{ "index of a name beyond the tables", "7e 0161" },
	{ "index of a name beyond them, not indexed", "0f2f 0161" },
	{ "index of a name beyond them, never indexed", "1f2f 0161" },
	{ "index of more octets, beyond the tables", "ff00" },
	{ "index of 2^32 and one", "ff 82ffffff0f" },
	{ "index of 2^32 and 62", "ff bfffffff0f" },
	{ "size update of 2^32", "3f e1ffffff0f" },
	{ "size update of 2^32 - 1", "3f e0ffffff0f" },
	{ "the most that five octets say", "3f ffffffff7f" },
	{ "integer of six octets beyond the prefix", "3f 808080808000" },
	{ "integer of many octets", "3f 8080808080808080808000" },
	{ "size update above the maximum", "3fe21f" },
	{ "size update above the maximum, then a lower one", "3fe21f 20" },
	{ "size update behind a field", "82 20" },
	{ "size update behind a literal", "00 0161 0162 3fe11f" },
	{ "index cut off", "ff" },
	{ "index cut off, second octet", "ff80" },
	{ "size update cut off", "3f" },
	{ "size update cut off, second octet", "3f80" },
	{ "index of a name cut off", "7f" },
	{ "no name", "40" },
	{ "no name, not indexed", "00" },
	{ "no name, never indexed", "10" },
	{ "length of name cut off", "40 7f" },
	{ "name cut off", "40 0261" },
	{ "name missing", "40 01" },
	{ "no value", "40 0161" },
	{ "no value behind a name without octets", "40 00" },
	{ "no value of an indexed name", "41" },
	{ "length of value cut off", "41 7f80" },
	{ "value missing", "41 01" },
	{ "value cut off", "41 0261" },
	{ "Huffman code missing", "41 81" },
	{ "Huffman code of value cut off", "41 8cf1e3" },
	{ "Huffman padding of zeros in name", "40 8118 0161" },
	{ "Huffman padding of zeros in value", "40 0161 8118" },
	{ "Huffman padding of 8 bits", "41 821fff" },
	{ "EOS in name", "40 84ffffffff 0161" },
	{ "EOS in value", "41 84ffffffff" },
	{ "EOS and more", "41 87 fffffffc070707" },
	{ "length of 2^32 and one", "41 7f 82ffffff0f 61" }
};

/* After a refused block the decoder refuses all further ones. */
START_TEST(test_refused)
{
	check_refuse(dec, refused[_i].hex, refused[_i].what);
	check_refuse(dec, "82", "block after an error");
}
END_TEST

/* A maximum below the size that the peer uses requires an update (§4.2). */
START_TEST(test_update_required)
{
	hpack_decoder_resize(dec, 100);
	check_refuse(dec, "82", "field where a size update must be");
}
END_TEST

START_TEST(test_update_required_of_empty_block)
{
	hpack_decoder_resize(dec, 100);
	check_refuse(dec, "", "no size update");
}
END_TEST

START_TEST(test_update_required_too_large)
{
	hpack_decoder_resize(dec, 100);
	check_refuse(dec, "3f46", "size update of 101");
}
END_TEST

START_TEST(test_update_required_came)
{
	check_decode(dec, "40 0161 0162", "a: b\n");
	hpack_decoder_resize(dec, 33);
	ck_assert_uint_eq(dec->table.size, 0);
	check_decode(dec, "3f02 82", ":method: GET\n");
	check_decode(dec, "82", ":method: GET\n");
	/* The table has this size now: no update for this or a higher one. */
	hpack_decoder_resize(dec, 33);
	check_decode(dec, "82", ":method: GET\n");
	hpack_decoder_resize(dec, 4096);
	check_decode(dec, "82", ":method: GET\n");
	check_decode(dec, "3fe11f", "");
}
END_TEST

/* Lowered and raised again: the peer must announce the lower size too. */
START_TEST(test_update_required_after_raise)
{
	hpack_decoder_resize(dec, 100);
	hpack_decoder_resize(dec, 4096);
	check_refuse(dec, "3fe11f", "4096 before 100");
}
END_TEST

START_TEST(test_update_required_lowest_then_last)
{
	hpack_decoder_resize(dec, 100);
	hpack_decoder_resize(dec, 4096);
	check_decode(dec, "3f45 3fe11f 82", ":method: GET\n");
}
END_TEST

/* A peer that uses a lower size already need not announce it again. */
START_TEST(test_update_not_required)
{
	check_decode(dec, "20", "");
	hpack_decoder_resize(dec, 100);
	check_decode(dec, "82", ":method: GET\n");
}
END_TEST

START_TEST(test_decoder_of_other_size)
{
	struct hpack_decoder *d = hpack_decoder_new(8192);

	ck_assert_ptr_nonnull(d);
	check_decode(d, "3fe13f", "");
	check_refuse(d, "3fe23f", "size update of 8193");
	hpack_decoder_free(d);
}
END_TEST

START_TEST(test_callback_stops)
{
	static const uint8_t block[] = { 0x82, 0x84, 0x86 };
	int calls = 0;

	ck_assert_int_eq(hpack_decode(dec, block, sizeof(block), stop,
	    &calls), HPACK_ERR_STOPPED);
	ck_assert_int_eq(calls, 2);
	ck_assert_int_eq(hpack_decode(dec, block, 1, stop, &calls),
	    HPACK_ERR_STOPPED);
	ck_assert_int_eq(calls, 2);
}
END_TEST

/* Fields in front of an error are still given to the callback. */
START_TEST(test_fields_before_an_error)
{
	struct buf got = { 0 };

	ck_assert_int_eq(decode_hex(dec, "82 84 80 86", &got),
	    HPACK_ERR_DATA);
	ck_assert_str_eq((char *)buf_data(&got), ":method: GET\n:path: /\n");
	buf_free(&got);
}
END_TEST

/* The dynamic table at its bounds (§4.4). */

/* A table of 68 octets holds two fields of 34. */
START_TEST(test_eviction)
{
	check_decode(dec, "3f25 40 0161 0131 40 0162 0132 bf be",
	    "a: 1\nb: 2\na: 1\nb: 2\n");
	ck_assert_uint_eq(dec->table.size, 68);
	check_decode(dec, "40 0163 0133 be bf", "c: 3\nc: 3\nb: 2\n");
	ck_assert_uint_eq(dec->table.size, 68);
	check_refuse(dec, "c0", "index of an evicted field");
}
END_TEST

START_TEST(test_resize_evicts_the_oldest)
{
	check_decode(dec, "40 0161 0131 40 0162 0132", "a: 1\nb: 2\n");
	check_decode(dec, "3f24 be", "b: 2\n");		/* 67 */
	ck_assert_uint_eq(dec->table.size, 34);
	check_refuse(dec, "bf", "index of an evicted field");
}
END_TEST

START_TEST(test_too_large_empties_the_table)
{
	check_decode(dec, "3f03 40 0161 0131", "a: 1\n");	/* 34 */
	check_decode(dec, "40 0162 023232", "b: 22\n");
	ck_assert_uint_eq(dec->table.size, 0);
	check_refuse(dec, "be", "index of an empty table");
}
END_TEST

/* The name is that of an entry which is evicted for the new entry. */
START_TEST(test_name_of_the_evicted)
{
	check_decode(dec, "3f0b 40 03616263 0131", "abc: 1\n");	/* 42 */
	check_decode(dec, "7e 0732333435363738 be",
	    "abc: 2345678\nabc: 2345678\n");
	ck_assert_uint_eq(dec->table.size, 42);
	check_decode(dec, "7e 083233343536373839", "abc: 23456789\n");
	ck_assert_uint_eq(dec->table.size, 0);
}
END_TEST

/*
 * Encodes n fields of many sizes, more than the table holds.  Each is sent
 * twice, the second time as an index, while the table moves and wraps.
 */
static void
check_many(size_t table, int n)
{
	struct hpack_encoder *e = new_encoder(table);
	char line[400], filler[300];
	int i;

	hpack_encoder_resize(e, table);
	hpack_decoder_resize(dec, table);
	memset(filler, 'f', sizeof(filler));
	for (i = 0; i < n; i++) {
		struct buf out = { 0 }, got = { 0 };
		int len = sprintf(line, "name-%d: %d %.*s\n", i % 700, i,
		    i * 37 % 251, filler);
		size_t name = (size_t)(strchr(line, ':') - line);
		struct field f[2] = { { (uint8_t *)line,
		    (uint8_t *)line + name + 2, name,
		    (size_t)len - name - 3, false } };

		f[1] = f[0];
		ck_assert_int_eq(hpack_encode(e, &out, f, 2), HPACK_OK);
		ck_assert_uint_eq(buf_data(&out)[buf_len(&out) - 1], 0xbe);
		ck_assert_int_eq(hpack_decode(dec, buf_data(&out),
		    buf_len(&out), add_line, &got), HPACK_OK);
		ck_assert_uint_eq(buf_len(&got), 2 * (size_t)len);
		ck_assert_mem_eq(buf_data(&got), line, (size_t)len);
		ck_assert_mem_eq(buf_data(&got) + len, line, (size_t)len);
		ck_assert_uint_eq(dec->table.size, e->table.size);
		ck_assert_uint_le(e->table.size, table);
		buf_free(&out);
		buf_free(&got);
	}
	hpack_encoder_free(e);
}

START_TEST(test_many_fields)
{
	check_many(4096, 3000);
}
END_TEST

START_TEST(test_many_fields_in_a_large_table)
{
	check_many(1 << 20, 20000);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *s = suite_create("hpack");
	TCase *tc = tcase_create("hpack");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_c1_integers);
	tcase_add_test(tc, test_static_table);
	tcase_add_loop_test(tc, test_c2_representations, 0, COUNT(c2));
	tcase_add_test(tc, test_c3_requests_plain);
	tcase_add_test(tc, test_c4_requests_huffman);
	tcase_add_test(tc, test_c5_responses_plain);
	tcase_add_test(tc, test_c6_responses_huffman);
	tcase_add_test(tc, test_c4_encoded);
	tcase_add_test(tc, test_c6_encoded);
	tcase_add_loop_test(tc, test_decision, 0, COUNT(decisions));
	tcase_add_test(tc, test_cookie_of_20_octets);
	tcase_add_test(tc, test_large_fields_are_not_indexed);
	tcase_add_test(tc, test_encoder_resized);
	tcase_add_test(tc, test_encoder_of_other_size);
	tcase_add_test(tc, test_encoder_out_of_memory);
	tcase_add_loop_test(tc, test_string_lengths, 0, COUNT(edge_lengths));
	tcase_add_test(tc, test_huffman_shortens_its_length);
	tcase_add_loop_test(tc, test_taken, 0, COUNT(taken));
	tcase_add_loop_test(tc, test_refused, 0, COUNT(refused));
	tcase_add_test(tc, test_update_required);
	tcase_add_test(tc, test_update_required_of_empty_block);
	tcase_add_test(tc, test_update_required_too_large);
	tcase_add_test(tc, test_update_required_came);
	tcase_add_test(tc, test_update_required_after_raise);
	tcase_add_test(tc, test_update_required_lowest_then_last);
	tcase_add_test(tc, test_update_not_required);
	tcase_add_test(tc, test_decoder_of_other_size);
	tcase_add_test(tc, test_callback_stops);
	tcase_add_test(tc, test_fields_before_an_error);
	tcase_add_test(tc, test_eviction);
	tcase_add_test(tc, test_resize_evicts_the_oldest);
	tcase_add_test(tc, test_too_large_empties_the_table);
	tcase_add_test(tc, test_name_of_the_evicted);
	tcase_add_test(tc, test_many_fields);
	tcase_add_test(tc, test_many_fields_in_a_large_table);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return tap_run(make_suite());
}

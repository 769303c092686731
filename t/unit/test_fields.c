/* SPDX-License-Identifier: MIT */
/*
 * Tests field sections: the list, and a case for each rule of RFC 9113 §8.2,
 * §8.3 and §8.5, RFC 8441 §4 and RFC 9110 §8.6.  A section is a text with a
 * field per line, "name: value" (the name may begin with a colon).  A text
 * cannot contain NUL, so another octet stands for it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "h2/fields.h"
#include "tap.h"

#define NUL '\x01'
#define MAX_FIELDS 8

#define NOT_A_TOKEN "a field name with a character other than a-z, 0-9 and " \
	"!#$%&'*+-.^_`|~ (RFC 9113 8.2.1)"

#define REQ ":method: GET\n:scheme: https\n:authority: a\n:path: /\n"
#define NO_PATH ":method: GET\n:scheme: https\n"
#define OPTIONS ":method: OPTIONS\n:scheme: https\n"
#define CONNECT ":method: CONNECT\n:authority: a:1\n"
#define EXTENDED ":method: CONNECT\n:protocol: websocket\n"

static const struct section_case {
	enum fields_kind kind;
	const char *text;
	const char *reason;	/* NULL: no error */
} cases[] = {
	{ FIELDS_REQUEST, REQ, NULL },
	{ FIELDS_REQUEST, REQ "a: b\nc: \n", NULL },
	/* §8.2.1 names. */
	{ FIELDS_REQUEST, REQ "A: b\n",
	    "a field name with upper-case letters (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "aZ: b\n",
	    "a field name with upper-case letters (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ ": b\n",
	    "an empty field name (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ ":: b\n", "a pseudo-header field that requests "
	    "do not have (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, REQ "a b: c\n", NOT_A_TOKEN },
	{ FIELDS_REQUEST, REQ "a:b: c\n", NOT_A_TOKEN },
	{ FIELDS_REQUEST, REQ "a\x7f: c\n", NOT_A_TOKEN },
	{ FIELDS_REQUEST, REQ "a\x80: c\n", NOT_A_TOKEN },
	{ FIELDS_REQUEST, REQ "a\xff: c\n", NOT_A_TOKEN },
	{ FIELDS_REQUEST, REQ "a(: c\n", NOT_A_TOKEN },
	{ FIELDS_REQUEST, REQ "a\x01: c\n", NOT_A_TOKEN },
	{ FIELDS_REQUEST, REQ "!#$%&'*+-.^_`|~09az: c\n", NULL },
	/* §8.2.1 values. */
	{ FIELDS_REQUEST, REQ "a: b\x01" "c\n", "a field value with NUL, CR "
	    "or LF (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "a: b\x02" "c\n", "a field value with NUL, CR "
	    "or LF (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "a: b\r\n", "a field value with NUL, CR or LF "
	    "(RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "a:  b\n", "a field value that starts or ends "
	    "with white space (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "a: \tb\n", "a field value that starts or ends "
	    "with white space (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "a: b \n", "a field value that starts or ends "
	    "with white space (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "a: b\t\n", "a field value that starts or ends "
	    "with white space (RFC 9113 8.2.1)" },
	{ FIELDS_REQUEST, REQ "a: b c\td\x7f\x80\xff\n", NULL },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: https\n:path:  /\n",
	    "a field value that starts or ends with white space "
	    "(RFC 9113 8.2.1)" },
	/* §8.2.2. */
	{ FIELDS_REQUEST, REQ "connection: close\n",
	    "a connection-specific field (RFC 9113 8.2.2)" },
	{ FIELDS_REQUEST, REQ "proxy-connection: close\n",
	    "a connection-specific field (RFC 9113 8.2.2)" },
	{ FIELDS_REQUEST, REQ "keep-alive: 1\n",
	    "a connection-specific field (RFC 9113 8.2.2)" },
	{ FIELDS_REQUEST, REQ "transfer-encoding: chunked\n",
	    "a connection-specific field (RFC 9113 8.2.2)" },
	{ FIELDS_REQUEST, REQ "upgrade: h2c\n",
	    "a connection-specific field (RFC 9113 8.2.2)" },
	{ FIELDS_REQUEST, REQ "te: trailers\n", NULL },
	{ FIELDS_REQUEST, REQ "te: Trailers\n", NULL },
	{ FIELDS_REQUEST, REQ "te: gzip\n",
	    "te with a value other than trailers (RFC 9113 8.2.2)" },
	{ FIELDS_REQUEST, REQ "te: trailers, gzip\n",
	    "te with a value other than trailers (RFC 9113 8.2.2)" },
	{ FIELDS_REQUEST, REQ "te: trailer\n",
	    "te with a value other than trailers (RFC 9113 8.2.2)" },
	/* §8.3. */
	{ FIELDS_REQUEST, "a: b\n" REQ,
	    "a pseudo-header field after other fields (RFC 9113 8.3)" },
	{ FIELDS_REQUEST, REQ ":path: /\n",
	    "a pseudo-header field that comes twice (RFC 9113 8.3)" },
	{ FIELDS_REQUEST, REQ ":method: GET\n",
	    "a pseudo-header field that comes twice (RFC 9113 8.3)" },
	{ FIELDS_REQUEST, REQ ":unknown: x\n", "a pseudo-header field that "
	    "requests do not have (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, REQ ":status: 200\n", "a pseudo-header field that "
	    "requests do not have (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: https\n:Path: /\n",
	    "a pseudo-header field that requests do not have "
	    "(RFC 9113 8.3.1)" },
	/* §8.3.1. */
	{ FIELDS_REQUEST, "", "no :method (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":scheme: https\n:path: /\n",
	    "no :method (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: GET\n:path: /\n",
	    "no :scheme (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH, "no :path (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: /\n", NULL },
	{ FIELDS_REQUEST, NO_PATH ":path: \n",
	    "an empty :path (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: a\n", ":path does not start with / "
	    "and is not the * of OPTIONS (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: *\n", ":path does not start with / "
	    "and is not the * of OPTIONS (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, OPTIONS ":path: *\n", NULL },
	{ FIELDS_REQUEST, ":path: *\n" OPTIONS, NULL },
	{ FIELDS_REQUEST, OPTIONS ":path: /a\n", NULL },
	{ FIELDS_REQUEST, OPTIONS ":path: **\n", ":path does not start with / "
	    "and is not the * of OPTIONS (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: /a b\n",
	    ":path with a space or a control character (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: /a\x7f\n",
	    ":path with a space or a control character (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: /\xc3\xa4?b#%zz\n", NULL },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: coap\n:path: \n", NULL },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: a+-.9\n:path: x\n", NULL },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: HTTP\n:path: x\n",
	    ":path does not start with / and is not the * of OPTIONS "
	    "(RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: \n:path: /\n",
	    ":scheme is not a URI scheme (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: 1a\n:path: /\n",
	    ":scheme is not a URI scheme (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: a:b\n:path: /\n",
	    ":scheme is not a URI scheme (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: \n:scheme: https\n:path: /\n",
	    ":method is not a token (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: G T\n:scheme: https\n:path: /\n",
	    ":method is not a token (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: /\n:authority: a b\n",
	    ":authority with a space or a control character "
	    "(RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, NO_PATH ":path: /\n:authority: u@a\n",
	    ":authority with user information (RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, ":method: GET\n:scheme: x\n:path: /\n"
	    ":authority: u@a\n", NULL },
	/* RFC 9110 §8.6. */
	{ FIELDS_REQUEST, REQ "content-length: 0\n", NULL },
	{ FIELDS_REQUEST, REQ "content-length: 9223372036854775807\n", NULL },
	{ FIELDS_REQUEST, REQ "content-length: 9223372036854775808\n",
	    "content-length is not a number (RFC 9110 8.6)" },
	{ FIELDS_REQUEST, REQ "content-length: 92233720368547758070\n",
	    "content-length is not a number (RFC 9110 8.6)" },
	{ FIELDS_REQUEST, REQ "content-length: \n",
	    "content-length is not a number (RFC 9110 8.6)" },
	{ FIELDS_REQUEST, REQ "content-length: -1\n",
	    "content-length is not a number (RFC 9110 8.6)" },
	{ FIELDS_REQUEST, REQ "content-length: 1, 1\n",
	    "content-length is not a number (RFC 9110 8.6)" },
	{ FIELDS_REQUEST, REQ "content-length: 1\ncontent-length: 1\n",
	    NULL },
	{ FIELDS_REQUEST, REQ "content-length: 1\ncontent-length: 2\n",
	    "content-length fields that differ (RFC 9110 8.6)" },
	/* §8.5, RFC 8441 §4. */
	{ FIELDS_REQUEST, CONNECT, NULL },
	{ FIELDS_REQUEST, CONNECT "content-length: 5\n", NULL },
	{ FIELDS_REQUEST, ":method: CONNECT\n",
	    "CONNECT without :authority (RFC 9113 8.5)" },
	{ FIELDS_REQUEST, ":method: CONNECT\n:authority: \n",
	    "CONNECT without :authority (RFC 9113 8.5)" },
	{ FIELDS_REQUEST, CONNECT ":scheme: https\n",
	    "CONNECT with :scheme or :path (RFC 9113 8.5)" },
	{ FIELDS_REQUEST, CONNECT ":path: /\n",
	    "CONNECT with :scheme or :path (RFC 9113 8.5)" },
	{ FIELDS_REQUEST, EXTENDED ":scheme: https\n:path: /\n", NULL },
	{ FIELDS_REQUEST, EXTENDED ":path: /\n",
	    "extended CONNECT without :scheme or :path (RFC 8441 4)" },
	{ FIELDS_REQUEST, EXTENDED ":scheme: https\n",
	    "extended CONNECT without :scheme or :path (RFC 8441 4)" },
	{ FIELDS_REQUEST, EXTENDED ":scheme: https\n:path: x\n",
	    ":path does not start with / and is not the * of OPTIONS "
	    "(RFC 9113 8.3.1)" },
	{ FIELDS_REQUEST, REQ ":protocol: websocket\n",
	    ":protocol in a request that is not CONNECT (RFC 8441 4)" },
	{ FIELDS_REQUEST, ":method: CONNECT\n:protocol: \n",
	    ":protocol is not a token (RFC 8441 4)" },
	/* Trailers. */
	{ FIELDS_TRAILERS, "", NULL },
	{ FIELDS_TRAILERS, "a: b\n", NULL },
	{ FIELDS_TRAILERS, "content-length: x\n", NULL },
	{ FIELDS_TRAILERS, "a: b\n:path: /\n",
	    "a pseudo-header field in trailers (RFC 9113 8.1)" },
	{ FIELDS_TRAILERS, ":status: 200\n",
	    "a pseudo-header field in trailers (RFC 9113 8.1)" },
	{ FIELDS_TRAILERS, "A: b\n",
	    "a field name with upper-case letters (RFC 9113 8.2.1)" },
	{ FIELDS_TRAILERS, "upgrade: b\n",
	    "a connection-specific field (RFC 9113 8.2.2)" },
	/* Responses (§8.3.2). */
	{ FIELDS_RESPONSE, ":status: 200\na: b\n", NULL },
	{ FIELDS_RESPONSE, ":status: 999\n", NULL },
	{ FIELDS_RESPONSE, "a: b\n", "no :status (RFC 9113 8.3.2)" },
	{ FIELDS_RESPONSE, "a: b\n:status: 200\n",
	    "a pseudo-header field after other fields (RFC 9113 8.3)" },
	{ FIELDS_RESPONSE, ":status: 20\n",
	    ":status is not three digits (RFC 9113 8.3.2)" },
	{ FIELDS_RESPONSE, ":status: 2000\n",
	    ":status is not three digits (RFC 9113 8.3.2)" },
	{ FIELDS_RESPONSE, ":status: 099\n",
	    ":status is not three digits (RFC 9113 8.3.2)" },
	{ FIELDS_RESPONSE, ":status: 2x0\n",
	    ":status is not three digits (RFC 9113 8.3.2)" },
	{ FIELDS_RESPONSE, ":status: 200\n:status: 200\n",
	    "a pseudo-header field that comes twice (RFC 9113 8.3)" },
	{ FIELDS_RESPONSE, ":status: 200\n:method: GET\n",
	    "a pseudo-header field that responses do not have "
	    "(RFC 9113 8.3.2)" },
	{ FIELDS_RESPONSE, ":status: 200\ntransfer-encoding: chunked\n",
	    "a connection-specific field (RFC 9113 8.2.2)" },
	{ FIELDS_RESPONSE, ":status: 200\nte: trailers\n",
	    "te with a value other than trailers (RFC 9113 8.2.2)" },
	/* Promises (§8.4). */
	{ FIELDS_PROMISE, REQ, NULL },
	{ FIELDS_PROMISE, ":method: HEAD\n:scheme: https\n:authority: a\n"
	    ":path: /\ncontent-length: 0\n", NULL },
	{ FIELDS_PROMISE, ":scheme: https\n:authority: a\n:path: /\n",
	    "no :method (RFC 9113 8.3.1)" },
	{ FIELDS_PROMISE, ":method: POST\n:scheme: https\n:authority: a\n"
	    ":path: /\n", "a promised method other than GET or HEAD "
	    "(RFC 9113 8.4)" },
	{ FIELDS_PROMISE, CONNECT, "a promised method other than GET or HEAD "
	    "(RFC 9113 8.4)" },
	{ FIELDS_PROMISE, NO_PATH ":path: /\n",
	    "a promise without :authority (RFC 9113 8.4)" },
	{ FIELDS_PROMISE, NO_PATH ":authority: a\n",
	    "no :path (RFC 9113 8.3.1)" },
	{ FIELDS_PROMISE, REQ ":path: /\n",
	    "a pseudo-header field that comes twice (RFC 9113 8.3)" },
	{ FIELDS_PROMISE, REQ "content-length: 1\n",
	    "a promised request with content (RFC 9113 8.4)" },
	{ FIELDS_PROMISE, REQ ":protocol: websocket\n",
	    "a pseudo-header field that promised requests do not have "
	    "(RFC 9113 8.4)" },
};

/*
 * Parses a text: \x01 in a value becomes NUL, \x02 LF.  The fields point into
 * copy.  Returns their number.
 */
static size_t
parse(char *copy, struct field *v)
{
	size_t n = 0;
	char *line = copy, *end, *colon, *p;

	while (*line != '\0') {
		ck_assert_uint_lt(n, MAX_FIELDS);
		end = strchr(line, '\n');
		colon = strstr(line, ": ");
		v[n].name = (uint8_t *)line;
		v[n].name_len = (size_t)(colon - line);
		v[n].value = (uint8_t *)colon + 2;
		v[n].value_len = (size_t)(end - colon) - 2;
		v[n].never_index = false;
		for (p = colon; p < end; p++) {
			if (*p == NUL)
				*p = '\0';
			else if (*p == '\x02')
				*p = '\n';
		}
		line = end + 1;
		n++;
	}
	return n;
}

static void
build(struct fields *l, const struct field *v, size_t n)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < n; i++)
		ck_assert_int_eq(fields_add(l, &v[i]), 0);
}

/* The rule holds for a list that was received and for an array to be sent. */
START_TEST(test_rule)
{
	const struct section_case *c = &cases[_i];
	char *copy = strdup(c->text);
	struct field v[MAX_FIELDS];
	size_t n = parse(copy, v);
	const struct field *bad;
	const char *reason;
	struct fields l;

	build(&l, v, n);
	reason = fields_check(&l, c->kind, true, NULL);
	ck_assert_pstr_eq(reason, c->reason);
	/* Not for requests: we send none, so it knows no :protocol. */
	if (c->kind != FIELDS_REQUEST)
		ck_assert_pstr_eq(fields_check_sent(v, n, c->kind, &bad),
		    reason);
	fields_free(&l);
	free(copy);
}
END_TEST

static const struct {
	const char *text;
	struct message_info info;
} infos[] = {
	{ REQ, { -1, false, false, false } },
	{ REQ "content-length: 12\n", { 12, false, false, false } },
	{ ":method: HEAD\n:scheme: https\n:path: /\n",
	    { -1, false, false, true } },
	{ ":method: head\n:scheme: https\n:path: /\n",
	    { -1, false, false, false } },
	{ CONNECT "content-length: 5\n", { -1, true, false, false } },
	{ EXTENDED ":scheme: https\n:path: /\n", { -1, true, true, false } },
};

START_TEST(test_info)
{
	struct message_info info;
	char *copy = strdup(infos[_i].text);
	struct field v[MAX_FIELDS];
	size_t n = parse(copy, v);
	struct fields l;

	build(&l, v, n);
	ck_assert_ptr_null(fields_check(&l, FIELDS_REQUEST, true, &info));
	ck_assert(info.content_length == infos[_i].info.content_length);
	ck_assert(info.connect == infos[_i].info.connect);
	ck_assert(info.extended == infos[_i].info.extended);
	ck_assert(info.head == infos[_i].info.head);
	fields_free(&l);
	free(copy);
}
END_TEST

/* RFC 8441 §3: :protocol is allowed only if our SETTINGS have allowed it. */
START_TEST(test_extended_connect_off)
{
	char text[] = EXTENDED ":scheme: https\n:path: /\n";
	struct field v[MAX_FIELDS];
	size_t n = parse(text, v);
	struct fields l;

	build(&l, v, n);
	ck_assert_pstr_eq(fields_check(&l, FIELDS_REQUEST, false, NULL),
	    "a pseudo-header field that requests do not have "
	    "(RFC 9113 8.3.1)");
	fields_free(&l);
}
END_TEST

START_TEST(test_status)
{
	char text[] = "a: b\n:status: 404\n", bad[] = ":status: 4x4\n";
	struct field v[MAX_FIELDS];
	size_t n = parse(text, v);

	ck_assert_int_eq(fields_status(v, n), 404);
	ck_assert_int_eq(fields_status(v, 1), -1);
	n = parse(bad, v);
	ck_assert_int_eq(fields_status(v, n), 0);
}
END_TEST

START_TEST(test_list)
{
	struct field f = { 0 }, v[3] = {
		{ (const uint8_t *)"one", (const uint8_t *)"1", 3, 1, false },
		{ (const uint8_t *)"two", NULL, 3, 0, true },
		{ (const uint8_t *)"one", (const uint8_t *)"3!", 3, 2, false },
	};
	struct fields l;

	build(&l, v, 3);
	ck_assert_uint_eq(l.n, 3);
	ck_assert_uint_eq(l.size, 3 + 1 + 3 + 3 + 2 + 3 * 32);	/* §6.5.2 */
	fields_get(&l, 2, &f);
	ck_assert_uint_eq(f.value_len, 2);
	ck_assert_mem_eq(f.value, "3!", 2);
	ck_assert(!f.never_index);
	ck_assert(fields_find(&l, "two", &f));
	ck_assert(f.value_len == 0 && f.never_index);
	ck_assert(fields_find(&l, "one", &f));
	ck_assert_mem_eq(f.value, "1", 1);
	ck_assert(!fields_find(&l, "on", &f));
	ck_assert(!fields_find(&l, "ones", &f));
	fields_clear(&l);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_uint_eq(l.size, 0);
	ck_assert_uint_eq(buf_len(&l.octets), 0);
	ck_assert(!fields_find(&l, "one", &f));
	ck_assert_int_eq(fields_add(&l, &v[2]), 0);
	fields_get(&l, 0, &f);
	ck_assert_mem_eq(f.value, "3!", 2);
	fields_free(&l);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_uint_eq(l.size, 0);
	/* A field without octets, which HPACK can encode. */
	f = (struct field){ 0 };
	ck_assert_int_eq(fields_add(&l, &f), 0);
	fields_get(&l, 0, &f);
	ck_assert(f.name != NULL && f.name_len == 0 && f.value_len == 0);
	fields_free(&l);
}
END_TEST

START_TEST(test_copy)
{
	const struct field v = { (const uint8_t *)"a", (const uint8_t *)"bc",
		1, 2, true };
	struct fields from, to = { 0 };
	struct field f = { 0 };

	build(&from, &v, 1);
	ck_assert_int_eq(fields_copy(&to, &from), 0);
	fields_free(&from);
	ck_assert_uint_eq(to.n, 1);
	ck_assert_uint_eq(to.size, 35);
	ck_assert(fields_find(&to, "a", &f) && f.never_index);
	ck_assert_mem_eq(f.value, "bc", 2);
	fields_clear(&to);
	ck_assert_int_eq(fields_copy(&to, &from), 0);	/* from is empty */
	ck_assert_uint_eq(to.n, 0);
	fields_free(&to);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fields");
	TCase *tc = tcase_create("fields");

	tcase_add_loop_test(tc, test_rule, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_loop_test(tc, test_info, 0,
	    (int)(sizeof(infos) / sizeof(infos[0])));
	tcase_add_test(tc, test_extended_connect_off);
	tcase_add_test(tc, test_status);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_copy);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

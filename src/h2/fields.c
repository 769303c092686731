/* SPDX-License-Identifier: MIT */
/*
 * Field sections: the list that owns its octets, and the rules for the fields
 * of requests, trailers, responses and promised requests.
 *
 * A section is checked field by field, in order, by a struct checker that
 * remembers which pseudo-header fields were there; what has to be there is
 * asked at the end.  Nothing is normalised and nothing is dropped: a section
 * passes as it is or is malformed (RFC 9113 §8.1.1).  The session checks what
 * it received, send what it is to send.
 */
#include <string.h>

#include "fields.h"

struct field_at {
	size_t name;		/* offset into octets; the value follows it */
	size_t name_len;
	size_t value_len;
	bool never_index;
};

void
fields_free(struct fields *l)
{
	buf_free(&l->octets);
	buf_free(&l->index);
	l->n = 0;
	l->size = 0;
}

void
fields_clear(struct fields *l)
{
	buf_clear(&l->octets);
	buf_clear(&l->index);
	l->n = 0;
	l->size = 0;
}

int
fields_add(struct fields *l, const struct field *f)
{
	struct field_at at = { buf_len(&l->octets), f->name_len,
		f->value_len, f->never_index };

	buf_add(&l->octets, f->name, f->name_len);
	buf_add(&l->octets, f->value, f->value_len);
	buf_add(&l->index, &at, sizeof(at));
	if (l->octets.failed || l->index.failed)
		return -1;
	l->n++;
	l->size += f->name_len + f->value_len + HPACK_FIELD_OVERHEAD;
	return 0;
}

int
fields_copy(struct fields *dst, const struct fields *src)
{
	if (src->n == 0)
		return 0;
	buf_add(&dst->octets, buf_data(&src->octets), buf_len(&src->octets));
	buf_add(&dst->index, buf_data(&src->index), buf_len(&src->index));
	if (dst->octets.failed || dst->index.failed)
		return -1;
	dst->n = src->n;
	dst->size = src->size;
	return 0;
}

void
fields_get(const struct fields *l, size_t i, struct field *f)
{
	static const uint8_t nothing[1];
	const uint8_t *base = buf_data(&l->octets);
	struct field_at at;

	if (base == NULL)
		base = nothing;
	memcpy(&at, buf_data(&l->index) + i * sizeof(at), sizeof(at));
	f->name = base + at.name;
	f->name_len = at.name_len;
	f->value = f->name + at.name_len;
	f->value_len = at.value_len;
	f->never_index = at.never_index;
}

static bool
is_named(const struct field *f, const char *name, size_t len)
{
	return f->name_len == len && memcmp(f->name, name, len) == 0;
}

bool
fields_find(const struct fields *l, const char *name, struct field *f)
{
	size_t len = strlen(name);
	size_t i;

	for (i = 0; i < l->n; i++) {
		fields_get(l, i, f);
		if (is_named(f, name, len))
			return true;
	}
	return false;
}

/* One bit for each pseudo-header field, in this order. */
enum pseudo {
	P_METHOD = 1 << 0,
	P_SCHEME = 1 << 1,
	P_AUTHORITY = 1 << 2,
	P_PATH = 1 << 3,
	P_PROTOCOL = 1 << 4,
	P_STATUS = 1 << 5
};

#define P_REQUEST (P_METHOD | P_SCHEME | P_AUTHORITY | P_PATH)

static const struct {
	const char *name;
	size_t len;
	unsigned bit;
} pseudo_names[] = {
	{ ":method", 7, P_METHOD },
	{ ":scheme", 7, P_SCHEME },
	{ ":authority", 10, P_AUTHORITY },
	{ ":path", 5, P_PATH },
	{ ":protocol", 9, P_PROTOCOL },
	{ ":status", 7, P_STATUS },
};

/* Which of them each kind of section may have (§8.1, §8.3). */
static const struct {
	unsigned allowed;
	const char *reason;	/* for one that is not */
} kinds[] = {
	[FIELDS_REQUEST] = { P_REQUEST | P_PROTOCOL,
	    "a pseudo-header field that requests do not have "
	    "(RFC 9113 8.3.1)" },
	[FIELDS_TRAILERS] = { 0,
	    "a pseudo-header field in trailers (RFC 9113 8.1)" },
	[FIELDS_RESPONSE] = { P_STATUS,
	    "a pseudo-header field that responses do not have "
	    "(RFC 9113 8.3.2)" },
	[FIELDS_PROMISE] = { P_REQUEST,
	    "a pseudo-header field that promised requests do not have "
	    "(RFC 9113 8.4)" },
};

/* Connection-specific fields, which HTTP/2 has not (§8.2.2). */
static const struct {
	const char *name;
	size_t len;
} connection_names[] = {
	{ "connection", 10 },
	{ "proxy-connection", 16 },
	{ "keep-alive", 10 },
	{ "transfer-encoding", 17 },
	{ "upgrade", 7 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct checker {
	enum fields_kind kind;
	bool extended_connect;
	unsigned seen;		/* enum pseudo */
	bool regular_seen;	/* a field that is not a pseudo-header field */
	bool options;		/* :method OPTIONS */
	bool http;		/* :scheme http or https */
	bool safe;		/* :method GET or HEAD */
	int status;
	struct field path;	/* judged at the end: needs :method, :scheme */
	struct field authority;
	struct message_info info;
	const char *reason;	/* set when a check fails */
};

static int
malformed(struct checker *c, const char *reason)
{
	c->reason = reason;
	return -1;
}

/*
 * Token characters (RFC 9110 §5.6.2) as bits by octet: those below 64, then
 * those from 64 to 127 in lower case, then the latter with upper case.
 */
#define TOKEN_LOW UINT64_C(0x03ff6cfa00000000)
#define TOKEN_HIGH UINT64_C(0x57ffffffc0000000)
#define TOKEN_HIGH_UPPER UINT64_C(0x57ffffffc7fffffe)

static bool
is_token(const uint8_t *s, size_t len, uint64_t high)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] > 127 || !((s[i] < 64 ? TOKEN_LOW : high) >>
		    (s[i] & 63) & 1))
			return false;
	}
	return len > 0;
}

static int
check_name(struct checker *c, const struct field *f)
{
	if (is_token(f->name, f->name_len, TOKEN_HIGH))
		return 0;
	if (f->name_len == 0)
		return malformed(c, "an empty field name (RFC 9113 8.2.1)");
	if (is_token(f->name, f->name_len, TOKEN_HIGH_UPPER))
		return malformed(c,
		    "a field name with upper-case letters (RFC 9113 8.2.1)");
	return malformed(c,
	    "a field name with a character that is not allowed "
	    "(RFC 9113 8.2.1)");
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static int
check_value(struct checker *c, const struct field *f)
{
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		if (f->value[i] <= '\r' && (f->value[i] == '\0' ||
		    f->value[i] == '\n' || f->value[i] == '\r'))
			return malformed(c, "a field value with NUL, CR or LF "
			    "(RFC 9113 8.2.1)");
	}
	if (f->value_len > 0 && (is_blank(f->value[0]) ||
	    is_blank(f->value[f->value_len - 1])))
		return malformed(c, "a field value that starts or ends with "
		    "white space (RFC 9113 8.2.1)");
	return 0;
}

static bool
value_is(const struct field *f, const char *s)
{
	size_t len = strlen(s);

	return f->value_len == len && memcmp(f->value, s, len) == 0;
}

/* The same for ASCII letters of either case; s is in lower case. */
static bool
value_is_nocase(const struct field *f, const char *s)
{
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		uint8_t c = f->value[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (s[i] == '\0' || c != (uint8_t)s[i])
			return false;
	}
	return s[f->value_len] == '\0';
}

/* Three digits, the first not 0: 100 to 999, or -1 (RFC 9110 §15). */
static int
parse_status(const struct field *f)
{
	const uint8_t *v = f->value;

	if (f->value_len != 3 || v[0] < '1' || v[0] > '9' || v[1] < '0' ||
	    v[1] > '9' || v[2] < '0' || v[2] > '9')
		return -1;
	return (v[0] - '0') * 100 + (v[1] - '0') * 10 + (v[2] - '0');
}

static int
check_method(struct checker *c, const struct field *f)
{
	if (!is_token(f->value, f->value_len, TOKEN_HIGH_UPPER))
		return malformed(c, ":method is not a token (RFC 9113 8.3.1)");
	c->info.connect = value_is(f, "CONNECT");
	c->info.head = value_is(f, "HEAD");
	c->options = value_is(f, "OPTIONS");
	c->safe = c->info.head || value_is(f, "GET");
	return 0;
}

/* RFC 3986 §3.1. */
static int
check_scheme(struct checker *c, const struct field *f)
{
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		uint8_t l = f->value[i] | 0x20;
		bool alpha = l >= 'a' && l <= 'z';

		if (!alpha && (i == 0 || (strchr("0123456789+-.",
		    f->value[i]) == NULL || f->value[i] == '\0')))
			break;
	}
	if (f->value_len == 0 || i < f->value_len)
		return malformed(c,
		    ":scheme is not a URI scheme (RFC 9113 8.3.1)");
	c->http = value_is_nocase(f, "http") || value_is_nocase(f, "https");
	return 0;
}

/* Nothing in a URI is a control character or a space (RFC 3986 §2). */
static int
check_uri_octets(struct checker *c, const struct field *f, const char *reason)
{
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		if (f->value[i] <= ' ' || f->value[i] == 0x7f)
			return malformed(c, reason);
	}
	return 0;
}

static int
check_pseudo_value(struct checker *c, unsigned bit, const struct field *f)
{
	switch (bit) {
	case P_METHOD:
		return check_method(c, f);
	case P_SCHEME:
		return check_scheme(c, f);
	case P_AUTHORITY:
		c->authority = *f;
		return check_uri_octets(c, f, ":authority with a space or a "
		    "control character (RFC 9113 8.3.1)");
	case P_PATH:
		c->path = *f;
		return check_uri_octets(c, f, ":path with a space or a "
		    "control character (RFC 9113 8.3.1)");
	case P_PROTOCOL:
		c->info.extended = true;
		if (!is_token(f->value, f->value_len, TOKEN_HIGH_UPPER))
			return malformed(c,
			    ":protocol is not a token (RFC 8441 4)");
		return 0;
	default:
		c->status = parse_status(f);
		if (c->status == -1)
			return malformed(c,
			    ":status is not three digits (RFC 9113 8.3.2)");
		return 0;
	}
}

static int
check_pseudo(struct checker *c, const struct field *f)
{
	unsigned bit = 0;
	size_t i;

	for (i = 0; i < COUNT(pseudo_names); i++) {
		if (is_named(f, pseudo_names[i].name, pseudo_names[i].len))
			bit = pseudo_names[i].bit;
	}
	if (bit == P_PROTOCOL && !c->extended_connect)
		bit = 0;
	if ((kinds[c->kind].allowed & bit) == 0)
		return malformed(c, kinds[c->kind].reason);
	if (c->seen & bit)
		return malformed(c,
		    "a pseudo-header field that comes twice (RFC 9113 8.3)");
	if (c->regular_seen)
		return malformed(c, "a pseudo-header field after other fields "
		    "(RFC 9113 8.3)");
	c->seen |= bit;
	if (check_value(c, f) == -1)
		return -1;
	return check_pseudo_value(c, bit, f);
}

/* Digits that fit 63 bits; several fields must agree (RFC 9110 §8.6). */
static int
check_content_length(struct checker *c, const struct field *f)
{
	int64_t v = 0;
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		int d = f->value[i] - '0';

		if (d < 0 || d > 9 || v > (INT64_MAX - d) / 10)
			break;
		v = v * 10 + d;
	}
	if (f->value_len == 0 || i < f->value_len)
		return malformed(c,
		    "content-length is not a number (RFC 9110 8.6)");
	if (c->info.content_length != -1 && c->info.content_length != v)
		return malformed(c,
		    "content-length fields that differ (RFC 9110 8.6)");
	c->info.content_length = v;
	return 0;
}

/* The fields with a meaning of their own; they are few, so length first. */
static int
check_special(struct checker *c, const struct field *f)
{
	size_t i;

	for (i = 0; i < COUNT(connection_names); i++) {
		if (is_named(f, connection_names[i].name,
		    connection_names[i].len))
			return malformed(c, "a connection-specific field "
			    "(RFC 9113 8.2.2)");
	}
	if (is_named(f, "te", 2) && (c->kind == FIELDS_RESPONSE ||
	    !value_is_nocase(f, "trailers")))
		return malformed(c, "te with a value other than trailers "
		    "(RFC 9113 8.2.2)");
	if (is_named(f, "content-length", 14) && c->kind != FIELDS_TRAILERS)
		return check_content_length(c, f);
	return 0;
}

static int
check_field(struct checker *c, const struct field *f)
{
	if (f->name_len > 0 && f->name[0] == ':')
		return check_pseudo(c, f);
	c->regular_seen = true;
	if (check_name(c, f) == -1 || check_value(c, f) == -1)
		return -1;
	return check_special(c, f);
}

/* What CONNECT has and has not (§8.5, RFC 8441 §4). */
static int
check_connect(struct checker *c)
{
	if (c->info.extended) {
		if ((c->seen & (P_SCHEME | P_PATH)) != (P_SCHEME | P_PATH))
			return malformed(c, "extended CONNECT without :scheme "
			    "or :path (RFC 8441 4)");
		return 0;
	}
	if (c->seen & (P_SCHEME | P_PATH))
		return malformed(c,
		    "CONNECT with :scheme or :path (RFC 9113 8.5)");
	if ((c->seen & P_AUTHORITY) == 0 || c->authority.value_len == 0)
		return malformed(c,
		    "CONNECT without :authority (RFC 9113 8.5)");
	return 0;
}

/* For http and https; other schemes have paths of their own making. */
static int
check_http_uri(struct checker *c)
{
	const struct field *p = &c->path;

	if (c->seen & P_AUTHORITY && c->authority.value_len > 0 &&
	    memchr(c->authority.value, '@', c->authority.value_len) != NULL)
		return malformed(c,
		    ":authority with user information (RFC 9113 8.3.1)");
	if (p->value_len == 0)
		return malformed(c, "an empty :path (RFC 9113 8.3.1)");
	if (p->value[0] == '/' || (c->options && value_is(p, "*")))
		return 0;
	return malformed(c, ":path does not start with / and is not the * of "
	    "OPTIONS (RFC 9113 8.3.1)");
}

static int
check_request_end(struct checker *c)
{
	static const unsigned needed = P_METHOD | P_SCHEME | P_PATH;

	if ((c->seen & P_METHOD) == 0)
		return malformed(c, "no :method (RFC 9113 8.3.1)");
	if (c->info.extended && !c->info.connect)
		return malformed(c,
		    ":protocol in a request that is not CONNECT (RFC 8441 4)");
	if (c->info.connect) {
		/* A tunnel's octets are no content (RFC 9110 §9.3.6). */
		c->info.content_length = -1;
		if (check_connect(c) == -1)
			return -1;
	} else if ((c->seen & needed) != needed) {
		return malformed(c, (c->seen & P_SCHEME) == 0 ?
		    "no :scheme (RFC 9113 8.3.1)" :
		    "no :path (RFC 9113 8.3.1)");
	}
	return c->http && (c->seen & P_PATH) ? check_http_uri(c) : 0;
}

/* A promised request is safe, cacheable and has no content (§8.4). */
static int
check_promise_end(struct checker *c)
{
	if (c->info.connect || !(c->seen & P_METHOD) || !c->safe)
		return malformed(c, (c->seen & P_METHOD) == 0 ?
		    "no :method (RFC 9113 8.3.1)" :
		    "a promised method other than GET or HEAD (RFC 9113 8.4)");
	if (check_request_end(c) == -1)
		return -1;
	if ((c->seen & P_AUTHORITY) == 0)
		return malformed(c,
		    "a promise without :authority (RFC 9113 8.4)");
	if (c->info.content_length > 0)
		return malformed(c,
		    "a promised request with content (RFC 9113 8.4)");
	return 0;
}

static int
check_end(struct checker *c)
{
	switch (c->kind) {
	case FIELDS_REQUEST:
		return check_request_end(c);
	case FIELDS_PROMISE:
		return check_promise_end(c);
	case FIELDS_RESPONSE:
		if ((c->seen & P_STATUS) == 0)
			return malformed(c, "no :status (RFC 9113 8.3.2)");
		return 0;
	default:
		return 0;
	}
}

static void
checker_init(struct checker *c, enum fields_kind kind, bool extended_connect)
{
	*c = (struct checker){ .kind = kind, .status = -1,
		.extended_connect = extended_connect };
	c->info.content_length = -1;
}

static int
refused(const struct checker *c, struct h2_error *err)
{
	err->level = H2_LEVEL_STREAM;
	err->code = H2_PROTOCOL_ERROR;
	err->reason = c->reason;
	return -1;
}

int
fields_check(const struct fields *l, enum fields_kind kind,
    bool extended_connect, struct message_info *info, struct h2_error *err)
{
	struct checker c;
	struct field f;
	size_t i;

	checker_init(&c, kind, extended_connect);
	for (i = 0; i < l->n; i++) {
		fields_get(l, i, &f);
		if (check_field(&c, &f) == -1)
			return refused(&c, err);
	}
	if (check_end(&c) == -1)
		return refused(&c, err);
	if (info != NULL)
		*info = c.info;
	return 0;
}

int
fields_check_sent(const struct field *v, size_t n, enum fields_kind kind,
    int *status, struct h2_error *err)
{
	struct checker c;
	size_t i;

	checker_init(&c, kind, false);
	for (i = 0; i < n; i++) {
		if (check_field(&c, &v[i]) == -1)
			return refused(&c, err);
	}
	if (check_end(&c) == -1)
		return refused(&c, err);
	if (status != NULL)
		*status = c.status;
	return 0;
}

int
fields_status(const struct field *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_named(&v[i], ":status", 7))
			return parse_status(&v[i]);
	}
	return -1;
}

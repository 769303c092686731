/* SPDX-License-Identifier: MIT */
/*
 * Field sections: the list that owns its octets, and the rules for the fields
 * of requests, trailers, responses and promised requests.
 *
 * A section is checked field by field, in order, by a struct checker that
 * remembers which pseudo-header fields were there; fields that are required
 * are checked at the end.  Nothing is normalised and nothing is dropped: a
 * section passes as it is or is malformed (RFC 9113 §8.1.1).  headers.c checks
 * received sections; send.c and src/py check sections to be sent.
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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Pseudo-header fields: one bit each, in the order of `pseudos`. */
enum pseudo {
	P_METHOD = 1 << 0,
	P_SCHEME = 1 << 1,
	P_AUTHORITY = 1 << 2,
	P_PATH = 1 << 3,
	P_PROTOCOL = 1 << 4,
	P_STATUS = 1 << 5
};

#define P_REQUEST (P_METHOD | P_SCHEME | P_AUTHORITY | P_PATH)

/* Pseudo-header fields that each kind may have (RFC 9113 §8.1, §8.3). */
static const struct {
	unsigned allowed;	/* enum pseudo */
	const char *reason;	/* why any other is malformed */
} kinds[] = {
	[FIELDS_REQUEST] = { P_REQUEST | P_PROTOCOL, "a pseudo-header field "
	    "that requests do not have (RFC 9113 8.3.1)" },
	[FIELDS_TRAILERS] = { 0,
	    "a pseudo-header field in trailers (RFC 9113 8.1)" },
	[FIELDS_RESPONSE] = { P_STATUS, "a pseudo-header field that responses "
	    "do not have (RFC 9113 8.3.2)" },
	[FIELDS_PROMISE] = { P_REQUEST, "a pseudo-header field that promised "
	    "requests do not have (RFC 9113 8.4)" },
};

struct checker {
	enum fields_kind kind;
	bool extended_connect;
	unsigned seen;		/* enum pseudo */
	bool regular_seen;	/* a field that is not a pseudo-header field */
	bool options;		/* :method OPTIONS */
	bool http;		/* :scheme http or https */
	bool safe;		/* :method GET or HEAD */
	struct field path;	/* checked last: needs :method and :scheme */
	struct field authority;
	struct message_info info;
};

/* The checks: each returns NULL, or the reason why the section is malformed. */
typedef const char *check_fn(struct checker *c, const struct field *f);

struct named_check {
	const char *name;
	size_t len;
	check_fn *check;
};

#define NAMED(name, check) { name, sizeof(name) - 1, check }

/* A set of octets, all below 128: one bit each. */
struct octets {
	uint64_t low;		/* below 64 */
	uint64_t high;
};

/* Tokens (RFC 9110 §5.6.2) in lower case, in any case; RFC 3986 §3.1. */
static const struct octets
    lower_token = { 0x03ff6cfa00000000, 0x57ffffffc0000000 },
    token = { 0x03ff6cfa00000000, 0x57ffffffc7fffffe },
    scheme = { 0x03ff680000000000, 0x07fffffe07fffffe };

/* Whether s is made of octets of that set, and is not empty. */
static bool
is_made_of(const uint8_t *s, size_t len, const struct octets *of)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] > 127 || !((s[i] < 64 ? of->low : of->high) >>
		    (s[i] & 63) & 1))
			return false;
	}
	return len > 0;
}

static const char *
check_name(const struct field *f)
{
	if (is_made_of(f->name, f->name_len, &lower_token))
		return NULL;
	if (f->name_len == 0)
		return "an empty field name (RFC 9113 8.2.1)";
	if (is_made_of(f->name, f->name_len, &token))
		return "a field name with upper-case letters (RFC 9113 8.2.1)";
	return "a field name with a character other than a-z, 0-9 and "
	    "!#$%&'*+-.^_`|~ (RFC 9113 8.2.1)";
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static const char *
check_value(const struct field *f)
{
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		if (f->value[i] <= '\r' && (f->value[i] == '\0' ||
		    f->value[i] == '\n' || f->value[i] == '\r'))
			return "a field value with NUL, CR or LF "
			    "(RFC 9113 8.2.1)";
	}
	if (f->value_len > 0 && (is_blank(f->value[0]) ||
	    is_blank(f->value[f->value_len - 1])))
		return "a field value that starts or ends with white space "
		    "(RFC 9113 8.2.1)";
	return NULL;
}

static bool
value_is(const struct field *f, const char *s)
{
	size_t len = strlen(s);

	return f->value_len == len && memcmp(f->value, s, len) == 0;
}

/* As value_is, but ignores the case of ASCII letters; s is in lower case. */
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

static const char *
check_method(struct checker *c, const struct field *f)
{
	if (!is_made_of(f->value, f->value_len, &token))
		return ":method is not a token (RFC 9113 8.3.1)";
	c->info.connect = value_is(f, "CONNECT");
	c->info.head = value_is(f, "HEAD");
	c->options = value_is(f, "OPTIONS");
	c->safe = c->info.head || value_is(f, "GET");
	return NULL;
}

static const char *
check_scheme(struct checker *c, const struct field *f)
{
	if (!is_made_of(f->value, f->value_len, &scheme) ||
	    f->value[0] < 'A')
		return ":scheme is not a URI scheme (RFC 9113 8.3.1)";
	c->http = value_is_nocase(f, "http") || value_is_nocase(f, "https");
	return NULL;
}

/* No octet of a URI is a control character or a space (RFC 3986 §2). */
static bool
has_uri_octets(const struct field *f)
{
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		if (f->value[i] <= ' ' || f->value[i] == 0x7f)
			return false;
	}
	return true;
}

static const char *
check_authority(struct checker *c, const struct field *f)
{
	c->authority = *f;
	return has_uri_octets(f) ? NULL : ":authority with a space or a "
	    "control character (RFC 9113 8.3.1)";
}

static const char *
check_path(struct checker *c, const struct field *f)
{
	c->path = *f;
	return has_uri_octets(f) ? NULL :
	    ":path with a space or a control character (RFC 9113 8.3.1)";
}

static const char *
check_protocol(struct checker *c, const struct field *f)
{
	c->info.extended = true;
	return is_made_of(f->value, f->value_len, &token) ? NULL :
	    ":protocol is not a token (RFC 8441 4)";
}

/* Returns three digits as a number, 100 to 999; else 0 (RFC 9110 §15). */
static int
parse_status(const struct field *f)
{
	const uint8_t *v = f->value;

	if (f->value_len != 3 || v[0] < '1' || v[0] > '9' || v[1] < '0' ||
	    v[1] > '9' || v[2] < '0' || v[2] > '9')
		return 0;
	return (v[0] - '0') * 100 + (v[1] - '0') * 10 + (v[2] - '0');
}

static const char *
check_status(struct checker *c, const struct field *f)
{
	(void)c;
	return parse_status(f) != 0 ? NULL :
	    ":status is not three digits (RFC 9113 8.3.2)";
}

static const struct named_check pseudos[] = {
	NAMED(":method", check_method),
	NAMED(":scheme", check_scheme),
	NAMED(":authority", check_authority),
	NAMED(":path", check_path),
	NAMED(":protocol", check_protocol),
	NAMED(":status", check_status),
};

static const char *
check_pseudo(struct checker *c, const struct field *f)
{
	const char *reason;
	unsigned bit = 0;
	size_t i;

	for (i = 0; i < COUNT(pseudos); i++) {
		if (is_named(f, pseudos[i].name, pseudos[i].len)) {
			bit = 1U << i;
			break;
		}
	}
	if ((kinds[c->kind].allowed & bit) == 0 ||
	    (bit == P_PROTOCOL && !c->extended_connect))
		return kinds[c->kind].reason;
	if (c->seen & bit)
		return "a pseudo-header field that comes twice (RFC 9113 8.3)";
	if (c->regular_seen)
		return "a pseudo-header field after other fields "
		    "(RFC 9113 8.3)";
	c->seen |= bit;
	reason = check_value(f);
	return reason != NULL ? reason : pseudos[i].check(c, f);
}

/* Takes digits that fit 63 bits; all such fields must agree (RFC 9110 §8.6). */
static const char *
check_content_length(struct checker *c, const struct field *f)
{
	int64_t v = 0;
	size_t i;

	if (c->kind == FIELDS_TRAILERS)
		return NULL;
	for (i = 0; i < f->value_len; i++) {
		int d = f->value[i] - '0';

		if (d < 0 || d > 9 || v > (INT64_MAX - d) / 10)
			break;
		v = v * 10 + d;
	}
	if (f->value_len == 0 || i < f->value_len)
		return "content-length is not a number (RFC 9110 8.6)";
	if (c->info.content_length != -1 && c->info.content_length != v)
		return "content-length fields that differ (RFC 9110 8.6)";
	c->info.content_length = v;
	return NULL;
}

static const char *
check_te(struct checker *c, const struct field *f)
{
	if (c->kind != FIELDS_RESPONSE && value_is_nocase(f, "trailers"))
		return NULL;
	return "te with a value other than trailers (RFC 9113 8.2.2)";
}

static const char *
check_connection_field(struct checker *c, const struct field *f)
{
	(void)c;
	(void)f;
	return "a connection-specific field (RFC 9113 8.2.2)";
}

/* Fields with rules of their own. */
static const struct named_check specials[] = {
	NAMED("connection", check_connection_field),
	NAMED("proxy-connection", check_connection_field),
	NAMED("keep-alive", check_connection_field),
	NAMED("transfer-encoding", check_connection_field),
	NAMED("upgrade", check_connection_field),
	NAMED("te", check_te),
	NAMED("content-length", check_content_length),
};

static const char *
check_field(struct checker *c, const struct field *f)
{
	const char *reason;
	size_t i;

	if (f->name_len > 0 && f->name[0] == ':')
		return check_pseudo(c, f);
	c->regular_seen = true;
	if ((reason = check_name(f)) != NULL ||
	    (reason = check_value(f)) != NULL)
		return reason;
	for (i = 0; i < COUNT(specials); i++) {
		if (is_named(f, specials[i].name, specials[i].len))
			return specials[i].check(c, f);
	}
	return NULL;
}

/* Fields that CONNECT must and must not have (RFC 9113 §8.5, RFC 8441 §4). */
static const char *
check_connect(const struct checker *c)
{
	unsigned uri = c->seen & (P_SCHEME | P_PATH);

	if (c->info.extended)
		return uri == (P_SCHEME | P_PATH) ? NULL : "extended CONNECT "
		    "without :scheme or :path (RFC 8441 4)";
	if (uri != 0)
		return "CONNECT with :scheme or :path (RFC 9113 8.5)";
	return c->authority.value_len > 0 ? NULL :
	    "CONNECT without :authority (RFC 9113 8.5)";
}

/* For http and https only: other schemes have their own rules for paths. */
static const char *
check_http_uri(const struct checker *c)
{
	const struct field *a = &c->authority, *p = &c->path;

	if (a->value_len > 0 && memchr(a->value, '@', a->value_len) != NULL)
		return ":authority with user information (RFC 9113 8.3.1)";
	if (p->value_len == 0)
		return "an empty :path (RFC 9113 8.3.1)";
	if (p->value[0] == '/' || (c->options && value_is(p, "*")))
		return NULL;
	return ":path does not start with / and is not the * of OPTIONS "
	    "(RFC 9113 8.3.1)";
}

static const char *
check_request(struct checker *c)
{
	const char *reason = NULL;

	if ((c->seen & P_METHOD) == 0)
		return "no :method (RFC 9113 8.3.1)";
	if (c->info.extended && !c->info.connect)
		return ":protocol in a request that is not CONNECT "
		    "(RFC 8441 4)";
	if (c->info.connect) {
		/* A tunnel's octets are no content (RFC 9110 §9.3.6). */
		c->info.content_length = -1;
		reason = check_connect(c);
	} else if ((c->seen & P_SCHEME) == 0) {
		reason = "no :scheme (RFC 9113 8.3.1)";
	} else if ((c->seen & P_PATH) == 0) {
		reason = "no :path (RFC 9113 8.3.1)";
	}
	if (reason == NULL && c->http && (c->seen & P_PATH))
		reason = check_http_uri(c);
	return reason;
}

/* A promised request is safe, cacheable, without content (RFC 9113 §8.4). */
static const char *
check_promise(struct checker *c)
{
	const char *reason;

	if ((c->seen & P_METHOD) && !c->safe)
		return "a promised method other than GET or HEAD "
		    "(RFC 9113 8.4)";
	if ((reason = check_request(c)) != NULL)
		return reason;
	if ((c->seen & P_AUTHORITY) == 0)
		return "a promise without :authority (RFC 9113 8.4)";
	if (c->info.content_length > 0)
		return "a promised request with content (RFC 9113 8.4)";
	return NULL;
}

/* Checks the section as a whole, after its last field. */
static const char *
check_end(struct checker *c)
{
	switch (c->kind) {
	case FIELDS_REQUEST:
		return check_request(c);
	case FIELDS_PROMISE:
		return check_promise(c);
	case FIELDS_RESPONSE:
		return c->seen & P_STATUS ? NULL :
		    "no :status (RFC 9113 8.3.2)";
	default:
		return NULL;
	}
}

const char *
fields_check(const struct fields *l, enum fields_kind kind,
    bool extended_connect, struct message_info *info)
{
	struct checker c = { .kind = kind,
		.extended_connect = extended_connect,
		.info.content_length = -1 };
	const char *reason = NULL;
	struct field f;
	size_t i;

	for (i = 0; i < l->n && reason == NULL; i++) {
		fields_get(l, i, &f);
		reason = check_field(&c, &f);
	}
	if (reason == NULL)
		reason = check_end(&c);
	if (info != NULL)
		*info = c.info;
	return reason;
}

const char *
fields_check_sent(const struct field *v, size_t n, enum fields_kind kind,
    const struct field **bad)
{
	struct checker c = { .kind = kind, .info.content_length = -1 };
	const char *reason = NULL;
	size_t i;

	for (i = 0; i < n && reason == NULL; i++)
		reason = check_field(&c, &v[i]);
	*bad = reason != NULL ? &v[i - 1] : NULL;
	return reason != NULL ? reason : check_end(&c);
}

const char *
fields_check_control(const struct field *f)
{
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		if ((f->value[i] < ' ' && f->value[i] != '\t') ||
		    f->value[i] == 0x7f)
			return "a field value with a control character "
			    "(RFC 9110 5.5)";
	}
	return NULL;
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

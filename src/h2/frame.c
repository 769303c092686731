/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 frames, each by itself: the nine octets of header, the rules that a
 * type has for its stream identifier and length, the payload's parts, and
 * encoders for the frames that have no header block.
 *
 * It keeps nothing between calls and does not know whether a frame is allowed
 * where it came: that is the session's to say.  The session and the unit
 * tests call it.
 */
#include <stdio.h>

#include "frame.h"

enum id_rule { ID_ANY, ID_ZERO, ID_STREAM };

struct frame_rule {
	const char *name;
	enum id_rule id;
	uint32_t min;		/* octets of payload, without padding */
	uint32_t max;		/* 0: up to the maximum frame size */
	enum h2_level size_level;	/* of a length out of min and max */
	const char *id_reason;
	const char *size_reason;
};

static const struct frame_rule rules[] = {
	[FRAME_DATA] = { "DATA", ID_STREAM, 0, 0, H2_LEVEL_CONNECTION,
	    "belongs to a stream, not to the connection (RFC 9113 6.1)", NULL },
	[FRAME_HEADERS] = { "HEADERS", ID_STREAM, 0, 0, H2_LEVEL_CONNECTION,
	    "belongs to a stream, not to the connection (RFC 9113 6.2)", NULL },
	[FRAME_PRIORITY] = { "PRIORITY", ID_STREAM, 5, 5, H2_LEVEL_STREAM,
	    "belongs to a stream, not to the connection (RFC 9113 6.3)",
	    "the payload is 5 octets long (RFC 9113 6.3)" },
	[FRAME_RST_STREAM] = { "RST_STREAM", ID_STREAM, 4, 4,
	    H2_LEVEL_CONNECTION,
	    "belongs to a stream, not to the connection (RFC 9113 6.4)",
	    "the payload is 4 octets long (RFC 9113 6.4)" },
	[FRAME_SETTINGS] = { "SETTINGS", ID_ZERO, 0, 0, H2_LEVEL_CONNECTION,
	    "belongs to the connection, not to a stream (RFC 9113 6.5)", NULL },
	[FRAME_PUSH_PROMISE] = { "PUSH_PROMISE", ID_STREAM, 4, 0,
	    H2_LEVEL_CONNECTION,
	    "belongs to a stream, not to the connection (RFC 9113 6.6)",
	    "no room for the promised stream identifier (RFC 9113 6.6)" },
	[FRAME_PING] = { "PING", ID_ZERO, 8, 8, H2_LEVEL_CONNECTION,
	    "belongs to the connection, not to a stream (RFC 9113 6.7)",
	    "the payload is 8 octets long (RFC 9113 6.7)" },
	[FRAME_GOAWAY] = { "GOAWAY", ID_ZERO, 8, 0, H2_LEVEL_CONNECTION,
	    "belongs to the connection, not to a stream (RFC 9113 6.8)",
	    "the payload is at least 8 octets long (RFC 9113 6.8)" },
	[FRAME_WINDOW_UPDATE] = { "WINDOW_UPDATE", ID_ANY, 4, 4,
	    H2_LEVEL_CONNECTION, NULL,
	    "the payload is 4 octets long (RFC 9113 6.9)" },
	[FRAME_CONTINUATION] = { "CONTINUATION", ID_STREAM, 0, 0,
	    H2_LEVEL_CONNECTION,
	    "belongs to a stream, not to the connection (RFC 9113 6.10)",
	    NULL },
	[FRAME_PRIORITY_UPDATE] = { "PRIORITY_UPDATE", ID_ZERO, 4, 0,
	    H2_LEVEL_CONNECTION,
	    "belongs to the connection, not to a stream (RFC 9218 7.1)",
	    "no room for the prioritized stream identifier (RFC 9218 7.1)" },
};

static const char *const code_names[] = {
	[H2_NO_ERROR] = "NO_ERROR",
	[H2_PROTOCOL_ERROR] = "PROTOCOL_ERROR",
	[H2_INTERNAL_ERROR] = "INTERNAL_ERROR",
	[H2_FLOW_CONTROL_ERROR] = "FLOW_CONTROL_ERROR",
	[H2_SETTINGS_TIMEOUT] = "SETTINGS_TIMEOUT",
	[H2_STREAM_CLOSED] = "STREAM_CLOSED",
	[H2_FRAME_SIZE_ERROR] = "FRAME_SIZE_ERROR",
	[H2_REFUSED_STREAM] = "REFUSED_STREAM",
	[H2_CANCEL] = "CANCEL",
	[H2_COMPRESSION_ERROR] = "COMPRESSION_ERROR",
	[H2_CONNECT_ERROR] = "CONNECT_ERROR",
	[H2_ENHANCE_YOUR_CALM] = "ENHANCE_YOUR_CALM",
	[H2_INADEQUATE_SECURITY] = "INADEQUATE_SECURITY",
	[H2_HTTP_1_1_REQUIRED] = "HTTP_1_1_REQUIRED",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
fail(struct h2_error *err, enum h2_level level, enum h2_code code,
    const char *reason)
{
	err->level = level;
	err->code = code;
	err->reason = reason;
	return -1;
}

/* NULL: the type is not known. */
static const struct frame_rule *
rule_of(unsigned type)
{
	if (type >= COUNT(rules) || rules[type].name == NULL)
		return NULL;
	return &rules[type];
}

const char *
frame_type_name(unsigned type)
{
	const struct frame_rule *r = rule_of(type);

	return r != NULL ? r->name : NULL;
}

const char *
frame_code_name(uint32_t code)
{
	return code < COUNT(code_names) ? code_names[code] : NULL;
}

const char *
frame_code_text(uint32_t code, char dst[FRAME_CODE_TEXT])
{
	const char *name = frame_code_name(code);

	snprintf(dst, FRAME_CODE_TEXT, "0x%lx", (unsigned long)code);
	return name != NULL ? name : dst;
}

void
frame_describe(const struct frame_header *h, char *dst, size_t size)
{
	const char *name = frame_type_name(h->type);
	char type[32], on[32] = "";

	snprintf(type, sizeof(type), "frame of type 0x%02x", h->type);
	if (h->stream_id != 0)
		snprintf(on, sizeof(on), " on stream %lu",
		    (unsigned long)h->stream_id);
	snprintf(dst, size, "%s%s", name != NULL ? name : type, on);
}

void
frame_header_decode(const uint8_t p[FRAME_HEADER_LEN], struct frame_header *h)
{
	h->length = get_u24(p);
	h->type = p[3];
	h->flags = p[4];
	h->stream_id = get_u32(p + 5) & FRAME_STREAM_ID_MASK;
}

/* SETTINGS: entries of 6 octets, and none in an acknowledgement (§6.5). */
static int
check_settings(const struct frame_header *h, struct h2_error *err)
{
	if ((h->flags & FLAG_ACK) && h->length != 0)
		return fail(err, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
		    "an acknowledgement has no payload (RFC 9113 6.5)");
	if (h->length % 6 != 0)
		return fail(err, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
		    "the payload is a multiple of 6 octets (RFC 9113 6.5)");
	return 0;
}

/*
 * A frame longer than MAX_FRAME_SIZE fails the connection whatever its type:
 * §4.2 asks for it where the frame changes the connection's state, §5.4.1
 * allows it everywhere, and nobody then has to skip megabytes.
 */
int
frame_check(const struct frame_header *h, uint32_t max_size,
    struct h2_error *err)
{
	const struct frame_rule *r = rule_of(h->type);

	if (h->length > max_size)
		return fail(err, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
		    "the payload is longer than SETTINGS_MAX_FRAME_SIZE "
		    "(RFC 9113 4.2)");
	if (r == NULL)
		return 0;
	if ((r->id == ID_STREAM && h->stream_id == 0) ||
	    (r->id == ID_ZERO && h->stream_id != 0))
		return fail(err, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
		    r->id_reason);
	if (h->length < r->min || (r->max != 0 && h->length > r->max))
		return fail(err, r->size_level, H2_FRAME_SIZE_ERROR,
		    r->size_reason);
	if (h->type == FRAME_SETTINGS)
		return check_settings(h, err);
	return 0;
}

/*
 * Takes the padding off (§6.1): *p and *len become what lies between the Pad
 * Length octet and the padding.  fixed: octets that must remain at least.
 */
static int
strip_padding(const struct frame_header *h, const uint8_t **p, size_t *len,
    size_t fixed, struct h2_error *err)
{
	size_t pad = 0;

	if (h->flags & FLAG_PADDED) {
		if (*len < 1)
			return fail(err, H2_LEVEL_CONNECTION,
			    H2_FRAME_SIZE_ERROR,
			    "no room for the Pad Length octet (RFC 9113 4.2)");
		pad = **p;
		*p += 1;
		*len -= 1;
	}
	if (*len < fixed)
		return fail(err, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR,
		    "too short for its mandatory fields (RFC 9113 4.2)");
	if (pad > *len - fixed)
		return fail(err, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
		    "padding longer than the payload (RFC 9113 6.1)");
	*len -= pad;
	return 0;
}

/* The five octets of RFC 7540 §6.3; weight on the wire is one less. */
static void
decode_priority(const uint8_t *p, struct frame_payload *out)
{
	uint32_t v = get_u32(p);

	out->has_priority = true;
	out->priority.exclusive = v >> 31;
	out->priority.dependency = v & FRAME_STREAM_ID_MASK;
	out->priority.weight = (uint16_t)(p[4] + 1);
}

static int
decode_headers(const struct frame_header *h, const uint8_t *p,
    struct frame_payload *out, struct h2_error *err)
{
	size_t len = h->length;
	size_t fixed = h->flags & FLAG_PRIORITY ? 5 : 0;

	if (strip_padding(h, &p, &len, fixed, err) == -1)
		return -1;
	if (fixed != 0)
		decode_priority(p, out);
	out->data = p + fixed;
	out->len = len - fixed;
	return 0;
}

static int
decode_push_promise(const struct frame_header *h, const uint8_t *p,
    struct frame_payload *out, struct h2_error *err)
{
	size_t len = h->length;

	if (strip_padding(h, &p, &len, 4, err) == -1)
		return -1;
	out->stream_id = get_u32(p) & FRAME_STREAM_ID_MASK;
	out->data = p + 4;
	out->len = len - 4;
	if (out->stream_id == 0 || out->stream_id % 2 != 0)
		return fail(err, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
		    "promised streams have even numbers above 0 "
		    "(RFC 9113 5.1.1)");
	return 0;
}

static int
decode_window_update(const struct frame_header *h, const uint8_t *p,
    struct frame_payload *out, struct h2_error *err)
{
	out->increment = get_u32(p) & 0x7fffffff;
	if (out->increment == 0)
		return fail(err, h->stream_id == 0 ? H2_LEVEL_CONNECTION :
		    H2_LEVEL_STREAM, H2_PROTOCOL_ERROR,
		    "an increment of 0 (RFC 9113 6.9)");
	return 0;
}

static int
decode_priority_update(const uint8_t *p, struct frame_payload *out,
    struct h2_error *err)
{
	out->stream_id = get_u32(p) & FRAME_STREAM_ID_MASK;
	out->data += 4;
	out->len -= 4;
	if (out->stream_id == 0)
		return fail(err, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR,
		    "the prioritized stream is not 0 (RFC 9218 7.1)");
	return 0;
}

int
frame_decode(const struct frame_header *h, const uint8_t *payload,
    struct frame_payload *out, struct h2_error *err)
{
	*out = (struct frame_payload){ .data = payload, .len = h->length };
	switch (h->type) {
	case FRAME_DATA:
		return strip_padding(h, &out->data, &out->len, 0, err);
	case FRAME_HEADERS:
		return decode_headers(h, payload, out, err);
	case FRAME_PRIORITY:
		decode_priority(payload, out);
		return 0;
	case FRAME_RST_STREAM:
		out->code = get_u32(payload);
		return 0;
	case FRAME_PUSH_PROMISE:
		return decode_push_promise(h, payload, out, err);
	case FRAME_GOAWAY:
		out->stream_id = get_u32(payload) & FRAME_STREAM_ID_MASK;
		out->code = get_u32(payload + 4);
		out->data += 8;
		out->len -= 8;
		return 0;
	case FRAME_WINDOW_UPDATE:
		return decode_window_update(h, payload, out, err);
	case FRAME_PRIORITY_UPDATE:
		return decode_priority_update(payload, out, err);
	default:
		return 0;
	}
}

void
frame_setting_decode(const uint8_t *payload, size_t i, uint16_t *id,
    uint32_t *value)
{
	const uint8_t *p = payload + i * 6;

	*id = get_u16(p);
	*value = get_u32(p + 2);
}

void
frame_header_encode(struct buf *out, uint32_t length, unsigned type,
    unsigned flags, uint32_t stream_id)
{
	uint8_t *p = buf_reserve(out, FRAME_HEADER_LEN);

	if (p == NULL)
		return;
	put_u24(p, length);
	p[3] = (uint8_t)type;
	p[4] = (uint8_t)flags;
	put_u32(p + 5, stream_id);
	buf_commit(out, FRAME_HEADER_LEN);
}

void
frame_rst_stream_encode(struct buf *out, uint32_t stream_id, uint32_t code)
{
	frame_header_encode(out, 4, FRAME_RST_STREAM, 0, stream_id);
	buf_add_u32(out, code);
}

void
frame_ping_encode(struct buf *out, bool ack, const uint8_t data[8])
{
	frame_header_encode(out, 8, FRAME_PING, ack ? FLAG_ACK : 0, 0);
	buf_add(out, data, 8);
}

void
frame_goaway_encode(struct buf *out, uint32_t last_stream_id, uint32_t code,
    const void *debug, size_t len)
{
	frame_header_encode(out, (uint32_t)(8 + len), FRAME_GOAWAY, 0, 0);
	buf_add_u32(out, last_stream_id);
	buf_add_u32(out, code);
	buf_add(out, debug, len);
}

void
frame_window_update_encode(struct buf *out, uint32_t stream_id,
    uint32_t increment)
{
	frame_header_encode(out, 4, FRAME_WINDOW_UPDATE, 0, stream_id);
	buf_add_u32(out, increment);
}

void
frame_settings_encode(struct buf *out, const struct frame_setting *v, size_t n)
{
	size_t i;

	frame_header_encode(out, (uint32_t)(n * 6), FRAME_SETTINGS, 0, 0);
	for (i = 0; i < n; i++) {
		buf_add_u16(out, v[i].id);
		buf_add_u32(out, v[i].value);
	}
}

void
frame_settings_ack_encode(struct buf *out)
{
	frame_header_encode(out, 0, FRAME_SETTINGS, FLAG_ACK, 0);
}

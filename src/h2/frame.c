/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 frames, each by itself: the nine octets of header, the rules that a
 * type has for its stream identifier and length, the parts of the payload, and
 * encoders.
 *
 * This file keeps nothing between calls and does not know whether a frame is
 * allowed where it came: the session decides that.  The session, traces and
 * unit tests call it.
 */
#include <stdio.h>

#include "frame.h"

#define ON_STREAM(section) \
	"belongs to a stream, not to the connection (" section ")", NULL
#define ON_CONNECTION(section) \
	NULL, "belongs to the connection, not to a stream (" section ")"

/* The rules of each type; frame_decode checks the length of PRIORITY. */
static const struct frame_rule {
	const char *name;
	uint32_t min;		/* octets of payload, without padding */
	uint32_t max;		/* 0: up to the maximum frame size */
	const char *size_reason;
	const char *zero_reason;	/* why stream 0 is wrong, or NULL */
	const char *stream_reason;	/* why others are wrong, or NULL */
} rules[] = {
	[FRAME_DATA] = { "DATA", 0, 0, NULL, ON_STREAM("RFC 9113 6.1") },
	[FRAME_HEADERS] = { "HEADERS", 0, 0, NULL, ON_STREAM("RFC 9113 6.2") },
	[FRAME_PRIORITY] = { "PRIORITY", 0, 0, NULL,
	    ON_STREAM("RFC 9113 6.3") },
	[FRAME_RST_STREAM] = { "RST_STREAM", 4, 4,
	    "the payload is 4 octets long (RFC 9113 6.4)",
	    ON_STREAM("RFC 9113 6.4") },
	[FRAME_SETTINGS] = { "SETTINGS", 0, 0, NULL,
	    ON_CONNECTION("RFC 9113 6.5") },
	[FRAME_PUSH_PROMISE] = { "PUSH_PROMISE", 4, 0,
	    "no room for the promised stream identifier (RFC 9113 6.6)",
	    ON_STREAM("RFC 9113 6.6") },
	[FRAME_PING] = { "PING", 8, 8,
	    "the payload is 8 octets long (RFC 9113 6.7)",
	    ON_CONNECTION("RFC 9113 6.7") },
	[FRAME_GOAWAY] = { "GOAWAY", 8, 0,
	    "the payload is at least 8 octets long (RFC 9113 6.8)",
	    ON_CONNECTION("RFC 9113 6.8") },
	[FRAME_WINDOW_UPDATE] = { "WINDOW_UPDATE", 4, 4,
	    "the payload is 4 octets long (RFC 9113 6.9)", NULL, NULL },
	[FRAME_CONTINUATION] = { "CONTINUATION", 0, 0, NULL,
	    ON_STREAM("RFC 9113 6.10") },
	[FRAME_PRIORITY_UPDATE] = { "PRIORITY_UPDATE", 4, 0,
	    "no room for the prioritized stream identifier (RFC 9218 7.1)",
	    ON_CONNECTION("RFC 9218 7.1") },
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
	*err = (struct h2_error){ level, code, reason };
	return -1;
}

static int
fail_size(struct h2_error *err, const char *reason)
{
	return fail(err, H2_LEVEL_CONNECTION, H2_FRAME_SIZE_ERROR, reason);
}

static int
fail_protocol(struct h2_error *err, const char *reason)
{
	return fail(err, H2_LEVEL_CONNECTION, H2_PROTOCOL_ERROR, reason);
}

/* Returns the rules of a type, or NULL if it is unknown. */
static const struct frame_rule *
rule_of(unsigned type)
{
	return type < COUNT(rules) && rules[type].name != NULL ?
	    &rules[type] : NULL;
}

const char *
frame_code_text(uint32_t code, char dst[FRAME_CODE_TEXT])
{
	if (code < COUNT(code_names))
		return code_names[code];
	snprintf(dst, FRAME_CODE_TEXT, "0x%lx", (unsigned long)code);
	return dst;
}

const char *
frame_type_name(unsigned type)
{
	const struct frame_rule *r = rule_of(type);

	return r != NULL ? r->name : NULL;
}

void
frame_describe(const struct frame *f, char *dst, size_t size)
{
	const struct frame_rule *r = rule_of(f->type);
	char type[32], on[32] = "";

	snprintf(type, sizeof(type), "frame of type 0x%02x", f->type);
	if (f->stream_id != 0)
		snprintf(on, sizeof(on), " on stream %lu",
		    (unsigned long)f->stream_id);
	snprintf(dst, size, "%s%s", r != NULL ? r->name : type, on);
}

void
frame_header_decode(const uint8_t p[FRAME_HEADER_LEN], struct frame *f)
{
	*f = (struct frame){
		.length = get_u24(p),
		.type = p[3],
		.flags = p[4],
		.stream_id = get_u32(p + 5) & FRAME_STREAM_ID_MASK
	};
}

/*
 * A frame longer than MAX_FRAME_SIZE fails the connection whatever its type:
 * RFC 9113 §4.2 asks for it where the frame changes the connection's state,
 * RFC 9113 §5.4.1 allows it everywhere, and no octets have to be skipped.
 */
int
frame_check(const struct frame *f, uint32_t max_size, struct h2_error *err)
{
	const struct frame_rule *r = rule_of(f->type);
	const char *wrong;

	if (f->length > max_size)
		return fail_size(err, "the payload is longer than "
		    "SETTINGS_MAX_FRAME_SIZE (RFC 9113 4.2)");
	if (r == NULL)
		return 0;
	if (f->length < r->min || (r->max != 0 && f->length > r->max))
		return fail_size(err, r->size_reason);
	if (f->type == FRAME_SETTINGS && (f->flags & FLAG_ACK) &&
	    f->length != 0)
		return fail_size(err,
		    "an acknowledgement has no payload (RFC 9113 6.5)");
	if (f->type == FRAME_SETTINGS && f->length % FRAME_SETTING_LEN != 0)
		return fail_size(err,
		    "the payload is a multiple of 6 octets (RFC 9113 6.5)");
	wrong = f->stream_id == 0 ? r->zero_reason : r->stream_reason;
	return wrong != NULL ? fail_protocol(err, wrong) : 0;
}

/*
 * Takes the padding off (RFC 9113 §6.1): f->data and f->len become the part
 * between the Pad Length octet and the padding.  fixed: octets that must
 * remain.
 */
static int
strip_padding(struct frame *f, size_t fixed, struct h2_error *err)
{
	size_t pad = 0;

	if (f->flags & FLAG_PADDED) {
		if (f->len < 1)
			return fail_size(err,
			    "no room for the Pad Length octet (RFC 9113 4.2)");
		pad = *f->data++;
		f->len--;
	}
	if (f->len < fixed)
		return fail_size(err,
		    "too short for its mandatory fields (RFC 9113 4.2)");
	if (pad > f->len - fixed)
		return fail_protocol(err,
		    "padding longer than the payload (RFC 9113 6.1)");
	f->len -= pad;
	return 0;
}

/* Takes four octets off the front; returns them without the reserved bit. */
static uint32_t
take_u31(struct frame *f)
{
	uint32_t v = get_u32(f->data) & FRAME_STREAM_ID_MASK;

	f->data += 4;
	f->len -= 4;
	return v;
}

/* Takes the five octets of RFC 7540 §6.3; on the wire, weight is one less. */
static void
take_priority(struct frame *f)
{
	f->has_priority = true;
	f->priority.exclusive = *f->data >> 7;
	f->priority.dependency = take_u31(f);
	f->priority.weight = (uint16_t)(*f->data++ + 1);
	f->len--;
}

static int
decode_headers(struct frame *f, struct h2_error *err)
{
	bool priority = f->flags & FLAG_PRIORITY;

	if (strip_padding(f, priority ? 5 : 0, err) == -1)
		return -1;
	if (priority)
		take_priority(f);
	return 0;
}

static int
decode_priority(struct frame *f, struct h2_error *err)
{
	if (f->length != 5)
		return fail(err, H2_LEVEL_STREAM, H2_FRAME_SIZE_ERROR,
		    "the payload is 5 octets long (RFC 9113 6.3)");
	take_priority(f);
	if (f->priority.dependency == f->stream_id)
		return fail(err, H2_LEVEL_STREAM, H2_PROTOCOL_ERROR,
		    FRAME_SELF_DEPENDENCY);
	return 0;
}

static int
decode_push_promise(struct frame *f, struct h2_error *err)
{
	if (strip_padding(f, 4, err) == -1)
		return -1;
	f->other_id = take_u31(f);
	if (f->other_id == 0 || f->other_id % 2 != 0)
		return fail_protocol(err, "promised streams have even numbers "
		    "above 0 (RFC 9113 5.1.1)");
	return 0;
}

int
frame_decode(struct frame *f, const uint8_t *payload, struct h2_error *err)
{
	f->data = payload;
	f->len = f->length;
	switch (f->type) {
	case FRAME_DATA:
		return strip_padding(f, 0, err);
	case FRAME_HEADERS:
		return decode_headers(f, err);
	case FRAME_PRIORITY:
		return decode_priority(f, err);
	case FRAME_RST_STREAM:
		f->code = get_u32(payload);
		return 0;
	case FRAME_PUSH_PROMISE:
		return decode_push_promise(f, err);
	case FRAME_GOAWAY:
		f->other_id = take_u31(f);
		f->code = get_u32(f->data);
		f->data += 4;
		f->len -= 4;
		return 0;
	case FRAME_WINDOW_UPDATE:
		f->increment = take_u31(f);
		if (f->increment == 0)
			return fail(err, f->stream_id == 0 ?
			    H2_LEVEL_CONNECTION : H2_LEVEL_STREAM,
			    H2_PROTOCOL_ERROR,
			    "an increment of 0 (RFC 9113 6.9)");
		return 0;
	case FRAME_PRIORITY_UPDATE:
		f->other_id = take_u31(f);
		if (f->other_id == 0)
			return fail_protocol(err,
			    "the prioritized stream is not 0 (RFC 9218 7.1)");
		return 0;
	default:
		return 0;
	}
}

void
frame_setting_decode(const uint8_t *payload, size_t i, uint16_t *id,
    uint32_t *value)
{
	const uint8_t *p = payload + i * FRAME_SETTING_LEN;

	*id = get_u16(p);
	*value = get_u32(p + 2);
}

void
frame_header_encode(struct buf *out, uint32_t length, unsigned type,
    unsigned flags, uint32_t stream_id)
{
	uint8_t *p = buf_reserve(out, FRAME_HEADER_LEN + length);

	if (p == NULL)
		return;
	put_u24(p, length);
	p[3] = (uint8_t)type;
	p[4] = (uint8_t)flags;
	put_u32(p + 5, stream_id);
	buf_commit(out, FRAME_HEADER_LEN);
}

void
frame_encode(struct buf *out, unsigned type, unsigned flags,
    uint32_t stream_id, const void *payload, size_t len)
{
	frame_header_encode(out, (uint32_t)len, type, flags, stream_id);
	buf_add(out, payload, len);
}

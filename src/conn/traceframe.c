/* SPDX-License-Identifier: MIT */
/*
 * One direction of a trace: cuts the octets into frames again, and writes a
 * line for each (doc/trace.md).  So the session need not know of traces, and
 * what a script sends raw is shown as a client sees it.
 *
 * What is kept is bounded: of DATA the first octets (--trace-data), of a field
 * block BLOCK_MAX octets, of all else SHOWN_MAX; of SETTINGS the first entries.
 */
#include <stdio.h>
#include <string.h>

#include "trace_impl.h"

/* Octets. */
#define SHOWN_MAX 16384		/* of a payload, or of raw octets */
#define BLOCK_MAX (1 << 20)	/* of a field block */
#define FIELDS_MAX (256 * 1024)	/* of a section: names, values, quotes */

/* Entries of SETTINGS; each takes five times its octets or more. */
#define SETTINGS_SHOWN 100

/*
 * Octets of the dynamic table.  It grows as the encoder says; the session
 * checks whether that was allowed.
 */
#define TABLE_MAX (1 << 24)

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* ---- names ---- */

static const char *const setting_names[] = {
	[SETTINGS_HEADER_TABLE_SIZE] = "HEADER_TABLE_SIZE",
	[SETTINGS_ENABLE_PUSH] = "ENABLE_PUSH",
	[SETTINGS_MAX_CONCURRENT_STREAMS] = "MAX_CONCURRENT_STREAMS",
	[SETTINGS_INITIAL_WINDOW_SIZE] = "INITIAL_WINDOW_SIZE",
	[SETTINGS_MAX_FRAME_SIZE] = "MAX_FRAME_SIZE",
	[SETTINGS_MAX_HEADER_LIST_SIZE] = "MAX_HEADER_LIST_SIZE",
	[SETTINGS_ENABLE_CONNECT_PROTOCOL] = "ENABLE_CONNECT_PROTOCOL",
	[SETTINGS_NO_RFC7540_PRIORITIES] = "NO_RFC7540_PRIORITIES"
};

#define BIT(type) (1U << (type))

/* Flags, and the types that have them. */
static const struct {
	unsigned flag;
	unsigned types;
	const char *name;
} flags[] = {
	{ FLAG_END_STREAM, BIT(FRAME_DATA) | BIT(FRAME_HEADERS), "END_STREAM" },
	{ FLAG_ACK, BIT(FRAME_SETTINGS) | BIT(FRAME_PING), "ACK" },
	{ FLAG_END_HEADERS, BIT(FRAME_HEADERS) | BIT(FRAME_PUSH_PROMISE) |
	    BIT(FRAME_CONTINUATION), "END_HEADERS" },
	{ FLAG_PADDED, BIT(FRAME_DATA) | BIT(FRAME_HEADERS) |
	    BIT(FRAME_PUSH_PROMISE), "PADDED" },
	{ FLAG_PRIORITY, BIT(FRAME_HEADERS), "PRIORITY" }
};

/* Writes a number that has no name, as "0x1f". */
#define NUMBER_SIZE 16
static const char *
number_name(unsigned v, char dst[NUMBER_SIZE])
{
	snprintf(dst, NUMBER_SIZE, "0x%02x", v);
	return dst;
}

static void
put_flags(struct tracefile *f, const struct frame *frame)
{
	unsigned left = frame->flags, type = BIT(frame->type % 32), bit;
	const char *comma = "";
	char number[NUMBER_SIZE];
	size_t i;

	tracefile_name(f, "flags");
	tracefile_raw(f, "[");
	for (bit = 1; bit <= left; bit <<= 1) {
		const char *name = NULL;

		if ((left & bit) == 0)
			continue;
		for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (flags[i].flag == bit && frame->type < 32 &&
			    (flags[i].types & type) != 0)
				name = flags[i].name;
		tracefile_raw(f, comma);
		tracefile_raw(f, "\"");
		tracefile_raw(f, name != NULL ? name :
		    number_name(bit, number));
		tracefile_raw(f, "\"");
		comma = ",";
	}
	tracefile_raw(f, "]");
}

/* ---- octets that are no frame ---- */

/* Adds members about n octets to a line; p has the first of them, or all. */
static void
put_raw(struct tracefile *f, const void *p, size_t have, size_t n,
    const char *error)
{
	if (have > SHOWN_MAX)
		have = SHOWN_MAX;
	tracefile_octets(f, "raw", p, have, have < n);
	if (error != NULL)
		tracefile_text(f, "error", error);
}

/* Writes a line about n octets that are no frame. */
static void
put_raw_line(const struct traceframe *d, const void *p, size_t have, size_t n,
    const char *error)
{
	tracefile_begin(d->file, d->name, "raw");
	tracefile_number(d->file, "length", n);
	put_raw(d->file, p, have, n, error);
	tracefile_end(d->file);
}

/* The same for the octets in the head and n octets that follow them. */
static void
put_head_line(const struct traceframe *d, const uint8_t *p, size_t have,
    size_t n, const char *error)
{
	struct buf all = { 0 };

	buf_add(&all, d->head, d->have);
	buf_add(&all, p, have < SHOWN_MAX ? have : SHOWN_MAX);
	put_raw_line(d, buf_data(&all), buf_len(&all), d->have + n, error);
	buf_free(&all);
}

/* ---- field blocks ---- */

/*
 * Makes a new decoder when the dynamic table is no longer known.  It is right
 * for all blocks that do not refer to what was in the old table.
 */
static void
renew_decoder(struct traceframe *d)
{
	hpack_decoder_free(d->decoder);
	d->decoder = hpack_decoder_new(TABLE_MAX);
}

static void
close_block(struct traceframe *d)
{
	d->block_id = 0;
	buf_clear(&d->block);
}

/* Writes a line about an open block whose end will not come. */
static void
abandon_block(struct traceframe *d)
{
	if (d->block_id == 0)
		return;
	put_raw_line(d, buf_data(&d->block), buf_len(&d->block),
	    buf_len(&d->block), "a field block without its end "
	    "(RFC 9113 4.3)");
	close_block(d);
	renew_decoder(d);
}

struct section {
	struct tracefile *f;
	size_t start;		/* length of the lines before `fields` */
	const char *comma;
	bool cut;
};

static int
put_field(void *user, const struct field *field)
{
	struct section *s = user;
	size_t len = buf_len(&s->f->lines) - s->start;

	s->cut |= len + field->name_len + field->value_len > FIELDS_MAX;
	if (s->cut)	/* decoding goes on, for the table */
		return 0;
	tracefile_raw(s->f, s->comma);
	tracefile_raw(s->f, "[");
	tracefile_value(s->f, field->name, field->name_len, false);
	tracefile_raw(s->f, ",");
	tracefile_value(s->f, field->value, field->value_len, false);
	tracefile_raw(s->f, "]");
	s->comma = ",";
	return 0;
}

/* Adds the fields of a complete block, or the octets if they do not decode. */
static void
put_fields(struct traceframe *d)
{
	struct buf *out = &d->file->lines;
	struct section s = { .f = d->file, .start = buf_len(out),
	    .comma = "" };
	const char *error = d->block.failed || d->decoder == NULL ?
	    "out of memory" : "the field block does not decode "
	    "(RFC 9113 4.3)";
	size_t n = buf_len(&d->block);

	if (n > BLOCK_MAX)
		error = "a field block that is too long to be shown";
	tracefile_name(d->file, "fields");
	tracefile_raw(d->file, "[");
	if (d->decoder == NULL || n > BLOCK_MAX || d->block.failed ||
	    hpack_decode(d->decoder, buf_data(&d->block), n, put_field,
	    &s) != HPACK_OK) {
		out->end = out->off + s.start;
		put_raw(d->file, buf_data(&d->block), n, n, error);
		renew_decoder(d);
	} else {
		tracefile_raw(d->file, "]");
		if (s.cut)
			tracefile_true(d->file, "cut");
	}
	close_block(d);
}

static void
put_block(struct traceframe *d)
{
	const struct frame *f = &d->frame;

	d->block_id = f->stream_id;
	if (buf_len(&d->block) <= BLOCK_MAX)
		buf_add(&d->block, f->data, f->len);
	if (f->flags & FLAG_END_HEADERS)
		put_fields(d);
}

/* ---- frames ---- */

static bool
has_content(const struct frame *f)
{
	return f->type == FRAME_DATA || frame_type_name(f->type) == NULL;
}

static void
put_content(const struct traceframe *d)
{
	const struct frame *f = &d->frame;
	size_t have = (size_t)(buf_data(&d->payload) + buf_len(&d->payload) -
	    f->data), n = f->len;

	n = n < have ? n : have;
	n = n < d->data_max ? n : d->data_max;
	if (n > 0)
		tracefile_octets(d->file, "data", f->data, n, n < f->len);
}

static void
put_settings(struct traceframe *d)
{
	const struct frame *frame = &d->frame;
	struct tracefile *f = d->file;
	size_t i, n = frame->len / FRAME_SETTING_LEN;
	char number[NUMBER_SIZE];
	const char *name;
	uint32_t value;
	uint16_t id;

	tracefile_name(f, "settings");
	tracefile_raw(f, "[");
	for (i = 0; i < n; i++) {
		char text[24];

		frame_setting_decode(frame->data, i, &id, &value);
		if (id == SETTINGS_MAX_FRAME_SIZE &&
		    value > d->other->frame_max)
			d->other->frame_max = value;
		if (i >= SETTINGS_SHOWN)
			continue;
		name = id < sizeof(setting_names) / sizeof(setting_names[0]) ?
		    setting_names[id] : NULL;
		tracefile_raw(f, i > 0 ? ",[\"" : "[\"");
		tracefile_raw(f, name != NULL ? name :
		    number_name(id, number));
		snprintf(text, sizeof(text), "\",%lu]", (unsigned long)value);
		tracefile_raw(f, text);
	}
	tracefile_raw(f, "]");
	if (n > SETTINGS_SHOWN)
		tracefile_true(f, "cut");
}

static void
put_priority(struct tracefile *f, const struct frame_priority *p)
{
	char text[80];

	snprintf(text, sizeof(text), "{\"dependency\":%lu,\"weight\":%u,"
	    "\"exclusive\":%s}", (unsigned long)p->dependency,
	    (unsigned)p->weight, p->exclusive ? "true" : "false");
	tracefile_name(f, "priority");
	tracefile_raw(f, text);
}

static void
put_code(struct tracefile *f, uint32_t code)
{
	char number[FRAME_CODE_TEXT];

	tracefile_word(f, "code", frame_code_text(code, number));
}

/* Adds the members of the frame's type, as frame_decode found them. */
static void
put_payload(struct traceframe *d)
{
	const struct frame *f = &d->frame;
	struct tracefile *out = d->file;

	if (f->has_priority)
		put_priority(out, &f->priority);
	switch (f->type) {
	case FRAME_SETTINGS:
		if (!(f->flags & FLAG_ACK))
			put_settings(d);
		break;
	case FRAME_PUSH_PROMISE:
		tracefile_number(out, "promised", f->other_id);
		/* FALLTHROUGH */
	case FRAME_HEADERS:
	case FRAME_CONTINUATION:
		put_block(d);
		break;
	case FRAME_RST_STREAM:
		put_code(out, f->code);
		break;
	case FRAME_GOAWAY:
		tracefile_number(out, "last_stream", f->other_id);
		put_code(out, f->code);
		tracefile_octets(out, "debug", f->data, f->len, false);
		break;
	case FRAME_WINDOW_UPDATE:
		tracefile_number(out, "increment", f->increment);
		break;
	case FRAME_PRIORITY_UPDATE:
		tracefile_number(out, "prioritized", f->other_id);
		tracefile_octets(out, "value", f->data, f->len, false);
		break;
	case FRAME_PING:
		tracefile_octets(out, "data", f->data, f->len, false);
		break;
	case FRAME_PRIORITY:
		break;
	default:
		put_content(d);
	}
}

/* Decodes the payload.  Returns why it cannot be shown by its type, or NULL. */
static const char *
decode(struct traceframe *d)
{
	struct frame *f = &d->frame;
	struct h2_error err;

	if (d->payload.failed)
		return "out of memory";
	if (frame_check(f, FRAME_LARGEST_MAX_SIZE, &err) == -1)
		return err.reason;
	if (!has_content(f) && buf_len(&d->payload) < f->length)
		return "a payload that is too long to be shown";
	if (frame_decode(f, buf_data(&d->payload), &err) == -1)
		return err.reason;
	if (f->type == FRAME_CONTINUATION && d->block_id == 0)
		return "no field block is open on that stream "
		    "(RFC 9113 6.10)";
	return NULL;
}

static void
put_frame(struct traceframe *d)
{
	const struct frame *f = &d->frame;
	const char *name = frame_type_name(f->type), *error;
	struct tracefile *out = d->file;
	char number[NUMBER_SIZE];

	if (f->type != FRAME_CONTINUATION || f->stream_id != d->block_id)
		abandon_block(d);
	error = decode(d);
	tracefile_begin(out, d->name, name != NULL ? name :
	    number_name(f->type, number));
	put_flags(out, f);
	tracefile_number(out, "stream", f->stream_id);
	tracefile_number(out, "length", f->length);
	if (error != NULL) {
		put_raw(out, buf_data(&d->payload), buf_len(&d->payload),
		    buf_len(&d->payload), error);
		/* What such a frame did to the table is unknown. */
		if (frame_has_fields(f->type)) {
			close_block(d);
			renew_decoder(d);
		}
	} else {
		if (f->flags & FLAG_PADDED && (f->type == FRAME_DATA ||
		    f->type == FRAME_HEADERS || f->type == FRAME_PUSH_PROMISE))
			tracefile_number(out, "padding",
			    *buf_data(&d->payload));
		put_payload(d);
	}
	tracefile_end(out);
}

/* ---- octets ---- */

static void
lose_frames(struct traceframe *d, const uint8_t *p, size_t n,
    const char *error)
{
	abandon_block(d);
	d->state = TRACEFRAME_NONE;
	put_head_line(d, p, n, n, error);
	d->have = 0;
}

/* Adds octets to the head until it has `size`.  Returns how many it took. */
static size_t
take_head(struct traceframe *d, size_t size, const uint8_t *p, size_t n)
{
	size_t want = size - d->have;

	if (n > want)
		n = want;
	memcpy(d->head + d->have, p, n);
	d->have += n;
	return n;
}

static size_t
take_preface(struct traceframe *d, const uint8_t *p, size_t n)
{
	size_t before = d->have;
	size_t took = take_head(d, TRACEFRAME_PREFACE_LEN, p, n);

	if (memcmp(d->head, preface, d->have) != 0) {
		d->have = before;
		lose_frames(d, p, n, "no HTTP/2 preface (RFC 9113 3.4)");
		return n;
	}
	if (d->have == TRACEFRAME_PREFACE_LEN) {
		tracefile_begin(d->file, d->name, "preface");
		tracefile_end(d->file);
		d->state = TRACEFRAME_FRAMES;
		d->have = 0;
	}
	return took;
}

/* Returns how many octets of the payload put_frame needs. */
static uint32_t
keep_of(const struct traceframe *d)
{
	const struct frame *f = &d->frame;
	uint32_t most = frame_has_fields(f->type) ? BLOCK_MAX : SHOWN_MAX;

	if (has_content(f))
		most = 1 + d->data_max;		/* with Pad Length */
	return f->length < most ? f->length : most;
}

static size_t
take_header(struct traceframe *d, const uint8_t *p, size_t n)
{
	size_t took = take_head(d, FRAME_HEADER_LEN, p, n);

	if (d->have < FRAME_HEADER_LEN)
		return took;
	frame_header_decode(d->head, &d->frame);
	/*
	 * A frame of unknown type is ignored (RFC 9113 §4.1).  If it is also
	 * longer than the maximum, the octets are taken for no frame.
	 */
	if (frame_type_name(d->frame.type) == NULL &&
	    d->frame.length > d->frame_max) {
		lose_frames(d, p + took, n - took, "no frame: an unknown "
		    "type, and longer than MAX_FRAME_SIZE");
		return n;
	}
	d->left = d->frame.length;
	d->keep = keep_of(d);
	buf_clear(&d->payload);
	return took;
}

static size_t
take_payload(struct traceframe *d, const uint8_t *p, size_t n)
{
	size_t want = d->keep - buf_len(&d->payload);

	if (n > d->left)
		n = d->left;
	buf_add(&d->payload, p, n < want ? n : want);
	d->left -= (uint32_t)n;
	return n;
}

static size_t
take(struct traceframe *d, const uint8_t *p, size_t n)
{
	size_t took = 0;

	if (d->state == TRACEFRAME_PREFACE)
		return take_preface(d, p, n);
	if (d->state == TRACEFRAME_NONE) {
		put_raw_line(d, p, n, n, NULL);
		return n;
	}
	if (d->have < FRAME_HEADER_LEN)
		took = take_header(d, p, n);
	if (d->have == FRAME_HEADER_LEN) {
		took += take_payload(d, p + took, n - took);
		if (d->left == 0) {
			put_frame(d);
			d->have = 0;
		}
	}
	return took;
}

void
traceframe_init(struct traceframe *d, struct traceframe *other,
    struct tracefile *f, bool in, uint32_t data_max)
{
	*d = (struct traceframe){ .other = other, .file = f,
	    .name = in ? "in" : "out", .frame_max = FRAME_DEFAULT_MAX_SIZE,
	    .state = in ? TRACEFRAME_PREFACE : TRACEFRAME_FRAMES,
	    .data_max = data_max, .decoder = hpack_decoder_new(TABLE_MAX) };
}

void
traceframe_free(struct traceframe *d)
{
	buf_free(&d->payload);
	buf_free(&d->block);
	hpack_decoder_free(d->decoder);
}

void
traceframe_take(struct traceframe *d, const uint8_t *p, size_t n)
{
	size_t took;

	for (; n > 0; p += took, n -= took)
		took = take(d, p, n);
}

void
traceframe_finish(struct traceframe *d)
{
	char what[64], error[128];

	abandon_block(d);
	if (d->have == 0)
		return;
	if (d->state == TRACEFRAME_FRAMES && d->have == FRAME_HEADER_LEN) {
		frame_describe(&d->frame, what, sizeof(what));
		snprintf(error, sizeof(error), "%s: %lu octets of its payload "
		    "are missing", what, (unsigned long)d->left);
		put_head_line(d, buf_data(&d->payload), buf_len(&d->payload),
		    d->frame.length - d->left, error);
	} else {
		snprintf(error, sizeof(error), "part of a %s", d->state ==
		    TRACEFRAME_PREFACE ? "preface" : "frame's header");
		put_head_line(d, NULL, 0, 0, error);
	}
}

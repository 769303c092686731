/* SPDX-License-Identifier: MIT */
/*
 * Raw calls: they send any frame and any octets, as asked for.  A small parser
 * follows what goes out, so that the session's view of its streams stays that
 * of the peer, and so that it knows when no other frame may come between: while
 * a header block is open, or a frame has gone out in part.  Then the stream
 * whose script made the call holds the output, until the block and the frame
 * have ended or send_release is called.
 */
#include <string.h>

#include "ground.h"
#include "send.h"
#include "settings.h"

/* Used instead of a status if our encoder has not made the fields. */
#define NOT_ENCODED (-2)

/* After a raw call of `by`: decides whether `by` holds the output now. */
static void
update_hold(struct session *s, uint32_t by)
{
	bool held = s->raw.block_id != 0 && ground_does(s, SESSION_HOLD);

	if (held || ground_in_frame(s))
		s->raw.by = by;
	else
		send_release(s);
}

/*
 * Whether the raw frame's whole payload is kept, because it is needed.  Not if
 * it is longer than the peer's MAX_FRAME_SIZE: the peer does not accept it.
 */
static bool
is_kept(const struct session *s)
{
	const uint8_t *header = s->raw.octets;

	return (header[3] == FRAME_SETTINGS || frame_has_fields(header[3])) &&
	    get_u24(header) <= s->peer.of[SETTINGS_MAX_FRAME_SIZE];
}

/* Even an illegal SETTINGS frame counts, since it may be acknowledged. */
static void
follow_settings(struct session *s, const struct frame *f)
{
	struct h2_error err;

	if (f->flags & FLAG_ACK)
		return;
	if (f->len == f->length &&
	    frame_check(f, s->peer.of[SETTINGS_MAX_FRAME_SIZE], &err) == 0)
		settings_note_sent(s, f->data, f->len);
	else
		settings_note_sent(s, NULL, 0);
}

static int
note_status(void *user, const struct field *f)
{
	int *status = user;

	if (*status == -1)
		*status = fields_status(f, 1);
	return 0;
}

/*
 * Puts fields that the encoder has not made into its table, as the peer does.
 * If the block is illegal, it is unknown what the peer does, and the table is
 * given up.  Returns the status as fields_status does.
 */
static int
follow_fields(struct session *s, const struct frame *whole)
{
	bool begins = whole->type != FRAME_CONTINUATION;
	unsigned place = begins ? HPACK_BEGINS : 0;
	struct frame f = *whole;
	struct h2_error err;
	int status = -1;

	if (f.flags & FLAG_END_HEADERS)
		place |= HPACK_ENDS;
	if (s->raw.block_id != (begins ? 0 : f.stream_id) ||
	    f.len != f.length ||
	    frame_check(&f, s->peer.of[SETTINGS_MAX_FRAME_SIZE], &err) == -1 ||
	    frame_decode(&f, whole->data, &err) == -1)
		hpack_follow_lose(s->enc);
	else if (hpack_follow_octets(s->enc, f.data, f.len, place, note_status,
	    &status) == HPACK_ERR_MEMORY)
		s->out.failed = true;
	return status;
}

/* Opens or ends a header block as the peer sees it (RFC 9113 §4.3). */
static void
follow_block(struct raw_state *r, const struct frame *f)
{
	bool end = f->flags & FLAG_END_HEADERS;

	if (f->type == FRAME_HEADERS || f->type == FRAME_PUSH_PROMISE) {
		if (!end)
			r->block_id = f->stream_id;
		else if (f->stream_id == r->block_id)
			r->block_id = 0;
	} else if (f->type == FRAME_CONTINUATION && end &&
	    f->stream_id == r->block_id) {
		r->block_id = 0;
	}
}

/*
 * A promise adds a stream to send on, if its number is legal for a new stream.
 * The number follows the Pad Length octet if there is one.
 */
static void
follow_promise(struct session *s, const struct frame *f)
{
	size_t at = f->flags & FLAG_PADDED ? 1 : 0;
	uint32_t id;

	if (f->len < at + 4)
		return;
	id = get_u32(f->data + at) & FRAME_STREAM_ID_MASK;
	if (id % 2 == 0 && id > s->last_promised &&
	    send_reserve(s, id) == NULL)
		s->out.failed = true;
}

/* Adds the window that the peer got beyond what the session gave. */
static void
follow_window_update(struct session *s, const struct frame *f,
    struct stream *st)
{
	uint32_t increment;

	if (f->length != 4)
		return;
	increment = get_u32(f->data) & 0x7fffffff;
	if (f->stream_id == 0)
		s->credit.window += increment;
	else if (st != NULL)
		st->credit.window += increment;
}

static void
follow_stream(struct session *s, const struct frame *f,
    struct stream *st, int status)
{
	bool end = f->flags & FLAG_END_STREAM;

	switch (f->type) {
	case FRAME_HEADERS:
		if (stream_can_send(st))
			send_note_headers(s, st, status, end);
		break;
	case FRAME_DATA:
		st->send_window -= f->length;
		st->sent += f->length;
		if (end && st->state != STREAM_RESERVED_LOCAL)
			stream_end_sent(st);
		break;
	case FRAME_RST_STREAM:
		if (st->state == STREAM_CLOSED || f->length != 4)
			break;
		ground_remember_reset(s, st->id);
		stream_set_reset(st, get_u32(f->data), false);
		break;
	default:
		break;
	}
}

/*
 * Follows a whole frame that stream `by` has sent; status: of its fields, or
 * NOT_ENCODED.  The hold begins before any callback is called.
 */
static void
follow_frame(struct session *s, uint32_t by, const struct frame *f, int status)
{
	struct stream *st = stream_table_find(&s->streams, f->stream_id);
	uint32_t *last = &s->raw_last[f->stream_id % 2];

	if (f->stream_id > *last)
		*last = f->stream_id;
	if (status == NOT_ENCODED && frame_has_fields(f->type))
		status = follow_fields(s, f);
	ground_note_sent(s, f->type, f->flags);
	follow_block(&s->raw, f);
	if (s->raw.block_id != 0)
		s->raw.by = by;
	if (f->type == FRAME_DATA) {
		s->send_window -= f->length;
		if (f->length > 0)
			ground_sent_content(s);
	} else if (f->type == FRAME_PUSH_PROMISE) {
		follow_promise(s, f);
	} else if (f->type == FRAME_WINDOW_UPDATE) {
		follow_window_update(s, f, st);
	} else if (f->type == FRAME_SETTINGS) {
		follow_settings(s, f);
	}
	if (st == NULL)
		return;
	follow_stream(s, f, st, status);
	ground_closed(s, st->id);
}

/*
 * Takes octets of one frame, up to the end of its header or of its payload, at
 * most len.  Returns their number.
 */
static size_t
take_octets(struct session *s, const uint8_t *p, size_t len)
{
	struct raw_state *r = &s->raw;
	bool header = r->have < FRAME_HEADER_LEN;
	size_t n = header ? FRAME_HEADER_LEN - r->have : r->left;
	size_t kept = sizeof(r->octets) - r->have;

	if (n > len)
		n = len;
	if (kept > n)
		kept = n;
	memcpy(r->octets + r->have, p, kept);
	r->have += kept;
	if (!header && is_kept(s))
		buf_add(&s->raw_payload, p, n);
	if (!header)
		r->left -= (uint32_t)n;
	else if (r->have == FRAME_HEADER_LEN)
		r->left = get_u24(r->octets);
	return n;
}

/*
 * Appends raw octets to the output and follows the frames in them.  A frame's
 * octets are appended before the frame is followed: following it may call
 * `closed`, and frames that this callback sends must come after it.
 */
static void
feed(struct session *s, uint32_t by, const uint8_t *p, size_t len, int status)
{
	struct raw_state *r = &s->raw;
	struct buf payload;
	struct frame f;
	size_t n;

	while (len > 0) {
		n = take_octets(s, p, len);
		buf_add(&s->out, p, n);
		p += n;
		len -= n;
		if (r->have < FRAME_HEADER_LEN || r->left > 0)
			continue;
		frame_header_decode(r->octets, &f);
		f.data = r->octets + FRAME_HEADER_LEN;
		f.len = r->have - FRAME_HEADER_LEN;
		payload = s->raw_payload;
		s->raw_payload = (struct buf){ 0 };
		s->out.failed |= payload.failed;
		if (buf_len(&payload) == f.length) {
			f.data = buf_data(&payload);
			f.len = f.length;
		}
		r->have = 0;
		follow_frame(s, by, &f, status);
		buf_free(&payload);
	}
}

static int
check_raw(const struct session *s, uint32_t by)
{
	if (ground_is_gone(s))
		return SEND_ERR_GONE;
	if (s->out.failed)
		return SEND_ERR_MEMORY;
	if (s->raw.by != 0 && s->raw.by != by)
		return SEND_AGAIN_HELD;
	return SEND_OK;
}

static int
raw_done(struct session *s, uint32_t by)
{
	update_hold(s, by);
	return s->out.failed ? SEND_ERR_MEMORY : SEND_OK;
}

/* Returns an upper bound of v's octets in a block: fields as plain literals. */
static size_t
block_bound(const struct field *v, size_t n)
{
	size_t bound = 16;	/* table size updates */
	size_t i;

	for (i = 0; i < n; i++)
		bound += v[i].name_len + v[i].value_len + 16;
	return bound;
}

int
send_raw_block(struct session *s, uint32_t by, unsigned type, unsigned flags,
    uint32_t id, const uint8_t *prefix, size_t prefix_len,
    const struct field *v, size_t n)
{
	int status = hpack_follow_in_field(s->enc) ? NOT_ENCODED :
	    fields_status(v, n);
	int rc = check_raw(s, by);

	if (rc != SEND_OK)
		return rc;
	if (prefix_len + block_bound(v, n) > FRAME_LARGEST_MAX_SIZE)
		return SEND_ERR_FLOW;
	rc = send_encode(s, type, flags, id, prefix, prefix_len, v, n);
	if (rc != SEND_OK)
		return rc;
	feed(s, by, buf_data(&s->scratch), buf_len(&s->scratch), status);
	return raw_done(s, by);
}

int
send_raw_frame(struct session *s, uint32_t by, unsigned type, unsigned flags,
    uint32_t id, const uint8_t *payload, size_t len)
{
	int rc = check_raw(s, by);

	if (rc != SEND_OK)
		return rc;
	if (len > FRAME_LARGEST_MAX_SIZE)
		return SEND_ERR_FLOW;
	buf_clear(&s->scratch);
	/* The length comes later: no room for the payload is needed here. */
	frame_header_encode(&s->scratch, 0, type, flags, id);
	if (s->scratch.failed) {
		s->out.failed = true;
		return SEND_ERR_MEMORY;
	}
	put_u24(buf_data(&s->scratch), (uint32_t)len);
	feed(s, by, buf_data(&s->scratch), FRAME_HEADER_LEN, NOT_ENCODED);
	feed(s, by, payload, len, NOT_ENCODED);
	return raw_done(s, by);
}

int
send_raw_octets(struct session *s, uint32_t by, const uint8_t *p, size_t len)
{
	int rc = check_raw(s, by);

	if (rc != SEND_OK)
		return rc;
	feed(s, by, p, len, NOT_ENCODED);
	return raw_done(s, by);
}

/* SPDX-License-Identifier: MIT */
/*
 * Raw calls: they send any frame and any octets, as asked for.  A small parser
 * follows what goes out, so that the session's view of its streams stays that
 * of the peer, and so that it knows when no other frame may come between: while
 * a header block is open, or a frame has gone out in part.  Then the stream
 * whose script made the call holds the output, until the block and the frame
 * have ended or send_release is called.
 */
#include "ground.h"
#include "send.h"

/* Used instead of a status if our encoder has not made the fields. */
#define NOT_ENCODED (-2)

/* Octets that raw_part may keep allocated between frames. */
#define KEPT_MAX 65536

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
 * If the frame or the block is illegal, it is unknown what the peer does, and
 * the table is given up.  Returns the status as fields_status does.
 */
static int
follow_fields(struct session *s, const struct frame *f, bool ok)
{
	bool begins = f->type != FRAME_CONTINUATION;
	unsigned place = begins ? HPACK_BEGINS : 0;
	int status = -1;

	if (f->flags & FLAG_END_HEADERS)
		place |= HPACK_ENDS;
	if (!ok || s->raw.block_id != (begins ? 0 : f->stream_id))
		hpack_follow_lose(s->enc);
	else if (hpack_follow_octets(s->enc, f->data, f->len, place,
	    note_status, &status) == HPACK_ERR_MEMORY)
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

static void
follow_connection(struct session *s, const struct frame *f, bool ok)
{
	switch (f->type) {
	case FRAME_DATA:
		s->send_window -= f->length;
		if (f->length > 0)
			ground_sent_content(s);
		break;
	case FRAME_SETTINGS:
		/* An illegal frame counts too: it may be acknowledged. */
		if (!(f->flags & FLAG_ACK))
			settings_note_sent(s, f->data, ok ? f->len : 0);
		break;
	case FRAME_PUSH_PROMISE:
		/* Adds a stream to send on, if its number is a new one's. */
		if (ok && f->other_id > s->last_promised &&
		    send_reserve(s, f->other_id) == NULL)
			s->out.failed = true;
		break;
	case FRAME_WINDOW_UPDATE:
		/* The peer got this beyond what the session gave. */
		if (ok && f->stream_id == 0)
			s->credit.window += f->increment;
		break;
	default:
		break;
	}
}

static void
follow_stream(struct session *s, const struct frame *f, bool ok,
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
		if (st->state == STREAM_CLOSED || !ok)
			break;
		ground_remember_reset(s, st->id);
		stream_set_reset(st, f->code, false);
		break;
	case FRAME_WINDOW_UPDATE:
		if (ok)
			st->credit.window += f->increment;
		break;
	default:
		break;
	}
}

/*
 * Follows a whole frame that stream `by` has sent.  ok: its payload is decoded
 * and legal by itself.  status: of its fields, or NOT_ENCODED.  The hold begins
 * before any callback is called.
 */
static void
follow_frame(struct session *s, uint32_t by, const struct frame *f, bool ok,
    int status)
{
	struct stream *st = stream_table_find(&s->streams, f->stream_id);
	uint32_t *last = &s->raw_last[f->stream_id % 2];

	if (f->stream_id > *last)
		*last = f->stream_id;
	if (status == NOT_ENCODED && frame_has_fields(f->type))
		status = follow_fields(s, f, ok);
	ground_note_sent(s, f->type, f->flags);
	follow_block(&s->raw, f);
	if (s->raw.block_id != 0)
		s->raw.by = by;
	follow_connection(s, f, ok);
	if (st == NULL)
		return;
	follow_stream(s, f, ok, st, status);
	ground_closed(s, st->id);
}

/*
 * Whether the payload of the frame in raw_part is kept there, to be decoded.
 * Not that of DATA, of which only the length matters, nor one that is longer
 * than the peer's MAX_FRAME_SIZE, because the peer does not accept it.
 */
static bool
is_kept(const struct session *s)
{
	const uint8_t *header = buf_data(&s->raw_part);

	return header[3] != FRAME_DATA &&
	    get_u24(header) <= s->peer.of[SETTINGS_MAX_FRAME_SIZE];
}

/*
 * Appends octets of one frame to the output, up to the end of its header or of
 * its payload, at most len.  Returns their number.
 */
static size_t
take_octets(struct session *s, const uint8_t *p, size_t len)
{
	struct buf *part = &s->raw_part;
	bool header = buf_len(part) < FRAME_HEADER_LEN;
	size_t n = header ? FRAME_HEADER_LEN - buf_len(part) : s->raw.left;

	if (n > len)
		n = len;
	buf_add(&s->out, p, n);
	if (header || is_kept(s))
		buf_add(part, p, n);
	s->out.failed |= part->failed;
	if (!header)
		s->raw.left -= (uint32_t)n;
	else if (buf_len(part) == FRAME_HEADER_LEN)
		s->raw.left = get_u24(buf_data(part));
	return n;
}

/*
 * The frame in raw_part has gone out: decodes and follows it.  Callbacks may
 * send the next one, so raw_part is emptied before, and gets its memory back
 * afterwards if that is not much and it has not got any of its own.
 */
static void
end_frame(struct session *s, uint32_t by, int status)
{
	struct buf whole = s->raw_part;
	const uint8_t *p = buf_data(&whole);
	struct h2_error err;
	struct frame f;
	bool ok;

	s->raw_part = (struct buf){ 0 };
	frame_header_decode(p, &f);
	ok = buf_len(&whole) == FRAME_HEADER_LEN + f.length &&
	    frame_check(&f, s->peer.of[SETTINGS_MAX_FRAME_SIZE], &err) == 0 &&
	    frame_decode(&f, p + FRAME_HEADER_LEN, &err) == 0;
	follow_frame(s, by, &f, ok, status);
	if (s->raw_part.base == NULL && whole.cap <= KEPT_MAX) {
		buf_clear(&whole);
		s->raw_part = whole;
	} else {
		buf_free(&whole);
	}
}

/*
 * Appends raw octets to the output and follows the frames in them.  A frame's
 * octets are appended before the frame is followed: following it may call
 * `closed`, and frames that this callback sends must come after it.
 */
static void
feed(struct session *s, uint32_t by, const uint8_t *p, size_t len, int status)
{
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = take_octets(s, p, len);
		if (buf_len(&s->raw_part) >= FRAME_HEADER_LEN &&
		    s->raw.left == 0)
			end_frame(s, by, status);
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

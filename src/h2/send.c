/* SPDX-License-Identifier: MIT */
/*
 * Checked calls: what the application sends through them is legal, or it is
 * not sent.  Each call finds its stream, checks the stream's state and the
 * fields, and only then encodes, so that a refused call leaves no trace in the
 * HPACK state or the output.
 *
 * This file has what other streams see of a hold, and how the hold ends; raw
 * calls, which begin it, are in send_raw.c.
 *
 *	            the holder's raw octets
 *	                     |
 *	out      [ .......... HEADERS- CONTINUATION- CONTINUATION+ ]
 *	waiting  [ PING ack, WINDOW_UPDATE ... ]  appended when the hold ends
 */
#include <stdio.h>
#include <string.h>

#include "ground.h"
#include "send.h"

#define TOO_LARGE "more than the peer's MAX_FRAME_SIZE (RFC 9113 4.2)"

static int
refuse(const char **why, int status, const char *reason)
{
	*why = reason;
	return status;
}

static int
memory_status(const struct session *s, const char **why)
{
	if (s->out.failed || s->waiting.failed)
		return refuse(why, SEND_ERR_MEMORY, "out of memory");
	return SEND_OK;
}

/* Checks what forbids or delays any call for stream id. */
static int
check_output(const struct session *s, uint32_t id, const char **why)
{
	*why = NULL;
	if (memory_status(s, why) != SEND_OK)
		return SEND_ERR_MEMORY;
	if (s->raw.by == 0)
		return SEND_OK;
	if (s->raw.by == id || s->raw.block_id == id)
		return refuse(why, SEND_ERR_PROTOCOL, ground_in_frame(s) ?
		    "inside of a raw frame: only raw octets until it ends "
		    "(RFC 9113 4.1)" :
		    "header block open: only raw frames until it ends "
		    "(RFC 9113 4.3)");
	return SEND_AGAIN_HELD;
}

static int
check_connection(const struct session *s, uint32_t id, const char **why)
{
	if (s->phase == PHASE_FAILED)
		return refuse(why, SEND_ERR_GONE, "the connection has failed");
	return check_output(s, id, why);
}

/* Finds the stream, if frames may be sent on it. */
static int
find_stream(struct session *s, uint32_t id, struct stream **out,
    const char **why)
{
	const struct stream *st;
	int rc = check_connection(s, id, why);

	if (rc != SEND_OK)
		return rc;
	*out = ground_stream(s, id);
	if (*out != NULL)
		return SEND_OK;
	st = stream_table_find(&s->streams, id);
	if (st == NULL && (id == 0 ||
	    id > (id % 2 == 1 ? s->last_client_id : s->last_promised)))
		return refuse(why, SEND_ERR_NO_STREAM,
		    "the stream was never opened (RFC 9113 5.1)");
	if (st == NULL || !st->reset)
		return refuse(why, SEND_ERR_CLOSED,
		    "the stream is closed (RFC 9113 5.1)");
	return refuse(why, SEND_ERR_CLOSED, st->reset_by_peer ?
	    "the peer has reset the stream (RFC 9113 5.1)" :
	    "the stream was reset (RFC 9113 5.1)");
}

/* As find_stream, if our side of the stream has not ended. */
static int
find_sending(struct session *s, uint32_t id, struct stream **out,
    const char **why)
{
	int rc = find_stream(s, id, out, why);

	if (rc == SEND_OK && !stream_can_send(*out))
		return refuse(why, SEND_ERR_CLOSED,
		    "END_STREAM has been sent (RFC 9113 5.1)");
	return rc;
}

int
send_encode(struct session *s, unsigned type, unsigned flags, uint32_t id,
    const uint8_t *prefix, size_t prefix_len, const struct field *v, size_t n)
{
	struct buf *b = &s->scratch;
	bool literals;

	buf_clear(b);
	frame_header_encode(b, 0, type, flags, id);
	buf_add(b, prefix, prefix_len);
	/*
	 * A size update may only begin a block (RFC 7541 §4.2).  Octets that
	 * the peer does not take for fields must not change the table.
	 */
	literals = !frame_has_fields(type) || hpack_follow_in_field(s->enc);
	if (literals || s->raw.block_id != 0)
		hpack_encode_more(s->enc, b, v, n, literals);
	else
		hpack_encode(s->enc, b, v, n);
	if (b->failed) {
		s->out.failed = true;	/* the encoder is out of step */
		return SEND_ERR_MEMORY;
	}
	put_u24(buf_data(b), (uint32_t)(buf_len(b) - FRAME_HEADER_LEN));
	return SEND_OK;
}

/* Appends a block: a frame of that type, then CONTINUATION as needed. */
static int
add_block(struct session *s, unsigned type, unsigned flags, uint32_t id,
    const uint8_t *prefix, size_t prefix_len, const struct field *v, size_t n,
    const char **why)
{
	size_t max = s->peer.of[SETTINGS_MAX_FRAME_SIZE];
	const uint8_t *p;
	size_t left;

	if (send_encode(s, type, flags, id, prefix, prefix_len, v, n) !=
	    SEND_OK)
		return memory_status(s, why);
	p = buf_data(&s->scratch) + FRAME_HEADER_LEN;
	left = buf_len(&s->scratch) - FRAME_HEADER_LEN;
	for (; left > max; p += max, left -= max) {
		frame_encode(&s->out, type, flags, id, p, max);
		type = FRAME_CONTINUATION;
		flags = 0;
	}
	frame_encode(&s->out, type, flags | FLAG_END_HEADERS, id, p, left);
	return memory_status(s, why);
}

/* Returns why these fields cannot be sent as trailers, or NULL if they can. */
static const char *
check_trailers(const struct stream *st, const struct field *v, size_t n,
    bool end_stream, const struct field **bad)
{
	if (fields_status(v, n) != -1)
		return "the final response's HEADERS have been sent "
		    "(RFC 9113 8.1)";
	if (st->tunnel)
		return "a CONNECT tunnel has DATA only (RFC 9113 8.5)";
	if (!end_stream)
		return "trailers without END_STREAM (RFC 9113 8.1)";
	return fields_check_sent(v, n, FIELDS_TRAILERS, bad);
}

/* As check_trailers, for a response; *status: as fields_status returns it. */
static const char *
check_response(const struct field *v, size_t n, bool end_stream, bool as_is,
    int *status, const struct field **bad)
{
	const char *reason = NULL;

	*status = fields_status(v, n);
	if (!as_is || *status <= 0)
		reason = fields_check_sent(v, n, FIELDS_RESPONSE, bad);
	if (reason != NULL)
		return reason;
	if (*status == 101)
		return "HTTP/2 has no status 101 (RFC 9113 8.6)";
	if (*status < 200 && end_stream)
		return "END_STREAM on a 1xx response (RFC 9113 8.1)";
	return NULL;
}

void
send_too_large(struct session *s, uint32_t id, bool more)
{
	static const struct field status = {
		.name = (const uint8_t *)":status", .name_len = 7,
		.value = (const uint8_t *)"431", .value_len = 3
	};
	const char *why;

	if (s->raw.by != 0) {
		buf_add_u32(&s->too_large, id << 1 | more);
		return;
	}
	add_block(s, FRAME_HEADERS, FLAG_END_STREAM, id, NULL, 0, &status, 1,
	    &why);
	/* RFC 9113 §8.1: the rest of the request is not needed. */
	if (more)
		ground_own_u32(s, FRAME_RST_STREAM, id, H2_NO_ERROR);
}

/* HEADERS went out: updates the stream. */
void
send_note_headers(struct session *s, struct stream *st, int status, bool end)
{
	if (st->state == STREAM_RESERVED_LOCAL) {
		st->state = STREAM_HALF_CLOSED_REMOTE;
		st->opened = true;
		s->n_pushing++;
	}
	if (status <= 0 || status >= 200) {
		st->tunnel = st->info.connect && status < 300;
		st->headers_sent = true;
		if (status > 0 && st->status == 0)
			st->status = status;
	}
	if (end)
		stream_end_sent(st);
}

int
send_headers(struct session *s, uint32_t id, const struct field *v, size_t n,
    bool end_stream, bool as_is, const char **why)
{
	const char *reason;
	struct stream *st;
	int status = -1;
	int rc = find_sending(s, id, &st, why);

	s->refused = NULL;
	if (rc != SEND_OK)
		return rc;
	reason = st->headers_sent ?
	    check_trailers(st, v, n, end_stream, &s->refused) :
	    check_response(v, n, end_stream, as_is, &status, &s->refused);
	if (reason != NULL)
		return refuse(why, SEND_ERR_PROTOCOL, reason);
	if (st->state == STREAM_RESERVED_LOCAL &&
	    s->n_pushing >= s->peer.of[SETTINGS_MAX_CONCURRENT_STREAMS])
		return refuse(why, SEND_ERR_PUSH, "more pushed streams than "
		    "the peer's MAX_CONCURRENT_STREAMS (RFC 9113 5.1.2)");
	rc = add_block(s, FRAME_HEADERS, end_stream ? FLAG_END_STREAM : 0, id,
	    NULL, 0, v, n, why);
	if (rc != SEND_OK)
		return rc;
	send_note_headers(s, st, status, end_stream);
	ground_closed(s, id);
	return SEND_OK;
}

const struct field *
send_refused(const struct session *s)
{
	return s->refused;
}

/* As find_sending, if DATA may be sent on the stream now. */
static int
find_data_stream(struct session *s, uint32_t id, struct stream **out,
    const char **why)
{
	int rc = find_sending(s, id, out, why);

	if (rc == SEND_OK && !(*out)->headers_sent)
		return refuse(why, SEND_ERR_PROTOCOL,
		    "DATA before the final response's HEADERS (RFC 9113 8.1)");
	return rc;
}

static size_t
max_payload(const struct session *s, const struct stream *st)
{
	int64_t n = s->peer.of[SETTINGS_MAX_FRAME_SIZE];

	if (n > s->send_window)
		n = s->send_window;
	if (n > st->send_window)
		n = st->send_window;
	return n > 0 ? (size_t)n : 0;
}

/* Appends a DATA frame that fits, and charges it to the windows. */
static void
add_data(struct session *s, struct stream *st, const uint8_t *p, size_t n,
    bool end)
{
	frame_encode(&s->out, FRAME_DATA, end ? FLAG_END_STREAM : 0, st->id, p,
	    n);
	s->send_window -= (int64_t)n;
	st->send_window -= (int64_t)n;
	st->sent += n;
	if (n > 0)
		ground_sent_content(s);
	if (end)
		stream_end_sent(st);
}

/*
 * Returns the octets for the next frame of send_data; 0: none now.  A frame may
 * exceed max_out, but by no more than the frame size that all peers accept.
 */
static size_t
next_chunk(const struct session *s, const struct stream *st, size_t left,
    size_t max_out)
{
	size_t have = buf_len(&s->out);
	size_t n = max_payload(s, st);
	size_t room;

	if (have >= max_out)
		return 0;
	room = max_out - have;
	if (room < FRAME_DEFAULT_MAX_SIZE)
		room = FRAME_DEFAULT_MAX_SIZE;
	if (n > room)
		n = room;
	return n < left ? n : left;
}

int
send_data(struct session *s, uint32_t id, const uint8_t *data, size_t len,
    bool end_stream, size_t max_out, size_t *sent, const char **why)
{
	struct stream *st;
	size_t n;
	int rc = find_data_stream(s, id, &st, why);

	*sent = 0;
	if (rc != SEND_OK)
		return rc;
	if (len == 0 && end_stream)
		add_data(s, st, NULL, 0, true);
	while (*sent < len) {
		n = next_chunk(s, st, len - *sent, max_out);
		if (n == 0)
			break;
		add_data(s, st, data + *sent, n,
		    end_stream && *sent + n == len);
		*sent += n;
	}
	rc = memory_status(s, why);
	if (rc == SEND_OK && *sent < len && max_payload(s, st) == 0)
		rc = SEND_AGAIN_WINDOW;
	ground_closed(s, st->id);
	return rc;
}

int
send_data_frame(struct session *s, uint32_t id, const uint8_t *data,
    size_t len, bool end_stream, const char **why)
{
	struct stream *st;
	int rc = find_data_stream(s, id, &st, why);

	if (rc != SEND_OK)
		return rc;
	if (len > s->peer.of[SETTINGS_MAX_FRAME_SIZE])
		return refuse(why, SEND_ERR_FLOW, TOO_LARGE);
	/* A frame of 0 octets may go without window (RFC 9113 §6.9.1). */
	if (len > max_payload(s, st))
		return refuse(why, SEND_ERR_FLOW,
		    "more than the flow-control window (RFC 9113 6.9.1)");
	add_data(s, st, data, len, end_stream);
	rc = memory_status(s, why);
	ground_closed(s, st->id);
	return rc;
}

bool
send_fits(const struct session *s, const struct stream *st, size_t len)
{
	return s->raw.by == 0 && (int64_t)len <= s->send_window &&
	    (int64_t)len <= st->send_window;
}

size_t
send_max_payload(const struct session *s, uint32_t id)
{
	const struct stream *st = stream_table_find(&s->streams, id);

	return st != NULL && stream_can_send(st) ? max_payload(s, st) : 0;
}

/* Adds a stream that a checked or raw call promises.  NULL: out of memory. */
struct stream *
send_reserve(struct session *s, uint32_t id)
{
	struct stream *st = stream_table_add(&s->streams, id);

	if (st == NULL)
		return NULL;
	st->state = STREAM_RESERVED_LOCAL;
	st->pushed = true;
	st->info.content_length = -1;
	st->send_window = s->peer.of[SETTINGS_INITIAL_WINDOW_SIZE];
	s->last_promised = id;
	return st;
}

static int
check_push(const struct session *s, const struct stream *parent,
    uint32_t promised, const char **why)
{
	if (s->peer.of[SETTINGS_ENABLE_PUSH] == 0)
		return refuse(why, SEND_ERR_PUSH,
		    "the peer has disabled push (RFC 9113 6.5.2)");
	if (s->peer_goaway_last != UINT32_MAX)
		return refuse(why, SEND_ERR_PUSH,
		    "the peer has sent GOAWAY (RFC 9113 6.8)");
	if (parent->id % 2 == 0)
		return refuse(why, SEND_ERR_PROTOCOL,
		    "a promise on a pushed stream (RFC 9113 8.4)");
	if (promised % 2 != 0)
		return refuse(why, SEND_ERR_PROTOCOL,
		    "promised streams are even-numbered (RFC 9113 5.1.1)");
	if (promised <= s->last_promised)
		return refuse(why, SEND_ERR_PROTOCOL, "a promised stream's "
		    "number is above all earlier ones (RFC 9113 5.1.1)");
	if (promised > FRAME_STREAM_ID_MASK)
		return refuse(why, SEND_ERR_PROTOCOL,
		    "no stream numbers are left (RFC 9113 5.1.1)");
	return SEND_OK;
}

int
send_push(struct session *s, uint32_t id, uint32_t *promised,
    const struct field *v, size_t n, const char **why)
{
	uint32_t new_id = *promised != 0 ? *promised : s->last_promised + 2;
	const char *reason;
	struct stream *st;
	uint8_t prefix[4];
	int rc = find_sending(s, id, &st, why);

	s->refused = NULL;
	if (rc == SEND_OK)
		rc = check_push(s, st, new_id, why);
	if (rc != SEND_OK)
		return rc;
	reason = fields_check_sent(v, n, FIELDS_PROMISE, &s->refused);
	if (reason != NULL)
		return refuse(why, SEND_ERR_PROTOCOL, reason);
	put_u32(prefix, new_id);
	if (send_reserve(s, new_id) == NULL)
		return refuse(why, SEND_ERR_MEMORY, "out of memory");
	*promised = new_id;
	return add_block(s, FRAME_PUSH_PROMISE, 0, id, prefix, sizeof(prefix),
	    v, n, why);
}

int
send_rst_stream(struct session *s, uint32_t id, uint32_t code, const char **why)
{
	struct stream *st;
	int rc = find_stream(s, id, &st, why);

	if (rc != SEND_OK)
		return rc;
	ground_own_u32(s, FRAME_RST_STREAM, id, code);
	ground_remember_reset(s, id);
	stream_set_reset(st, code, false);
	ground_closed(s, st->id);
	return memory_status(s, why);
}

/* SEND_AGAIN_HELD is no error here: the frame waits until the hold ends. */
int
send_ping(struct session *s, const uint8_t data[8], const char **why)
{
	int rc = check_connection(s, UINT32_MAX, why);

	if (rc < 0)
		return rc;
	ground_own(s, FRAME_PING, 0, 0, data, 8);
	return memory_status(s, why);
}

int
send_settings(struct session *s, uint32_t id, const uint8_t *entries,
    size_t len, const char **why)
{
	int rc = check_connection(s, id, why);
	const char *reason;

	if (rc != SEND_OK)
		return rc;
	reason = settings_check(s, entries, len);
	if (reason != NULL)
		return refuse(why, SEND_ERR_PROTOCOL, reason);
	if (len > s->peer.of[SETTINGS_MAX_FRAME_SIZE])
		return refuse(why, SEND_ERR_FLOW, TOO_LARGE);
	ground_own(s, FRAME_SETTINGS, 0, 0, entries, len);
	settings_note_sent(s, entries, len);
	return memory_status(s, why);
}

int
send_window_update(struct session *s, uint32_t id, uint32_t increment,
    const char **why)
{
	struct credit *c = &s->credit;
	int64_t window = c->window;
	struct stream *st;
	int rc = id == 0 ? check_connection(s, UINT32_MAX, why) :
	    find_stream(s, id, &st, why);

	if (rc < 0 || (rc > 0 && id != 0))
		return rc;
	if (id != 0) {
		c = &st->credit;
		window = settings_credit(s, st);
	}
	if (increment == 0 || increment > WINDOW_MAX)
		return refuse(why, SEND_ERR_PROTOCOL,
		    "an increment is from 1 to 2147483647 (RFC 9113 6.9)");
	if (window + increment > WINDOW_MAX)
		return refuse(why, SEND_ERR_FLOW, "the window would be larger "
		    "than 2147483647 (RFC 9113 6.9.1)");
	ground_own_u32(s, FRAME_WINDOW_UPDATE, id, increment);
	c->window += increment;
	c->unreturned -= c->unreturned < increment ? c->unreturned : increment;
	return memory_status(s, why);
}

int
send_goaway(struct session *s, uint32_t last, uint32_t code,
    const void *debug, size_t len, const char **why)
{
	int rc = ground_is_gone(s) ? check_connection(s, UINT32_MAX, why) :
	    check_output(s, UINT32_MAX, why);

	if (rc < 0)
		return rc;
	if (last == UINT32_MAX)
		last = s->last_client_id < s->goaway_last ?
		    s->last_client_id : s->goaway_last;
	if (last > s->goaway_last)
		return refuse(why, SEND_ERR_PROTOCOL, "the last stream is "
		    "above that of an earlier GOAWAY (RFC 9113 6.8)");
	if (last > FRAME_STREAM_ID_MASK)
		return refuse(why, SEND_ERR_PROTOCOL,
		    "stream numbers have 31 bits (RFC 9113 5.1.1)");
	if (len > s->peer.of[SETTINGS_MAX_FRAME_SIZE] - 8)
		return refuse(why, SEND_ERR_FLOW, TOO_LARGE);
	ground_goaway(s, last, code, debug, len);
	s->goaway_last = last;
	return memory_status(s, why);
}

uint32_t
send_held_by(const struct session *s)
{
	return s->raw.by;
}

bool
send_in_frame(const struct session *s)
{
	return ground_in_frame(s);
}

void
send_missing(const struct session *s, char *dst, size_t size)
{
	size_t have = buf_len(&s->raw_part);
	struct frame f;
	char what[64];

	if (have < FRAME_HEADER_LEN) {
		snprintf(dst, size, "%zu of the %d octets of a frame's header",
		    FRAME_HEADER_LEN - have, FRAME_HEADER_LEN);
		return;
	}
	frame_header_decode(buf_data(&s->raw_part), &f);
	frame_describe(&f, what, sizeof(what));
	snprintf(dst, size, "%lu of the %lu octets of %s",
	    (unsigned long)s->raw.left, (unsigned long)f.length, what);
}

void
send_release(struct session *s)
{
	uint32_t v;

	if (s->raw.by == 0 || ground_in_frame(s))
		return;
	ground_unhold(s);
	while (buf_len(&s->too_large) > 0) {
		v = get_u32(buf_data(&s->too_large));
		buf_consume(&s->too_large, sizeof(v));
		send_too_large(s, v >> 1, v & 1);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Received header blocks: HEADERS with its CONTINUATION frames, decoded once
 * the last fragment is there, and what comes of them: a new stream, trailers,
 * or nothing but a decoder that stays in step (RFC 9113 §4.3, §8.1).
 *
 * Each block is decoded whatever becomes of its stream, and within bounds: of a
 * field section that is too large the fields are dropped once they pass the
 * bound, and one that is much too large fails the connection (RFC 9113
 * §10.5.1).
 */
#include "session_impl.h"

/* §5.1.1: numbers that the peer skips are closed. */
static void
note_gap(struct session *s, uint32_t id)
{
	size_t i = s->n_gaps % GAP_MEMORY;

	if (id == 1 || (s->last_client_id != 0 && id == s->last_client_id + 2))
		return;
	s->gaps[i].first = s->last_client_id + 1;
	s->gaps[i].last = id - 1;
	s->n_gaps++;
}

static bool
was_skipped(const struct session *s, uint32_t id)
{
	size_t n = s->n_gaps < GAP_MEMORY ? s->n_gaps : GAP_MEMORY;
	size_t i;

	for (i = 0; i < n; i++) {
		if (id >= s->gaps[i].first && id <= s->gaps[i].last)
			return true;
	}
	return false;
}

/* HEADERS on a stream number that is not new. */
static int
check_old_stream(struct session *s, const struct frame_header *h)
{
	const struct stream *st = stream_table_find(&s->streams, h->stream_id);

	if (st != NULL && st->state != STREAM_CLOSED)
		return 0;
	if (session_ignores(s, h->stream_id))
		return 0;
	if (was_skipped(s, h->stream_id))
		return session_fail(s, h, H2_PROTOCOL_ERROR, "a new stream's "
		    "number is above all earlier ones (RFC 9113 5.1.1)");
	return session_fail(s, h, H2_STREAM_CLOSED,
	    "the stream is closed (RFC 9113 5.1)");
}

/* The fields of a block as they are decoded. */
struct collect {
	struct session *s;
	size_t size;		/* of all of them, by §6.5.2 */
};

/* Keeps a field, or drops it past a bound; stops the decoder far past it. */
static int
collect_field(void *user, const struct field *f)
{
	struct collect *c = user;
	struct session *s = c->s;

	c->size += f->name_len + f->value_len + HPACK_FIELD_OVERHEAD;
	if (c->size > limits_section(s))
		return -1;
	if (c->size > s->limits.max_header_list_size)
		s->block.passed = "larger than the bound max-header-list-size "
		    "(RFC 9113 10.5.1)";
	else if (s->fields.n >= s->limits.max_fields)
		s->block.passed = "more fields than the bound max-fields "
		    "(RFC 9113 10.5.1)";
	return s->block.passed != NULL ? 0 : fields_add(&s->fields, f);
}

static void
refuse(struct session *s, uint32_t id, enum session_refusal how,
    const char *reason)
{
	if (s->cb->refused != NULL)
		s->cb->refused(s->user, id, &s->fields, how, reason);
}

static int
fail_large(struct session *s, const struct frame_header *h)
{
	return limits_passed(s, h, "max-header-list-size",
	    s->limits.max_header_list_size);
}

static int
decode_block(struct session *s, const struct frame_header *h,
    const uint8_t *p, size_t len)
{
	struct collect c = { s, 0 };
	int rc;

	s->block.passed = NULL;
	fields_clear(&s->fields);
	rc = hpack_decode(s->dec, p, len, collect_field, &c);
	if (rc == HPACK_OK)
		return 0;
	if (rc == HPACK_ERR_DATA)
		return session_fail(s, h, H2_COMPRESSION_ERROR,
		    "the header block cannot be decoded (RFC 9113 4.3)");
	if (rc == HPACK_ERR_STOPPED && c.size > limits_section(s)) {
		if (s->block.opens)
			refuse(s, h->stream_id, REFUSAL_IGNORED, NULL);
		return fail_large(s, h);
	}
	return session_fail(s, h, H2_INTERNAL_ERROR, "out of memory");
}

/*
 * §10.5.1, RFC 6585 §5: the stream is over as soon as it is open.  It takes no
 * place, but a reset that is due counts like any other.
 */
static int
answer_large(struct session *s, const struct frame_header *h)
{
	bool more = !s->block.frame.end_stream;

	send_too_large(s, h->stream_id, more);
	refuse(s, h->stream_id, REFUSAL_STATUS, s->block.passed);
	if (limits_reply(s, h) == -1)
		return -1;
	if (!more)
		return 0;
	session_remember_reset(s, h->stream_id);
	return limits_reset(s, h);
}

static int
check_request_fields(struct session *s, const struct frame_header *h,
    struct message_info *info)
{
	struct h2_error err;

	if (fields_check(&s->fields, FIELDS_REQUEST,
	    s->limits.enable_connect_protocol, info, &err) == -1)
		return session_reset(s, h, err.code, err.reason);
	if (s->block.frame.end_stream && info->content_length > 0)
		return session_reset(s, h, H2_PROTOCOL_ERROR,
		    "content-length, and END_STREAM before any content "
		    "(RFC 9113 8.1.1)");
	return 1;
}

/* The rules for a new request: 1 if it keeps to them. */
static int
check_request(struct session *s, const struct frame_header *h,
    struct message_info *info)
{
	const struct recv_block *b = &s->block;
	int rc;

	if (b->frame.has_priority &&
	    b->frame.priority.dependency == h->stream_id)
		return session_reset(s, h, H2_PROTOCOL_ERROR,
		    "a stream that depends on itself (RFC 7540 5.3.1)");
	if (b->passed == NULL &&
	    (rc = check_request_fields(s, h, info)) != 1)
		return rc;
	if (limits_refuse_stream(s))
		return session_reset(s, h, H2_REFUSED_STREAM, "more streams "
		    "than the bound max-concurrent-streams (RFC 9113 5.1.2)");
	return 1;
}

static struct stream *
add_stream(struct session *s, uint32_t id, const struct message_info *info)
{
	struct stream *st = stream_table_add(&s->streams, id);
	struct field f;

	if (st == NULL)
		return NULL;
	st->state = STREAM_OPEN;
	st->held = true;
	st->info = *info;
	st->send_window = s->peer.initial_window_size;
	st->recv_window = s->window_size;
	if (fields_find(&s->fields, "priority", &f))
		stream_set_priority(st, f.value, f.value_len);
	s->n_active++;
	s->n_held++;
	return st;
}

static int
open_stream(struct session *s, const struct frame_header *h)
{
	const struct recv_block *b = &s->block;
	struct message_info info;
	struct stream *st;
	int rc;

	if (s->goaway_sent && s->cb->late != NULL &&
	    (s->pings.acked > s->pings.before ||
	    s->settings.acked > s->settings.before))
		s->cb->late(s->user, h->stream_id);
	/* §6.8: perhaps before the peer had our GOAWAY. */
	if (h->stream_id > s->goaway_last) {
		refuse(s, h->stream_id, REFUSAL_IGNORED, NULL);
		return limits_idle_frame(s, h);
	}
	rc = check_request(s, h, &info);
	if (rc != 1) {
		refuse(s, h->stream_id, REFUSAL_RESET, NULL);
		return rc;
	}
	if (b->passed != NULL)
		return answer_large(s, h);
	st = add_stream(s, h->stream_id, &info);
	if (st == NULL)
		return session_fail(s, h, H2_INTERNAL_ERROR, "out of memory");
	if (b->frame.end_stream)
		stream_end_received(st);
	limits_work(s);
	s->cb->headers(s->user, st, &s->fields, &b->frame);
	return 0;
}

/* The rules of §8.1 for HEADERS after a request's first: 1 if they hold. */
static int
check_trailers(struct session *s, const struct frame_header *h,
    const struct stream *st)
{
	struct h2_error err;

	if (!stream_can_receive(st))
		return session_reset(s, h, H2_STREAM_CLOSED,
		    "the stream is half-closed (RFC 9113 5.1)");
	if (st->info.connect)
		return session_reset(s, h, H2_PROTOCOL_ERROR,
		    "a CONNECT tunnel has DATA only (RFC 9113 8.5)");
	if (!s->block.frame.end_stream)
		return session_reset(s, h, H2_PROTOCOL_ERROR,
		    "trailers without END_STREAM (RFC 9113 8.1)");
	if (s->block.passed != NULL)
		return session_reset(s, h, H2_ENHANCE_YOUR_CALM,
		    s->block.passed);
	if (fields_check(&s->fields, FIELDS_TRAILERS, false, NULL, &err) == -1)
		return session_reset(s, h, err.code, err.reason);
	if (st->info.content_length != -1 &&
	    st->info.content_length != st->received)
		return session_reset(s, h, H2_PROTOCOL_ERROR,
		    "less content than content-length says (RFC 9113 8.1.1)");
	return 1;
}

static int
recv_trailers(struct session *s, const struct frame_header *h)
{
	struct stream *st = stream_table_find(&s->streams, h->stream_id);
	int rc;

	if (st == NULL || st->state == STREAM_CLOSED)
		return limits_idle_frame(s, h);
	rc = check_trailers(s, h, st);
	if (rc != 1)
		return rc;
	stream_end_received(st);
	s->cb->trailers(s->user, st, &s->fields);
	/* Closed now or not yet told, so that it cannot have been freed. */
	st = stream_table_find(&s->streams, h->stream_id);
	if (st != NULL)
		session_closed(s, st);
	return 0;
}

static int
end_block(struct session *s, const struct frame_header *h, const uint8_t *p,
    size_t len)
{
	s->block.stream_id = 0;
	if (len > limits_section(s))
		return fail_large(s, h);
	if (decode_block(s, h, p, len) == -1)
		return -1;
	return s->block.opens ? open_stream(s, h) : recv_trailers(s, h);
}

int
recv_headers(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	struct recv_block *b = &s->block;
	struct frame_payload f;
	struct h2_error err;

	if (frame_decode(h, payload, &f, &err) == -1)
		return session_violation(s, h, &err);
	if (h->stream_id % 2 == 0)
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "client streams are odd-numbered (RFC 9113 5.1.1)");
	b->opens = h->stream_id > s->last_client_id;
	if (b->opens) {
		note_gap(s, h->stream_id);
		s->last_client_id = h->stream_id;
	} else if (check_old_stream(s, h) == -1) {
		return -1;
	}
	b->stream_id = h->stream_id;
	b->frame = (struct headers_frame){
		.length = h->length,
		.padded = h->flags & FLAG_PADDED,
		.end_stream = h->flags & FLAG_END_STREAM,
		.has_priority = f.has_priority,
		.priority = f.priority
	};
	b->continuations = 0;
	if (h->flags & FLAG_END_HEADERS)
		return end_block(s, h, f.data, f.len);
	buf_clear(&b->octets);
	buf_add(&b->octets, f.data, f.len);
	return 0;
}

int
recv_continuation(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	struct recv_block *b = &s->block;

	/* Any other frame than that of the open block was refused before. */
	if (b->stream_id == 0)
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "no header block to continue (RFC 9113 6.10)");
	if (++b->continuations > s->limits.max_continuations)
		return limits_passed(s, h, "max-continuations",
		    s->limits.max_continuations);
	buf_add(&b->octets, payload, h->length);
	if (buf_len(&b->octets) > limits_section(s))
		return fail_large(s, h);
	if (b->octets.failed)
		return session_fail(s, h, H2_INTERNAL_ERROR, "out of memory");
	if (h->flags & FLAG_END_HEADERS)
		return end_block(s, h, buf_data(&b->octets),
		    buf_len(&b->octets));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Received header blocks: HEADERS with its CONTINUATION frames.  A block is
 * decoded once its last fragment is there.  It opens a new stream, or has
 * trailers, or only keeps the decoder in step (RFC 9113 §4.3, RFC 9113 §8.1).
 * recv.c calls this.
 *
 * Each block is decoded whatever becomes of its stream, but within bounds: if a
 * field section is too large, the fields beyond the bound are dropped; if it is
 * much too large, the connection fails (RFC 9113 §10.5.1).
 */
#include "ground.h"

/*
 * A field section, or a block, of more octets than section_max fails the
 * connection.  section_max is four times the bound beyond which a section is
 * answered with 431: a Huffman code has 30 bits at most (RFC 7541 appendix B),
 * so that no section within that bound comes in a longer block.  With a small
 * bound it is LEAST_SECTION octets.
 */
#define LEAST_SECTION 65536

static uint32_t
section_bound(const struct session *s)
{
	return s->own.allowed.of[SETTINGS_MAX_HEADER_LIST_SIZE];
}

static uint64_t
section_max(const struct session *s)
{
	uint64_t most = (uint64_t)section_bound(s) * 4;

	return most > LEAST_SECTION ? most : LEAST_SECTION;
}

/* Notes the numbers that the peer skips: they are closed (RFC 9113 §5.1.1). */
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

/* HEADERS on a stream that is not open.  Returns 0 if they are ignored. */
static int
check_old_stream(struct session *s, const struct frame *f)
{
	if (ground_ignores(s, f->stream_id))
		return ground_count_idle(s, f);
	if (was_skipped(s, f->stream_id))
		return ground_rule(s, f, H2_LEVEL_CONNECTION,
		    H2_PROTOCOL_ERROR, "a new stream's number is above all "
		    "earlier ones (RFC 9113 5.1.1)");
	return ground_rule(s, f, H2_LEVEL_CONNECTION, H2_STREAM_CLOSED,
	    "the stream is closed (RFC 9113 5.1)");
}

static bool
ends_stream(const struct received *r)
{
	return r->frame.flags & FLAG_END_STREAM;
}

/* State while a block's fields are decoded. */
struct collect {
	struct session *s;
	size_t size;		/* of the fields so far (RFC 9113 §6.5.2) */
	const char *passed;	/* as in struct received */
};

/* Keeps a field; drops it past a bound; stops decoding past section_max. */
static int
collect_field(void *user, const struct field *f)
{
	struct collect *c = user;
	struct session *s = c->s;

	c->size += f->name_len + f->value_len + HPACK_FIELD_OVERHEAD;
	if (c->size > section_max(s))
		return -1;
	if (c->size > section_bound(s))
		c->passed = "larger than the bound max-header-list-size "
		    "(RFC 9113 10.5.1)";
	else if (s->fields.n >= s->limits.max_fields)
		c->passed = "more fields than the bound max-fields "
		    "(RFC 9113 10.5.1)";
	return c->passed != NULL ? 0 : fields_add(&s->fields, f);
}

static void
refuse(struct session *s, const struct received *r, enum session_refusal how,
    const char *reason)
{
	if (s->cb->refused != NULL)
		s->cb->refused(s->user, r->frame.stream_id, r->fields, how,
		    reason);
}

static int
fail_large(struct session *s, const struct frame *f)
{
	return ground_exceeded(s, f, "max-header-list-size",
	    section_bound(s));
}

static int
decode_block(struct session *s, struct received *r, const struct frame *f,
    const uint8_t *p, size_t len)
{
	struct collect c = { .s = s };
	int rc;

	fields_clear(&s->fields);
	rc = hpack_decode(s->dec, p, len, collect_field, &c);
	r->fields = &s->fields;
	r->passed = c.passed;
	if (rc == HPACK_OK)
		return 1;
	if (rc == HPACK_ERR_DATA)
		return ground_fail(s, f, H2_COMPRESSION_ERROR,
		    "the header block cannot be decoded (RFC 9113 4.3)");
	if (rc == HPACK_ERR_STOPPED && c.size > section_max(s)) {
		if (r->opens)
			refuse(s, r, REFUSAL_IGNORED, NULL);
		return fail_large(s, f);
	}
	return ground_no_memory(s, f);
}

/*
 * Answers a request that is too large with 431 (RFC 9113 §10.5.1, RFC 6585 §5).
 * Its stream ends as soon as it opens, and does not count as open; but if it
 * has to be reset, the reset counts like any other.
 */
static int
answer_large(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;
	bool more = !ends_stream(r);

	send_too_large(s, f->stream_id, more);
	refuse(s, r, REFUSAL_STATUS, r->passed);
	if (ground_count_reply(s, f) == -1)
		return -1;
	if (!more)
		return 0;
	ground_remember_reset(s, f->stream_id);
	return ground_count_reset(s, f);
}

const char *
headers_check_length(int64_t declared, int64_t total, bool end)
{
	if (declared != -1 && total > declared)
		return "more content than content-length says "
		    "(RFC 9113 8.1.1)";
	if (declared != -1 && total < declared && end)
		return "less content than content-length says "
		    "(RFC 9113 8.1.1)";
	return NULL;
}

/* Checks a new request's fields: returns NULL, or the rule that they break. */
static const char *
check_request(const struct session *s, const struct received *r,
    struct message_info *info)
{
	const struct settings_values *allowed = &s->own.allowed;
	const struct frame *f = &r->frame;
	const char *reason;

	if (f->has_priority && f->priority.dependency == f->stream_id)
		return FRAME_SELF_DEPENDENCY;
	if (r->passed != NULL)
		return NULL;
	reason = fields_check(r->fields, FIELDS_REQUEST,
	    allowed->of[SETTINGS_ENABLE_CONNECT_PROTOCOL], info);
	return reason != NULL ? reason :
	    headers_check_length(info->content_length, 0, ends_stream(r));
}

static bool
has_room(const struct session *s)
{
	size_t max = s->limits.max_concurrent_streams;

	return s->n_active + s->n_reset_held < max && s->n_held < 2 * max;
}

/* Reports the request as refused, unless it is taken; returns rc. */
static int
was_refused(struct session *s, const struct received *r, int rc)
{
	if (rc != GROUND_TAKEN)
		refuse(s, r, REFUSAL_RESET, NULL);
	return rc;
}

static int
refuse_more(struct session *s, const struct received *r)
{
	return was_refused(s, r, ground_reset(s, &r->frame, H2_REFUSED_STREAM,
	    "more streams than the bound max-concurrent-streams "
	    "(RFC 9113 5.1.2)"));
}

/* Adds the stream of r.  taken: without a request.  NULL: out of memory. */
static struct stream *
add_stream(struct session *s, const struct received *r,
    const struct message_info *info, bool taken)
{
	struct stream *st = stream_table_add(&s->streams, r->frame.stream_id);
	struct field f;

	if (st == NULL)
		return NULL;
	st->state = STREAM_OPEN;
	st->held = !taken;
	st->taken = taken;
	st->info = *info;
	st->send_window = s->peer.of[SETTINGS_INITIAL_WINDOW_SIZE];
	st->credit.window = s->own.acked.of[SETTINGS_INITIAL_WINDOW_SIZE];
	if (fields_find(r->fields, "priority", &f))
		stream_set_priority(st, f.value, f.value_len);
	s->n_active++;
	s->n_held += st->held;
	if (ends_stream(r))
		stream_end_received(st);
	ground_work(s);
	return st;
}

static int
open_stream(struct session *s, const struct received *r)
{
	const struct settings_values *allowed = &s->own.allowed;
	const struct frame *f = &r->frame;
	struct message_info info;
	const char *reason;
	struct stream *st;

	if (s->goaway_sent && s->cb->late != NULL &&
	    (s->pings.acked > s->pings.before ||
	    s->settings.acked > s->settings.before))
		s->cb->late(s->user, f->stream_id);
	/* Perhaps sent before the peer had our GOAWAY (RFC 9113 §6.8). */
	if (f->stream_id > s->goaway_last) {
		refuse(s, r, REFUSAL_IGNORED, NULL);
		return ground_count_idle(s, f);
	}
	reason = check_request(s, r, &info);
	if (reason != NULL)
		return was_refused(s, r, ground_rule(s, f, H2_LEVEL_STREAM,
		    H2_PROTOCOL_ERROR, reason));
	if (!has_room(s))
		return refuse_more(s, r);
	if (s->n_active >= allowed->of[SETTINGS_MAX_CONCURRENT_STREAMS])
		return was_refused(s, r, ground_rule(s, f, H2_LEVEL_STREAM,
		    H2_REFUSED_STREAM, "more streams than "
		    "MAX_CONCURRENT_STREAMS of our SETTINGS "
		    "(RFC 9113 5.1.2)"));
	if (r->passed != NULL)
		return answer_large(s, r);
	if (!ground_does(s, SESSION_REQUESTS))
		return GROUND_TAKEN;
	st = add_stream(s, r, &info, false);
	if (st == NULL)
		return ground_no_memory(s, f);
	s->cb->headers(s->user, st, r->fields, f);
	return 0;
}

/*
 * Checks HEADERS that follow a request's first HEADERS (RFC 9113 §8.1).
 * Returns NULL, or why the stream is reset, with *code set.
 */
static const char *
check_trailers(const struct received *r, const struct stream *st,
    enum h2_code *code)
{
	const char *reason;

	*code = H2_STREAM_CLOSED;
	if (!stream_can_receive(st))
		return "the stream is half-closed (RFC 9113 5.1)";
	*code = H2_PROTOCOL_ERROR;
	if (st->info.connect)
		return "a CONNECT tunnel has DATA only (RFC 9113 8.5)";
	if (!ends_stream(r))
		return "trailers without END_STREAM (RFC 9113 8.1)";
	*code = H2_ENHANCE_YOUR_CALM;
	if (r->passed != NULL)
		return r->passed;
	*code = H2_PROTOCOL_ERROR;
	reason = fields_check(r->fields, FIELDS_TRAILERS, false, NULL);
	return reason != NULL ? reason :
	    headers_check_length(st->info.content_length, st->received,
	    true);
}

static int
recv_trailers(struct session *s, const struct received *r, struct stream *st)
{
	const struct frame *f = &r->frame;
	enum h2_code code;
	const char *reason = check_trailers(r, st, &code);

	if (reason != NULL)
		return ground_rule(s, f, H2_LEVEL_STREAM, code, reason);
	stream_end_received(st);
	if (!st->taken)
		s->cb->trailers(s->user, st, r->fields, f);
	ground_closed(s, f->stream_id);
	return 0;
}

int
headers_act(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;
	struct stream *st;

	if (f->stream_id % 2 == 0)
		return ground_rule(s, f, H2_LEVEL_CONNECTION,
		    H2_PROTOCOL_ERROR,
		    "client streams are odd-numbered (RFC 9113 5.1.1)");
	if (r->opens)
		return open_stream(s, r);
	st = ground_stream(s, f->stream_id);
	return st != NULL ? recv_trailers(s, r, st) : check_old_stream(s, f);
}

/* The bound on streams holds for taken streams too. */
int
headers_take(struct session *s, const struct received *r)
{
	struct stream *st = ground_stream(s, r->frame.stream_id);
	struct message_info info;

	if (!r->opens) {
		if (st != NULL && ends_stream(r)) {
			stream_end_received(st);
			ground_closed(s, st->id);
		}
		return ground_count_idle(s, &r->frame);
	}
	if (!has_room(s))
		return refuse_more(s, r);
	fields_check(r->fields, FIELDS_REQUEST, true, &info);
	return add_stream(s, r, &info, true) != NULL ? 0 :
	    ground_no_memory(s, &r->frame);
}

/* Decodes a complete block, the len octets at p; f: its last frame. */
static int
end_block(struct session *s, struct received *r, const struct frame *f,
    const uint8_t *p, size_t len)
{
	s->block.stream_id = 0;
	r->payload = r->frame.data = p;
	r->frame.len = len;
	return len > section_max(s) ? fail_large(s, f) :
	    decode_block(s, r, f, p, len);
}

static int
begin_block(struct session *s, struct received *r)
{
	struct recv_block *b = &s->block;
	const struct frame f = r->frame;

	r->opens = f.type == FRAME_HEADERS && f.stream_id % 2 == 1 &&
	    f.stream_id > s->last_client_id;
	if (r->opens) {
		note_gap(s, f.stream_id);
		s->last_client_id = f.stream_id;
	}
	if (f.flags & FLAG_END_HEADERS)
		return end_block(s, r, &f, f.data, f.len);
	b->stream_id = f.stream_id;
	b->first = *r;
	b->continuations = 0;
	buf_clear(&b->octets);
	buf_add(&b->octets, f.data, f.len);
	return 0;
}

int
headers_collect(struct session *s, struct received *r)
{
	struct recv_block *b = &s->block;
	const struct frame f = r->frame;

	if (f.type != FRAME_CONTINUATION)
		return begin_block(s, r);
	/* session.c has refused frames that do not continue an open block. */
	if (b->stream_id == 0)
		return ground_fail(s, &f, H2_PROTOCOL_ERROR,
		    "no header block to continue (RFC 9113 6.10)");
	if (++b->continuations > s->limits.max_continuations)
		return ground_exceeded(s, &f, "max-continuations",
		    s->limits.max_continuations);
	buf_add(&b->octets, f.data, f.len);
	b->first.frame.length += f.length;
	if (buf_len(&b->octets) > section_max(s))
		return fail_large(s, &f);
	if (b->octets.failed)
		return ground_no_memory(s, &f);
	if (!(f.flags & FLAG_END_HEADERS))
		return 0;
	*r = b->first;
	return end_block(s, r, &f, buf_data(&b->octets), buf_len(&b->octets));
}

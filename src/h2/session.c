/* SPDX-License-Identifier: MIT */
/*
 * The frame of a connection: preface, octets cut into frames, the two kinds
 * of error, the end of streams, output.  What a frame means is in recv.c and
 * headers.c; what the application sends, in send.c and raw.c.
 *
 * Frames are parsed where they lie in the caller's octets; only one that came
 * in part is copied, to s->in, until the rest is there.  Nothing here waits,
 * and a failed connection takes no more octets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "send.h"
#include "session_impl.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_LEN (sizeof(preface) - 1)
#define REQUEST_LINE_LEN 14	/* octets of it before the first CR */

static void
queue_settings(struct session *s)
{
	const struct session_limits *l = &s->limits;
	const struct frame_setting v[] = {
		{ SETTINGS_HEADER_TABLE_SIZE, l->header_table_size },
		{ SETTINGS_MAX_CONCURRENT_STREAMS, l->max_concurrent_streams },
		{ SETTINGS_INITIAL_WINDOW_SIZE, l->initial_window_size },
		{ SETTINGS_MAX_FRAME_SIZE, l->max_frame_size },
		{ SETTINGS_MAX_HEADER_LIST_SIZE, l->max_header_list_size },
		{ SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 },
	};
	size_t n = sizeof(v) / sizeof(v[0]);

	/* 0 is what is assumed when it is not sent (RFC 8441 §3). */
	if (!l->enable_connect_protocol)
		n--;
	frame_settings_encode(&s->out, v, n);
}

/*
 * A stream's window is of use up to the connection's, which SETTINGS do not
 * change (§6.9.2): it is raised to the same.  It cannot be made smaller.
 */
static void
queue_window(struct session *s)
{
	s->recv_size = s->limits.initial_window_size;
	if (s->recv_size <= WINDOW_DEFAULT)
		s->recv_size = WINDOW_DEFAULT;
	else
		frame_window_update_encode(&s->out, 0,
		    (uint32_t)(s->recv_size - WINDOW_DEFAULT));
	s->recv_window = s->recv_size;
}

struct session *
session_new(const struct session_limits *limits,
    const struct session_callbacks *cb, void *user)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->limits = *limits;
	s->cb = cb;
	s->user = user;
	s->peer = (struct peer_settings){
		.header_table_size = HPACK_DEFAULT_TABLE_SIZE,
		.enable_push = 1,
		.max_concurrent_streams = UINT32_MAX,
		.initial_window_size = WINDOW_DEFAULT,
		.max_frame_size = FRAME_DEFAULT_MAX_SIZE,
		.max_header_list_size = UINT32_MAX,
	};
	/* Ours are in force once the peer has acknowledged them (§6.5.3). */
	s->window_size = WINDOW_DEFAULT;
	s->send_window = WINDOW_DEFAULT;
	s->goaway_last = UINT32_MAX;
	s->peer_goaway_last = UINT32_MAX;
	s->enc = hpack_encoder_new(HPACK_DEFAULT_TABLE_SIZE);
	s->dec = hpack_decoder_new(HPACK_DEFAULT_TABLE_SIZE);
	queue_settings(s);
	s->settings.sent = 1;
	queue_window(s);
	if (s->enc == NULL || s->dec == NULL || s->out.failed ||
	    limits_init(s) == -1) {
		session_free(s);
		return NULL;
	}
	hpack_decoder_limit_strings(s->dec, limits_section(s));
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	stream_table_free(&s->streams);
	if (s->enc != NULL)
		hpack_encoder_free(s->enc);
	if (s->dec != NULL)
		hpack_decoder_free(s->dec);
	fields_free(&s->fields);
	buf_free(&s->block.octets);
	buf_free(&s->too_large);
	buf_free(&s->in);
	buf_free(&s->out);
	buf_free(&s->waiting);
	buf_free(&s->scratch);
	free(s->replies.end);
	free(s);
}

struct buf *
session_own_out(struct session *s)
{
	return s->raw.by != 0 ? &s->waiting : &s->out;
}

/* "HEADERS on stream 6: reason", as far as there are type and stream. */
static void
compose_error(struct session *s, const struct frame_header *h,
    const char *reason)
{
	char what[64] = "";

	if (h != NULL)
		frame_describe(h, what, sizeof(what));
	snprintf(s->error_text, sizeof(s->error_text), "%s%s%s", what,
	    h != NULL ? ": " : "", reason);
}

/*
 * The hold ends first: a GOAWAY inside of a header block is no worse than one
 * that never comes.  Inside of a raw frame it would be taken for its payload,
 * so there nothing is added.
 */
int
session_fail(struct session *s, const struct frame_header *h,
    enum h2_code code, const char *reason)
{
	uint32_t last = s->last_client_id;

	if (s->phase == PHASE_FAILED)
		return -1;
	compose_error(s, h, reason);
	s->error_code = code;
	s->phase = PHASE_FAILED;
	if (send_in_frame(s)) {
		buf_clear(&s->waiting);
		return -1;
	}
	if (s->raw.by != 0) {
		buf_add(&s->out, buf_data(&s->waiting), buf_len(&s->waiting));
		buf_clear(&s->waiting);
		s->raw.by = 0;
	}
	/* §6.8: the number must not be above that of an earlier GOAWAY. */
	if (last > s->goaway_last)
		last = s->goaway_last;
	frame_goaway_encode(&s->out, last, code, s->error_text,
	    strlen(s->error_text));
	return -1;
}

/*
 * Acknowledgements of PING may come in any order: only when there are more than
 * PINGs before GOAWAY is one certain to be of a later one.  While the output is
 * held GOAWAY waits, and raw frames overtake it.
 */
void
session_note_sent(struct session *s, unsigned type, unsigned flags)
{
	if (type == FRAME_GOAWAY) {
		s->goaway_waits = !s->goaway_sent;
		if (s->raw.by == 0)
			session_note_goaway(s);
	} else if (!(flags & FLAG_ACK)) {
		s->pings.sent += type == FRAME_PING;
		s->settings.sent += type == FRAME_SETTINGS;
	}
}

void
session_note_goaway(struct session *s)
{
	if (!s->goaway_waits)
		return;
	s->goaway_waits = false;
	s->goaway_sent = true;
	s->pings.before = s->pings.sent;
	s->settings.before = s->settings.sent;
}

bool
session_was_reset(const struct session *s, uint32_t id)
{
	size_t n = s->n_resets < RESET_MEMORY ? s->n_resets : RESET_MEMORY;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s->reset_ids[i] == id)
			return true;
	}
	return false;
}

void
session_remember_reset(struct session *s, uint32_t id)
{
	s->reset_ids[s->n_resets++ % RESET_MEMORY] = id;
}

bool
session_ignores(const struct session *s, uint32_t id)
{
	return (id % 2 == 1 && id > s->goaway_last) ||
	    session_was_reset(s, id);
}

/*
 * A number that the application has used in a raw frame is not idle: what the
 * peer answers to that is not the peer's mistake.
 */
bool
session_is_idle(const struct session *s, uint32_t id)
{
	uint32_t last = id % 2 == 1 ? s->last_client_id : s->last_promised;

	return id > last && id > s->raw_last[id % 2];
}

int
session_reset(struct session *s, const struct frame_header *h,
    enum h2_code code, const char *reason)
{
	struct h2_error e = { H2_LEVEL_STREAM, code, reason };
	struct stream *st;

	frame_rst_stream_encode(session_own_out(s), h->stream_id, code);
	if (limits_reply(s, h) == -1)
		return -1;
	session_remember_reset(s, h->stream_id);
	if (s->cb->stream_error != NULL)
		s->cb->stream_error(s->user, h->stream_id, &e);
	st = stream_table_find(&s->streams, h->stream_id);
	if (st != NULL && st->state != STREAM_CLOSED) {
		stream_set_reset(st, code, false);
		session_closed(s, st);
	}
	return limits_reset(s, h);
}

int
session_violation(struct session *s, const struct frame_header *h,
    const struct h2_error *err)
{
	const struct stream *st;

	if (err->level == H2_LEVEL_STREAM) {
		st = stream_table_find(&s->streams, h->stream_id);
		if (st != NULL && st->state != STREAM_CLOSED)
			return session_reset(s, h, err->code, err->reason);
		if (session_ignores(s, h->stream_id))
			return 0;
	}
	return session_fail(s, h, err->code, err->reason);
}

/*
 * `closed` may release the stream, which must not free it under our feet:
 * hence `telling`.
 */
void
session_closed(struct session *s, struct stream *st)
{
	if (st->state != STREAM_CLOSED || st->told)
		return;
	st->told = true;
	st->telling = true;
	if (!st->pushed)
		s->n_active--;
	else if (st->opened)
		s->n_pushing--;
	if (st->reset && st->held)
		s->n_reset_held++;
	s->cb->closed(s->user, st);
	st->telling = false;
	if (!st->held)
		stream_table_remove(&s->streams, st);
}

void
session_release(struct session *s, struct stream *st)
{
	if (!st->held)
		return;
	st->held = false;
	s->n_held--;
	if (st->told && st->reset)
		s->n_reset_held--;
	if (st->told && !st->telling)
		stream_table_remove(&s->streams, st);
}

void
session_consume(struct session *s, struct stream *st, size_t flow_len)
{
	int64_t quarter = ((int64_t)s->window_size + 1) / 4;

	if (flow_len == 0 || !stream_can_receive(st) ||
	    s->phase == PHASE_FAILED)
		return;
	st->recv_unreturned += (int64_t)flow_len;
	if (st->recv_unreturned < quarter)
		return;
	frame_window_update_encode(session_own_out(s), st->id,
	    (uint32_t)st->recv_unreturned);
	st->recv_window += st->recv_unreturned;
	st->recv_unreturned = 0;
}

/* The rules for a frame that need only its header and no stream. */
static int
admit_frame(struct session *s, const struct frame_header *h)
{
	struct h2_error err;

	if (s->phase == PHASE_SETTINGS && (h->type != FRAME_SETTINGS ||
	    (h->flags & FLAG_ACK)))
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "the first frame is SETTINGS (RFC 9113 3.4)");
	if (frame_check(h, s->limits.max_frame_size, &err) == -1 &&
	    err.level == H2_LEVEL_CONNECTION)
		return session_fail(s, h, err.code, err.reason);
	if (s->block.stream_id != 0 && (h->type != FRAME_CONTINUATION ||
	    h->stream_id != s->block.stream_id))
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "inside of another frame's header block (RFC 9113 4.3)");
	return 0;
}

/* Adds octets to s->in until it has need of them; *p and *len move on. */
static bool
fill(struct session *s, const uint8_t **p, size_t *len, size_t need)
{
	size_t n = need - buf_len(&s->in);

	if (n > *len)
		n = *len;
	buf_add(&s->in, *p, n);
	*p += n;
	*len -= n;
	return buf_len(&s->in) == need;
}

/*
 * Goes on with the frame whose beginning is in s->in.  It stays there if its
 * end has not come yet.
 */
static int
recv_rest(struct session *s, const uint8_t **p, size_t *len)
{
	struct frame_header h;

	if (buf_len(&s->in) < FRAME_HEADER_LEN) {
		if (!fill(s, p, len, FRAME_HEADER_LEN))
			return 0;
		frame_header_decode(buf_data(&s->in), &h);
		if (admit_frame(s, &h) == -1)
			return -1;
	}
	frame_header_decode(buf_data(&s->in), &h);
	if (!fill(s, p, len, FRAME_HEADER_LEN + h.length))
		return 0;
	if (recv_frame(s, &h, buf_data(&s->in) + FRAME_HEADER_LEN) == -1)
		return -1;
	buf_clear(&s->in);
	return 0;
}

static int
recv_frames(struct session *s, const uint8_t *p, size_t len)
{
	struct frame_header h;

	while (len > 0) {
		if (buf_len(&s->in) > 0 || len < FRAME_HEADER_LEN) {
			if (recv_rest(s, &p, &len) == -1)
				return -1;
			if (s->in.failed)
				return -1;
			continue;
		}
		frame_header_decode(p, &h);
		if (admit_frame(s, &h) == -1)
			return -1;
		if (len < FRAME_HEADER_LEN + h.length) {
			buf_add(&s->in, p, len);
			return 0;
		}
		if (recv_frame(s, &h, p + FRAME_HEADER_LEN) == -1)
			return -1;
		p += FRAME_HEADER_LEN + h.length;
		len -= FRAME_HEADER_LEN + h.length;
	}
	return 0;
}

static bool
is_method_octet(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

/*
 * One octet where the preface should be.  When the octets differ from it they
 * are read on to the first space, to tell an HTTP/1 request from noise; all
 * that matched before was letters or the request line of the preface itself.
 */
static int
recv_preface_octet(struct session *s, uint8_t c)
{
	size_t i = s->preface_have++;

	if (!s->preface_differs && c == (uint8_t)preface[i]) {
		if (s->preface_have == PREFACE_LEN)
			s->phase = PHASE_SETTINGS;
		return 0;
	}
	if (!s->preface_differs && i >= 4)
		s->http1 = i < REQUEST_LINE_LEN;
	else if (c == ' ' && i > 0)
		s->http1 = true;
	else if (is_method_octet(c) && s->preface_have < PREFACE_LEN) {
		s->preface_differs = true;
		return 0;
	}
	return session_fail(s, NULL, H2_PROTOCOL_ERROR, s->http1 ?
	    "an HTTP/1 request where the HTTP/2 preface should be "
	    "(RFC 9113 3.4)" :
	    "not the HTTP/2 connection preface (RFC 9113 3.4)");
}

int
session_recv(struct session *s, const uint8_t *p, size_t len, uint64_t now_ms)
{
	int rc = 0;

	s->now_ms = now_ms;
	while (rc == 0 && len > 0 && s->phase == PHASE_PREFACE) {
		rc = recv_preface_octet(s, *p);
		p++;
		len--;
	}
	if (rc == -1 || s->phase == PHASE_FAILED)
		return -1;
	rc = recv_frames(s, p, len);
	if (s->in.failed || s->out.failed || s->waiting.failed ||
	    s->too_large.failed)
		return session_fail(s, NULL, H2_INTERNAL_ERROR,
		    "out of memory");
	return rc;
}

const char *
session_error(const struct session *s, uint32_t *code)
{
	if (s->phase != PHASE_FAILED)
		return NULL;
	if (code != NULL)
		*code = s->error_code;
	return s->error_text;
}

bool
session_established(const struct session *s)
{
	return s->phase == PHASE_RUNNING;
}

bool
session_settings_acked(const struct session *s)
{
	return s->settings_acked;
}

bool
session_is_http1(const struct session *s)
{
	return s->http1;
}

struct buf *
session_output(struct session *s)
{
	return &s->out;
}

void
session_wrote(struct session *s, size_t n)
{
	buf_consume(&s->out, n);
	s->wrote += n;
	limits_wrote(s);
}

struct stream *
session_stream(const struct session *s, uint32_t id)
{
	return stream_table_find(&s->streams, id);
}

size_t
session_stream_count(const struct session *s)
{
	return s->streams.n;
}

size_t
session_open_count(const struct session *s)
{
	return s->n_active + s->n_pushing;
}

const struct peer_settings *
session_peer_settings(const struct session *s)
{
	return &s->peer;
}

void
session_shutdown(struct session *s)
{
	if (s->shutdown || s->phase == PHASE_FAILED)
		return;
	s->shutdown = true;
	if (s->goaway_last > s->last_client_id)
		s->goaway_last = s->last_client_id;
	frame_goaway_encode(session_own_out(s), s->goaway_last, H2_NO_ERROR,
	    NULL, 0);
	session_note_sent(s, FRAME_GOAWAY, 0);
}

bool
session_done(const struct session *s)
{
	if (buf_len(&s->out) > 0 || buf_len(&s->waiting) > 0)
		return false;
	return s->phase == PHASE_FAILED ||
	    (s->shutdown && s->streams.n == 0);
}

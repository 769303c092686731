/* SPDX-License-Identifier: MIT */
/*
 * The session's interface for the application: it makes and frees a session,
 * takes octets (the preface, then frames), gives the output, and begins the
 * shutdown.  recv.c and headers.c act on the frames; send.c and send_raw.c have
 * the calls by which the application sends.
 *
 * Frames are parsed where they lie in the caller's octets.  Only a frame that
 * has come in part, and what follows a stopped frame, is copied to s->in.
 * Nothing here waits, and a failed connection takes no more octets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground.h"
#include "send.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_LEN (sizeof(preface) - 1)
#define REQUEST_LINE_LEN 14	/* octets of the preface before its first CR */

void
session_limits_default(struct session_limits *l)
{
	*l = (struct session_limits){
		.header_table_size = 4096,
		.max_concurrent_streams = 100,
		.initial_window_size = 262144,
		.max_frame_size = 16384,
		.max_header_list_size = 65536,
		.enable_connect_protocol = true,
		.max_fields = 1000,
		.max_continuations = 8,
		.max_settings = 32,
		.max_resets = 1000,
		.resets_per_second = 33,
		.max_idle_frames = 10000,
		.max_replies = 1000,
		.max_data_frames = 65536,
		.max_body = UINT64_C(1) << 30,
	};
}

void
session_add_settings(const struct session_limits *l, struct buf *dst)
{
	const struct { unsigned id; uint32_t value; } v[] = {
		{ SETTINGS_HEADER_TABLE_SIZE, l->header_table_size },
		{ SETTINGS_MAX_CONCURRENT_STREAMS, l->max_concurrent_streams },
		{ SETTINGS_INITIAL_WINDOW_SIZE, l->initial_window_size },
		{ SETTINGS_MAX_FRAME_SIZE, l->max_frame_size },
		{ SETTINGS_MAX_HEADER_LIST_SIZE, l->max_header_list_size },
		{ SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 },
	};
	/* The last one is 0 for the peer if it is not sent (RFC 8441 §3). */
	size_t n = sizeof(v) / sizeof(v[0]) - !l->enable_connect_protocol;
	size_t i;

	for (i = 0; i < n; i++) {
		buf_add_u16(dst, v[i].id);
		buf_add_u32(dst, v[i].value);
	}
}

static void
start_settings(struct session *s)
{
	struct buf *payload = &s->scratch;

	session_add_settings(&s->limits, payload);
	if (payload->failed)
		s->out.failed = true;
	ground_own(s, FRAME_SETTINGS, 0, 0, buf_data(payload),
	    buf_len(payload));
	settings_note_sent(s, buf_data(payload), buf_len(payload));
}

/*
 * A stream's window is useful only up to the connection's window, which
 * SETTINGS do not change (RFC 9113 §6.9.2), so this raises the connection's
 * window to the same size.  It cannot be made smaller.
 */
static void
start_window(struct session *s)
{
	uint32_t size = s->limits.initial_window_size;

	if (size <= WINDOW_DEFAULT || !ground_does(s, SESSION_WINDOW_UPDATE))
		return;
	ground_own_u32(s, FRAME_WINDOW_UPDATE, 0, size - WINDOW_DEFAULT);
	s->recv_size = s->credit.window = size;
}

void
session_start(struct session *s, bool settings, const uint8_t *entries,
    size_t len)
{
	if (settings && entries == NULL)
		start_settings(s);
	else if (settings)
		send_raw_frame(s, SEND_BY_CONNECTION, FRAME_SETTINGS, 0, 0,
		    entries, len);
	start_window(s);
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
	s->automatic = SESSION_ALL;
	settings_init(s);
	s->send_window = WINDOW_DEFAULT;
	s->recv_size = s->credit.window = WINDOW_DEFAULT;
	s->goaway_last = UINT32_MAX;
	s->peer_goaway_last = UINT32_MAX;
	s->enc = hpack_encoder_new(HPACK_DEFAULT_TABLE_SIZE);
	s->dec = hpack_decoder_new(HPACK_DEFAULT_TABLE_SIZE);
	s->reset_tokens = (uint64_t)s->limits.max_resets * GROUND_RESET;
	s->replies.end = calloc((size_t)s->limits.max_replies + 1,
	    sizeof(*s->replies.end));
	if (s->enc != NULL && s->dec != NULL && s->replies.end != NULL)
		return s;
	session_free(s);
	return NULL;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	stream_table_free(&s->streams);
	hpack_encoder_free(s->enc);
	hpack_decoder_free(s->dec);
	fields_free(&s->fields);
	buf_free(&s->block.octets);
	buf_free(&s->too_large);
	recv_free(s);
	buf_free(&s->in);
	buf_free(&s->out);
	buf_free(&s->waiting);
	buf_free(&s->scratch);
	buf_free(&s->raw_part);
	free(s->replies.end);
	free(s);
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
	if (flow_len > 0 && stream_can_receive(st) &&
	    s->phase != PHASE_FAILED)
		ground_return_credit(s, st->id, &st->credit,
		    (int64_t)flow_len, settings_window(s));
}

int
session_note_idle(struct session *s, unsigned n, const char *what)
{
	uint32_t max = s->limits.max_idle_frames;
	char reason[128];

	if (n <= max && s->idle_frames <= max - n) {
		s->idle_frames += n;
		return 0;
	}
	snprintf(reason, sizeof(reason), "%s: more than the bound "
	    "max-idle-frames, which is %lu", what, (unsigned long)max);
	return ground_fail(s, NULL, H2_ENHANCE_YOUR_CALM, reason);
}

/* Checks the rules that need only a frame's header, not its stream. */
static int
admit_frame(struct session *s, const struct frame *f)
{
	struct h2_error err;

	if (s->phase == PHASE_SETTINGS && (f->type != FRAME_SETTINGS ||
	    (f->flags & FLAG_ACK)))
		return ground_fail(s, f, H2_PROTOCOL_ERROR,
		    "the first frame is SETTINGS (RFC 9113 3.4)");
	/* An error that passes here is found by recv.c in the whole frame. */
	if (frame_check(f, s->own.allowed.of[SETTINGS_MAX_FRAME_SIZE],
	    &err) == -1 && (ground_does(s, SESSION_CHECKS) ||
	    !ground_is_rule(f, &err)))
		return ground_fail(s, f, err.code, err.reason);
	if (s->block.stream_id != 0 && (f->type != FRAME_CONTINUATION ||
	    f->stream_id != s->block.stream_id))
		return ground_fail(s, f, H2_PROTOCOL_ERROR,
		    "inside of another frame's header block (RFC 9113 4.3)");
	return 0;
}

/*
 * Takes whole frames from the octets until one is stopped; *taken: the octets
 * that they had.  A frame that has come in part is checked each time that more
 * of it comes: checking its header changes nothing.
 */
static int
recv_frames(struct session *s, const uint8_t *p, size_t len, size_t *taken)
{
	struct received r;
	size_t left, size;

	*taken = 0;
	while (s->gate.stopped == NULL) {
		left = len - *taken;
		if (left < FRAME_HEADER_LEN)
			return 0;
		frame_header_decode(p + *taken, &r.frame);
		if (admit_frame(s, &r.frame) == -1)
			return -1;
		size = FRAME_HEADER_LEN + r.frame.length;
		if (left < size)
			return 0;
		if (s->phase == PHASE_SETTINGS)
			s->phase = PHASE_RUNNING;
		if (recv_frame(s, &r, p + *taken + FRAME_HEADER_LEN) == -1)
			return -1;
		*taken += size;
	}
	return 0;
}

/*
 * Returns the octets that the frame in s->in lacks, or its header if that has
 * not all come.
 */
static size_t
missing(const struct session *s)
{
	size_t have = buf_len(&s->in);

	if (have < FRAME_HEADER_LEN)
		return FRAME_HEADER_LEN - have;
	return FRAME_HEADER_LEN + get_u24(buf_data(&s->in)) - have;
}

static bool
is_method_octet(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

/*
 * Takes one octet where the preface should be.  Octets that differ from it are
 * read on to the first space, to tell an HTTP/1 request from noise; the octets
 * that matched before are letters or the request line of the preface itself.
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
	return ground_fail(s, NULL, H2_PROTOCOL_ERROR, s->http1 ?
	    "an HTTP/1 request where the HTTP/2 preface should be "
	    "(RFC 9113 3.4)" :
	    "not the HTTP/2 connection preface (RFC 9113 3.4)");
}

static int
finish(struct session *s, int rc)
{
	if (s->in.failed || s->out.failed || s->waiting.failed ||
	    s->too_large.failed)
		return ground_no_memory(s, NULL);
	return rc;
}

/* Takes the frames that s->in has. */
static int
recv_kept(struct session *s)
{
	size_t taken, n = buf_len(&s->in);
	int rc = recv_frames(s, buf_data(&s->in), n, &taken);

	/* What follows an error is not looked at any more. */
	buf_consume(&s->in, rc == -1 ? n : taken);
	return finish(s, rc);
}

int
session_recv(struct session *s, const uint8_t *p, size_t len, uint64_t now_ms)
{
	size_t n, taken;
	int rc = 0;

	s->now_ms = now_ms;
	while (rc == 0 && len > 0 && s->phase == PHASE_PREFACE) {
		rc = recv_preface_octet(s, *p);
		p++;
		len--;
	}
	if (rc == -1 || s->phase == PHASE_FAILED)
		return -1;
	/* Only this frame is completed there: the next need no copy. */
	while (rc == 0 && len > 0 && buf_len(&s->in) > 0 &&
	    s->gate.stopped == NULL) {
		n = missing(s) < len ? missing(s) : len;
		buf_add(&s->in, p, n);
		p += n;
		len -= n;
		rc = recv_kept(s);
	}
	if (rc == 0)
		rc = recv_frames(s, p, len, &taken);
	if (rc == 0)
		buf_add(&s->in, p + taken, len - taken);
	return finish(s, rc);
}

void
session_take_unread(struct session *s, struct buf *dst)
{
	buf_add(dst, buf_data(&s->in), buf_len(&s->in));
	buf_clear(&s->in);
}

bool
session_stopped(const struct session *s)
{
	return s->gate.stopped != NULL;
}

int
session_continue(struct session *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	if (s->phase == PHASE_FAILED || recv_queued(s) == -1)
		return -1;
	return recv_kept(s);
}

int
session_resume(struct session *s, bool taken, uint64_t now_ms)
{
	s->now_ms = now_ms;
	if (recv_stopped(s, taken) == -1)
		return -1;
	return session_continue(s, now_ms);
}

void
session_set_automatic(struct session *s, unsigned mask)
{
	s->automatic = mask;
	if (s->phase == PHASE_FAILED)
		return;
	ground_return_credit(s, 0, &s->credit, 0, s->recv_size);
	settings_return_credit(s);
}

unsigned
session_automatic(const struct session *s)
{
	return s->automatic;
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
	return s->settings.acked > 0 || s->settings.sent == 0;
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
	ground_wrote(s);
}

struct stream *
session_stream(const struct session *s, uint32_t id)
{
	return stream_table_find(&s->streams, id);
}

size_t
session_open_count(const struct session *s)
{
	return s->n_active + s->n_pushing;
}

const struct settings_values *
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
	if (!ground_does(s, SESSION_GOAWAY))
		return;
	if (s->goaway_last > s->last_client_id)
		s->goaway_last = s->last_client_id;
	ground_goaway(s, s->goaway_last, H2_NO_ERROR, NULL, 0);
}

bool
session_done(const struct session *s)
{
	if (buf_len(&s->out) > 0 || buf_len(&s->waiting) > 0)
		return false;
	return s->phase == PHASE_FAILED ||
	    (s->shutdown && s->streams.n == 0);
}

/* SPDX-License-Identifier: MIT */
/*
 * What each received frame does: a table by type, a function for each; header
 * blocks are in headers.c.  session.c has checked the frame by its header and
 * has made sure that no header block is cut.
 *
 * A frame on a stream is judged by the stream's state first (RFC 9113 §5.1):
 * idle, closed and reserved streams fail the connection, half-closed ones the
 * stream, and what arrives for a stream that we reset is dropped.
 */
#include "headers.h"
#include "recv.h"
#include "send.h"
#include "settings.h"

/*
 * DATA counts on the connection's window whatever becomes of it (RFC 9113
 * §6.9).
 */
static int
count_connection_data(struct session *s, const struct frame *f)
{
	int64_t len = f->length;

	if (len > s->credit.window)
		return ground_fail(s, f, H2_FLOW_CONTROL_ERROR, "more DATA "
		    "than the connection's window (RFC 9113 6.9.1)");
	s->credit.window -= len;
	ground_return_credit(s, 0, &s->credit, len, s->recv_size);
	return 0;
}

/*
 * Content costs the application much more than the octet that may be in a
 * frame of it: small frames are bounded by number.
 */
static int
count_content(struct session *s, const struct frame *f, struct stream *st)
{
	ground_work(s);
	if (st->info.connect || ++st->data_frames <=
	    s->limits.max_data_frames + (uint64_t)st->received / 256)
		return 0;
	return ground_exceeded(s, f, "max-data-frames",
	    s->limits.max_data_frames);
}

/* DATA on an open stream: NULL, or why the stream is reset, and *code. */
static const char *
check_data(const struct session *s, const struct frame *f,
    const struct stream *st, enum h2_code *code)
{
	const struct own_settings *o = &s->own;
	int64_t window = st->credit.window +
	    o->allowed.of[SETTINGS_INITIAL_WINDOW_SIZE] -
	    o->acked.of[SETTINGS_INITIAL_WINDOW_SIZE];
	int64_t total = st->received + (int64_t)f->len;

	*code = H2_STREAM_CLOSED;
	if (!stream_can_receive(st))
		return "the stream is half-closed (RFC 9113 5.1)";
	*code = H2_FLOW_CONTROL_ERROR;
	/* A frame of 0 octets needs no window, also when that is below 0. */
	if (f->length > 0 && (int64_t)f->length > window)
		return "more DATA than the stream's window (RFC 9113 6.9.1)";
	*code = H2_ENHANCE_YOUR_CALM;
	if (!st->info.connect && (uint64_t)total > s->limits.max_body)
		return "more content than the bound max-body (RFC 9113 10.5)";
	*code = H2_PROTOCOL_ERROR;
	return headers_check_length(st->info.content_length, total,
	    f->flags & FLAG_END_STREAM);
}

static int
recv_data(struct session *s, const struct frame *f)
{
	struct stream *st = ground_stream(s, f->stream_id);
	bool end = f->flags & FLAG_END_STREAM;
	enum h2_code code;
	const char *reason;

	if (count_connection_data(s, f) == -1)
		return -1;
	if (st == NULL && ground_ignores(s, f->stream_id))
		return ground_count_idle(s, f);
	if (st == NULL)
		return ground_fail(s, f, H2_STREAM_CLOSED,
		    "the stream is closed (RFC 9113 5.1)");
	if (st->state == STREAM_RESERVED_LOCAL)
		return ground_fail(s, f, H2_PROTOCOL_ERROR,
		    "the stream is reserved (RFC 9113 5.1)");
	reason = check_data(s, f, st, &code);
	if (reason != NULL)
		return ground_reset(s, f, code, reason);
	if (f->len == 0 ? ground_count_idle(s, f) == -1 :
	    count_content(s, f, st) == -1)
		return -1;
	st->credit.window -= f->length;
	st->received += (int64_t)f->len;
	if (end)
		stream_end_received(st);
	s->cb->data(s->user, st, f->data, f->len, f->length, end);
	ground_closed(s, f->stream_id);
	return 0;
}

/*
 * Tells the application of a frame on st, if it is there.  No type that comes
 * here is padded: the payload ends where data does.
 */
static int
tell(struct session *s, const struct frame *f, struct stream *st)
{
	const char *reason = NULL;

	if (st != NULL && s->cb->frame != NULL)
		reason = s->cb->frame(s->user, st, f,
		    f->data + f->len - f->length);
	return reason == NULL ? 0 :
	    ground_fail(s, f, H2_ENHANCE_YOUR_CALM, reason);
}

static int
recv_rst_stream(struct session *s, const struct frame *f)
{
	struct stream *st;

	if (ground_count_reset(s, f) == -1)
		return -1;
	if (s->cb->rst_stream != NULL)
		s->cb->rst_stream(s->user, f->stream_id, f->code);
	st = ground_stream(s, f->stream_id);
	if (st == NULL)
		return 0;
	stream_set_reset(st, f->code, true);
	ground_closed(s, st->id);
	return 0;
}

static int
recv_settings(struct session *s, const struct frame *f)
{
	size_t n = f->len / FRAME_SETTING_LEN;
	uint32_t old = s->peer.initial_window_size;

	if (f->flags & FLAG_ACK) {
		settings_recv_ack(s);
		return 0;
	}
	if (n > s->limits.max_settings)
		return ground_exceeded(s, f, "max-settings",
		    s->limits.max_settings);
	if (settings_recv(s, f) == -1)
		return -1;
	s->phase = PHASE_RUNNING;
	if (ground_reply(s, f, FRAME_SETTINGS, FLAG_ACK, NULL, 0) == -1)
		return -1;
	if (s->peer.initial_window_size > old && s->send_window > 0)
		s->cb->window(s->user, NULL);
	return 0;
}

static int
recv_ping(struct session *s, const struct frame *f)
{
	if (!(f->flags & FLAG_ACK))
		return ground_reply(s, f, FRAME_PING, FLAG_ACK, f->data,
		    f->len);
	s->pings.acked += s->pings.acked < s->pings.sent;
	return 0;
}

static int
recv_goaway(struct session *s, const struct frame *f)
{
	if (f->other_id > s->peer_goaway_last)
		return ground_fail(s, f, H2_PROTOCOL_ERROR, "the last stream "
		    "is above that of an earlier GOAWAY (RFC 9113 6.8)");
	s->peer_goaway_last = f->other_id;
	if (s->cb->goaway != NULL)
		s->cb->goaway(s->user, f->other_id, f->code, f->data, f->len);
	return 0;
}

static int
recv_window_update(struct session *s, const struct frame *f)
{
	struct h2_error too_large = { H2_LEVEL_CONNECTION,
		H2_FLOW_CONTROL_ERROR,
		"the window is larger than 2147483647 (RFC 9113 6.9.1)" };
	struct stream *st = NULL;
	int64_t *window = &s->send_window;

	if (f->stream_id != 0) {
		st = ground_stream(s, f->stream_id);
		/* RFC 9113 §5.1: sent before the peer knew of the end. */
		if (st == NULL)
			return 0;
		window = &st->send_window;
		too_large.level = H2_LEVEL_STREAM;
	}
	*window += f->increment;
	if (*window > WINDOW_MAX)
		return ground_violation(s, f, &too_large);
	if (*window > 0)
		s->cb->window(s->user, st);
	return tell(s, f, st);
}

/* RFC 9218 §7.1.  For a stream that is not there it is dropped. */
static int
recv_priority_update(struct session *s, const struct frame *f)
{
	struct stream *st;

	if (f->other_id % 2 == 0 && ground_is_idle(s, f->other_id))
		return ground_fail(s, f, H2_PROTOCOL_ERROR,
		    "the prioritized pushed stream is idle (RFC 9218 7.1)");
	st = stream_table_find(&s->streams, f->other_id);
	if (st != NULL)
		stream_set_priority(st, f->data, f->len);
	return tell(s, f, ground_stream(s, f->other_id));
}

static const struct row {
	/* NULL: it does nothing. */
	int (*act)(struct session *s, const struct frame *f);
	bool idle_fails;	/* not on an idle stream (RFC 9113 §5.1) */
	bool works;		/* or it counts as a frame that does no work */
	const char *never;	/* why no client sends it */
} unknown, rows[] = {
	[FRAME_DATA] = { recv_data, true, true, NULL },
	[FRAME_HEADERS] = { headers_recv, false, true, NULL },
	[FRAME_PRIORITY] = { NULL, false, false, NULL },
	[FRAME_RST_STREAM] = { recv_rst_stream, true, false, NULL },
	[FRAME_SETTINGS] = { recv_settings, false, false, NULL },
	[FRAME_PUSH_PROMISE] = { NULL, false, false,
	    "clients do not push (RFC 9113 8.4)" },
	[FRAME_PING] = { recv_ping, false, false, NULL },
	[FRAME_GOAWAY] = { recv_goaway, false, false, NULL },
	[FRAME_WINDOW_UPDATE] = { recv_window_update, true, false, NULL },
	[FRAME_CONTINUATION] = { headers_recv_continuation, false, true,
	    NULL },
	[FRAME_PRIORITY_UPDATE] = { recv_priority_update, false, false, NULL },
};

/* The peer has no choice but to send these, however many we have it send. */
static bool
is_due(const struct session *s, const struct frame *f)
{
	if (!(f->flags & FLAG_ACK))
		return false;
	return f->type == FRAME_SETTINGS ?
	    s->settings.acked < s->settings.sent :
	    f->type == FRAME_PING && s->pings.acked < s->pings.sent;
}

/* Types that are not known are ignored (RFC 9113 §5.5). */
int
recv_frame(struct session *s, struct frame *f, const uint8_t *payload)
{
	const struct row *r = f->type < sizeof(rows) / sizeof(rows[0]) ?
	    &rows[f->type] : &unknown;
	struct h2_error err;

	if (r->never != NULL)
		return ground_fail(s, f, H2_PROTOCOL_ERROR, r->never);
	if (r->idle_fails && f->stream_id != 0 &&
	    ground_is_idle(s, f->stream_id))
		return ground_fail(s, f, H2_PROTOCOL_ERROR,
		    "the stream is idle (RFC 9113 5.1)");
	if (frame_decode(f, payload, &err) == -1)
		return ground_violation(s, f, &err);
	if (!r->works && !is_due(s, f) && ground_count_idle(s, f) == -1)
		return -1;
	return r->act != NULL ? r->act(s, f) :
	    tell(s, f, ground_stream(s, f->stream_id));
}

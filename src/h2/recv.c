/* SPDX-License-Identifier: MIT */
/*
 * What each received frame does, a function per type; header blocks are in
 * headers.c.  session.c has checked the frame by its header and has made sure
 * that no header block is cut.
 *
 * A frame on a stream is judged by the stream's state first (RFC 9113 §5.1):
 * idle, closed and reserved streams fail the connection, half-closed ones the
 * stream, and what arrives for a stream that we reset is dropped.
 */
#include "session_impl.h"

typedef int recv_fn(struct session *s, const struct frame_header *h,
    const uint8_t *payload);

/* DATA counts on the connection's window whatever becomes of it (§6.9). */
static int
count_connection_data(struct session *s, const struct frame_header *h)
{
	int64_t len = h->length;

	if (len > s->recv_window)
		return session_fail(s, h, H2_FLOW_CONTROL_ERROR, "more DATA "
		    "than the connection's window (RFC 9113 6.9.1)");
	s->recv_window -= len;
	s->recv_unreturned += len;
	/*
	 * At a quarter of the window, so that the peer has credit again before
	 * it is out of it: 10 MiB uploads, each after the other, through 65,535
	 * octets, 13 a second at half the window, 15 at a quarter.
	 */
	if (s->recv_unreturned >= (s->recv_size + 1) / 4) {
		frame_window_update_encode(session_own_out(s), 0,
		    (uint32_t)s->recv_unreturned);
		s->recv_window += s->recv_unreturned;
		s->recv_unreturned = 0;
	}
	return 0;
}

/*
 * DATA's stream: 1 and *out set when it may be received there, 0 when it is
 * dropped or has cost the stream, -1 when it has cost the connection.
 */
static int
data_stream(struct session *s, const struct frame_header *h,
    struct stream **out)
{
	struct stream *st = stream_table_find(&s->streams, h->stream_id);

	if (st == NULL || st->state == STREAM_CLOSED) {
		if (session_ignores(s, h->stream_id))
			return limits_idle_frame(s, h);
		return session_fail(s, h, H2_STREAM_CLOSED,
		    "the stream is closed (RFC 9113 5.1)");
	}
	if (st->state == STREAM_RESERVED_LOCAL)
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "the stream is reserved (RFC 9113 5.1)");
	if (!stream_can_receive(st))
		return session_reset(s, h, H2_STREAM_CLOSED,
		    "the stream is half-closed (RFC 9113 5.1)");
	*out = st;
	return 1;
}

/* Window, content-length and max_body: 1 if the frame keeps to them. */
static int
check_data(struct session *s, const struct frame_header *h,
    const struct stream *st, size_t len)
{
	int64_t total = st->received + (int64_t)len;
	int64_t declared = st->info.content_length;

	/* A frame of 0 octets needs no window, also when that is below 0. */
	if (h->length > 0 && (int64_t)h->length > st->recv_window)
		return session_reset(s, h, H2_FLOW_CONTROL_ERROR,
		    "more DATA than the stream's window (RFC 9113 6.9.1)");
	if (declared != -1 && total > declared)
		return session_reset(s, h, H2_PROTOCOL_ERROR,
		    "more content than content-length says (RFC 9113 8.1.1)");
	if (declared != -1 && (h->flags & FLAG_END_STREAM) &&
	    total != declared)
		return session_reset(s, h, H2_PROTOCOL_ERROR,
		    "less content than content-length says (RFC 9113 8.1.1)");
	if (!st->info.connect && (uint64_t)total > s->limits.max_body)
		return session_reset(s, h, H2_ENHANCE_YOUR_CALM,
		    "more content than the bound max-body (RFC 9113 10.5)");
	return 1;
}

static int
recv_data(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	bool end = h->flags & FLAG_END_STREAM;
	struct stream *st = NULL;
	struct frame_payload f;
	struct h2_error err;
	int rc;

	if (session_is_idle(s, h->stream_id))
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "the stream is idle (RFC 9113 5.1)");
	if (frame_decode(h, payload, &f, &err) == -1)
		return session_violation(s, h, &err);
	if (count_connection_data(s, h) == -1)
		return -1;
	rc = data_stream(s, h, &st);
	if (rc == 1)
		rc = check_data(s, h, st, f.len);
	if (rc != 1)
		return rc;
	if (f.len == 0 ? limits_idle_frame(s, h) == -1 :
	    limits_data_frame(s, h, st) == -1)
		return -1;
	st->recv_window -= h->length;
	st->received += (int64_t)f.len;
	if (end)
		stream_end_received(st);
	s->cb->data(s->user, st, f.data, f.len, h->length, end);
	/* The callback may have ended it, and even made it go. */
	st = stream_table_find(&s->streams, h->stream_id);
	if (st != NULL)
		session_closed(s, st);
	return 0;
}

static int
recv_priority(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	static const struct h2_error self = { H2_LEVEL_STREAM,
		H2_PROTOCOL_ERROR,
		"a stream that depends on itself (RFC 7540 5.3.1)" };
	struct frame_payload f;
	struct h2_error err;

	if (frame_check(h, s->limits.max_frame_size, &err) == -1 ||
	    frame_decode(h, payload, &f, &err) == -1)
		return session_violation(s, h, &err);
	if (f.priority.dependency == h->stream_id)
		return session_violation(s, h, &self);
	return limits_idle_frame(s, h);
}

static int
recv_rst_stream(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	struct stream *st;

	if (session_is_idle(s, h->stream_id))
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "the stream is idle (RFC 9113 5.1)");
	if (limits_idle_frame(s, h) == -1 || limits_reset(s, h) == -1)
		return -1;
	if (s->cb->rst_stream != NULL)
		s->cb->rst_stream(s->user, h->stream_id, get_u32(payload));
	st = stream_table_find(&s->streams, h->stream_id);
	if (st == NULL || st->state == STREAM_CLOSED)
		return 0;
	stream_set_reset(st, get_u32(payload), true);
	session_closed(s, st);
	return 0;
}

/* The settings that have a range (§6.5.2, RFC 8441 §3, RFC 9218 §2.1). */
static const struct {
	uint16_t id;
	uint32_t min, max;
	enum h2_code code;
	const char *reason;
} setting_ranges[] = {
	{ SETTINGS_ENABLE_PUSH, 0, 1, H2_PROTOCOL_ERROR,
	    "ENABLE_PUSH is 0 or 1 (RFC 9113 6.5.2)" },
	{ SETTINGS_INITIAL_WINDOW_SIZE, 0, 0x7fffffff, H2_FLOW_CONTROL_ERROR,
	    "INITIAL_WINDOW_SIZE is at most 2147483647 (RFC 9113 6.5.2)" },
	{ SETTINGS_MAX_FRAME_SIZE, FRAME_DEFAULT_MAX_SIZE,
	    FRAME_LARGEST_MAX_SIZE, H2_PROTOCOL_ERROR,
	    "MAX_FRAME_SIZE is from 16384 to 16777215 (RFC 9113 6.5.2)" },
	{ SETTINGS_ENABLE_CONNECT_PROTOCOL, 0, 1, H2_PROTOCOL_ERROR,
	    "ENABLE_CONNECT_PROTOCOL is 0 or 1 (RFC 8441 3)" },
	{ SETTINGS_NO_RFC7540_PRIORITIES, 0, 1, H2_PROTOCOL_ERROR,
	    "NO_RFC7540_PRIORITIES is 0 or 1 (RFC 9218 2.1)" },
};

static int
check_setting(struct session *s, const struct frame_header *h, uint16_t id,
    uint32_t value)
{
	size_t n = sizeof(setting_ranges) / sizeof(setting_ranges[0]);
	size_t i;

	for (i = 0; i < n; i++) {
		if (setting_ranges[i].id == id &&
		    (value < setting_ranges[i].min ||
		    value > setting_ranges[i].max))
			return session_fail(s, h, setting_ranges[i].code,
			    setting_ranges[i].reason);
	}
	return 0;
}

struct window_change {
	int64_t delta;
	bool too_large;
};

static void
change_send_window(struct stream *st, void *arg)
{
	struct window_change *c = arg;

	if (st->state == STREAM_CLOSED)
		return;
	st->send_window += c->delta;
	if (st->send_window > WINDOW_MAX)
		c->too_large = true;
}

static void
change_recv_window(struct stream *st, void *arg)
{
	const struct window_change *c = arg;

	st->recv_window += c->delta;
}

/* §6.9.2: all streams by the difference, which may leave them below 0. */
static int
recv_initial_window(struct session *s, const struct frame_header *h,
    uint32_t value)
{
	struct window_change c = { (int64_t)value -
		s->peer.initial_window_size, false };

	s->peer.initial_window_size = value;
	stream_table_each(&s->streams, change_send_window, &c);
	if (c.too_large)
		return session_fail(s, h, H2_FLOW_CONTROL_ERROR,
		    "INITIAL_WINDOW_SIZE makes a stream's window larger than "
		    "2147483647 (RFC 9113 6.9.2)");
	return 0;
}

static int
recv_setting(struct session *s, const struct frame_header *h, uint16_t id,
    uint32_t value)
{
	if (check_setting(s, h, id, value) == -1)
		return -1;
	switch (id) {
	case SETTINGS_HEADER_TABLE_SIZE:
		s->peer.header_table_size = value;
		raw_table_size(s, value);
		return 0;
	case SETTINGS_ENABLE_PUSH:
		s->peer.enable_push = value;
		return 0;
	case SETTINGS_MAX_CONCURRENT_STREAMS:
		s->peer.max_concurrent_streams = value;
		return 0;
	case SETTINGS_INITIAL_WINDOW_SIZE:
		return recv_initial_window(s, h, value);
	case SETTINGS_MAX_FRAME_SIZE:
		s->peer.max_frame_size = value;
		return 0;
	case SETTINGS_MAX_HEADER_LIST_SIZE:
		s->peer.max_header_list_size = value;
		return 0;
	default:
		return 0;	/* §6.5.2: those we do not know are ignored */
	}
}

/* Our settings, sent once, are in force from here on (§6.5.3). */
static int
recv_settings_ack(struct session *s, const struct frame_header *h)
{
	struct window_change c = { (int64_t)s->limits.initial_window_size -
		s->window_size, false };

	s->settings.acked += s->settings.acked < s->settings.sent;
	if (!s->settings_acked) {
		s->settings_acked = true;
		s->window_size = s->limits.initial_window_size;
		stream_table_each(&s->streams, change_recv_window, &c);
		if (s->limits.header_table_size != HPACK_DEFAULT_TABLE_SIZE)
			hpack_decoder_resize(s->dec,
			    s->limits.header_table_size);
	}
	return limits_idle_frame(s, h);
}

static int
recv_settings(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	uint32_t n = h->length / 6;
	uint32_t old = s->peer.initial_window_size;
	uint32_t i, value;
	uint16_t id;

	if (h->flags & FLAG_ACK)
		return recv_settings_ack(s, h);
	if (n > s->limits.max_settings)
		return limits_passed(s, h, "max-settings",
		    s->limits.max_settings);
	if (limits_idle_frame(s, h) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		frame_setting_decode(payload, i, &id, &value);
		if (recv_setting(s, h, id, value) == -1)
			return -1;
	}
	s->phase = PHASE_RUNNING;
	frame_settings_ack_encode(session_own_out(s));
	if (limits_reply(s, h) == -1)
		return -1;
	if (s->peer.initial_window_size > old && s->send_window > 0)
		s->cb->window(s->user, NULL);
	return 0;
}

static int
recv_push_promise(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	(void)payload;
	return session_fail(s, h, H2_PROTOCOL_ERROR,
	    "clients do not push (RFC 9113 8.4)");
}

static int
recv_ping(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	if (limits_idle_frame(s, h) == -1)
		return -1;
	if (h->flags & FLAG_ACK) {
		s->pings.acked += s->pings.acked < s->pings.sent;
		return 0;
	}
	frame_ping_encode(session_own_out(s), true, payload);
	return limits_reply(s, h);
}

static int
recv_goaway(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	uint32_t last = get_u32(payload) & FRAME_STREAM_ID_MASK;

	if (last > s->peer_goaway_last)
		return session_fail(s, h, H2_PROTOCOL_ERROR, "the last stream "
		    "is above that of an earlier GOAWAY (RFC 9113 6.8)");
	s->goaway_received = true;
	s->peer_goaway_last = last;
	if (s->cb->goaway != NULL)
		s->cb->goaway(s->user, last, get_u32(payload + 4), payload + 8,
		    h->length - 8);
	return limits_idle_frame(s, h);
}

static int
recv_connection_window(struct session *s, const struct frame_header *h,
    uint32_t increment)
{
	s->send_window += increment;
	if (s->send_window > WINDOW_MAX)
		return session_fail(s, h, H2_FLOW_CONTROL_ERROR, "the window "
		    "is larger than 2147483647 (RFC 9113 6.9.1)");
	if (s->send_window > 0)
		s->cb->window(s->user, NULL);
	return 0;
}

static int
recv_stream_window(struct session *s, const struct frame_header *h,
    uint32_t increment)
{
	struct stream *st = stream_table_find(&s->streams, h->stream_id);

	/* §5.1: one that was sent before the peer knew of the end. */
	if (st == NULL || st->state == STREAM_CLOSED)
		return 0;
	st->send_window += increment;
	if (st->send_window > WINDOW_MAX)
		return session_reset(s, h, H2_FLOW_CONTROL_ERROR, "the window "
		    "is larger than 2147483647 (RFC 9113 6.9.1)");
	if (st->send_window > 0)
		s->cb->window(s->user, st);
	return 0;
}

static int
recv_window_update(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	struct frame_payload f;
	struct h2_error err;

	if (h->stream_id != 0 && session_is_idle(s, h->stream_id))
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "the stream is idle (RFC 9113 5.1)");
	if (frame_decode(h, payload, &f, &err) == -1)
		return session_violation(s, h, &err);
	if (limits_idle_frame(s, h) == -1)
		return -1;
	return h->stream_id == 0 ?
	    recv_connection_window(s, h, f.increment) :
	    recv_stream_window(s, h, f.increment);
}

/* RFC 9218 §7.1.  For a stream that is not there it is dropped. */
static int
recv_priority_update(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	struct frame_payload f;
	struct h2_error err;
	struct stream *st;

	if (frame_decode(h, payload, &f, &err) == -1)
		return session_violation(s, h, &err);
	if (f.stream_id % 2 == 0 && session_is_idle(s, f.stream_id))
		return session_fail(s, h, H2_PROTOCOL_ERROR,
		    "the prioritized pushed stream is idle (RFC 9218 7.1)");
	st = stream_table_find(&s->streams, f.stream_id);
	if (st != NULL)
		stream_set_priority(st, f.data, f.len);
	return limits_idle_frame(s, h);
}

static recv_fn *const handlers[] = {
	[FRAME_DATA] = recv_data,
	[FRAME_HEADERS] = recv_headers,
	[FRAME_PRIORITY] = recv_priority,
	[FRAME_RST_STREAM] = recv_rst_stream,
	[FRAME_SETTINGS] = recv_settings,
	[FRAME_PUSH_PROMISE] = recv_push_promise,
	[FRAME_PING] = recv_ping,
	[FRAME_GOAWAY] = recv_goaway,
	[FRAME_WINDOW_UPDATE] = recv_window_update,
	[FRAME_CONTINUATION] = recv_continuation,
	[FRAME_PRIORITY_UPDATE] = recv_priority_update,
};

int
recv_frame(struct session *s, const struct frame_header *h,
    const uint8_t *payload)
{
	if (h->type >= sizeof(handlers) / sizeof(handlers[0]) ||
	    handlers[h->type] == NULL)
		return limits_idle_frame(s, h);	/* §5.5: ignored */
	return handlers[h->type](s, h, payload);
}

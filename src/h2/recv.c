/* SPDX-License-Identifier: MIT */
/*
 * Acts on each received frame: a table by type, with a function for each type;
 * header blocks are in headers.c.  session.c has checked the frame's header and
 * has made sure that no other frame comes inside of a header block.
 *
 * A frame may have to wait for the application, whose gate is asked.  One may
 * be stopped: then nothing is read until the application decides about it.
 * Others may wait in a queue while reading goes on:
 *
 *	recv_frame --- gate --PASS---------------------- it is acted on
 *	                | |                                |
 *	                | +--STOP-- stopped --resume-------+
 *	                |             ^                    |
 *	                +--QUEUE-- queue --continue, PASS--+
 *
 * Before frames come to the gate, header blocks have been decoded in their
 * order, so that HPACK stays in step, and the numbers of new streams have been
 * noted.  The frames of a stream do not overtake each other.
 *
 * A frame on a stream is judged by the stream's state first (RFC 9113 §5.1): a
 * frame on an idle, closed or reserved stream fails the connection, one on a
 * half-closed stream resets the stream, and one on a stream that we reset is
 * dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "ground.h"

/*
 * A DATA frame costs the application much more than the single octet that may
 * be in it, so the number of small frames is bounded.
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

/* Checks DATA: returns NULL, or why the stream is reset, with *code set. */
static const char *
check_stream_data(const struct session *s, const struct frame *f,
    const struct stream *st, enum h2_code *code)
{
	int64_t window = settings_credit(s, st);
	int64_t total = st->received + (int64_t)f->len;

	*code = H2_STREAM_CLOSED;
	if (!stream_can_receive(st))
		return "the stream is half-closed (RFC 9113 5.1)";
	*code = H2_FLOW_CONTROL_ERROR;
	/* A frame of 0 octets needs no window, even if that is below 0. */
	if (f->length > 0 && (int64_t)f->length > window)
		return "more DATA than the stream's window (RFC 9113 6.9.1)";
	*code = H2_ENHANCE_YOUR_CALM;
	if (!st->info.connect && (uint64_t)total > s->limits.max_body)
		return "more content than the bound max-body (RFC 9113 10.5)";
	*code = H2_PROTOCOL_ERROR;
	return headers_check_length(st->info.content_length, total,
	    f->flags & FLAG_END_STREAM);
}

/* Checks DATA; st: NULL if it is not open.  Level NONE: nothing is wrong. */
static struct h2_error
check_data(const struct session *s, const struct frame *f,
    const struct stream *st)
{
	struct h2_error e = { H2_LEVEL_CONNECTION, H2_STREAM_CLOSED,
		"the stream is closed (RFC 9113 5.1)" };

	if (f->length > 0 && (int64_t)f->length > s->credit.window) {
		e.code = H2_FLOW_CONTROL_ERROR;
		e.reason = "more DATA than the connection's window "
		    "(RFC 9113 6.9.1)";
	} else if (st == NULL) {
		if (ground_ignores(s, f->stream_id))
			e.level = H2_LEVEL_NONE;
	} else if (st->state == STREAM_RESERVED_LOCAL) {
		e.code = H2_PROTOCOL_ERROR;
		e.reason = "the stream is reserved (RFC 9113 5.1)";
	} else {
		e.reason = check_stream_data(s, f, st, &e.code);
		e.level = e.reason != NULL ? H2_LEVEL_STREAM : H2_LEVEL_NONE;
	}
	return e;
}

/*
 * DATA is charged to the connection's window whatever becomes of it (RFC 9113
 * §6.9).
 */
static void
charge_connection(struct session *s, const struct frame *f)
{
	s->credit.window -= f->length;
	ground_return_credit(s, 0, &s->credit, f->length, s->recv_size);
}

/* Counts DATA, whether or not the application is told; st: may be NULL. */
static inline int
count_data(struct session *s, const struct frame *f, struct stream *st)
{
	if (st == NULL || f->len == 0 ? ground_count_idle(s, f) == -1 :
	    count_content(s, f, st) == -1)
		return -1;
	if (st == NULL)
		return 0;
	st->credit.window -= f->length;
	st->received += (int64_t)f->len;
	if (f->flags & FLAG_END_STREAM)
		stream_end_received(st);
	return 0;
}

static int
recv_data(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;
	struct stream *st = ground_stream(s, f->stream_id);
	struct h2_error e = check_data(s, f, st);
	int rc = 0;

	if (e.level != H2_LEVEL_NONE)
		rc = ground_rule(s, f, e.level, e.code, e.reason);
	if (rc != 0)
		return rc;
	charge_connection(s, f);
	if (e.level != H2_LEVEL_NONE)
		return 0;
	if (count_data(s, f, st) == -1)
		return -1;
	if (st == NULL)
		return 0;
	if (!st->taken)
		s->cb->data(s->user, st, f->data, f->len, f->length,
		    f->flags & FLAG_END_STREAM);
	else if (f->length > 0 && stream_can_receive(st))
		ground_return_credit(s, st->id, &st->credit, f->length,
		    settings_window(s));
	if (f->flags & FLAG_END_STREAM)
		ground_closed(s, f->stream_id);
	return 0;
}

static int
take_data(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;

	s->credit.window -= f->length;
	if (count_data(s, f, ground_stream(s, f->stream_id)) == -1)
		return -1;
	ground_closed(s, f->stream_id);
	return 0;
}

/* Tells the application of a frame on st, unless st is NULL or was taken. */
static int
tell(struct session *s, const struct received *r, struct stream *st)
{
	const struct frame *f = &r->frame;
	const char *reason = NULL;

	if (st != NULL && !st->taken && s->cb->frame != NULL)
		reason = s->cb->frame(s->user, st, f, r->payload);
	return reason == NULL ? 0 :
	    ground_fail(s, f, H2_ENHANCE_YOUR_CALM, reason);
}

static int
recv_rst_stream(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;
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
recv_settings(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;
	size_t n = f->len / FRAME_SETTING_LEN;
	uint32_t old = s->peer.of[SETTINGS_INITIAL_WINDOW_SIZE];
	int rc;

	if (f->flags & FLAG_ACK) {
		settings_recv_ack(s);
		return 0;
	}
	if (n > s->limits.max_settings)
		return ground_exceeded(s, f, "max-settings",
		    s->limits.max_settings);
	rc = settings_recv(s, f);
	if (rc == 0 && ground_does(s, SESSION_SETTINGS_ACK))
		rc = ground_reply(s, f, FRAME_SETTINGS, FLAG_ACK, NULL, 0);
	if (rc != 0)
		return rc;
	if (s->peer.of[SETTINGS_INITIAL_WINDOW_SIZE] > old &&
	    s->send_window > 0)
		s->cb->window(s->user, NULL);
	return 0;
}

static int
recv_ping(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;

	if (!(f->flags & FLAG_ACK))
		return !ground_does(s, SESSION_PING_ACK) ? 0 :
		    ground_reply(s, f, FRAME_PING, FLAG_ACK, f->data, f->len);
	s->pings.acked += s->pings.acked < s->pings.sent;
	return 0;
}

static int
recv_goaway(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;

	if (f->other_id > s->peer_goaway_last)
		return ground_rule(s, f, H2_LEVEL_CONNECTION,
		    H2_PROTOCOL_ERROR, "the last stream is above that of an "
		    "earlier GOAWAY (RFC 9113 6.8)");
	s->peer_goaway_last = f->other_id;
	if (s->cb->goaway != NULL)
		s->cb->goaway(s->user, f->other_id, f->code, f->data, f->len);
	return 0;
}

static int
recv_window_update(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;
	struct stream *st = NULL;
	int64_t *window = &s->send_window;

	if (f->stream_id != 0) {
		st = ground_stream(s, f->stream_id);
		/* RFC 9113 §5.1: sent before the peer knew of the end. */
		if (st == NULL)
			return 0;
		window = &st->send_window;
	}
	if (*window + f->increment > WINDOW_MAX)
		return ground_rule(s, f,
		    st != NULL ? H2_LEVEL_STREAM : H2_LEVEL_CONNECTION,
		    H2_FLOW_CONTROL_ERROR,
		    "the window is larger than 2147483647 (RFC 9113 6.9.1)");
	*window += f->increment;
	if (*window > 0)
		s->cb->window(s->user, st);
	/* The callback may have closed the stream. */
	return tell(s, r, ground_stream(s, f->stream_id));
}

/* RFC 9218 §7.1.  The frame is dropped if its stream is not in the table. */
static int
recv_priority_update(struct session *s, const struct received *r)
{
	const struct frame *f = &r->frame;
	struct stream *st;

	if (f->other_id % 2 == 0 && ground_is_idle(s, f->other_id))
		return ground_rule(s, f, H2_LEVEL_CONNECTION,
		    H2_PROTOCOL_ERROR,
		    "the prioritized pushed stream is idle (RFC 9218 7.1)");
	st = stream_table_find(&s->streams, f->other_id);
	if (st != NULL)
		stream_set_priority(st, f->data, f->len);
	return tell(s, r, ground_stream(s, f->other_id));
}

/* An acknowledgement counts even if it is taken; else it would stay due. */
static int
take_ack(struct session *s, const struct received *r)
{
	if (!(r->frame.flags & FLAG_ACK))
		return 0;
	return r->frame.type == FRAME_PING ? recv_ping(s, r) :
	    recv_settings(s, r);
}

typedef int act_fn(struct session *s, const struct received *r);

static const struct row {
	act_fn *act;		/* NULL: the application is only told */
	act_fn *take;		/* keeps us in step with taken ones, or NULL */
	bool idle_fails;	/* an error on idle streams (RFC 9113 §5.1) */
	bool works;		/* false: counts as a frame without work */
	const char *never;	/* why no client may send it, or NULL */
} unknown, rows[] = {
	[FRAME_DATA] = { recv_data, take_data, true, true, NULL },
	[FRAME_HEADERS] = { headers_act, headers_take, false, true, NULL },
	[FRAME_PRIORITY] = { NULL, NULL, false, false, NULL },
	[FRAME_RST_STREAM] = { recv_rst_stream, NULL, true, false, NULL },
	[FRAME_SETTINGS] = { recv_settings, take_ack, false, false, NULL },
	[FRAME_PUSH_PROMISE] = { NULL, NULL, false, false,
	    "clients do not push (RFC 9113 8.4)" },
	[FRAME_PING] = { recv_ping, take_ack, false, false, NULL },
	[FRAME_GOAWAY] = { recv_goaway, NULL, false, false, NULL },
	[FRAME_WINDOW_UPDATE] = { recv_window_update, NULL, true, false,
	    NULL },
	[FRAME_PRIORITY_UPDATE] = { recv_priority_update, NULL, false, false,
	    NULL },
};

/*
 * Whether f is an acknowledgement that the peer has to send, or credit for what
 * we have sent: such frames are not held against the peer, however many of them
 * we cause.
 */
static bool
is_due(struct session *s, const struct frame *f)
{
	if (f->type == FRAME_WINDOW_UPDATE && s->updates_due > 0) {
		s->updates_due--;
		return true;
	}
	if (!(f->flags & FLAG_ACK))
		return false;
	return f->type == FRAME_SETTINGS ?
	    s->settings.acked < s->settings.sent :
	    f->type == FRAME_PING && s->pings.acked < s->pings.sent;
}

/* Frames of unknown types are ignored (RFC 9113 §5.5). */
static int
act(struct session *s, const struct received *r, const struct row *row)
{
	const struct frame *f = &r->frame;
	const char *never = row->never;

	if (never == NULL && row->idle_fails && f->stream_id != 0 &&
	    ground_is_idle(s, f->stream_id))
		never = "the stream is idle (RFC 9113 5.1)";
	if (never != NULL)
		return ground_rule(s, f, H2_LEVEL_CONNECTION,
		    H2_PROTOCOL_ERROR, never);
	return row->act != NULL ? row->act(s, r) :
	    tell(s, r, ground_stream(s, f->stream_id));
}

static inline int
act_or_take(struct session *s, const struct received *r, bool taken)
{
	const struct frame *f = &r->frame;
	const struct row *row = f->type < sizeof(rows) / sizeof(rows[0]) ?
	    &rows[f->type] : &unknown;
	int rc = GROUND_TAKEN;

	if (!row->works && !is_due(s, f) && ground_count_idle(s, f) == -1)
		return -1;
	if (!taken)
		rc = act(s, r, row);
	if (rc != GROUND_TAKEN)
		return rc;
	return row->take != NULL ? row->take(s, r) : 0;
}

/* The gate. */

/* The most frames, and octets of them, in the queue. */
#define QUEUE_FRAMES 1000
#define QUEUE_OCTETS (1024 * 1024)

/* A frame that waits, with its own copies of all that it points to. */
struct gate_frame {
	struct gate_frame *next;
	struct received r;
	struct fields fields;
	size_t size;		/* octets of payload and fields */
	uint8_t payload[];
};

static void
drop(struct gate_frame *g)
{
	if (g == NULL)
		return;
	fields_free(&g->fields);
	free(g);
}

/* Copies r, and takes its fields from the session.  NULL: out of memory. */
static struct gate_frame *
keep(struct session *s, const struct received *r)
{
	bool block = r->fields != NULL;
	size_t len = block ? r->frame.len : r->frame.length;
	struct gate_frame *g = calloc(1, sizeof(*g) + len);

	if (g == NULL)
		return NULL;
	g->r = *r;
	g->size = len;
	if (len > 0)
		memcpy(g->payload, r->payload, len);
	g->r.payload = g->payload;
	g->r.frame.data = g->payload +
	    (block ? 0 : r->frame.data - r->payload);
	if (block) {
		g->fields = s->fields;
		g->r.fields = &g->fields;
		g->size += g->fields.size;
		s->fields = (struct fields){ 0 };
	}
	return g;
}

static int
enqueue(struct session *s, const struct received *r)
{
	struct gate *q = &s->gate;
	struct gate_frame *g = keep(s, r);

	if (g == NULL)
		return ground_no_memory(s, &r->frame);
	if (q->first == NULL)
		q->first = g;
	else
		q->last->next = g;
	q->last = g;
	q->octets += g->size;
	if (++q->n > QUEUE_FRAMES)
		return ground_exceeded(s, &r->frame, "on frames that wait for "
		    "a connection script", QUEUE_FRAMES);
	if (q->octets > QUEUE_OCTETS)
		return ground_exceeded(s, &r->frame, "on octets of frames that "
		    "wait for a connection script", QUEUE_OCTETS);
	return 0;
}

static struct gate_frame *
dequeue(struct gate *q)
{
	struct gate_frame *g = q->first;

	q->first = g->next;
	q->n--;
	q->octets -= g->size;
	return g;
}

static bool
has_queued(const struct session *s, uint32_t id)
{
	const struct gate_frame *g = id != 0 ? s->gate.first : NULL;

	while (g != NULL && g->r.frame.stream_id != id)
		g = g->next;
	return g != NULL;
}

static enum session_gate
ask(struct session *s, const struct received *r, bool again)
{
	return s->cb->gate(s->user, &r->frame, r->payload, r->fields, again);
}

/*
 * Returns 1 if the session is to act on r, 0 if r is kept, -1 if the connection
 * has failed.
 */
static int
pass_gate(struct session *s, const struct received *r)
{
	enum session_gate answer = ask(s, r, false);

	if (answer == SESSION_QUEUE || has_queued(s, r->frame.stream_id))
		return enqueue(s, r);
	if (answer == SESSION_PASS)
		return 1;
	s->gate.stopped = keep(s, r);
	return s->gate.stopped != NULL ? 0 : ground_no_memory(s, &r->frame);
}

/* Takes the first frame off the queue if the gate now lets it pass; or NULL. */
static struct gate_frame *
next_queued(struct session *s)
{
	struct gate *q = &s->gate;
	enum session_gate answer = SESSION_QUEUE;
	struct gate_frame *g;

	if (q->first != NULL && q->stopped == NULL)
		answer = ask(s, &q->first->r, true);
	if (answer == SESSION_QUEUE)
		return NULL;
	g = dequeue(q);
	if (answer == SESSION_PASS)
		return g;
	q->stopped = g;
	return NULL;
}

int
recv_frame(struct session *s, struct received *r, const uint8_t *payload)
{
	struct h2_error err;
	int rc = 1;

	/* Without SESSION_CHECKS, session.c leaves errors to be found here. */
	if (frame_decode(&r->frame, payload, &err) == -1 ||
	    (!ground_does(s, SESSION_CHECKS) &&
	    frame_check(&r->frame, FRAME_LARGEST_MAX_SIZE, &err) == -1)) {
		rc = ground_violation(s, &r->frame, &err);
		return rc == GROUND_TAKEN ? act_or_take(s, r, true) : rc;
	}
	r->payload = payload;
	r->fields = NULL;
	if (frame_has_fields(r->frame.type))
		rc = headers_collect(s, r);
	if (rc == 1 && s->cb->gate != NULL)
		rc = pass_gate(s, r);
	return rc == 1 ? act_or_take(s, r, false) : rc;
}

int
recv_stopped(struct session *s, bool taken)
{
	struct gate_frame *g = s->gate.stopped;
	int rc = 0;

	s->gate.stopped = NULL;
	if (g != NULL && s->phase != PHASE_FAILED)
		rc = act_or_take(s, &g->r, taken);
	drop(g);
	return rc;
}

int
recv_queued(struct session *s)
{
	struct gate_frame *g;
	int rc = 0;

	while (rc == 0 && (g = next_queued(s)) != NULL) {
		rc = act_or_take(s, &g->r, false);
		drop(g);
	}
	return rc;
}

void
recv_free(struct session *s)
{
	drop(s->gate.stopped);
	while (s->gate.first != NULL)
		drop(dequeue(&s->gate));
}

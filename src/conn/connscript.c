/* SPDX-License-Identifier: MIT */
/*
 * A connection's own script: its two exchanges and their events, the session's
 * gate, and the calls that wait for frames or octets.
 *
 * A function that is over, or that lets reading go on, notes this in struct
 * connscript and wakes the I/O thread, which calls connscript_resume: so
 * received frames are handled only in that thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "connscript.h"

/* ---- received frames and violations ---- */

static bool
wants(const struct connscript *s, unsigned bit)
{
	return s->own->wanted & EXCHANGE_WANTS(bit);
}

static void
add_event(struct exchange *x, uint8_t type, unsigned what,
    const struct buf *data)
{
	exchange_add_event(x, &(struct event){ .type = type,
	    .frame_type = (uint8_t)what,
	    .len = data != NULL ? (uint32_t)buf_len(data) : 0 },
	    data != NULL ? buf_data(data) : NULL);
	x->events.failed |= data != NULL && data->failed;
}

/*
 * Returns the number of a frame that has waited in the session's queue.  It is
 * the first one in the log of its type and stream, after those found before,
 * since the frames of a stream do not overtake each other.
 */
static uint64_t
number_again(struct connscript *s, const struct frame *f)
{
	const struct buf *b = framelog_find(&s->log, s->again, f->type,
	    f->stream_id);
	struct framelog_entry e = { .seq = 0 };

	if (b != NULL) {
		memcpy(&e, buf_data(b), sizeof(e));
		s->again = e.seq + 1;
	}
	return b != NULL ? e.seq : s->again;
}

/* Whether as much waits for functions as may (CONNSCRIPT_EVENTS). */
static bool
is_full(const struct connscript *s)
{
	return buf_len(&s->own->events) >= CONNSCRIPT_EVENTS ||
	    buf_len(&s->own->data) >= CONNSCRIPT_DATA;
}

/* The session's gate.  At the connection's end no frame waits for functions. */
static enum session_gate
on_frame(void *user, const struct frame *f, const uint8_t *payload,
    const struct fields *l, bool again)
{
	struct conn *c = user;
	struct connscript *s = c->script;
	size_t len = l != NULL ? f->len : f->length;
	struct buf copy = { 0 };

	if (!again) {
		framelog_add(&s->log, f, payload, len, l);
		waiters_wake(&c->waiters, CONN_AGAIN_FRAME, 0);
	}
	if (!(s->own->wanted & exchange_bit(f->type)) ||
	    (c->stopping && is_full(s)))
		return SESSION_PASS;
	if (s->released && !c->stopping) {
		if (!s->queues)
			s->again = s->log.next - 1;
		s->queues = true;
		return SESSION_QUEUE;
	}
	framelog_pack(&copy, again ? number_again(s, f) : s->log.next - 1, f,
	    payload, len, l);
	add_event(s->own, EVENT_RECEIVED, 0, &copy);
	buf_free(&copy);
	return c->stopping ? SESSION_PASS : SESSION_STOP;
}

/*
 * Whether the session acts on a violation.  It always does if a bound was
 * passed; for other rules its mask decides (session.h).
 */
static bool
has_consequence(const struct conn *c, enum h2_level level, uint32_t code)
{
	unsigned mask = session_automatic(c->session);

	return code == H2_ENHANCE_YOUR_CALM || (mask & SESSION_CHECKS &&
	    (level == H2_LEVEL_CONNECTION || mask & SESSION_RST_STREAM));
}

/*
 * The event has the log's entry for f if f was kept.  If not, or if much waits,
 * it has only what f's header says: a block of one octet may have long fields.
 */
static void
on_violation(void *user, const struct frame *f, enum h2_level level,
    uint32_t code, const char *text)
{
	struct conn *c = user;
	struct connscript *s = c->script;
	const struct buf *newest = framelog_find(&s->log, s->log.next - 1,
	    FRAMELOG_ANY, FRAMELOG_ANY);
	struct framelog_entry e = { .seq = 0 };
	struct buf data = { 0 }, copy = { 0 };

	if (has_consequence(c, level, code))
		clientlog_violation(user, f, level, code, text);
	else
		clientlog_let_pass(user, f, code, text);
	if (!wants(s, WANTS_VIOLATION))
		return;
	buf_add_u32(&data, code);
	buf_add_u32(&data, (uint32_t)strlen(text));
	buf_add(&data, text, strlen(text));
	if (newest != NULL)
		memcpy(&e, buf_data(newest), sizeof(e));
	if (f != NULL && (newest == NULL || e.frame.type != f->type ||
	    e.frame.stream_id != f->stream_id || e.frame.flags != f->flags ||
	    e.frame.length != f->length || is_full(s))) {
		framelog_pack(&copy, s->log.next, f, NULL, 0, NULL);
		newest = &copy;
	}
	if (f != NULL)
		buf_add(&data, buf_data(newest), buf_len(newest));
	add_event(s->own, EVENT_VIOLATION, level, &data);
	buf_free(&data);
	buf_free(&copy);
}

/* ---- begin and end ---- */

static void
free_script(struct conn *c)
{
	struct connscript *s = c->script;

	framelog_free(&s->log);
	buf_free(&s->settings);
	buf_free(&s->octets);
	exchange_unref(s->own);
	if (s->main != NULL)
		exchange_unref(s->main);
	free(s);
}

struct connscript *
connscript_get(struct conn *c)
{
	struct connscript *s = c->script;

	if (s != NULL)
		return s;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if ((s->own = exchange_new(&c->requests, c, NULL)) == NULL) {
		free(s);
		return NULL;
	}
	exchange_ref(s->own);
	c->free_script = free_script;
	return c->script = s;
}

int
connscript_watch(struct conn *c, struct op *op)
{
	(void)op;
	c->callbacks.gate = on_frame;
	return SEND_OK;
}

int
connscript_begin(struct conn *c)
{
	struct connscript *s = connscript_get(c);

	if (s == NULL ||
	    (s->main = exchange_new(&c->requests, c, NULL)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	exchange_ref(s->main);
	s->is_set = true;
	c->callbacks.gate = on_frame;
	c->callbacks.violation = on_violation;
	connscript_step(c, STEP_ACCEPT);
	return 0;
}

/* The first step always becomes an event, since that executes the script. */
bool
connscript_step(struct conn *c, enum connscript_step step)
{
	struct connscript *s = c->script;

	if (s->own->known && !wants(s, step))
		return false;
	s->awaits |= step != STEP_MAIN;
	add_event(step == STEP_MAIN ? s->main : s->own, EVENT_STEP, step, NULL);
	return true;
}

void
connscript_start(struct conn *c)
{
	static const uint8_t none[1];
	struct connscript *s = c->script;

	c->started = true;
	if (c->take_octets == NULL)
		session_start(c->session, s->preface != PREFACE_NONE,
		    s->preface != PREFACE_OWN ? NULL :
		    buf_len(&s->settings) > 0 ? buf_data(&s->settings) :
		    none, buf_len(&s->settings));
	if (c->draining)
		session_shutdown(c->session);
	connscript_step(c, STEP_MAIN);
}

void
connscript_close(struct conn *c)
{
	if (c->script == NULL || !c->script->is_set)
		return;
	c->script->awaits = false;
	c->closing = true;
	connscript_step(c, STEP_CLOSE);
}

/* ---- the I/O thread ---- */

bool
connscript_awaits(const struct conn *c)
{
	return c->script != NULL && c->script->awaits;
}

bool
connscript_blocks(const struct conn *c)
{
	const struct connscript *s = c->script;

	return s != NULL && ((s->awaits && !s->released) ||
	    (s->paused && c->started) || session_stopped(c->session) ||
	    buf_len(&s->octets) >= CONNSCRIPT_OCTETS || is_full(s));
}

bool
connscript_is_busy(const struct conn *c)
{
	const struct connscript *s = c->script;

	return s != NULL && s->is_set && (s->own->phase == EXCHANGE_READY ||
	    s->own->phase == EXCHANGE_BUSY);
}

/*
 * Whether a function has ended without a decision: HandlerTimeout has cut it
 * off, for example.
 */
static bool
is_left(const struct conn *c)
{
	const struct connscript *s = c->script;

	return s->own->phase == EXCHANGE_AT_REST &&
	    (s->awaits || s->released || session_stopped(c->session));
}

bool
connscript_is_due(const struct conn *c)
{
	return c->script != NULL && (c->script->proceeds ||
	    c->script->releases || is_left(c));
}

int
connscript_resume(struct conn *c)
{
	struct connscript *s = c->script;
	bool proceeds = s->proceeds || is_left(c), taken = s->taken;
	int rc = 0;

	s->released |= s->releases;
	s->proceeds = s->releases = s->taken = false;
	if (proceeds)
		s->released = false;
	s->awaits = s->awaits && !proceeds;
	if (session_stopped(c->session))
		rc = session_resume(c->session, taken, sys_now_ms());
	else if (proceeds)
		rc = session_continue(c->session, sys_now_ms());
	if (proceeds && !session_stopped(c->session))
		s->queues = false;
	waiters_wake(&c->waiters, CONN_AGAIN_FRAME, 0);
	return rc;
}

void
connscript_room(struct conn *c)
{
	if (c->link.below)
		waiters_wake(&c->waiters, CONN_AGAIN_BELOW, 0);
	c->link.below = false;
}

bool
connscript_keeps_end(struct conn *c)
{
	struct connscript *s = c->script;

	if (s != NULL && !s->eof) {
		s->eof = true;
		waiters_wake(&c->waiters, CONN_AGAIN_FRAME, 0);
	}
	return connscript_is_busy(c) || (c->take_octets != NULL &&
	    c->started && s->main != NULL && s->main->phase != EXCHANGE_OVER);
}

/* ---- functions ---- */

int
connscript_proceed(struct conn *c, struct op *op)
{
	c->script->proceeds = true;
	c->script->taken = op->value != 0;
	wake_io(&c->wake);
	return SEND_OK;
}

int
connscript_release(struct conn *c, struct op *op)
{
	struct connscript *s = c->script;

	if (s->awaits && !c->reads) {
		op->why = "nothing can be read before handle_connect: there is "
		    "no TLS yet";
		return SEND_ERR_PROTOCOL;
	}
	if (s->released || c->gone ||
	    !(s->awaits || session_stopped(c->session)))
		return SEND_OK;
	s->releases = true;
	wake_io(&c->wake);
	return CONN_AGAIN_FRAME;	/* until connscript_resume */
}

int
connscript_preface(struct conn *c, struct op *op)
{
	struct connscript *s = c->script;

	if (c->started) {
		op->why = "SETTINGS have been sent: writer.settings sends more";
		return SEND_ERR_PROTOCOL;
	}
	s->preface = op->value;
	buf_clear(&s->settings);
	buf_add(&s->settings, op->data, op->len);
	if (!s->settings.failed)
		return SEND_OK;
	op->why = "out of memory";
	return SEND_ERR_PROTOCOL;
}

int
connscript_pause(struct conn *c, struct op *op)
{
	op->result = c->script->paused;
	c->script->paused = op->value != 0;
	wake_io(&c->wake);
	return SEND_OK;
}

/*
 * Only a client that sends without end when the connection is over (conn_hear)
 * passes twice the bound; octets beyond that are dropped.
 */
static void
take_octets(struct conn *c, const uint8_t *p, size_t len)
{
	if (buf_len(&c->script->octets) < 2 * CONNSCRIPT_OCTETS)
		buf_add(&c->script->octets, p, len);
	waiters_wake(&c->waiters, CONN_AGAIN_FRAME, 0);
}

int
connscript_engine_off(struct conn *c, struct op *op)
{
	(void)op;
	session_set_automatic(c->session, 0);
	session_take_unread(c->session, &c->script->octets);
	c->take_octets = take_octets;
	c->quiet = false;	/* no preface will come */
	return SEND_OK;
}

/* Whether a wait has nothing to wait for any more. */
static bool
is_over(const struct conn *c)
{
	return c->gone || c->script->eof ||
	    (c->draining && !conn_has_streams(c));
}

static int
wait_on(const struct conn *c, const struct op *op)
{
	if (is_over(c))
		return CONN_ENDED;
	return sys_now_ms() >= op->due ? SEND_OK : CONN_AGAIN_FRAME;
}

int
connscript_next_frame(struct conn *c, struct op *op)
{
	const struct buf *b = framelog_find(&c->script->log, op->number,
	    op->value, op->frame_id);

	if (b == NULL)
		return wait_on(c, op);
	buf_add(&op->got, buf_data(b), buf_len(b));
	return SEND_OK;
}

int
connscript_read(struct conn *c, struct op *op)
{
	struct connscript *s = c->script;
	size_t len = buf_len(&s->octets);

	if (c->take_octets == NULL) {
		op->why = "read() is for octets that come after engine_off()";
		return SEND_ERR_PROTOCOL;
	}
	op->result = len == 0 && (s->eof || c->gone);
	if (len == 0 && !op->result)
		return wait_on(c, op);
	if (len > op->len)
		len = op->len;
	buf_add(&op->got, buf_data(&s->octets), len);
	buf_consume(&s->octets, len);
	wake_io(&c->wake);	/* there is room again */
	return SEND_OK;
}

int
connscript_flood(struct conn *c, struct op *op)
{
	bool goes_on = sys_now_ms() < op->due;
	int rc = SEND_OK;

	while (goes_on && rc == SEND_OK && op->sent != op->number) {
		if (conn_queued(c) >= CONN_QUEUE_MAX)
			return CONN_AGAIN_SPACE;
		rc = send_raw_octets(c->session, op->x->id, op->data, op->len);
		op->sent += rc == SEND_OK;
	}
	return rc;
}

int
connscript_transport(struct conn *c, struct op *op)
{
	ssize_t n;

	if (c->gone)
		return SEND_ERR_GONE;
	if (conn_queued(c) > 0)
		return CONN_AGAIN_FLUSH;
	while (op->sent < op->len) {
		n = sys_write(c->link.fd, op->data + op->sent,
		    op->len - op->sent);
		if (n == -1)
			break;
		op->sent += (size_t)n;
	}
	if (op->sent == op->len)
		return SEND_OK;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return SEND_ERR_GONE;
	c->link.below = true;		/* poll says when there is room */
	wake_io(&c->wake);
	return CONN_AGAIN_BELOW;
}

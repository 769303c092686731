/* SPDX-License-Identifier: MIT */
/*
 * Exchanges: a request with its response, the events that its handlers have yet
 * to see, and the queue of those that have something to do.  The session's
 * callbacks (conn.c) add, handler threads (py/) take and put back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/channel.h"
#include "base/log.h"
#include "base/sys.h"
#include "conn.h"
#include "conn_impl.h"

void
exchange_ref(struct exchange *x)
{
	atomic_fetch_add(&x->refs, 1);
}

void
exchange_unref(struct exchange *x)
{
	if (atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	fields_free(&x->request);
	fields_free(&x->trailers);
	buf_free(&x->events);
	buf_free(&x->data);
	buf_free(&x->hand_events);
	buf_free(&x->hand_data);
	free(x);
}

struct exchange *
exchange_new(struct conn *c, struct stream *s)
{
	struct exchange *x;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return NULL;
	atomic_init(&x->refs, 1);
	x->conn = c;
	x->stream = s;
	x->id = s->id;
	x->since = sys_now_ms();
	s->user = x;
	x->next = c->exchanges;
	if (x->next != NULL)
		x->next->prev = x;
	c->exchanges = x;
	return x;
}

void
exchange_unlink(struct conn *c, struct exchange *x)
{
	if (x->prev != NULL)
		x->prev->next = x->next;
	else
		c->exchanges = x->next;
	if (x->next != NULL)
		x->next->prev = x->prev;
}

bool
conn_taken_within(const struct conn *c, uint64_t now, uint64_t us)
{
	const struct exchange *x;

	if (c->last_busy != NULL || now - c->last_taken > us)
		return now - c->last_taken <= us;
	for (x = c->exchanges; x != NULL; x = x->next)
		if (x->busy && now - x->busy_since <= us)
			return true;
	return false;
}

void
exchange_make_ready(struct conn *c, struct exchange *x)
{
	if (x->queued || x->busy || x->finished)
		return;
	x->queued = true;
	x->ready_since = sys_now_us();
	x->next_ready = NULL;
	if (c->ready == NULL)
		c->ready = x;
	else
		c->ready_last->next_ready = x;
	c->ready_last = x;
	c->n_ready++;
	/*
	 * A thread that has just begun takes it next, unless it turns out to
	 * be at something long; see handler_balance.
	 */
	if ((c->n_idle < c->n_threads &&
	    conn_taken_within(c, x->ready_since, CONN_BUSY_US)) ||
	    !conn_call_thread(c))
		conn_wake_io(c);
}

/* A thread of the script's own may wait while no function runs. */
static void
wake_awaiting(struct exchange *x)
{
	x->awaited = false;
	conn_wake_exchange(x->conn, x);
}

void
exchange_press(struct conn *c, struct exchange *x)
{
	x->pressing = true;
	exchange_make_ready(c, x);
}

void
exchange_add_event(struct exchange *x, const struct event *ev)
{
	buf_add(&x->events, ev, sizeof(*ev));
	if (x->awaited)
		wake_awaiting(x);
	if (ev->type != EVENT_DATA || ev->credit > 0 || ev->end_stream)
		x->pressing = true;
	if (x->pressing)
		exchange_make_ready(x->conn, x);
}

bool
exchange_add_data(struct exchange *x, const uint8_t *data,
    const struct event *ev)
{
	struct event e = *ev;

	buf_add(&x->data, data, ev->len);
	if (x->gathers && buf_len(&x->data) < CONN_GATHER_MAX)
		e.credit = 0;
	exchange_add_event(x, &e);
	return e.credit == 0;
}

void
exchange_move(struct exchange *x, struct buf *events, struct buf *data)
{
	struct buf empty_events = *events, empty_data = *data;
	size_t len = buf_len(&x->events);
	struct event last;

	if (len > 0) {
		memcpy(&last, buf_data(&x->events) + len - sizeof(last),
		    sizeof(last));
		x->moved_all = last.end_stream;
		if (x->moved_all && x->awaited)
			wake_awaiting(x);
	}
	*events = x->events;
	*data = x->data;
	x->events = empty_events;
	x->data = empty_data;
	x->pressing = false;
}

/* The session may forget the stream; what scripts still ask is kept. */
static void
let_stream_go(struct conn *c, struct exchange *x)
{
	struct stream *s = x->stream;

	if (s == NULL)
		return;
	x->headers_sent = s->headers_sent;
	x->ended = !stream_can_send(s);
	x->stream = NULL;
	s->user = NULL;
	session_release(c->session, s);
}

struct exchange *
conn_take_ready(struct conn *c, const void *taker)
{
	struct exchange *x = c->ready;

	if (x == NULL)
		return NULL;
	c->ready = x->next_ready;
	c->n_ready--;
	x->queued = false;
	x->busy = true;
	c->last_taken = sys_now_us();
	x->busy_since = c->last_taken;
	c->last_taker = taker;
	c->last_busy = x;
	c->n_busy++;
	conn_publish(c);
	return x;
}

void
conn_ring(struct conn *c, unsigned n)
{
	pthread_mutex_lock(&c->call_mutex);
	c->n_calls += n;
	pthread_mutex_unlock(&c->call_mutex);
	while (n-- > 0)
		pthread_cond_signal(&c->call_cond);
}

bool
conn_call_thread(struct conn *c)
{
	if (c->n_entering > 0)
		return true;
	if (c->n_idle == 0)
		return false;
	c->n_idle--;
	c->n_entering++;
	c->to_call++;
	return true;
}

/* What the access log says of it, once. */
static void
describe(struct exchange *x, struct access *a)
{
	x->recorded = true;
	memset(a, 0, sizeof(*a));
	access_request(a, &x->request);
	a->stream = x->id;
	a->ms = sys_now_ms() - x->since;
	if (x->stream == NULL)
		return;
	a->status = x->stream->status;
	a->octets = x->stream->sent;
	a->fate = x->stream->reset ? "reset" : NULL;
}

/* What is asked of a stream when it is gone. */
static void
remember(struct conn *c, const struct exchange *x)
{
	struct past *p = &c->past[c->n_past];

	c->n_past = (c->n_past + 1) % CONN_PAST;
	p->id = x->id;
	p->reset = x->stream != NULL && x->stream->reset;
	p->code = p->reset ? x->stream->reset_code : 0;
	access_path(&x->request, p->path, sizeof(p->path));
}

bool
conn_put_back(struct conn *c, struct exchange *x, struct access *over)
{
	bool logged = log_get_level() >= LOG_L_INFO && !x->recorded;

	x->busy = false;
	x->finished = x->over;
	c->n_busy--;
	conn_note_work(c);
	if (c->last_busy == x)
		c->last_busy = NULL;
	if (c->draining || c->gone || c->close != CLOSE_NONE)
		conn_wake_io(c);
	if (!x->finished) {
		if (x->pressing || x->left)
			exchange_make_ready(c, x);
		return false;
	}
	if (send_held_by(c->session) == x->id)
		conn_end_hold(c);
	if (logged)
		describe(x, over);
	remember(c, x);
	let_stream_go(c, x);
	exchange_unlink(c, x);
	exchange_unref(x);
	return logged;
}

static const struct past *
find_past(const struct conn *c, uint32_t id)
{
	size_t i;

	for (i = 0; i < CONN_PAST; i++)
		if (c->past[i].id == id)
			return &c->past[i];
	return NULL;
}

bool
conn_was_reset(const struct conn *c, uint32_t id, uint32_t *code)
{
	const struct stream *s = session_stream(c->session, id);
	const struct past *p = find_past(c, id);

	if (s != NULL)
		*code = s->reset_code;
	else if (p != NULL)
		*code = p->code;
	return s != NULL ? s->reset : p != NULL && p->reset;
}

void
conn_path(const struct conn *c, uint32_t id, char *dst, size_t size)
{
	const struct stream *s = session_stream(c->session, id);
	const struct past *p = find_past(c, id);

	snprintf(dst, size, "%s", p != NULL ? p->path : "?");
	if (s != NULL && s->user != NULL)
		access_path(&((const struct exchange *)s->user)->request, dst,
		    size);
}

void
conn_log_requests(struct conn *c)
{
	struct exchange *x;
	struct access a;

	if (log_get_level() < LOG_L_INFO)
		return;
	for (;;) {
		conn_lock(c);
		for (x = c->exchanges; x != NULL && x->recorded; x = x->next)
			;
		if (x != NULL)
			describe(x, &a);
		conn_unlock(c);
		if (x == NULL)
			return;
		access_log(&a, c->client);
	}
}

void
exchange_note_push(struct conn *c, uint32_t id, const struct field *v,
    size_t n)
{
	struct stream *s = session_stream(c->session, id);
	struct exchange *x;
	size_t i;

	if (s == NULL || !s->pushed || s->user != NULL ||
	    (x = exchange_new(c, s)) == NULL)
		return;
	x->finished = true;	/* there is nothing to run */
	for (i = 0; i < n; i++)
		fields_add(&x->request, &v[i]);
}

void
exchange_push_closed(struct conn *c, struct exchange *x)
{
	struct access a;
	bool before;

	if (!x->recorded) {
		describe(x, &a);
		before = channel_hurry(true);	/* with the mutex */
		access_log(&a, c->client);
		channel_hurry(before);
		if (channel_pends())
			conn_wake_io(c);
	}
	remember(c, x);
	x->stream->user = NULL;
	x->stream = NULL;
	exchange_unlink(c, x);
	exchange_unref(x);
}

void
conn_expire(struct conn *c, struct exchange *x, uint64_t since)
{
	atomic_store(&x->call.expired, since);
	conn_wake_exchange(c, x);
}

void
exchange_client_left(struct exchange *x)
{
	if (atomic_exchange(&x->left, true))
		return;
	x->left_since = sys_now_ms();
}

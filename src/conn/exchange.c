/* SPDX-License-Identifier: MIT */
/*
 * Exchanges: a request with its response, the events that its handlers have yet
 * to see, and the queue of exchanges that have something to do.  The session's
 * callbacks (conn.c) add events; handler threads (py/) take exchanges from the
 * queue and put them back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "exchange.h"

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
	buf_free(&x->block);
	buf_free(&x->events);
	buf_free(&x->data);
	free(x);
}

struct exchange *
exchange_new(struct exchanges *all, struct conn *c, struct stream *s)
{
	struct exchange *x;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return NULL;
	atomic_init(&x->refs, 1);
	x->conn = c;
	x->all = all;
	x->stream = s;
	x->id = s != NULL ? s->id : EXCHANGE_OWN;
	x->recorded = s == NULL;	/* it is no request: no record */
	if (s != NULL)
		s->user = x;
	x->since = sys_now_ms();
	x->next = all->first;
	if (x->next != NULL)
		x->next->prev = x;
	all->first = x;
	return x;
}

/* Takes x out of the list, and drops the list's reference. */
static void
drop(struct exchange *x)
{
	if (x->prev != NULL)
		x->prev->next = x->next;
	else
		x->all->first = x->next;
	if (x->next != NULL)
		x->next->prev = x->prev;
	exchange_unref(x);
}

void
exchange_free_all(struct exchanges *all)
{
	struct exchange *x, *next;

	for (x = all->first; x != NULL; x = next) {
		next = x->next;
		if (x->app == NULL)	/* else Python has a reference to it */
			drop(x);
	}
}

/* ---- the queue ---- */

bool
exchange_taken_within(const struct exchanges *all, uint64_t now, uint64_t us)
{
	const struct exchange *x;

	if (all->last_busy != NULL || now - all->last_taken > us)
		return now - all->last_taken <= us;
	for (x = all->first; x != NULL; x = x->next)
		if (x->phase == EXCHANGE_BUSY && now - x->busy_since <= us)
			return true;
	return false;
}

/* Puts x into the queue, unless it is there already, busy or over. */
static void
make_ready(struct exchange *x)
{
	struct exchanges *all = x->all;
	struct wake *w = all->wake;

	if (x->phase != EXCHANGE_AT_REST)
		return;
	x->phase = EXCHANGE_READY;
	x->ready_since = sys_now_us();
	x->next_ready = NULL;
	if (all->ready == NULL)
		all->ready = x;
	else
		all->ready_last->next_ready = x;
	all->ready_last = x;
	all->n_ready++;
	/*
	 * A thread that has just begun takes x next, unless it turns out to
	 * run something long, which the I/O thread checks (thread_balance).
	 */
	if ((w->n_idle < w->n_threads && exchange_taken_within(all,
	    x->ready_since, EXCHANGE_BUSY_US)) || !wake_handler(w))
		wake_io(w);
}

struct exchange *
exchange_take(struct exchanges *all, const void *taker, bool own)
{
	struct exchange *x = all->ready, *before = NULL;

	for (; x != NULL && own && x->id != EXCHANGE_OWN; x = x->next_ready)
		before = x;
	if (x == NULL)
		return NULL;
	if (before == NULL)
		all->ready = x->next_ready;
	else
		before->next_ready = x->next_ready;
	if (all->ready_last == x)
		all->ready_last = before;
	all->n_ready--;
	all->n_busy++;
	all->n_own += x->id == EXCHANGE_OWN;
	x->phase = EXCHANGE_BUSY;
	x->busy_since = all->last_taken = sys_now_us();
	all->last_taker = taker;
	all->last_busy = x;
	return x;
}

bool
exchange_put_back(struct exchange *x)
{
	struct exchanges *all = x->all;

	all->n_busy--;
	all->n_own -= x->id == EXCHANGE_OWN;
	if (all->last_busy == x)
		all->last_busy = NULL;
	x->phase = x->over ? EXCHANGE_OVER : EXCHANGE_AT_REST;
	if (x->pressing || x->left)
		make_ready(x);
	return !x->over;
}

/* ---- events ---- */

void
exchange_press(struct exchange *x)
{
	x->pressing = true;
	make_ready(x);
}

/*
 * Wakes threads that wait for an event: a thread that a script started may wait
 * while no function runs.
 */
static void
wake_awaiting(struct exchange *x)
{
	x->awaited = false;
	waiters_wake_exchange(x->all->waiters, x, x->id);
}

void
exchange_keep_event(struct exchange *x, const struct event *ev,
    const uint8_t *data)
{
	buf_add(&x->events, ev, sizeof(*ev));
	buf_add(&x->data, data, ev->len);
	x->complete |= ev->end_stream;
	if (x->awaited)
		wake_awaiting(x);
}

void
exchange_add_event(struct exchange *x, const struct event *ev,
    const uint8_t *data)
{
	exchange_keep_event(x, ev, data);
	exchange_press(x);
}

uint32_t
exchange_bit(unsigned type)
{
	bool known = type <= FRAME_CONTINUATION ||
	    type == FRAME_PRIORITY_UPDATE;

	return EXCHANGE_WANTS(known ? type : EXCHANGE_UNKNOWN);
}

const char *
exchange_frame_came(void *user, struct stream *s, const struct frame *f,
    const uint8_t *payload)
{
	struct exchange *x = s->user;
	const struct event ev = { .type = EVENT_FRAME, .frame_type = f->type,
	    .flags = f->flags, .len = f->length };

	(void)user;
	if (x == NULL || x->phase == EXCHANGE_OVER ||
	    (x->known && !(x->wanted & exchange_bit(f->type))))
		return NULL;
	if (x->n_frames >= EXCHANGE_FRAMES_MAX)
		return "more than the bound on frames that wait for a "
		    "stream's functions, which is 1000 (RFC 9113 10.5)";
	if (f->length > EXCHANGE_FRAMES_OCTETS - x->frame_octets)
		return "more than the bound on octets of frames that wait for "
		    "a stream's functions, which is 1048576 (RFC 9113 10.5)";
	x->n_frames++;
	x->frame_octets += f->length;
	exchange_keep_event(x, &ev, payload);
	/* Before that x is served anyway, for its HEADERS. */
	if (x->known)
		exchange_press(x);
	return NULL;
}

void
exchange_frame_begun(struct exchange *x, size_t len)
{
	x->n_frames--;
	x->frame_octets -= len;
}

void
exchange_want(struct exchange *x, uint32_t wanted)
{
	struct buf events = x->events, data = x->data;
	struct event ev;

	x->known = true;
	x->wanted = wanted;
	if (x->n_frames == 0)
		return;
	x->events = (struct buf){ .failed = events.failed };
	x->data = (struct buf){ .failed = data.failed };
	while (buf_len(&events) > 0) {
		memcpy(&ev, buf_data(&events), sizeof(ev));
		if (ev.type != EVENT_FRAME ||
		    wanted & exchange_bit(ev.frame_type))
			exchange_keep_event(x, &ev, buf_data(&data));
		else
			exchange_frame_begun(x, ev.len);
		buf_consume(&events, sizeof(ev));
		buf_consume(&data, ev.len);
	}
	buf_free(&events);
	buf_free(&data);
}

/* Moves the first n octets of `from` to `to`. */
static void
move_first(struct buf *to, struct buf *from, size_t n)
{
	buf_add(to, buf_data(from), n);
	buf_consume(from, n);
}

void
exchange_move(struct exchange *x, struct buf *events, struct buf *data)
{
	const size_t most = EXCHANGE_MOVE_MAX * sizeof(struct event);
	struct buf empty_events = *events, empty_data = *data;
	size_t len = buf_len(&x->events), at, content = 0;
	bool all = x->gathers || len <= most || x->events.failed ||
	    x->data.failed;
	struct event ev;

	x->n_moves += len > 0;
	if (all) {
		x->moved_all = x->complete;
		*events = x->events;
		*data = x->data;
		x->events = empty_events;
		x->data = empty_data;
	} else {
		for (at = 0; at < most; at += sizeof(ev)) {
			memcpy(&ev, buf_data(&x->events) + at, sizeof(ev));
			content += ev.len;
			x->moved_all |= ev.end_stream;
		}
		move_first(events, &x->events, most);
		move_first(data, &x->data, content);
	}
	if (len > 0 && x->moved_all && x->awaited)
		wake_awaiting(x);
	if (x->id == EXCHANGE_OWN)
		wake_io(x->all->wake);	/* it may wait to read on */
	x->pressing = !all;
}

/* The connection's own script learns of the end by handle_close. */
void
exchange_client_left(struct exchange *x)
{
	if (x->id != EXCHANGE_OWN && !atomic_exchange(&x->left, true))
		x->left_since = sys_now_ms();
}

void
exchange_closed(struct exchange *x)
{
	waiters_wake_exchange(x->all->waiters, x, x->id);
	if (x->stream->reset) {
		atomic_store(&x->reset_by_client, x->stream->reset_by_peer);
		exchange_client_left(x);
		make_ready(x);
	} else if (x->moved_all) {
		exchange_press(x);
	}
}

void
exchange_expire(struct exchange *x, uint64_t since)
{
	atomic_store(&x->call.expired, since);
	waiters_wake_exchange(x->all->waiters, x, x->id);
}

bool
exchange_expired(struct exchange *x)
{
	uint64_t since = atomic_load(&x->call.since);

	return since != 0 && atomic_load(&x->call.expired) == since;
}

/* ---- records, and what is kept of ended streams ---- */

bool
exchange_describe(struct exchange *x, struct access *a)
{
	if (x->recorded || log_get_level() < LOG_L_INFO)
		return false;
	x->recorded = true;
	memset(a, 0, sizeof(*a));
	access_request(a, &x->request);
	a->stream = x->id;
	a->ms = sys_now_ms() - x->since;
	if (x->stream == NULL)
		return true;
	a->status = x->stream->status;
	a->octets = x->stream->sent;
	a->fate = x->stream->reset ? "reset" : NULL;
	return true;
}

/* Keeps what is asked of a stream when it is gone. */
static void
remember(const struct exchange *x)
{
	struct exchanges *all = x->all;
	struct past *p = &all->past[all->n_past];

	all->n_past = (all->n_past + 1) % EXCHANGE_PAST;
	p->id = x->id;
	p->reset = x->stream != NULL && x->stream->reset;
	p->code = p->reset ? x->stream->reset_code : 0;
	access_path(&x->request, p->path, sizeof(p->path));
}

void
exchange_end(struct exchange *x)
{
	struct stream *s = x->stream;

	remember(x);
	if (s != NULL) {
		x->headers_sent = s->headers_sent;
		x->ended = !stream_can_send(s);
		x->stream = NULL;
		s->user = NULL;
		if (!s->pushed)
			session_release(x->all->session, s);
	}
	drop(x);
}

static const struct past *
find_past(const struct exchanges *all, uint32_t id)
{
	size_t i;

	for (i = 0; i < EXCHANGE_PAST; i++)
		if (all->past[i].id == id)
			return &all->past[i];
	return NULL;
}

bool
exchange_was_reset(const struct exchanges *all, uint32_t id, uint32_t *code)
{
	const struct stream *s = session_stream(all->session, id);
	const struct past *p = find_past(all, id);

	if (s != NULL)
		*code = s->reset_code;
	else if (p != NULL)
		*code = p->code;
	return s != NULL ? s->reset : p != NULL && p->reset;
}

void
exchange_path(const struct exchanges *all, uint32_t id, char *dst,
    size_t size)
{
	const struct stream *s = session_stream(all->session, id);
	const struct past *p = find_past(all, id);

	snprintf(dst, size, "%s", p != NULL ? p->path : "?");
	if (s != NULL && s->user != NULL)
		access_path(&((const struct exchange *)s->user)->request, dst,
		    size);
}

void
exchange_note_push(struct exchanges *all, struct conn *c, uint32_t id,
    const struct field *v, size_t n)
{
	struct stream *s = session_stream(all->session, id);
	struct exchange *x;
	size_t i;

	if (s == NULL || !s->pushed || s->user != NULL ||
	    (x = exchange_new(all, c, s)) == NULL)
		return;
	x->phase = EXCHANGE_OVER;	/* there is nothing to run */
	for (i = 0; i < n; i++)
		fields_add(&x->request, &v[i]);
}

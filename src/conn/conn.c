/* SPDX-License-Identifier: MIT */
/*
 * One connection as its threads share it: the session's callbacks, input and
 * output, writer calls with their attempts and waits, and time limits.
 *
 * The I/O thread (child.c) reads, and writes what the kernel refused before;
 * handler threads (py/) take exchanges from the ready queue and run writer
 * calls as `op`s.  Nothing here knows Python, and only conn_do waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/channel.h"
#include "base/sys.h"
#include "conn.h"

/* Octets of replies that may wait for the end of a series of reads. */
#define READ_REPLIES_MAX 4096

/*
 * Octets that the session gets at a time, and how many times in a row before
 * writers get the mutex.  The session copies a frame that spans two reads once
 * more.  A DATA frame of 16 KiB never fits in one TLS record, hence 64 KiB.
 */
#define READ_SIZE (64 * 1024)
#define READS_MAX 4

/* Octets of a read, and reads in a row, when no answer can be sent any more. */
#define HEAR_SIZE 16384
#define HEAR_MAX 16

/* Octets of DATA that a stream may send before it is another stream's turn. */
#define TURN_MAX 32768

/*
 * Octets of batched output that may wait while exchanges are ready: one TLS
 * record.  The thread that finds none ready, or the I/O thread within a
 * millisecond, offers them to the kernel.  Nothing waits while the I/O thread
 * may be kept longer, by the log for example (io_soon).
 */
#define BATCH_MAX 16384

bool
conn_has_streams(const struct conn *c)
{
	return session_open_count(c->session) > 0 || c->answers > 0;
}

/* Tells the parent the connection's state, by the slot. */
static void
publish(struct conn *c)
{
	static const enum child_state states[2][2] = {
		{ CHILD_IDLE, CHILD_WAITING },
		{ CHILD_FINISHING, CHILD_RUNNING }
	};

	if (c->gone || !session_established(c->session))
		return;
	atomic_store_explicit(&c->slot->moved_ms, c->last_work,
	    memory_order_relaxed);
	atomic_store_explicit(&c->slot->state,
	    states[conn_runs(c)][conn_has_streams(c) || c->requests.n_own > 0],
	    memory_order_relaxed);
}

void
conn_note_work(struct conn *c)
{
	c->last_work = sys_now_ms();
	publish(c);
}

void
conn_out_of_memory(struct conn *c)
{
	c->no_memory = true;
	conn_set_gone(c);
}

bool
conn_no_memory(const struct conn *c)
{
	uint32_t code;

	/* The session fails with this code only if memory has run out. */
	return c->no_memory || tls_no_memory(c->link.tls) ||
	    (session_error(c->session, &code) != NULL &&
	    code == H2_INTERNAL_ERROR);
}

/* ---- callbacks of the session ---- */

static void
on_headers(void *user, struct stream *s, const struct fields *l,
    const struct frame *frame)
{
	struct conn *c = user;
	struct exchange *x;

	conn_note_work(c);
	if (atomic_load_explicit(&c->slot->first_ms, memory_order_relaxed) == 0)
		atomic_store(&c->slot->first_ms, c->last_work);
	atomic_fetch_add_explicit(&c->slot->streams, 1, memory_order_relaxed);
	if (c->answer != NULL &&
	    c->answer(c, s, l, frame->flags & FLAG_END_STREAM)) {
		c->hook_answered = true;
		return;
	}
	if ((x = exchange_new(&c->requests, c, s)) == NULL) {
		conn_out_of_memory(c);
		return;
	}
	x->frame = *frame;
	buf_add(&x->block, frame->data, frame->len);
	/* Lack of memory is noticed when the event is taken. */
	if (fields_copy(&x->request, l) == -1 || x->block.failed)
		x->events.failed = true;
	exchange_add_event(x, &(struct event){ .type = EVENT_HEADERS,
	    .end_stream = frame->flags & FLAG_END_STREAM }, NULL);
}

static void
on_data(void *user, struct stream *s, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	struct conn *c = user;
	struct exchange *x = s->user;
	struct event ev = { .type = EVENT_DATA, .end_stream = end_stream,
	    .len = (uint32_t)len, .flow_len = (uint32_t)flow_len,
	    .credit = (uint32_t)flow_len };

	/* An empty DATA frame does nothing for its stream. */
	if (len > 0 || end_stream)
		conn_note_work(c);
	/* If no function will run for it any more, content is dropped. */
	if (x == NULL || x->phase == EXCHANGE_OVER) {
		session_consume(c->session, s, flow_len);
	} else if (len == 0 && !end_stream && x->gathers) {
		/* An empty frame starts no function: that would be work. */
		session_consume(c->session, s, flow_len);
		ev.credit = 0;
		exchange_keep_event(x, &ev, data);
	} else {
		exchange_add_event(x, &ev, data);
	}
}

static void
on_trailers(void *user, struct stream *s, const struct fields *l,
    const struct frame *frame)
{
	struct exchange *x = s->user;
	struct event ev = { .type = EVENT_TRAILERS, .end_stream = true };

	conn_note_work(user);
	if (x == NULL || x->phase == EXCHANGE_OVER)
		return;
	if (fields_copy(&x->trailers, l) == -1)
		x->events.failed = true;
	x->trailers_frame = *frame;
	if (!x->known || x->wanted & EXCHANGE_WANTS(FRAME_HEADERS))
		ev.len = (uint32_t)frame->len;
	exchange_add_event(x, &ev, frame->data);
}

/* A promised stream is closed: logs its record and ends its exchange. */
static void
end_pushed(struct conn *c, struct exchange *x)
{
	struct access a;
	bool before;

	if (exchange_describe(x, &a)) {
		before = channel_hurry(true);	/* the mutex is held */
		access_log(&a, c->client_log.client);
		channel_hurry(before);
		if (channel_pends())
			wake_io(&c->wake);
	}
	exchange_end(x);
}

static void
on_closed(void *user, struct stream *s)
{
	struct conn *c = user;
	struct exchange *x = s->user;

	conn_note_work(c);
	waiters_wake(&c->waiters, SEND_AGAIN_WINDOW, s->id);
	if (x != NULL && s->pushed)
		end_pushed(c, x);
	else if (x != NULL)
		exchange_closed(x);
}

static void
on_window(void *user, struct stream *s)
{
	struct conn *c = user;

	(void)s;
	waiters_next_turn(&c->waiters);
}

static const struct session_callbacks callbacks = {
	.headers = on_headers,
	.data = on_data,
	.trailers = on_trailers,
	.closed = on_closed,
	.window = on_window,
	.frame = exchange_frame_came,
	.rst_stream = clientlog_rst_stream,
	.goaway = clientlog_goaway,
	.late = clientlog_late,
	.violation = clientlog_violation,
	.refused = clientlog_refused
};

/* ---- input and output ---- */

static void
link_failed(struct conn *c, const char *doing)
{
	snprintf(c->why, sizeof(c->why), "%s: %s", doing,
	    link_error(&c->link));
	conn_set_gone(c);
}

/* Adds the session's error to the trace if rc is -1.  Returns rc. */
static int
note_failure(struct conn *c, int rc)
{
	const char *text;
	uint32_t code;

	if (rc == -1 && (text = session_error(c->session, &code)) != NULL)
		trace_violation(c->link.trace, 0, code, text);
	return rc;
}

/* Hands on octets that were read.  Returns -1 if the session has failed. */
static int
take_lot(struct conn *c, const uint8_t *p, size_t n)
{
	atomic_fetch_add_explicit(&c->slot->octets_in, (unsigned long)n,
	    memory_order_relaxed);
	c->lots++;
	c->hook_answered = false;
	if (c->take_octets != NULL) {
		c->take_octets(c, p, n);
		return 0;
	}
	return note_failure(c, session_recv(c->session, p, n, sys_now_ms()));
}

int
conn_read(struct conn *c)
{
	static uint8_t octets[READ_SIZE];	/* guarded by the mutex */
	unsigned messages;
	size_t n;
	long rc;
	int i;

	for (i = 0; i < READS_MAX && !c->gone; i++) {
		n = link_read(&c->link, octets, sizeof(octets), &rc);
		messages = tls_take_messages(c->link.tls);
		if (messages > 0 && note_failure(c, session_note_idle(
		    c->session, messages, "TLS messages such as KeyUpdate")) ==
		    -1)
			return -1;
		if (n > 0 && take_lot(c, octets, n) == -1)
			return -1;
		if (rc == TLS_AGAIN_READ || rc == TLS_AGAIN_WRITE)
			return messages > 0;
		if (rc == TLS_ERROR)
			link_failed(c, "read");
		if (rc <= 0)
			return -1;
		if (session_stopped(c->session))
			break;
		/* That may have been many requests: let writers in. */
		if (c->hook_answered)
			break;
		/* A burst of PINGs alone must not exceed max-replies. */
		if (conn_queued(c) > READ_REPLIES_MAX)
			conn_push(c);
	}
	return c->gone ? -1 : 1;
}

bool
conn_hear(struct conn *c)
{
	uint8_t octets[HEAR_SIZE];
	size_t n;
	long rc = TLS_AGAIN_READ;
	int i;

	/* Has a script closed the descriptor?  Our shutdown does not count. */
	if (fcntl(c->link.fd, F_GETFD) == -1)
		return false;
	for (i = 0; i < HEAR_MAX; i++) {
		n = link_read(&c->link, octets, sizeof(octets), &rc);
		if (n == 0)
			break;
		if (!session_stopped(c->session))	/* else they pile up */
			take_lot(c, octets, n);
	}
	/* Many KeyUpdate messages are no last words, either. */
	return rc != TLS_EOF && rc != TLS_ERROR &&
	    tls_take_messages(c->link.tls) <= HEAR_MAX;
}

size_t
conn_queued(const struct conn *c)
{
	return buf_len(session_output(c->session));
}

/* Notes that the kernel has taken n octets. */
static void
note_written(struct conn *c, size_t n)
{
	if (c->answers > 0) {
		c->answers -= n < c->answers ? n : c->answers;
		c->last_moved = c->link.last_written;
		link_watch_again(&c->link);
		conn_note_work(c);
	}
	atomic_fetch_add_explicit(&c->slot->octets_out, (unsigned long)n,
	    memory_order_relaxed);
}

void
conn_push(struct conn *c)
{
	enum link_room room;
	size_t taken;

	if (c->muted)		/* no reply can be sent: drop them */
		session_wrote(c->session, conn_queued(c));
	if (c->quiet || c->muted)
		return;
	if (session_output(c->session)->failed)	/* some is lost */
		conn_out_of_memory(c);
	if (c->gone)
		return;
	room = link_push(&c->link, c->session, &taken);
	if (taken > 0)
		note_written(c, taken);
	if (room == LINK_FAILED) {
		link_failed(c, "write");
		return;
	}
	if (conn_queued(c) < CONN_QUEUE_MAX)
		waiters_next_turn(&c->waiters);
	if (room == LINK_EMPTIED)
		waiters_wake(&c->waiters, CONN_AGAIN_FLUSH, 0);
	else
		wake_io(&c->wake);
}

void
conn_set_gone(struct conn *c)
{
	struct exchange *x;

	if (c->gone)
		return;
	c->gone = true;
	c->stopping = true;
	for (x = c->requests.first; x != NULL; x = x->next)
		exchange_client_left(x);
	waiters_wake(&c->waiters, 0, 0);
	wake_io(&c->wake);
}

void
conn_drain(struct conn *c)
{
	c->draining = true;
	if (c->started)
		session_shutdown(c->session);
	waiters_wake(&c->waiters, CONN_AGAIN_EVENT, 0);
	waiters_wake(&c->waiters, CONN_AGAIN_FRAME, 0);
}

/* ---- raw header blocks that hold the output ---- */

/* Called after output, which may have begun or ended a hold. */
static void
follow_hold(struct conn *c)
{
	if (send_held_by(c->session) != 0) {
		if (c->held_since == 0) {
			c->held_since = sys_now_ms();
			wake_io(&c->wake);	/* to set a timeout */
		}
	} else if (c->held_since != 0) {
		c->held_since = 0;
		waiters_wake(&c->waiters, SEND_AGAIN_HELD, 0);
	}
}

void
conn_release_hold(struct conn *c)
{
	if (send_in_frame(c->session))
		return;
	send_release(c->session);
	follow_hold(c);
	conn_push(c);
}

/*
 * Ends the hold of an exchange that is over.  An open header block is left as
 * it is; part of a frame ends the connection, since nothing can follow it.
 */
static void
end_hold(struct conn *c)
{
	uint32_t id = send_held_by(c->session);
	char missing[96], path[64];

	if (!send_in_frame(c->session)) {
		conn_release_hold(c);
		return;
	}
	if (conn_is_over(c))
		return;
	exchange_path(&c->requests, id, path, sizeof(path));
	send_missing(c->session, missing, sizeof(missing));
	snprintf(c->why, sizeof(c->why), "%s, stream %lu: its functions are "
	    "over inside of a raw frame, %s are missing", path,
	    (unsigned long)id & FRAME_STREAM_ID_MASK, missing);
	c->close = CLOSE_TLS;
	wake_io(&c->wake);
}

/* Whether the exchange that holds the output has functions that may run on. */
static bool
holder_lasts(const struct conn *c)
{
	uint32_t id = send_held_by(c->session);
	const struct exchange *x;

	for (x = c->requests.first; x != NULL; x = x->next)
		if (x->id == id && x->phase != EXCHANGE_OVER &&
		    (x->stream != NULL || x->phase == EXCHANGE_BUSY))
			return true;
	return false;
}

/*
 * Ends a hold that has lasted too long; returns as conn_tick does.  Inside of a
 * raw frame a function may take its time, but a thread that outlives its
 * function may not.
 */
static int
tick_hold(struct conn *c, uint64_t now)
{
	if (c->held_since == 0 ||
	    (send_in_frame(c->session) && holder_lasts(c)))
		return -1;
	if (now - c->held_since < CONN_HOLD_MS)
		return (int)(c->held_since + CONN_HOLD_MS - now);
	end_hold(c);
	return -1;
}

int
conn_tick(struct conn *c, uint64_t now)
{
	int hold = tick_hold(c, now);
	int wait = waiters_wake_due(&c->waiters, now);

	return wait == -1 || (hold != -1 && hold < wait) ? hold : wait;
}

/* ---- writer calls ---- */

size_t
conn_share(const struct conn *c, const struct op *op)
{
	size_t queued = conn_queued(c);

	if (!waiters_must_share(&c->waiters, op) ||
	    queued + TURN_MAX > CONN_QUEUE_MAX)
		return CONN_QUEUE_MAX;
	return queued + TURN_MAX;
}

static int
attempt(struct conn *c, struct op *op)
{
	size_t queued = conn_queued(c);
	int rc;

	if (op->writes) {
		if (conn_is_over(c) || c->muted)
			return SEND_ERR_GONE;
		if (c->take_octets != NULL && !op->raw) {
			op->why = "after engine_off() only write_raw sends";
			return SEND_ERR_PROTOCOL;
		}
		if (waiters_must_yield(&c->waiters, op))
			return CONN_AGAIN_TURN;
		if (queued >= CONN_QUEUE_MAX &&
		    (op->due == 0 || sys_now_ms() < op->due))
			return CONN_AGAIN_SPACE;
	}
	rc = op->fn(c, op);
	/* The script would wait for itself. */
	if (rc == SEND_AGAIN_HELD && send_in_frame(c->session) &&
	    send_held_by(c->session) == op->x->id) {
		op->why = "a raw frame of this script is to be ended first";
		rc = SEND_ERR_PROTOCOL;
	}
	if (!op->writes)
		return rc;
	if (conn_queued(c) > queued)
		conn_note_answer(c);
	if (!(op->batched && c->io_soon && c->requests.ready != NULL &&
	    conn_queued(c) < BATCH_MAX))
		conn_push(c);
	follow_hold(c);
	if (rc <= 0)
		waiters_next_turn(&c->waiters);
	return rc;
}

int
conn_try(struct conn *c, struct op *op)
{
	int rc = attempt(c, op);

	if (rc == SEND_ERR_CLOSED || rc == SEND_ERR_GONE)
		op->reset = exchange_was_reset(&c->requests, op->id,
		    &op->code);
	return rc;
}

static void
wait_for(struct conn *c, struct op *op, int what)
{
	/* The push after the attempt may have made the room already. */
	if (what == CONN_AGAIN_SPACE && conn_queued(c) < CONN_QUEUE_MAX)
		return;
	if (op->writes && c->gone)
		return;
	wake_ring(&c->wake, c->wake.to_ring);
	c->wake.to_ring = 0;
	if (op->due != 0)
		wake_io(&c->wake);	/* the I/O thread looks at the time */
	waiters_wait(&c->waiters, op, what, &c->mutex);
}

int
conn_do(struct conn *c, struct op *op)
{
	int rc, last = 0;

	while ((rc = conn_try(c, op)) > 0) {
		/* After progress, or with a new reason to wait. */
		if (op->since == 0 || rc != last)
			waiters_next_turn(&c->waiters);
		last = rc;
		if (!exchange_expired(op->x))
			wait_for(c, op, rc);
		if (exchange_expired(op->x)) {
			waiters_next_turn(&c->waiters);
			return CONN_EXPIRED;
		}
	}
	return rc;
}

/* ---- exchanges of handler threads ---- */

struct exchange *
conn_take_ready(struct conn *c, const void *taker)
{
	struct exchange *x;

	if (c->stopping && !c->closing)
		return NULL;
	x = exchange_take(&c->requests, taker, c->closing);
	if (x != NULL)
		publish(c);
	return x;
}

bool
conn_put_back(struct conn *c, struct exchange *x, struct access *over)
{
	bool goes_on = exchange_put_back(x), logged;

	conn_note_work(c);
	if (c->draining || c->gone || c->close != CLOSE_NONE ||
	    x->id == EXCHANGE_OWN)
		wake_io(&c->wake);
	if (goes_on)
		return false;
	if (send_held_by(c->session) == x->id && !holder_lasts(c))
		end_hold(c);
	logged = exchange_describe(x, over);
	exchange_end(x);
	return logged;
}

void
conn_log_requests(struct conn *c)
{
	struct exchange *x;
	struct access a;

	do {
		conn_lock(c);
		x = c->requests.first;
		while (x != NULL && !exchange_describe(x, &a))
			x = x->next;
		conn_unlock(c);
		if (x != NULL)
			access_log(&a, c->client_log.client);
	} while (x != NULL);
}

/* ---- begin and end ---- */

int
conn_init(struct conn *c, int fd, struct tls *t, struct slot *slot,
    const struct options *o)
{
	*c = (struct conn){ .slot = slot, .options = o,
	    .client_log = { .slot = slot, .requests = &c->requests } };
	atomic_init(&c->forked, false);
	pthread_mutex_init(&c->mutex, NULL);
	link_init(&c->link, fd, t);
	c->last_work = c->last_moved = sys_now_ms();
	if (wake_init(&c->wake) == -1)
		return -1;
	c->callbacks = callbacks;
	c->session = session_new(&o->limits, &c->callbacks, c);
	if (c->session == NULL) {
		errno = ENOMEM;
		return -1;
	}
	c->waiters.session = c->session;
	c->requests = (struct exchanges){ .session = c->session,
	    .waiters = &c->waiters, .wake = &c->wake };
	return 0;
}

void
conn_free(struct conn *c)
{
	exchange_free_all(&c->requests);
	if (c->free_quickfiles != NULL)
		c->free_quickfiles(c);
	if (c->free_script != NULL)
		c->free_script(c);
	session_free(c->session);
	link_close(&c->link);
	trace_free(c->link.trace);
	tls_free(c->link.tls);
	wake_close(&c->wake);
}

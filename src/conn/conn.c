/* SPDX-License-Identifier: MIT */
/*
 * One connection as its threads share it.  Owns the session, the transport
 * and the descriptor; its exchanges are in exchange.c, its writer calls, which
 * may wait, in turns.c.
 *
 * The I/O thread (child.c) reads, and writes what the kernel refused before;
 * handler threads (py/) take exchanges from the ready queue and run writer
 * calls as `op`s.  Nothing here knows Python.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "conn.h"
#include "conn_impl.h"

/* TLS records hold at most this much, octets (RFC 8446 section 5.1). */
#define RECORD_MAX 16384

/* Output that waits for the end of such a row, octets. */
#define READ_REPLIES_MAX 4096

/*
 * Octets that the session is given at a time, and how many times in a row
 * before writers get the mutex again.  Frames that lie in two lots are copied
 * once more than others: a DATA frame of 16 KiB never fits a TLS record.
 */
#define READ_SIZE (64 * 1024)
#define READS_MAX 4

/* Of 16 KiB each, in a row, from a client that is not answered any more. */
#define HEAR_MAX 16

void
conn_wake_io(struct conn *c)
{
	if (c->wake_sent || pthread_equal(pthread_self(), c->io_thread))
		return;
	c->wake_sent = true;
	if (write(c->wake[1], "", 1) == -1)
		/* A full pipe wakes as well; of a closed one poll tells. */
		return;
}

bool
conn_has_streams(const struct conn *c)
{
	return session_open_count(c->session) > 0 || c->answers > 0;
}

void
conn_publish(struct conn *c)
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
	    states[conn_runs(c)][conn_has_streams(c)], memory_order_relaxed);
}

void
conn_note_work(struct conn *c)
{
	c->last_work = sys_now_ms();
	conn_publish(c);
}

static void
out_of_memory(struct conn *c)
{
	c->no_memory = true;
	conn_set_gone(c);
}

bool
conn_no_memory(const struct conn *c)
{
	uint32_t code;

	/* The session has no other fault of its own. */
	return c->no_memory || (c->tls != NULL && tls_no_memory(c->tls)) ||
	    (session_error(c->session, &code) != NULL &&
	    code == H2_INTERNAL_ERROR);
}

/* ---- what the session tells ---- */

static void
on_headers(void *user, struct stream *s, const struct fields *l,
    const struct headers_frame *frame)
{
	struct conn *c = user;
	struct exchange *x;

	conn_note_work(c);
	if (atomic_load_explicit(&c->slot->first_ms, memory_order_relaxed) == 0)
		atomic_store(&c->slot->first_ms, c->last_work);
	if (quickfile_respond(c, s, l, frame->end_stream))
		return;
	if ((x = exchange_new(c, s)) == NULL) {
		out_of_memory(c);
		return;
	}
	/* A loss is noticed when the event is taken. */
	if (fields_copy(&x->request, l) < 0)
		x->events.failed = true;
	atomic_fetch_add_explicit(&c->slot->streams, 1, memory_order_relaxed);
	x->frame = *frame;
	exchange_add_event(x, &(struct event){ .type = EVENT_HEADERS,
	    .end_stream = frame->end_stream });
}

static void
on_data(void *user, struct stream *s, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	struct conn *c = user;
	struct exchange *x = s->user;

	/* An empty one does nothing for it. */
	if (len > 0 || end_stream)
		conn_note_work(c);
	/* Its handlers are through: the rest is read and dropped. */
	if (x == NULL || x->finished) {
		session_consume(c->session, s, flow_len);
		return;
	}
	if (exchange_add_data(x, data, &(struct event){ .type = EVENT_DATA,
	    .end_stream = end_stream, .len = (uint32_t)len,
	    .flow_len = (uint32_t)flow_len, .credit = (uint32_t)flow_len }))
		session_consume(c->session, s, flow_len);
}

static void
on_trailers(void *user, struct stream *s, const struct fields *l)
{
	struct exchange *x = s->user;

	conn_note_work(user);
	if (x == NULL || x->finished)
		return;
	if (fields_copy(&x->trailers, l) < 0)
		x->events.failed = true;
	exchange_add_event(x, &(struct event){ .type = EVENT_TRAILERS,
	    .end_stream = true });
}

static void
on_closed(void *user, struct stream *s)
{
	struct conn *c = user;
	struct exchange *x = s->user;

	conn_note_work(c);
	conn_wake(c, SEND_AGAIN_WINDOW, s->id);	/* pushed streams too */
	if (x == NULL)
		return;
	if (s->pushed) {
		exchange_push_closed(c, x);
		return;
	}
	conn_wake_exchange(c, x);
	if (s->reset) {
		exchange_client_left(x);
		exchange_make_ready(c, x);
	}
}

static void
on_window(void *user, struct stream *s)
{
	struct conn *c = user;

	(void)s;
	conn_next_turn(c);
}

static const struct session_callbacks callbacks = {
	.headers = on_headers,
	.data = on_data,
	.trailers = on_trailers,
	.closed = on_closed,
	.window = on_window,
	.rst_stream = clientlog_rst_stream,
	.goaway = clientlog_goaway,
	.late = clientlog_late,
	.stream_error = clientlog_stream_error,
	.refused = clientlog_refused
};

/* ---- transport ---- */

static long
wire_read(struct conn *c, void *dst, size_t size)
{
	ssize_t n;

	if (c->tls != NULL)
		return tls_read(c->tls, dst, size);
	do
		n = read(c->fd, dst, size);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return TLS_EOF;
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ?
		    TLS_AGAIN_READ : TLS_ERROR;
	return n;
}

static long
wire_write(struct conn *c, const void *src, size_t len)
{
	ssize_t n;

	if (c->tls != NULL)
		return tls_write(c->tls, src, len);
	n = sys_write(c->fd, src, len);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ?
		    TLS_AGAIN_WRITE : TLS_ERROR;
	return n;
}

/*
 * The client's side has ended, as a read or write says.  EPIPE: its reset came
 * after its FIN, or another call has had ECONNRESET.
 */
static void
note_end(struct conn *c, long status, int err)
{
	enum client_end end = CLIENT_END_NONE;

	if (status == TLS_ERROR && (err == ECONNRESET || err == EPIPE))
		end = CLIENT_END_RESET;
	else if (status == TLS_EOF)
		end = c->tls != NULL && tls_got_close_notify(c->tls) ?
		    CLIENT_END_NOTIFY : CLIENT_END_FIN;
	if (c->client_log.end == CLIENT_END_NONE || end == CLIENT_END_NOTIFY)
		c->client_log.end = end;
}

static void
transport_failed(struct conn *c, const char *doing)
{
	int err = errno;

	note_end(c, TLS_ERROR, err);
	snprintf(c->why, sizeof(c->why), "%s: %s", doing,
	    c->tls != NULL ? tls_error(c->tls) : strerror(err));
	conn_set_gone(c);
}

/*
 * Reads until the socket is empty or there is no room for another record:
 * octets, and in *rc what the last read said.
 */
static size_t
read_lot(struct conn *c, uint8_t *dst, size_t size, long *rc)
{
	size_t have = 0;

	do {
		*rc = wire_read(c, dst + have, size - have);
		have += *rc > 0 ? (size_t)*rc : 0;
	} while (*rc > 0 && size - have >= RECORD_MAX);
	return have;
}

/* What was read goes to the session; -1: that has failed. */
static int
take_lot(struct conn *c, const uint8_t *p, size_t n)
{
	atomic_fetch_add_explicit(&c->slot->octets_in, (unsigned long)n,
	    memory_order_relaxed);
	quickfile_new_lot(c);
	return session_recv(c->session, p, n, sys_now_ms());
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
		n = read_lot(c, octets, sizeof(octets), &rc);
		c->read_blocked = rc == TLS_AGAIN_WRITE;
		messages = c->tls != NULL ? tls_take_messages(c->tls) : 0;
		if (messages > 0 && session_note_idle(c->session, messages,
		    "TLS messages such as KeyUpdate") < 0)
			return -1;
		if (n > 0 && take_lot(c, octets, n) < 0)
			return -1;
		if (rc == TLS_AGAIN_READ || rc == TLS_AGAIN_WRITE)
			return messages > 0;
		if (rc == TLS_ERROR)
			transport_failed(c, "read");
		else if (rc == TLS_EOF)
			note_end(c, rc, 0);
		if (rc <= 0)
			return -1;
		/* That may have been many requests: let writers in. */
		if (quickfile_lot_octets(c) > 0)
			break;
		/* A burst of PINGs must not pass max-replies by itself. */
		if (conn_queued(c) > READ_REPLIES_MAX)
			conn_push(c);
	}
	return c->gone ? -1 : 1;
}

int
conn_hear(struct conn *c)
{
	uint8_t octets[RECORD_MAX];
	long n = TLS_AGAIN_READ;
	int i;

	/* A script may have closed it; that we have shut our side is no matter. */
	if (fcntl(c->fd, F_GETFD) == -1)
		return -1;
	for (i = 0; i < HEAR_MAX; i++) {
		n = wire_read(c, octets, sizeof(octets));
		if (n <= 0)
			break;
		take_lot(c, octets, (size_t)n);
	}
	note_end(c, n, errno);
	/* Nor are many KeyUpdate messages last words. */
	if (c->tls != NULL && tls_take_messages(c->tls) > HEAR_MAX)
		return -1;
	return n == TLS_EOF || n == TLS_ERROR ? -1 : 0;
}

size_t
conn_queued(const struct conn *c)
{
	return buf_len(session_output(c->session));
}

void
conn_note_answer(struct conn *c)
{
	c->answers = conn_queued(c);
}

static void
note_written(struct conn *c, size_t n)
{
	c->last_written = sys_now_ms();
	if (c->answers > 0) {
		c->answers -= n < c->answers ? n : c->answers;
		c->last_moved = c->last_written;
		c->unfetched = LONG_MAX;
		conn_note_work(c);
	}
	atomic_fetch_add_explicit(&c->slot->octets_out, (unsigned long)n,
	    memory_order_relaxed);
}

void
conn_push(struct conn *c)
{
	struct buf *out = session_output(c->session);
	size_t len;
	long n;

	if (c->quiet)
		return;
	if (out->failed)	/* some of it is lost */
		out_of_memory(c);
	while (!c->gone && (len = buf_len(out)) > 0) {
		n = wire_write(c, buf_data(out),
		    len < TLS_WRITE_MAX ? len : TLS_WRITE_MAX);
		if (n == TLS_AGAIN_READ || n == TLS_AGAIN_WRITE)
			break;
		if (n <= 0) {
			transport_failed(c, "write");
			return;
		}
		session_wrote(c->session, (size_t)n);
		note_written(c, (size_t)n);
	}
	if (buf_len(out) < CONN_QUEUE_MAX)
		conn_next_turn(c);
	if (buf_len(out) == 0) {
		c->backlog = false;
		if (c->waiters != NULL)
			conn_wake(c, CONN_AGAIN_FLUSH, 0);
		return;
	}
	/* A stall begins with the first refusal. */
	if (!c->backlog)
		c->last_written = sys_now_ms();
	c->backlog = true;
	conn_wake_io(c);
}

void
conn_release_hold(struct conn *c)
{
	if (send_in_frame(c->session))
		return;
	send_release(c->session);
	c->held_since = 0;
	conn_wake(c, SEND_AGAIN_HELD, 0);
	conn_push(c);
}

void
conn_end_hold(struct conn *c)
{
	uint32_t id = send_held_by(c->session);
	char missing[96], path[64];

	if (!send_in_frame(c->session)) {
		conn_release_hold(c);
		return;
	}
	if (conn_is_over(c))
		return;
	conn_path(c, id, path, sizeof(path));
	send_missing(c->session, missing, sizeof(missing));
	snprintf(c->why, sizeof(c->why), "%s, stream %lu: its functions are "
	    "over inside of a raw frame, %s are missing", path,
	    (unsigned long)id, missing);
	c->close = CLOSE_TLS;
	conn_wake_io(c);
}

/* Called after output: a header block may have been opened or ended. */
void
conn_follow_hold(struct conn *c)
{
	if (send_held_by(c->session) != 0) {
		if (c->held_since == 0) {
			c->held_since = sys_now_ms();
			conn_wake_io(c);	/* for its timeout */
		}
	} else if (c->held_since != 0) {
		c->held_since = 0;
		conn_wake(c, SEND_AGAIN_HELD, 0);
	}
}

void
conn_set_gone(struct conn *c)
{
	struct exchange *x;
	struct waiter *w;

	if (c->gone)
		return;
	c->gone = true;
	c->stopping = true;
	for (x = c->exchanges; x != NULL; x = x->next)
		exchange_client_left(x);
	for (w = c->waiters; w != NULL; w = w->next)
		conn_wake_waiter(w);
	conn_wake_io(c);
}

void
conn_drain(struct conn *c)
{
	c->draining = true;
	session_shutdown(c->session);
	conn_wake(c, CONN_AGAIN_EVENT, 0);
}

void
conn_close_fd(struct conn *c)
{
	conn_set_gone(c);
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

/*
 * The kernel may have megabytes, and asks for more when a third of them is
 * gone; windows may be of as much.  Only less than ever counts: since the
 * kernel took the last of an answer, replies are all that comes and goes.  The
 * first look counts too, since what went before it is not known.
 */
static void
look_at_unfetched(struct conn *c, uint64_t now)
{
	long left = sys_unsent(c->fd);

	if (left < c->unfetched) {
		c->unfetched = left;
		c->last_moved = now;
		if (conn_has_streams(c))
			conn_note_work(c);
	}
}

bool
conn_has_socket(const struct conn *c)
{
	return fcntl(c->fd, F_GETFD) != -1 && !sys_is_shut(c->fd);
}

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Whether the output is held too long if this lasts: a function may take its
 * time inside of a frame, but not a thread that is left of one.
 */
static bool
hold_is_bounded(const struct conn *c)
{
	const struct stream *s =
	    session_stream(c->session, send_held_by(c->session));

	return c->held_since != 0 && (!send_in_frame(c->session) ||
	    s == NULL || s->user == NULL);
}

int
conn_tick(struct conn *c, uint64_t now, bool *stalled)
{
	uint64_t limit = c->options->stall_timeout_ms;
	bool held = hold_is_bounded(c);
	const struct waiter *w;
	int next = -1;

	if (held && now - c->held_since >= CONN_HOLD_MS) {
		conn_end_hold(c);
		now = sys_now_ms();	/* not before output has moved */
	} else if (held) {
		next = (int)(c->held_since + CONN_HOLD_MS - now);
	}
	*stalled = false;
	if (limit == 0)
		return next;
	if (c->backlog || c->waiters != NULL)
		look_at_unfetched(c, now);
	if (c->backlog) {
		*stalled = now - later(c->last_written, c->last_moved) >= limit;
		next = next == -1 || next > 1000 ? 1000 : next;
	}
	for (w = c->waiters; w != NULL; w = w->next) {
		if (w->what != SEND_AGAIN_WINDOW)
			continue;
		/* Nothing of the connection moves: this stream is one of it. */
		*stalled |= now - later(w->op->since, c->last_moved) >= limit;
		next = next == -1 || next > 1000 ? 1000 : next;
	}
	return next;
}

int
conn_init(struct conn *c, int fd, struct tls *t, struct slot *slot,
    const struct options *o)
{
	*c = (struct conn){ .fd = fd, .tls = t, .slot = slot, .options = o,
	    .wake = { -1, -1 } };
	atomic_init(&c->forked, false);
	pthread_mutex_init(&c->mutex, NULL);
	pthread_mutex_init(&c->call_mutex, NULL);
	pthread_cond_init(&c->call_cond, NULL);
	c->io_thread = pthread_self();
	c->last_work = c->last_written = c->last_moved = sys_now_ms();
	c->unfetched = LONG_MAX;
	if (sys_pipe(c->wake, 1) == -1)
		return -1;
	c->session = session_new(&o->limits, &callbacks, c);
	if (c->session == NULL) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

void
conn_free(struct conn *c)
{
	struct exchange *x, *next;

	for (x = c->exchanges; x != NULL; x = next) {
		next = x->next;
		if (x->app != NULL)
			continue;	/* Python has a reference to it */
		exchange_unlink(c, x);
		exchange_unref(x);
	}
	quickfile_free(c);
	session_free(c->session);
	tls_free(c->tls);
	conn_close_fd(c);
	close(c->wake[0]);
	close(c->wake[1]);
}

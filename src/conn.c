/* SPDX-License-Identifier: MIT */
/*
 * One connection as its threads share it.  Owns the session, the transport
 * and the descriptor, the exchanges with their events, and the list of
 * threads that wait for window, room, an event or a flush.
 *
 * The I/O thread (child.c) reads, and writes what the kernel refused before;
 * handler threads (py/) take exchanges from the ready queue and run writer
 * calls as `op`s.  Nothing here knows Python, and nothing here blocks except
 * conn_do, which lets the mutex go while it waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "log.h"
#include "sys.h"

/*
 * A thread in conn_do, on its stack.  Each has a condition of its own, so that
 * a WINDOW_UPDATE wakes the one that waits for it and not a hundred others.
 */
struct waiter {
	pthread_cond_t cond;
	struct op *op;
	int what;		/* SEND_AGAIN_* or CONN_AGAIN_* */
	uint64_t turn;		/* counts up: who has waited longest */
	bool woken;
	struct waiter *next;
};

/* TLS records hold at most this much; so does one write. */
#define WRITE_MAX 16384

/* DATA of one stream before it is another's turn, octets. */
#define TURN_MAX 32768

/* Lines for the log that wait to be written, octets. */
#define NOTES_MAX 65536

/* Output that waits for the end of such a row, octets. */
#define READ_REPLIES_MAX 4096

/* Reads in a row before writers get the mutex again. */
#define READS_MAX 16

/* ---- waiting ---- */

static void
wake_waiter(struct waiter *w)
{
	w->woken = true;
	pthread_cond_signal(&w->cond);
}

/* Wakes who waits for `what`; id 0: for any stream. */
static void
wake(struct conn *c, int what, uint32_t id)
{
	struct waiter *w;

	for (w = c->waiters; w != NULL; w = w->next)
		if (w->what == what && (id == 0 || w->op->id == id))
			wake_waiter(w);
}

static void
wake_exchange(struct conn *c, const struct exchange *x)
{
	struct waiter *w;

	for (w = c->waiters; w != NULL; w = w->next)
		if (w->op->x == x || w->op->id == x->id)
			wake_waiter(w);
}

/* ---- turns ---- */

/*
 * Writers that wait for what they share, room in the queue and the connection's
 * window, are let in one at a time: the most urgent stream first (RFC 9218 §10),
 * among equals who has waited longest.  Whoever gets something done, or finds
 * that it waits for something else, lets in the next.
 */
static bool
contends(const struct conn *c, const struct waiter *w)
{
	const struct stream *s;

	if (w->what == CONN_AGAIN_SPACE || w->what == CONN_AGAIN_TURN)
		return true;
	/* With window of its own, it is the connection's that it lacks. */
	s = session_stream(c->session, w->op->id);
	return w->what == SEND_AGAIN_WINDOW && s != NULL && s->send_window > 0;
}

static unsigned
urgency(const struct conn *c, const struct op *op)
{
	const struct stream *s = session_stream(c->session, op->id);

	return s != NULL ? s->urgency : STREAM_URGENCY_DEFAULT;
}

/* Whose turn it is; NULL: nobody contends. */
static struct waiter *
first_in_line(const struct conn *c)
{
	struct waiter *w, *first = NULL;
	unsigned u, best = 0;

	for (w = c->waiters; w != NULL; w = w->next) {
		if (!contends(c, w))
			continue;
		u = urgency(c, w->op);
		if (first == NULL || u < best ||
		    (u == best && w->turn < first->turn)) {
			first = w;
			best = u;
		}
	}
	return first;
}

static void
next_turn(struct conn *c)
{
	struct waiter *w;

	if (c->waiters != NULL && (w = first_in_line(c)) != NULL)
		wake_waiter(w);
}

/* Whether op, which sends DATA, has to let somebody else in first. */
bool
conn_must_yield(struct conn *c, const struct op *op)
{
	struct waiter *first;
	unsigned mine;

	if (!op->shares || c->waiters == NULL ||
	    (first = first_in_line(c)) == NULL)
		return false;
	mine = urgency(c, op);
	if (urgency(c, first->op) > mine ||
	    (urgency(c, first->op) == mine && op->turn != 0 &&
	    op->turn < first->turn))
		return false;
	wake_waiter(first);
	return true;
}

size_t
conn_share(const struct conn *c, const struct op *op)
{
	const struct waiter *first;
	size_t queued = conn_queued(c);

	if (c->waiters == NULL || (first = first_in_line(c)) == NULL ||
	    urgency(c, first->op) > urgency(c, op) ||
	    queued + TURN_MAX > CONN_QUEUE_MAX)
		return CONN_QUEUE_MAX;
	return queued + TURN_MAX;
}

static void
wait_for(struct conn *c, struct op *op, int what)
{
	struct waiter w = { .op = op, .what = what }, **at;

	/* The push after the attempt may have made the room already. */
	if (what == CONN_AGAIN_SPACE && conn_queued(c) < CONN_QUEUE_MAX)
		return;
	/* Who is new, or has had a turn, goes to the end of the line. */
	if (op->since == 0) {
		op->since = sys_now_ms();
		op->turn = ++c->turns;
	}
	w.turn = op->turn;
	pthread_cond_init(&w.cond, NULL);
	w.next = c->waiters;
	c->waiters = &w;
	while (!w.woken && !exchange_expired(op->x))
		pthread_cond_wait(&w.cond, &c->mutex);
	for (at = &c->waiters; *at != &w; at = &(*at)->next)
		;
	*at = w.next;
	pthread_cond_destroy(&w.cond);
}

void
conn_wake_io(struct conn *c)
{
	if (c->wake_sent || pthread_equal(pthread_self(), c->io_thread))
		return;
	c->wake_sent = true;
	/* A full pipe wakes as well as one more byte would. */
	if (write(c->wake[1], "", 1) == -1 && errno != EAGAIN)
		log_warn("cannot wake the I/O thread");
}

/* ---- exchanges ---- */

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
	free(x);
}

static struct exchange *
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

static void
unlink_exchange(struct conn *c, struct exchange *x)
{
	if (x->prev != NULL)
		x->prev->next = x->next;
	else
		c->exchanges = x->next;
	if (x->next != NULL)
		x->next->prev = x->prev;
}

static void
make_ready(struct conn *c, struct exchange *x)
{
	if (x->queued || x->busy || x->finished)
		return;
	x->queued = true;
	x->ready_since = sys_now_ms();
	x->next_ready = NULL;
	if (c->ready == NULL)
		c->ready = x;
	else
		c->ready_last->next_ready = x;
	c->ready_last = x;
	c->n_ready++;
	/* A thread that is at work takes it next; see handler_balance. */
	if (c->n_idle > 0 && c->n_idle == c->n_threads)
		pthread_cond_signal(&c->ready_cond);
	else
		conn_wake_io(c);
}

static void
add_event(struct exchange *x, enum event_type type, size_t len,
    size_t flow_len, bool end_stream)
{
	struct event ev = { .type = (uint8_t)type, .end_stream = end_stream,
	    .len = (uint32_t)len, .flow_len = (uint32_t)flow_len };

	buf_add(&x->events, &ev, sizeof(ev));
	if (x->busy)
		wake_exchange(x->conn, x);
	make_ready(x->conn, x);
}

bool
exchange_peek(const struct exchange *x, struct event *ev,
    const uint8_t **content)
{
	if (buf_len(&x->events) == 0)
		return false;
	memcpy(ev, buf_data(&x->events), sizeof(*ev));
	*content = ev->len > 0 ? buf_data(&x->data) : NULL;
	return true;
}

void
exchange_pop(struct exchange *x)
{
	struct event ev;
	const uint8_t *content;

	if (!exchange_peek(x, &ev, &content))
		return;
	buf_consume(&x->events, sizeof(ev));
	buf_consume(&x->data, ev.len);
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
conn_take_ready(struct conn *c)
{
	struct exchange *x = c->ready;

	if (x == NULL)
		return NULL;
	c->ready = x->next_ready;
	c->n_ready--;
	x->queued = false;
	x->busy = true;
	x->busy_since = sys_now_ms();
	c->n_busy++;
	return x;
}

/* What the access log says of it. */
static void
describe(const struct exchange *x, struct access *a)
{
	memset(a, 0, sizeof(*a));
	access_request(a, &x->request);
	a->stream = x->id;
	a->ms = sys_now_ms() - x->since;
	if (x->stream == NULL)
		return;
	a->status = x->stream->status;
	a->octets = x->stream->sent;
	a->reset = x->stream->reset;
}

bool
conn_put_back(struct conn *c, struct exchange *x, struct access *over)
{
	bool logged = log_get_level() >= LOG_L_INFO;

	x->busy = false;
	c->n_busy--;
	if (c->draining || c->gone || c->close != CLOSE_NONE)
		conn_wake_io(c);
	if (!x->finished) {
		if (buf_len(&x->events) > 0 || x->left)
			make_ready(c, x);
		return false;
	}
	if (send_held_by(c->session) == x->id)
		conn_release_hold(c);
	if (logged)
		describe(x, over);
	let_stream_go(c, x);
	unlink_exchange(c, x);
	exchange_unref(x);
	return logged;
}

void
conn_expire(struct conn *c, struct exchange *x, uint64_t since)
{
	atomic_store(&x->call_expired, since);
	wake_exchange(c, x);
}

static void
client_left(struct exchange *x)
{
	if (atomic_exchange(&x->left, true))
		return;
	x->left_since = sys_now_ms();
}

/* ---- what the session tells ---- */

static void
on_headers(void *user, struct stream *s, const struct fields *l,
    const struct headers_frame *frame)
{
	struct conn *c = user;
	struct exchange *x;

	if ((x = exchange_new(c, s)) == NULL) {
		snprintf(c->why, sizeof(c->why), "out of memory");
		conn_set_gone(c);
		return;
	}
	/* A loss is noticed when the event is taken. */
	if (fields_copy(&x->request, l) < 0)
		x->events.failed = true;
	atomic_fetch_add_explicit(&c->slot->streams, 1, memory_order_relaxed);
	x->frame = *frame;
	add_event(x, EVENT_HEADERS, 0, 0, frame->end_stream);
}

static void
on_data(void *user, struct stream *s, const uint8_t *data, size_t len,
    size_t flow_len, bool end_stream)
{
	struct conn *c = user;
	struct exchange *x = s->user;

	/* Its handlers are through: the rest is read and dropped. */
	if (x == NULL || x->finished) {
		session_consume(c->session, s, flow_len);
		return;
	}
	buf_add(&x->data, data, len);
	add_event(x, EVENT_DATA, len, flow_len, end_stream);
}

static void
on_trailers(void *user, struct stream *s, const struct fields *l)
{
	struct exchange *x = s->user;

	(void)user;
	if (x == NULL || x->finished)
		return;
	if (fields_copy(&x->trailers, l) < 0)
		x->events.failed = true;
	add_event(x, EVENT_TRAILERS, 0, 0, true);
}

static void
on_closed(void *user, struct stream *s)
{
	struct conn *c = user;
	struct exchange *x = s->user;

	wake(c, SEND_AGAIN_WINDOW, s->id);	/* pushed streams too */
	if (x == NULL)
		return;
	wake_exchange(c, x);
	if (s->reset) {
		client_left(x);
		make_ready(c, x);
	}
}

static void
on_window(void *user, struct stream *s)
{
	struct conn *c = user;

	(void)s;
	next_turn(c);
}

/* A client's author wants to know why a stream of his was reset. */
static void
on_stream_error(void *user, uint32_t id, const struct h2_error *e)
{
	struct conn *c = user;
	const char *code = frame_code_name(e->code);
	char line[256];
	int n;

	n = snprintf(line, sizeof(line), "client %s:%u, stream %lu reset with "
	    "%s: %s\n", c->client_host, c->client_port, (unsigned long)id,
	    code != NULL ? code : "?", e->reason);
	if (n > 0 && (size_t)n < sizeof(line) && buf_len(&c->notes) < NOTES_MAX)
		buf_add(&c->notes, line, (size_t)n);
}

static const struct session_callbacks callbacks = {
	.headers = on_headers,
	.data = on_data,
	.trailers = on_trailers,
	.closed = on_closed,
	.window = on_window,
	.stream_error = on_stream_error
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
	do
		n = write(c->fd, src, len);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ?
		    TLS_AGAIN_WRITE : TLS_ERROR;
	return n;
}

static void
transport_failed(struct conn *c, const char *doing)
{
	snprintf(c->why, sizeof(c->why), "%s: %s", doing,
	    c->tls != NULL ? tls_error(c->tls) : strerror(errno));
	conn_set_gone(c);
}

int
conn_read(struct conn *c)
{
	static uint8_t octets[WRITE_MAX];	/* guarded by the mutex */
	uint64_t now = sys_now_ms();
	long n;
	int i;

	for (i = 0; i < READS_MAX && !c->gone; i++) {
		n = wire_read(c, octets, sizeof(octets));
		if (n == TLS_AGAIN_READ || n == TLS_AGAIN_WRITE)
			return 0;
		if (n == TLS_ERROR)
			transport_failed(c, "read");
		if (n <= 0)
			return -1;
		c->last_progress = now;
		atomic_fetch_add_explicit(&c->slot->octets_in,
		    (unsigned long)n, memory_order_relaxed);
		if (session_recv(c->session, octets, (size_t)n, now) < 0)
			return -1;
		/* A burst of PINGs must not pass max-replies by itself. */
		if (conn_queued(c) > READ_REPLIES_MAX)
			conn_push(c);
	}
	return c->gone ? -1 : 1;
}

size_t
conn_queued(const struct conn *c)
{
	return buf_len(session_output(c->session));
}

void
conn_push(struct conn *c)
{
	struct buf *out = session_output(c->session);
	size_t len;
	long n;

	if (c->quiet)
		return;
	while (!c->gone && (len = buf_len(out)) > 0) {
		n = wire_write(c, buf_data(out),
		    len < WRITE_MAX ? len : WRITE_MAX);
		if (n == TLS_AGAIN_READ || n == TLS_AGAIN_WRITE)
			break;
		if (n <= 0) {
			transport_failed(c, "write");
			return;
		}
		session_wrote(c->session, (size_t)n);
		c->last_written = c->last_progress = sys_now_ms();
		atomic_fetch_add_explicit(&c->slot->octets_out,
		    (unsigned long)n, memory_order_relaxed);
	}
	if (buf_len(out) < CONN_QUEUE_MAX)
		next_turn(c);
	if (buf_len(out) == 0) {
		c->backlog = false;
		if (c->waiters != NULL)
			wake(c, CONN_AGAIN_FLUSH, 0);
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
	send_release(c->session);
	c->held_since = 0;
	wake(c, SEND_AGAIN_HELD, 0);
	conn_push(c);
}

/* Called after output: a header block may have been opened or ended. */
static void
follow_hold(struct conn *c)
{
	if (send_held_by(c->session) != 0) {
		if (c->held_since == 0) {
			c->held_since = sys_now_ms();
			conn_wake_io(c);	/* for its timeout */
		}
	} else if (c->held_since != 0) {
		c->held_since = 0;
		wake(c, SEND_AGAIN_HELD, 0);
	}
}

int
conn_try(struct conn *c, struct op *op)
{
	int rc;

	if (op->writes) {
		if (conn_is_over(c))
			return SEND_ERR_GONE;
		if (conn_must_yield(c, op))
			return CONN_AGAIN_TURN;
		if (conn_queued(c) >= CONN_QUEUE_MAX)
			return CONN_AGAIN_SPACE;
	}
	rc = op->fn(c, op);
	if (op->writes) {
		conn_push(c);
		follow_hold(c);
		if (rc <= 0)
			next_turn(c);
	}
	return rc;
}

int
conn_do(struct conn *c, struct op *op)
{
	int rc, last = 0;

	while ((rc = conn_try(c, op)) > 0) {
		/* Something done, or another reason to wait. */
		if (op->since == 0 || rc != last)
			next_turn(c);
		last = rc;
		wait_for(c, op, rc);
		if (exchange_expired(op->x)) {
			next_turn(c);
			return CONN_EXPIRED;
		}
	}
	return rc;
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
		client_left(x);
	for (w = c->waiters; w != NULL; w = w->next)
		wake_waiter(w);
	conn_wake_io(c);
}

void
conn_close_fd(struct conn *c)
{
	conn_set_gone(c);
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

int
conn_tick(struct conn *c, uint64_t now, bool *stalled)
{
	uint64_t limit = (uint64_t)c->options->stall_timeout_s * 1000;
	const struct waiter *w;
	int next = -1;

	if (c->held_since != 0) {
		if (now - c->held_since >= CONN_HOLD_MS)
			conn_release_hold(c);
		else
			next = (int)(c->held_since + CONN_HOLD_MS - now);
	}
	*stalled = false;
	if (limit == 0)
		return next;
	if (c->backlog) {
		*stalled = now - c->last_written >= limit;
		next = next == -1 || next > 1000 ? 1000 : next;
	}
	for (w = c->waiters; w != NULL; w = w->next) {
		if (w->what != SEND_AGAIN_WINDOW)
			continue;
		/* Nothing of the connection moves: this stream is one of it. */
		*stalled |= now - (w->op->since > c->last_data ?
		    w->op->since : c->last_data) >= limit;
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
	pthread_cond_init(&c->ready_cond, NULL);
	c->io_thread = pthread_self();
	c->last_progress = c->last_written = sys_now_ms();
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
		unlink_exchange(c, x);
		exchange_unref(x);
	}
	buf_free(&c->notes);
	session_free(c->session);
	tls_free(c->tls);
	conn_close_fd(c);
	close(c->wake[0]);
	close(c->wake[1]);
}

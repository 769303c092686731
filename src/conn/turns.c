/* SPDX-License-Identifier: MIT */
/*
 * Writer calls: attempts, waits and turns.  Owns the list of threads that wait
 * for window, room, an event or a flush, and decides who goes next.  Handler
 * threads call; nothing here blocks except conn_do, which lets the mutex go
 * while it waits.
 */
#include "base/sys.h"
#include "conn.h"
#include "conn_impl.h"

/* DATA of one stream before it is another's turn, octets. */
#define TURN_MAX 32768

/*
 * Output of batched calls that may wait while others are ready, octets: a TLS
 * record's worth.  Whoever finds the queue empty, or the I/O thread within a
 * millisecond, offers it to the kernel; if that does not look, as the log keeps
 * it, say, nothing waits.
 */
#define BATCH_MAX 16384

/* ---- waiting ---- */

void
conn_wake_waiter(struct waiter *w)
{
	w->woken = true;
	pthread_cond_signal(&w->cond);
}

/* Wakes who waits for `what`; id 0: for any stream. */
void
conn_wake(struct conn *c, int what, uint32_t id)
{
	struct waiter *w;

	for (w = c->waiters; w != NULL; w = w->next)
		if (w->what == what && (id == 0 || w->op->id == id))
			conn_wake_waiter(w);
}

void
conn_wake_exchange(struct conn *c, const struct exchange *x)
{
	struct waiter *w;

	for (w = c->waiters; w != NULL; w = w->next)
		if (w->op->x == x || w->op->id == x->id)
			conn_wake_waiter(w);
}

/* ---- turns ---- */

/*
 * Writers that wait for what they share, room in the queue and the connection's
 * window, are let in one at a time: the most urgent stream first (RFC 9218
 * §10), among equals who has waited longest.  Whoever gets something done, or
 * finds that it waits for something else, lets in the next.
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

void
conn_next_turn(struct conn *c)
{
	struct waiter *w;

	if (c->waiters != NULL && (w = first_in_line(c)) != NULL)
		conn_wake_waiter(w);
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
	conn_wake_waiter(first);
	return true;
}

bool
conn_is_contended(const struct conn *c)
{
	return c->waiters != NULL && first_in_line(c) != NULL;
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
	if (c->to_call > 0) {
		conn_ring(c, c->to_call);
		c->to_call = 0;
	}
	while (!w.woken && !exchange_expired(op->x))
		pthread_cond_wait(&w.cond, &c->mutex);
	for (at = &c->waiters; *at != &w; at = &(*at)->next)
		;
	*at = w.next;
	pthread_cond_destroy(&w.cond);
}

/* ---- attempts ---- */

static int
attempt(struct conn *c, struct op *op)
{
	size_t queued;
	int rc;

	if (op->writes) {
		if (conn_is_over(c))
			return SEND_ERR_GONE;
		if (conn_must_yield(c, op))
			return CONN_AGAIN_TURN;
		if (conn_queued(c) >= CONN_QUEUE_MAX)
			return CONN_AGAIN_SPACE;
	}
	queued = conn_queued(c);
	rc = op->fn(c, op);
	/* It would wait for itself. */
	if (rc == SEND_AGAIN_HELD && send_in_frame(c->session) &&
	    send_held_by(c->session) == op->x->id) {
		op->why = "a raw frame of this script is to be ended first";
		rc = SEND_ERR_PROTOCOL;
	}
	if (op->writes) {
		if (conn_queued(c) > queued)
			conn_note_answer(c);
		if (!(op->batched && c->io_soon && c->ready != NULL &&
		    conn_queued(c) < BATCH_MAX))
			conn_push(c);
		conn_follow_hold(c);
		if (rc <= 0)
			conn_next_turn(c);
	}
	return rc;
}

int
conn_try(struct conn *c, struct op *op)
{
	int rc = attempt(c, op);

	if (rc == SEND_ERR_CLOSED || rc == SEND_ERR_GONE)
		op->reset = conn_was_reset(c, op->id, &op->code);
	return rc;
}

int
conn_do(struct conn *c, struct op *op)
{
	int rc, last = 0;

	while ((rc = conn_try(c, op)) > 0) {
		/* Something done, or another reason to wait. */
		if (op->since == 0 || rc != last)
			conn_next_turn(c);
		last = rc;
		wait_for(c, op, rc);
		if (exchange_expired(op->x)) {
			conn_next_turn(c);
			return CONN_EXPIRED;
		}
	}
	return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * Writer calls that wait, and the order of their turns.  Owns the list of
 * threads that wait for window, room, an event or a flush.
 */
#include "base/sys.h"
#include "waiters.h"

static void
wake(struct waiter *w)
{
	w->woken = true;
	pthread_cond_signal(&w->cond);
}

void
waiters_wake(struct waiters *ws, int what, uint32_t id)
{
	struct waiter *w;

	for (w = ws->first; w != NULL; w = w->next)
		if ((what == 0 || w->what == what) &&
		    (id == 0 || w->op->id == id))
			wake(w);
}

void
waiters_wake_exchange(struct waiters *ws, const struct exchange *x,
    uint32_t id)
{
	struct waiter *w;

	for (w = ws->first; w != NULL; w = w->next)
		if (w->op->x == x || w->op->id == id)
			wake(w);
}

void
waiters_wait(struct waiters *ws, struct op *op, int what,
    pthread_mutex_t *mutex)
{
	struct waiter w = { .op = op, .what = what, .next = ws->first }, **at;

	/* A new call, or one that has made progress, goes to the line's end. */
	if (op->since == 0) {
		op->since = sys_now_ms();
		op->turn = ++ws->turns;
	}
	pthread_cond_init(&w.cond, NULL);
	ws->first = &w;
	while (!w.woken)
		pthread_cond_wait(&w.cond, mutex);
	for (at = &ws->first; *at != &w; at = &(*at)->next)
		;
	*at = w.next;
	pthread_cond_destroy(&w.cond);
}

int
waiters_wake_due(struct waiters *ws, uint64_t now)
{
	struct waiter *w;
	int next = -1;

	for (w = ws->first; w != NULL; w = w->next) {
		if (w->op->due == 0 || w->woken)
			continue;
		if (w->op->due <= now)
			wake(w);
		else if (next == -1 || w->op->due - now < (uint64_t)next)
			next = w->op->due - now < 60000 ?
			    (int)(w->op->due - now) : 60000;
	}
	return next;
}

/* ---- turns ---- */

static bool
contends(const struct waiters *ws, const struct waiter *w)
{
	const struct stream *s;

	if (w->what == CONN_AGAIN_SPACE || w->what == CONN_AGAIN_TURN)
		return true;
	/* If the stream has window, the call waits for the connection's. */
	s = session_stream(ws->session, w->op->id);
	return w->what == SEND_AGAIN_WINDOW && s != NULL && s->send_window > 0;
}

static unsigned
urgency(const struct waiters *ws, const struct op *op)
{
	const struct stream *s = session_stream(ws->session, op->id);

	return s != NULL ? s->urgency : STREAM_URGENCY_DEFAULT;
}

/* Returns the waiter whose turn it is; NULL: none waits for a turn. */
static struct waiter *
first_in_line(const struct waiters *ws)
{
	struct waiter *w, *first = NULL;
	unsigned u, best = 0;

	for (w = ws->first; w != NULL; w = w->next) {
		if (!contends(ws, w))
			continue;
		u = urgency(ws, w->op);
		if (first == NULL || u < best ||
		    (u == best && w->op->turn < first->op->turn)) {
			first = w;
			best = u;
		}
	}
	return first;
}

void
waiters_next_turn(struct waiters *ws)
{
	struct waiter *w = first_in_line(ws);

	if (w != NULL)
		wake(w);
}

bool
waiters_contend(const struct waiters *ws)
{
	return first_in_line(ws) != NULL;
}

bool
waiters_must_share(const struct waiters *ws, const struct op *op)
{
	const struct waiter *first = first_in_line(ws);

	return first != NULL && urgency(ws, first->op) <= urgency(ws, op);
}

bool
waiters_must_yield(struct waiters *ws, const struct op *op)
{
	struct waiter *first = first_in_line(ws);

	if (!op->shares || !waiters_must_share(ws, op) ||
	    (urgency(ws, first->op) == urgency(ws, op) && op->turn != 0 &&
	    op->turn < first->op->turn))
		return false;
	wake(first);
	return true;
}

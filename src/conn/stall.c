/* SPDX-License-Identifier: MIT */
/*
 * Whether answers move towards the client.
 */
#include "stall.h"

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t
stall_at(struct conn *c, uint64_t now)
{
	uint64_t limit = c->options->stall_timeout_ms, at = UINT64_MAX, its;
	const struct waiter *w;

	if (limit == 0 || (!c->link.backlog && c->waiters.first == NULL))
		return at;
	/*
	 * Only a new minimum counts as movement: once the kernel has the last
	 * of an answer, all that comes and goes are replies to frames.
	 */
	if (link_has_moved(&c->link)) {
		c->last_moved = now;
		if (conn_has_streams(c))
			conn_note_work(c);
	}
	if (c->link.backlog)
		at = later(c->link.last_written, c->last_moved) + limit;
	/* A stream is not stalled while any answer on the connection moves. */
	for (w = c->waiters.first; w != NULL; w = w->next) {
		its = later(w->op->since, c->last_moved) + limit;
		if (w->what == SEND_AGAIN_WINDOW && its < at)
			at = its;
	}
	return at;
}

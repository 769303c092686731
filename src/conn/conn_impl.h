/* SPDX-License-Identifier: MIT */
/*
 * What conn.c, exchange.c and turns.c have of each other and nobody else needs.
 * All of it wants the mutex held.
 */
#ifndef H2RIG_CONN_IMPL_H
#define H2RIG_CONN_IMPL_H

#include "conn.h"

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

/* turns.c: wakes one waiter; who waits for `what`, id 0 standing for any
 * stream; whoever waits for something of x. */
void conn_wake_waiter(struct waiter *w);
void conn_wake(struct conn *c, int what, uint32_t id);
void conn_wake_exchange(struct conn *c, const struct exchange *x);

/* Lets in the next of those that wait for room or the connection's window. */
void conn_next_turn(struct conn *c);

/* conn.c: called after output: a header block may have been opened or ended. */
void conn_follow_hold(struct conn *c);

/* exchange.c: a new one for s, in the connection's list; NULL: no memory. */
struct exchange *exchange_new(struct conn *c, struct stream *s);
void exchange_unlink(struct conn *c, struct exchange *x);

/* Into the ready queue, unless it is there, in a thread's hands or over. */
void exchange_make_ready(struct conn *c, struct exchange *x);
void exchange_add_event(struct exchange *x, const struct event *ev);

/* Content and its DATA event; whether its credit can be returned already. */
bool exchange_add_data(struct exchange *x, const uint8_t *data,
    const struct event *ev);

/* A pushed stream is closed: its record, and its end. */
void exchange_push_closed(struct conn *c, struct exchange *x);

/* Its client has reset it, or the connection is gone. */
void exchange_client_left(struct exchange *x);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Writer calls that wait: for window, room, an event or a flush, and whose turn
 * it is.  All of it wants the connection's mutex held.
 */
#ifndef H2RIG_WAITERS_H
#define H2RIG_WAITERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h2/send.h"
#include "h2/session.h"

struct conn;
struct exchange;

/* Why an attempt must be made again, and why one ends, beside send_status. */
enum conn_status {
	CONN_AGAIN_SPACE = 3,	/* the queue is full */
	CONN_AGAIN_EVENT = 4,	/* no event yet */
	CONN_AGAIN_FLUSH = 5,	/* not all is with the kernel yet */
	CONN_AGAIN_TURN = 6,	/* it is another stream's turn */
	CONN_AGAIN_FRAME = 7,	/* no such frame, or no octets, yet */
	CONN_AGAIN_BELOW = 8,	/* no room for what is not in the queue */
	CONN_EXPIRED = -20,	/* the run-time limit ended the wait */
	CONN_FORKED = -21,	/* in a process that the script forked */
	CONN_DRAINED = -22,	/* the connection ends, and a tunnel waits */
	CONN_ENDED = -23,	/* it is over, and a frame was waited for */
	CONN_NOT_POSSIBLE = -24	/* this client or TLS cannot do it */
};

/*
 * A writer call.  fn makes one attempt, with the session, under the mutex.  It
 * returns 0, an error of enum send_status, or why it must be made again
 * (SEND_AGAIN_*, CONN_AGAIN_*).
 */
struct op {
	struct exchange *x;	/* the exchange whose script asks */
	uint32_t id;		/* the stream it is about */
	int (*fn)(struct conn *c, struct op *op);
	bool raw;		/* any octets, also when the engine is off */
	bool writes;		/* subject to the queue's limit */
	bool shares;		/* DATA: the connection's window is shared, so
				 * streams take turns by urgency */
	bool batched;		/* may wait for what the next in the ready
				 * queue has to send */
	uint64_t turn;		/* 0 at first; the one that has waited longest
				 * has the lowest */
	const char *why;	/* static text of an error */
	const struct field *field;	/* of the caller's, if it is why */
	bool reset;		/* that is why: RST_STREAM with `code` */
	uint32_t code;
	uint64_t due;		/* ms; another attempt is made by then; 0: no */
	uint64_t since;		/* ms; waits without progress since then.  fn
				 * clears it when it got something done */
};

/*
 * A thread that waits, on its stack.  Each has a condition of its own, so that
 * a WINDOW_UPDATE wakes the one that waits for it and not a hundred others.
 */
struct waiter {
	pthread_cond_t cond;
	const struct op *op;
	int what;		/* SEND_AGAIN_* or CONN_AGAIN_* */
	bool woken;
	struct waiter *next;
};

struct waiters {
	const struct session *session;
	struct waiter *first;
	uint64_t turns;		/* given out so far */
};

/* Waits, with the mutex let go, until one of the functions below wakes it. */
void waiters_wait(struct waiters *w, struct op *op, int what,
    pthread_mutex_t *mutex);

/* Wakes those that wait for `what` on stream id; 0: on any. */
void waiters_wake(struct waiters *w, int what, uint32_t id);

/* Wakes those that wait for anything of x or its stream, id; and all. */
void waiters_wake_exchange(struct waiters *w, const struct exchange *x,
    uint32_t id);
void waiters_wake_all(struct waiters *w);

/*
 * Writers that wait for what they share, room in the queue and the connection's
 * window, are let in one at a time: the most urgent stream first (RFC 9218
 * §10), among equals the one that has waited longest.  A thread that gets
 * something done, or finds that it waits for something else, lets in the next.
 */
void waiters_next_turn(struct waiters *w);

/* Wakes those that are due: ms until the next will be, or -1. */
int waiters_wake_due(struct waiters *w, uint64_t now);

/* Whether anybody waits for a turn. */
bool waiters_contend(const struct waiters *w);

/*
 * Whether op, which sends DATA, has to let another in first, which is woken; and
 * whether one that is no less urgent waits, for which it must stop soon.
 */
bool waiters_must_yield(struct waiters *w, const struct op *op);
bool waiters_must_share(const struct waiters *w, const struct op *op);

#endif

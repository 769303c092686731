/* SPDX-License-Identifier: MIT */
/*
 * Writer calls that wait for window, room in the queue, an event or a flush,
 * and the order of their turns.  Callers hold the connection's mutex.
 */
#ifndef H2RIG_WAITERS_H
#define H2RIG_WAITERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "h2/send.h"
#include "h2/session.h"

struct conn;
struct exchange;

/* Results of an attempt besides enum send_status; > 0: make it again. */
enum conn_status {
	CONN_AGAIN_SPACE = 3,	/* the queue is full */
	CONN_AGAIN_EVENT = 4,	/* no event yet */
	CONN_AGAIN_FLUSH = 5,	/* not all is with the kernel yet */
	CONN_AGAIN_TURN = 6,	/* it is another stream's turn */
	CONN_AGAIN_FRAME = 7,	/* the frame or octets have not come yet */
	CONN_AGAIN_BELOW = 8,	/* no room for octets that bypass the queue */
	CONN_EXPIRED = -20,	/* the run-time limit ended the wait */
	CONN_FORKED = -21,	/* in a process that the script forked */
	CONN_DRAINED = -22,	/* the connection ends, while a tunnel waits */
	CONN_ENDED = -23,	/* it is over, while a call waits for frames */
	CONN_NOT_POSSIBLE = -24	/* this client or TLS cannot do it */
};

/*
 * A writer call.  fn makes one attempt, with the session, under the mutex.  It
 * returns 0, an error (< 0), or what to wait for before the next attempt
 * (SEND_AGAIN_*, CONN_AGAIN_*).
 *
 * What data and fields point to is the caller's, and does not change until the
 * call is done.
 */
struct op {
	struct exchange *x;	/* the exchange whose script asks */
	uint32_t id;		/* the stream that errors and waits are about */
	int (*fn)(struct conn *c, struct op *op);
	bool raw;		/* sends any octets, also after engine_off() */
	bool writes;		/* subject to the queue's limit */
	bool shares;		/* DATA: the connection's window is shared, so
				 * streams take turns by urgency */
	bool batched;		/* its output may wait for that of the next
				 * exchange in the ready queue */
	uint64_t turn;		/* 0 at first; the call that has waited longest
				 * has the lowest number */
	const char *why;	/* static text of an error */
	const struct field *field;	/* the caller's that is wrong */
	bool reset;		/* the error is due to RST_STREAM, `code` */
	uint32_t code;
	uint64_t due;		/* ms; when to make another attempt; 0: none */
	uint64_t since;		/* ms; waits without progress since then.  fn
				 * sets it to 0 when it makes progress */

	/* What fn is to do; each one uses the members that it needs. */
	uint32_t frame_id;	/* stream identifier in the frame */
	unsigned flags;
	uint32_t value;		/* an error code, for example */
	uint64_t number;	/* of a frame, for example */
	const uint8_t *data;
	size_t len;
	const struct field *fields;
	size_t n_fields;

	/* What attempts have done so far. */
	size_t sent;		/* octets of data that are queued */
	bool headers_done;	/* HEADERS are queued */
	bool broken;		/* fields that break a rule are queued */
	uint32_t result;	/* what the call returns */
	struct buf got;		/* octets for the caller, which frees it */
};

/*
 * A thread that waits; the struct is on its stack.  Each thread has its own
 * condition variable, so that a WINDOW_UPDATE wakes the thread that waits for
 * it and not a hundred others.
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
	uint64_t turns;		/* numbers given out so far */
};

/* Releases the mutex and waits until a function below wakes the thread. */
void waiters_wait(struct waiters *w, struct op *op, int what,
    pthread_mutex_t *mutex);

/*
 * Wakes threads that wait for `what` on stream id.  what 0: for anything; id 0:
 * on any stream.
 */
void waiters_wake(struct waiters *w, int what, uint32_t id);

/* Wakes threads that wait for anything of x or its stream, id. */
void waiters_wake_exchange(struct waiters *w, const struct exchange *x,
    uint32_t id);

/*
 * Lets the next writer in.  Writers that wait for what they share, room in the
 * queue and the connection's window, go one at a time: the most urgent stream
 * first (RFC 9218 §10), among equals the one that has waited longest.  A thread
 * calls this when it has made progress, or has to wait for something else.
 */
void waiters_next_turn(struct waiters *w);

/* Wakes threads that are due.  Returns the ms until the next one is, or -1. */
int waiters_wake_due(struct waiters *w, uint64_t now);

/* Whether any thread waits for a turn. */
bool waiters_contend(const struct waiters *w);

/*
 * waiters_must_yield: whether op, which sends DATA, has to let another writer
 * in first; wakes that writer.  waiters_must_share: whether a writer that is no
 * less urgent waits, so that op must stop soon.
 */
bool waiters_must_yield(struct waiters *w, const struct op *op);
bool waiters_must_share(const struct waiters *w, const struct op *op);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The record of whose code runs, and the run-time limit on it.  A script has
 * code run where no function of its is called: the text of an exception, what
 * iterates over returned headers, a finalizer.  So all that a handler thread
 * does for an exchange lies between calls_begin and calls_end, in stretches:
 * each function is one, and so is what comes before, between and after
 * functions.  A stretch has the whole run-time limit.
 *
 * Callers have the GIL, except of calls_check_limit, which the I/O thread
 * calls.
 */
#ifndef H2RIG_CALLS_H
#define H2RIG_CALLS_H

#include <stdint.h>

#include "conn/conn.h"

#define CALLS_STACK (2 * 1024 * 1024)	/* octets, of each thread of ours */

/* HandlerTimeout is raised so often in what does not end by it. */
#define CALLS_AGAIN_MS 1000

/* What went on so long after its limit ends the process. */
#define CALLS_GRACE_MS 5000

/* Binds h2rig.errors.HandlerTimeout: 0, or -1 with an exception. */
int calls_bind(void);

/* What this thread does for x begins, and is over; whether it is in between. */
void calls_begin(struct exchange *x, const char *script, const char *function);
void calls_end(struct exchange *x);
bool calls_serve(const struct exchange *x);

/* What this thread serves; NULL: nothing. */
struct exchange *calls_current(void);

/*
 * In between: a function of the script's begins, and is over; the texts are
 * borrowed until then.
 */
void calls_enter(struct exchange *x, const char *script, const char *function);
void calls_leave(struct exchange *x);

/*
 * Waits so many milliseconds, but not for a client that has left.  Outside of
 * functions that does not count.
 */
void calls_wait(struct exchange *x, long ms);

/*
 * In a process that the script forked its function must not come back into our
 * loop, which belongs to the process that has the connection: ends it, as the
 * interpreter would, with a PyObject, or NULL and the exception that is set.
 */
void calls_leave_forked(void *result);

/*
 * Runs a writer call, or a wait for events, as long as it takes (conn_do), but
 * not past the limit: 0, or -1 with an exception.
 */
int calls_do(struct op *op);

/*
 * An exception of that class, a PyObject, has been swallowed in this thread, by
 * a finalizer: if it was HandlerTimeout, it is raised once more.
 */
void calls_swallowed(void *class);

/*
 * With the mutex and without the GIL: has HandlerTimeout raised in
 * what is past its limit.  Returns milliseconds until it must be called again,
 * or -1.  *stuck is set to an exchange whose code did not heed it, else NULL.
 */
int calls_check_limit(struct conn *c, uint64_t now, struct exchange **stuck);

#endif

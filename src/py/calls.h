/* SPDX-License-Identifier: MIT */
/*
 * The record of whose code runs, and the run-time limit on it.  A script's code
 * also runs outside of its functions: the text of an exception, an iterator
 * over returned headers, a finalizer.  So all that a handler thread does for an
 * exchange lies between calls_begin and calls_end, and is cut into stretches:
 * each function is a stretch, and so is what comes before, between and after
 * functions.  Each stretch has the whole run-time limit.
 *
 * Callers have the GIL, except for calls_check_limit, which the I/O thread
 * calls.
 */
#ifndef H2RIG_CALLS_H
#define H2RIG_CALLS_H

#include <stdint.h>

#include "conn/conn.h"

#define CALLS_STACK (2 * 1024 * 1024)	/* octets, of each thread's stack */

/* Milliseconds between raises of HandlerTimeout in code that does not end. */
#define CALLS_AGAIN_MS 1000

/* A stretch that lasts this much longer than its limit ends the process. */
#define CALLS_GRACE_MS 5000

/* Binds h2rig.errors.HandlerTimeout: 0, or -1 with an exception. */
int calls_bind(void);

/* This thread begins to serve x, or has ended. */
void calls_begin(struct exchange *x, const char *script, const char *function);
void calls_end(struct exchange *x);

/* The exchange that this thread serves; NULL: none. */
struct exchange *calls_current(void);

/*
 * Between calls_begin and calls_end: a function of the script begins, or has
 * ended.  The texts are borrowed until it has ended.
 */
void calls_enter(struct exchange *x, const char *script, const char *function);
void calls_leave(struct exchange *x);

/*
 * Waits for ms milliseconds, but not for a client that has left.  Outside of
 * functions the wait does not count against the limit.
 */
void calls_wait(struct exchange *x, long ms);

/*
 * For a process that a script forked: its function must not come back into our
 * loop, which belongs to the process that has the connection.  Ends the process
 * as the interpreter would; result is the function's PyObject, or NULL with the
 * exception set.
 */
void calls_leave_forked(void *result);

/*
 * Runs a writer call, or a wait for events, as long as it takes (conn_do), but
 * not past the limit.  Returns 0, or -1 with an exception.
 */
int calls_do(struct op *op);

/*
 * A finalizer in this thread has swallowed an exception of that class, a
 * PyObject: if it was HandlerTimeout, raises it once more.
 */
void calls_swallowed(void *class);

/*
 * With the mutex and without the GIL: has HandlerTimeout raised in code that is
 * past its limit.  Returns milliseconds until it must be called again, or -1.
 * *stuck is set to an exchange whose code did not heed the exception, else
 * NULL.
 */
int calls_check_limit(struct conn *c, uint64_t now, struct exchange **stuck);

#endif

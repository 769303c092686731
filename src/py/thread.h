/* SPDX-License-Identifier: MIT */
/*
 * Handler threads: they take exchanges from the connection's ready queue and
 * run scripts.  The I/O thread calls this file, with the connection's mutex
 * held; nothing here waits for the GIL in that thread.
 *
 * One thread drains the queue, so that quick handlers pay for no hand-over.
 * Another thread joins when nothing has been taken from the queue for more than
 * EXCHANGE_BUSY_US, or when its first exchange has waited for THREAD_LATE_US;
 * at once, if all threads at work have been busy for THREAD_LATE_US.  If the
 * new thread finds the GIL free, because the others sleep or wait, it calls the
 * next thread before it begins.  If it had to wrest the GIL from another
 * thread, a long queue is no reason for more threads for THREAD_CROWD_US.  At
 * most one thread is on its way at a time: each that waits for the GIL wakes up
 * 2,000 times a second, and a hundred of them had 1,400 requests a second done
 * where one alone does tens of thousands.  Idle threads retire.
 */
#ifndef H2RIG_THREAD_H
#define H2RIG_THREAD_H

#include <stdint.h>

#include "conn/conn.h"

/*
 * Longest time that a thread keeps the GIL while others wait, microseconds.  At
 * CPython's 5 ms, 98 requests beside a spinning script took 1.2 s, at 0.5 ms
 * 0.25 s.
 */
#define THREAD_SWITCH_US 500

#define THREAD_LOOK_MS 1	/* between looks at a queue that is not empty */
#define THREAD_LATE_US 5000
#define THREAD_CROWD_US 100000
#define THREAD_RETIRE_S 5
#define THREAD_START_US 5000000	/* for the first thread to start */

/*
 * Makes sure that threads work on what is ready.  Returns milliseconds until it
 * must be called again, or -1.  *hopeless is set when not even one thread could
 * be started within THREAD_START_US.
 */
int thread_balance(struct conn *c, bool *hopeless);

/*
 * Called by the I/O thread, without the mutex and the GIL, when no function
 * runs any more: ends all threads.  False: one has not ended within ms.
 */
bool thread_end(struct conn *c, unsigned ms);

#endif

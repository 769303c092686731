/* SPDX-License-Identifier: MIT */
/*
 * Handler threads: they take exchanges from the connection's ready queue and
 * run scripts.  Called by the I/O thread, with the connection's mutex held;
 * nothing here waits for the GIL in that thread.
 *
 * One thread drains the queue, so that quick handlers pay for no hand-over.
 * When nobody has taken anything from it for more than EXCHANGE_BUSY_US, or the
 * first has been in it for THREAD_LATE_US, another thread joins; at once, if
 * all at work have been for as long as that.  If it finds the GIL free, since
 * those at work sleep or wait, it calls the next before it begins.  If it had
 * to wrest the GIL from somebody, a long queue is no reason for more of them
 * for THREAD_CROWD_US.  Never is more than one on its way: each that waits for
 * the GIL wakes up 2,000 times a second, and a hundred of them had 1,400
 * requests a second done where one alone does tens of thousands.  Idle ones
 * retire.
 */
#ifndef H2RIG_THREAD_H
#define H2RIG_THREAD_H

#include <stdint.h>

#include "conn/conn.h"

/*
 * How long a thread may keep the GIL while others wait, microseconds.  At
 * CPython's 5 ms, 98 requests beside a spinning script took 1.2 s, at 0.5 ms
 * 0.25 s.
 */
#define THREAD_SWITCH_US 500

#define THREAD_LOOK_MS 1	/* at the queue, while there is one */
#define THREAD_LATE_US 5000
#define THREAD_CROWD_US 100000
#define THREAD_RETIRE_S 5
#define THREAD_START_US 5000000	/* that the first may take to start */

/*
 * Sees to it that threads are at work on what is ready.  Returns
 * milliseconds until it must be called again, or -1.  *hopeless is set when not
 * even one thread could be started in all that time.
 */
int thread_balance(struct conn *c, bool *hopeless);

/*
 * I/O thread, without the mutex and the GIL, when no function runs any more: all
 * threads end.  False: one has not within ms.
 */
bool thread_end(struct conn *c, unsigned ms);

#endif

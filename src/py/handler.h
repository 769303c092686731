/* SPDX-License-Identifier: MIT */
/*
 * Handler threads: they take exchanges from the connection's ready queue and
 * run scripts.  Called by the I/O thread, with the connection's mutex held;
 * nothing here waits for the GIL in that thread.
 *
 * One thread drains the queue, so that quick handlers pay for no hand-over.
 * When something has been ready for HANDLER_WAIT_MS, threads are started for
 * all that wait, MAX_CONCURRENT_STREAMS at most; idle ones retire.
 */
#ifndef H2RIG_HANDLER_H
#define H2RIG_HANDLER_H

#include <stdint.h>

#include "../conn.h"

#define HANDLER_WAIT_MS 1
#define HANDLER_RETIRE_S 5
#define HANDLER_STACK (2 * 1024 * 1024)	/* octets, of each thread */

/* A function that went on so long after its limit ends the process. */
#define HANDLER_GRACE_MS 5000

/*
 * Sees to it that threads are at work on what is ready.  Returns
 * milliseconds until it must be called again, or -1.
 */
int handler_balance(struct conn *c, uint64_t now);

/*
 * Enforces the run-time limit: HandlerTimeout is raised in functions that have
 * passed it.  Returns milliseconds until it must be called again, or -1.
 * *stuck is set to an exchange whose function did not heed it, else NULL.
 */
int handler_check_limit(struct conn *c, uint64_t now,
    struct exchange **stuck);

#endif

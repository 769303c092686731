/* SPDX-License-Identifier: MIT */
/*
 * Tells when output does not move.  The I/O thread asks, and ends such a
 * connection (--stall-timeout).
 */
#ifndef H2RIG_STALL_H
#define H2RIG_STALL_H

#include "conn.h"

/*
 * Returns when the connection will be stalled, ms; UINT64_MAX: nothing waits
 * for its client.  It is stalled if one of these lasts for the stall time:
 *  - an answer waits for flow-control window, and no answer moves: the kernel
 *    takes nothing of any, and the client's system acknowledges nothing of what
 *    the kernel has;
 *  - output waits for the kernel, which takes nothing, and no answer moves.
 * For an answer that waits for window, replies to frames are no movement: a
 * client may ask for them all the time.
 */
uint64_t stall_at(struct conn *c, uint64_t now);

#endif

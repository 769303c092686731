/* SPDX-License-Identifier: MIT */
/*
 * Output that does not move, for the I/O thread, which ends such a connection
 * (--stall-timeout).
 */
#ifndef H2RIG_STALL_H
#define H2RIG_STALL_H

#include "conn.h"

/*
 * When the connection is stalled, ms; UINT64_MAX: nothing waits for its client.
 * It is so when for the stall time answers have waited for windows, and none
 * has moved: the kernel took nothing of any, and the client's system
 * acknowledged nothing of what the kernel had.  Or when output has waited for
 * the kernel, and neither that nor this has moved.  To an answer that waits for
 * windows replies are no movement: a client may ask for them all the time.
 */
uint64_t stall_at(struct conn *c, uint64_t now);

#endif

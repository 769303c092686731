/* SPDX-License-Identifier: MIT */
/*
 * How a connection ends on the wire.
 */
#ifndef H2RIG_CLOSING_H
#define H2RIG_CLOSING_H

#include <stdbool.h>

#include "conn/conn.h"

/*
 * I/O thread, with the mutex, which is let go during waits: sends what is
 * queued, ends the connection as `how` says and closes it.  With linger the
 * client's end of file is waited for first.  No wait takes longer than a slow
 * client that moves needs, and none of them longer than the stall time.
 */
void closing_run(struct conn *c, enum conn_close how, bool linger);

#endif

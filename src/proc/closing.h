/* SPDX-License-Identifier: MIT */
/*
 * How a connection ends on the wire.
 */
#ifndef H2RIG_CLOSING_H
#define H2RIG_CLOSING_H

#include <stdbool.h>

#include "conn/conn.h"

/*
 * Called by the I/O thread with the mutex, which is released during waits.
 * Sends what is queued, ends the connection as `how` says and closes it.  With
 * linger it first waits for the client's end of file.  It waits only while a
 * slow client makes progress, and not beyond the stall time.
 */
void closing_run(struct conn *c, enum conn_close how, bool linger);

#endif

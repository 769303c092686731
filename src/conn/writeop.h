/* SPDX-License-Identifier: MIT */
/*
 * The writer calls of scripts: a table from a call's name to the function that
 * makes one attempt of it.  conn_do runs that function, under the mutex, until
 * the call is done.
 */
#ifndef H2RIG_WRITEOP_H
#define H2RIG_WRITEOP_H

#include "conn.h"

/* Flags of checked calls; raw calls have the flags of the frame. */
#define WRITE_END_STREAM 0x1

/*
 * Fields that break a rule are sent nevertheless, if the stream's state allows
 * it; then op->broken is set.
 */
#define WRITE_AS_IT_STANDS 0x2

/*
 * Makes *op the call of x that has this name, with all other members zeroed.
 * id: what becomes op->frame_id; 0: x's own stream, unless 0 may stand in that
 * frame.
 * False: no call has that name.
 */
bool writeop_init(struct op *op, const char *name, struct exchange *x,
    uint32_t id);

#endif

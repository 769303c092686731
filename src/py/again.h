/* SPDX-License-Identifier: MIT */
/*
 * Python as a process's next connection is to find it
 * (--connections-per-process); what is put away and what is asked for is in
 * h2rig.server.reuse.
 */
#ifndef H2RIG_AGAIN_H
#define H2RIG_AGAIN_H

#include "conn/conn.h"

/*
 * In the parent, when it has run all that it will run: what there is now is how
 * it is to be.  0, or -1 with an exception.
 */
int again_prepare(void);

/*
 * In the child, with the GIL, in its only thread: puts away what c has left.
 * What cannot be, in words that stay; NULL: there is nothing.
 */
const char *again_clean(struct conn *c);

#endif

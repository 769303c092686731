/* SPDX-License-Identifier: MIT */
/*
 * Makes Python what a process's next connection is to find
 * (--connections-per-process).  h2rig.server.reuse says what is put away and
 * what is checked.
 */
#ifndef H2RIG_AGAIN_H
#define H2RIG_AGAIN_H

#include "conn/conn.h"

/*
 * In the parent, after all that it runs: each connection is to find Python as
 * it is now.  Returns 0, or -1 with an exception.
 */
int again_prepare(void);

/*
 * In the child, with the GIL, in its only thread: puts away what c has left in
 * Python.  Returns what cannot be put away, in words (static); NULL: nothing.
 */
const char *again_clean(struct conn *c);

#endif

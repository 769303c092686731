/* SPDX-License-Identifier: MIT */
/*
 * What the system keeps for a process, and code that ran in it may have left
 * otherwise: whether it is as it was.
 */
#ifndef H2RIG_MARK_H
#define H2RIG_MARK_H

#include <stddef.h>

/*
 * The process as it is now, with one thread, is how it is to be: 0, or -1 where
 * the system does not tell enough of it (no /proc).
 */
int mark_set(void);

/*
 * What is not as it was then, in words: "a descriptor"; NULL: nothing.  The
 * caller is the only thread that is to be left.
 */
const char *mark_changed(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Whether the state that the system keeps for a process is as it was before
 * other code ran in it.
 */
#ifndef H2RIG_MARK_H
#define H2RIG_MARK_H

#include <stddef.h>

/*
 * Notes the process's present state, with one thread, to compare with.  Returns
 * 0, or -1 where the system does not tell enough of it (no /proc).
 */
int mark_set(void);

/*
 * Returns in words what differs from the noted state ("a descriptor"), or NULL.
 * The caller should be the only thread that is left.
 */
const char *mark_changed(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Requests that the parent, or a spare child, answers to itself.
 */
#ifndef H2RIG_WARM_H
#define H2RIG_WARM_H

#include <sys/types.h>

#include "host/options.h"

#define WARM_PARENT 1000	/* requests: as many as there are */
#define WARM_CHILD 4		/* one of each kind */

/*
 * With the GIL and the package configured, in the parent before the first
 * fork, or in a child that has no client yet: has requests answered as children
 * answer them, at most so many, by the scripts of h2rig.server.warm_up, never
 * by a user's.  0, or -1 with a Python exception; nothing of it is left either
 * way.
 */
int warm_up(const struct options *o, int most);

/*
 * Likewise in the parent, but the first of them is answered in a process that
 * forks() makes, and prefault.h learns what that writes to.
 */
int warm_learn(const struct options *o, pid_t (*forks)(void));

/*
 * In the parent, between the last collection and gc.freeze: no child writes to
 * the objects that there are because it refers to them (CPython 3.12 and
 * later).  They are never freed.
 */
void warm_immortal(void);

/* In the parent: has symbols bound that else each child would look up. */
void warm_bind(void);

/*
 * After the last collection: takes the free blocks that lie between those in
 * use, each in a page that a child would copy for it.  Children's objects then
 * lie side by side.
 */
void warm_fill(void);

#endif

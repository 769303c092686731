/* SPDX-License-Identifier: MIT */
/*
 * Requests that the parent, or a spare child, makes and answers itself.
 */
#ifndef H2RIG_WARM_H
#define H2RIG_WARM_H

#include <sys/types.h>

#include "host/options.h"

#define WARM_PARENT 1000	/* requests: all that there are */
#define WARM_CHILD 4		/* one of each kind */

/*
 * With the GIL and the package configured, in the parent before the first fork,
 * or in a child that has no client yet: has at most `most` requests answered as
 * children answer them, by the scripts of h2rig.server.warm_up and never by a
 * user's.  Returns 0, or -1 with a Python exception; nothing of the requests is
 * left either way.
 */
int warm_up(const struct options *o, int most);

/*
 * Does the same in the parent, but with the first request only, in a process
 * that forks() makes; prefault.h learns which pages that writes to.
 */
int warm_learn(const struct options *o, pid_t (*forks)(void));

/*
 * In the parent, between the last collection and gc.freeze: makes the objects
 * that exist immortal, so that no child writes to one because it refers to it
 * (CPython 3.12 and later).  They are never freed.
 */
void warm_immortal(void);

/* In the parent: binds symbols that each child would otherwise look up. */
void warm_bind(void);

/*
 * In the parent, after the last collection: takes the free blocks that lie
 * between blocks in use, since a child would copy a page for each.  So
 * children's objects lie side by side.
 */
void warm_fill(void);

#endif

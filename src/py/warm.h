/* SPDX-License-Identifier: MIT */
/*
 * Requests that the parent answers to itself.
 */
#ifndef H2RIG_WARM_H
#define H2RIG_WARM_H

#include "../options.h"

/*
 * In the parent, with the GIL and the package configured, before the first
 * fork: has requests answered as children answer them, by h2rig.warm_up's
 * scripts and never by a user's.  0, or -1 with a Python exception.
 */
int warm_up(const struct options *o);

/*
 * After the last collection: takes the free blocks that lie between those in
 * use, each in a page that a child would copy for it.  Children's objects then
 * lie side by side.
 */
void warm_fill(void);

#endif

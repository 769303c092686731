/* SPDX-License-Identifier: MIT */
/*
 * The parent's memory as its children inherit it.
 */
#ifndef H2RIG_MEMORY_H
#define H2RIG_MEMORY_H

/*
 * In the parent, when it has allocated what it needs and is about to fork:
 * arranges its memory so that forks, and what children allocate, touch few
 * pages.  Changes nothing that a program could see but the time it takes.
 */
void memory_settle(void);

#endif

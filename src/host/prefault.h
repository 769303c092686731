/* SPDX-License-Identifier: MIT */
/*
 * Copies the pages that a child writes to at its first request, whatever that
 * asks for, in a few calls instead of by a page fault each.
 */
#ifndef H2RIG_PREFAULT_H
#define H2RIG_PREFAULT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Returns whether this system has the calls and page faults are dear enough;
 * tries some hundred.
 */
bool prefault_pays(void);

/*
 * In the parent, when its memory is as children inherit it: learns which pages
 * rehearse(arg) writes to, in a process that forks() makes and that ends after
 * it.  Waits for that process, for some seconds at most.  What was learned
 * before is forgotten.
 */
void prefault_learn(pid_t (*forks)(void), void (*rehearse)(const void *arg),
    const void *arg);

/* In a child: gives it its own copies of these pages. */
void prefault_run(void);

#endif

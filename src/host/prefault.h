/* SPDX-License-Identifier: MIT */
/*
 * The pages that a child writes to at its first request, whatever that asks
 * for, are copied in a few calls and not by a page fault each.
 */
#ifndef H2RIG_PREFAULT_H
#define H2RIG_PREFAULT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether this system has what it takes, and page faults are dear enough: tries
 * some hundred.
 */
bool prefault_pays(void);

/*
 * In the parent, when its memory is as children inherit it: learns which pages
 * rehearse(arg) writes to, in a process that forks() makes and that ends with
 * it.  Waits for that, for some seconds at most.  What was learned before is
 * forgotten.
 */
void prefault_learn(pid_t (*forks)(void), void (*rehearse)(const void *arg),
    const void *arg);

/* In a child: it has copies of these pages from now on. */
void prefault_run(void);

#endif

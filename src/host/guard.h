/* SPDX-License-Identifier: MIT */
/*
 * The guard: a process that ends children whose parent was killed.
 */
#ifndef H2RIG_GUARD_H
#define H2RIG_GUARD_H

#include <stddef.h>

/*
 * Starts the guard for n places; children have grace_ms milliseconds to finish
 * after the death of their parent.  Comes before the start of Python, whose
 * memory the guard would keep, and before there is a descriptor that others
 * need closed.  Returns 0, or -1 with errno set.
 */
int guard_start(size_t n, unsigned grace_ms);

/*
 * In a forked process that leads its group, before other code runs: enters it.
 */
void guard_enter(size_t place);

/* In the parent, when that place's process is reaped and its group killed. */
void guard_forget(size_t place);

#endif

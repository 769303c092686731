/* SPDX-License-Identifier: MIT */
/*
 * The guard: a process that ends children whose parent was killed.
 */
#ifndef H2RIG_GUARD_H
#define H2RIG_GUARD_H

#include <stddef.h>

/*
 * Starts it for n places: before Python, whose memory it would keep, and before
 * there is a descriptor that others need closed.  0, or -1 with errno.
 */
int guard_start(size_t n, unsigned grace_ms);

/* In a forked process, which leads a group, before code of others runs. */
void guard_enter(size_t place);

/* In the parent: the process of that place is reaped, its group killed. */
void guard_forget(size_t place);

#endif

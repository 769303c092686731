/* SPDX-License-Identifier: MIT */
/*
 * What a child gives up before a script runs in it, and what it is limited to:
 * user, resource limits, descriptors.  This protects scripts from
 * each other's mistakes, and from malice only what needs another user's rights.
 */
#ifndef H2RIG_CONFINE_H
#define H2RIG_CONFINE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/feed.h"
#include "options.h"

/*
 * Sets the user and group of scripts, -1 for one that stays as it is.  Comes
 * before confine_parent and confine_child.  Returns 0, or -1 with errno set if
 * the system cannot take supplementary groups from processes that have some.
 */
int confine_set_owner(uid_t uid, gid_t gid);

/*
 * In the parent, once: sets what all children inherit.  Logs a warning if
 * scripts will run as root.
 */
void confine_parent(const struct options *o);

/*
 * Early, in the parent: raises its limit of descriptors to as many as it will
 * need, or as far as the system allows.
 */
void confine_raise_files(const struct options *o);

/*
 * Returns the lowest number of a child's own descriptors.  Once confine_files
 * was called, no descriptor that a script opens can have this number or a
 * higher one.
 */
int confine_own_files(const struct options *o);

/*
 * The first step in a process that is to run user code: makes records and the
 * output descriptors lead to the parent by f; lost records are counted in
 * *lost.  Of the parent's descriptors only those in `kept` stay, and the n that
 * `own` points to (-1: none), which get numbers of the child's own.  kept[0]
 * becomes a copy of the new descriptor 2.  Returns 0, or -1 with errno set.
 */
#define CONFINE_KEPT 2
int confine_descriptors(const struct options *o, struct feed *f,
    atomic_uint *lost, const int kept[CONFINE_KEPT], int *const *own, size_t n);

/*
 * The last step: allows scripts only descriptors below the child's own.  A
 * process that serves several connections ends that by confine_files_end after
 * each.  Both return 0, or -1 with errno set.
 */
int confine_files(const struct options *o);
int confine_files_end(void);

/*
 * In a child, or in any process that is about to run user code: sets the other
 * limits, then the user.  Returns 0, or -1 with errno set and the failed step
 * in *what.
 */
int confine_child(const struct options *o, const char **what);

/*
 * Calls f for each process of the machine, with its process group.  Returns 0,
 * also if it could not look this time, or -1 where the system does not tell (no
 * /proc).
 */
int confine_count(void (*f)(void *arg, pid_t group), void *arg);

#endif

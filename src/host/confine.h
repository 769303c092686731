/* SPDX-License-Identifier: MIT */
/*
 * What a child gives up before a script runs in it, and what it is limited
 * to: user, resource limits, descriptors, environment.  Scripts are kept from
 * each other's mistakes; from malice only what needs another user's rights.
 */
#ifndef H2RIG_CONFINE_H
#define H2RIG_CONFINE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/feed.h"
#include "options.h"

/*
 * Looks up --user and --group, which only root may use: 0, or -1 with err,
 * one line that names the option.  Before confine_child and confine_owner.
 */
int confine_resolve(const struct options *o, char *err, size_t size);

/* The user and group that scripts get, -1 where they stay as they are. */
void confine_owner(uid_t *uid, gid_t *gid);

/*
 * Once, in the parent: what all children inherit.  Logs a warning when
 * scripts will run as root.
 */
void confine_parent(const struct options *o);

/*
 * Early, in the parent: allows it as many descriptors as it will need, if they
 * are to be had.
 */
void confine_raise_files(const struct options *o);

/*
 * Descriptors of a child's own have numbers from this one on: none that a
 * script opens can have, once confine_files has been called.
 */
int confine_own_files(const struct options *o);

/*
 * First of all in a process that is to run user code: records and the output
 * descriptors lead to the parent by f; what else it has of the parent's is
 * closed, but those in `kept`, of which the first leads to where 2 does from
 * now on, and the n that own points to (-1: none), which get numbers of the
 * child's own.  0, or -1 with errno.
 */
#define CONFINE_KEPT 2
int confine_descriptors(const struct options *o, struct feed *f,
    atomic_uint *lost, const int kept[CONFINE_KEPT], int *const *own, size_t n);

/*
 * At last: scripts have those below its own.  A process that serves several
 * connections calls confine_files_end after each.  0, or -1 with errno.
 */
int confine_files(const struct options *o);
int confine_files_end(void);

/*
 * Removes what supervisors leave in the environment, which is none of a
 * script's business; with --user, HOME, USER and LOGNAME become that user's.
 * Before Python starts, as that keeps a copy.
 */
void confine_environment(void);

/*
 * In a child, or in any process that is about to run user code: other limits,
 * then the user.  0, or -1 with errno and, in *what, the step that failed.
 */
int confine_child(const struct options *o, const char **what);

/*
 * Calls f for each process of the machine, with its group: 0, also when it
 * could not look this time, or -1 where the system does not tell (no /proc).
 */
int confine_count(void (*f)(void *arg, pid_t group), void *arg);

#endif

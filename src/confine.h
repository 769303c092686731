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

#include "options.h"
#include "scoreboard.h"

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
 * Removes what supervisors leave in the environment, which is none of a
 * script's business; with --user, HOME, USER and LOGNAME become that user's.
 * Before Python starts, as that keeps a copy.
 */
void confine_environment(void);

/*
 * In a child, or in any process that is about to run user code: limits, then
 * the user.  0, or -1 with errno and, in *what, the step that failed.
 */
int confine_child(const struct options *o, const char **what);

/*
 * Counts the processes in the children's groups into the seats: 0, also when it
 * could not look this time, or -1 where the system does not tell (no /proc).
 */
int confine_count(struct scoreboard *b);

#endif

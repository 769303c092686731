/* SPDX-License-Identifier: MIT */
/*
 * The embedded CPython: started once in the parent, forked with its hooks.
 * Callers outside src/py see no Python type.
 */
#ifndef H2RIG_INTERP_H
#define H2RIG_INTERP_H

#include <stdbool.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

#include "host/options.h"

/*
 * Starts the interpreter (isolated: no PYTHON* variables, no user site),
 * finds the h2rig package beside the program (installed: PKGPYTHONDIR, in the
 * build tree: its python directory), imports it and gives it the options.
 * 0, or an exit status with err, one line: EXIT_CONFIG when what an option
 * names is unusable, else EXIT_SYSTEM.
 */
int interp_start(const struct options *o, const char *argv0, char *err,
    size_t err_size);

/*
 * In the parent, before the first connection: makes ready what children would
 * each have to do, so that it takes time once, and what they share.  A server
 * for one connection does without.
 */
void interp_settle(const struct options *o);

/*
 * In the parent, when its memory is as children inherit it, at first or anew:
 * learns which of it a first request writes to, where that saves time.
 */
void interp_learn(const struct options *o);

/*
 * fork(); the parent's only thread calls it.  As fork returns.  CPython's hooks
 * of it run once Python is used again, in either process, by a function of this
 * header.
 */
pid_t interp_fork(void);

/*
 * Calls a function of h2rig.server.dispatch that takes and returns nothing.
 * Results as above.
 */
int interp_call(const char *function, char *err, size_t err_size);

struct conn;

/* In the parent, now and then: the package's files on disk are in use. */
void interp_refresh(void);

/* In the parent, at the end: removes what the package has on disk. */
void interp_stop(void);

/* For confine_descriptors. */
const int *interp_descriptors(void);

/*
 * In the child, once, when the first request has come and before handler
 * threads exist: they will serve c.  The calling thread has no GIL afterwards
 * and never takes it again but for interp_child_flush, and SIGABRT is left to
 * the others: where there is one, what a script sends its own process is
 * reported while it stands in that call.
 */
void interp_child_start(struct conn *c);

/*
 * In a child that has no client yet: makes its own what a first request writes
 * to.  The caller keeps the GIL.
 */
void interp_child_warm(const struct options *o);

/*
 * In the child, when there are no handler threads any more: NULL, and Python is
 * as before interp_child_start; or what the connection has left in it, in words
 * that stay.
 */
const char *interp_child_end(struct conn *c);

/* In the child, when no function runs any more: sys.stdout and sys.stderr. */
void interp_child_flush(void);

/*
 * In the child, without the GIL: has that thread write the stack of what it
 * runs to its output, also while it waits for a lock or keeps the GIL; and
 * waits, for a second at most, until that is there.
 */
void interp_show_stack(pthread_t thread);
void interp_await_stack(void);

/* "3.11.2" */
const char *interp_version(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The embedded CPython: started once in the parent, forked with its hooks.
 * Files outside src/py see no Python type.
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
 * imports the h2rig package and gives it the options.  The package is looked
 * for beside the program, if argv0 or /proc tells where that is (python in the
 * build tree, ../share/h2rig/python if installed), then in PKGPYTHONDIR.  The
 * package looks the user and group of scripts up for confine_set_owner, and
 * makes the environment theirs.  If o->max_memory is not given, it becomes a
 * share of the machine's memory.  Returns 0, or an exit status with err, one
 * line: EXIT_CONFIG when what an option names is unusable, else EXIT_SYSTEM.
 */
int interp_start(struct options *o, const char *argv0, char *err,
    size_t err_size);

/*
 * In the parent, before the first connection: does once what each child would
 * otherwise have to do, and prepares what children share.  A server for one
 * connection does not call it.
 */
void interp_settle(const struct options *o);

/*
 * In the parent, when its memory is as children inherit it, at first or after a
 * reload: learns to which pages a first request writes, where that saves time.
 */
void interp_learn(const struct options *o);

/*
 * Forks; only the parent's only thread calls it.  Returns as fork does.
 * CPython's hooks for forks run, in either process, when a function of this
 * header next needs Python.
 */
pid_t interp_fork(void);

/*
 * Calls a function of h2rig.server.dispatch that takes and returns nothing.
 * Returns as interp_start does.
 */
int interp_call(const char *function, char *err, size_t err_size);

struct conn;

/* In the parent, now and then: keeps cleaners from the server's own files. */
void interp_refresh(void);

/* In the parent, at the end: removes the server's own directory. */
void interp_stop(void);

/* The descriptors to keep, for confine_descriptors. */
const int *interp_descriptors(void);

/*
 * In the child, once, when the first request has come and before handler
 * threads exist: these will serve c.  Afterwards the calling thread has no GIL,
 * and takes it again only in interp_child_flush and interp_child_end.  It
 * blocks SIGABRT, so that a handler thread gets it: with one such thread, the
 * signal that a script sends to its own process is reported while the script
 * stands in that call.
 */
void interp_child_start(struct conn *c);

/*
 * In a child that has no client yet: gets its own copies of the pages that a
 * first request writes to.  The caller keeps the GIL.
 */
void interp_child_warm(const struct options *o);

/*
 * In the child, when there are no handler threads any more: makes Python what
 * it was before interp_child_start.  Returns NULL, or what the connection has
 * left in Python, in words (static).
 */
const char *interp_child_end(struct conn *c);

/* In the child, when no function runs: flushes sys.stdout and sys.stderr. */
void interp_child_flush(void);

/*
 * In the child, without the GIL: has a thread write the stack of what it runs
 * to its output, also while it waits for a lock or keeps the GIL; and waits
 * until the stack is written, for a second at most.
 */
void interp_show_stack(pthread_t thread);
void interp_await_stack(void);

/* Returns CPython's version: "3.11.2". */
const char *interp_version(void);

#endif

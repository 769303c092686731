/* SPDX-License-Identifier: MIT */
/*
 * The way between the GIL and the connection's mutex, which nothing else in
 * src/py goes on its own, and between C's errors and log and Python's.
 *
 * Lock order: the GIL first, the mutex second and only by trying.  Callers have
 * the GIL, before and after.
 */
#ifndef H2RIG_GIL_H
#define H2RIG_GIL_H

#include <Python.h>

#include "conn/conn.h"

/* An attribute of a module, imported: a new reference, or NULL. */
PyObject *gil_import(const char *module, const char *name);

/* Binds the classes that are raised: 0, or -1 with an exception. */
int gil_bind(void);

/*
 * Returns fn(c, arg), called under the mutex, whether or not that needs the GIL
 * to be let go.  fn must not touch Python.  In a process that a script forked fn
 * is not called: CONN_FORKED.
 */
int gil_locked(struct conn *c, int (*fn)(struct conn *c, void *arg),
    void *arg);

/* Sets the exception for a negative status of op; returns NULL. */
PyObject *gil_raise(const struct op *op, int status);

/* A rule, with the field that breaks it, if it is one: str, or NULL. */
PyObject *gil_rule(const char *rule, const struct field *f);

/* Logs str or octets with a prefix: 0, or -1 with an exception. */
int gil_log(enum log_level level, const char *prefix, PyObject *text);

/* Logs the exception that is set, with its traceback, and clears it. */
void gil_log_exception(const char *where);

/*
 * CPython's slots hold functions in a void *, which ISO C has no conversion
 * for; POSIX has (dlsym), by way of an integer.
 */
#define GIL_SLOT(fn) ((void *)(uintptr_t)(fn))

#endif

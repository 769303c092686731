/* SPDX-License-Identifier: MIT */
/*
 * The way between the GIL and the connection's mutex for other files of src/py,
 * and between C's errors and log and those of Python.
 *
 * Lock order: the GIL first; a thread that has it only tries the mutex.
 * Callers have the GIL, before and after the call.
 */
#ifndef H2RIG_GIL_H
#define H2RIG_GIL_H

#include <Python.h>

#include "conn/conn.h"

/* Imports a module.  Returns an attribute: a new reference, or NULL. */
PyObject *gil_import(const char *module, const char *name);

/* Binds the exception classes that C raises: 0, or -1 with an exception. */
int gil_bind(void);

/*
 * Calls fn(c, arg) under the mutex and returns its result; releases the GIL
 * meanwhile if it has to wait.  fn must not touch Python.  In a process that a
 * script forked it does not call fn and returns CONN_FORKED.
 */
int gil_locked(struct conn *c, int (*fn)(struct conn *c, void *arg),
    void *arg);

/*
 * Appends item, a new reference that it takes over.  Without item, or memory
 * for it, the list is dropped: *list is NULL then, also if it was before.
 */
void gil_append(PyObject **list, PyObject *item);

/* Sets the exception for a negative status of op.  Returns NULL. */
PyObject *gil_raise(const struct op *op, int status);

/* Returns a rule, with the field that breaks it unless NULL: str, or NULL. */
PyObject *gil_rule(const char *rule, const struct field *f);

/* Logs str or octets with a prefix: 0, or -1 with an exception. */
int gil_log(enum log_level level, const char *prefix, PyObject *text);

/* Logs the exception that is set, with its traceback, and clears it. */
void gil_log_exception(const char *where);

/*
 * CPython's slots hold functions in a void *.  ISO C has no conversion for
 * that; POSIX has (dlsym), by way of an integer.
 */
#define GIL_SLOT(fn) ((void *)(uintptr_t)(fn))

#endif

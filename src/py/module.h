/* SPDX-License-Identifier: MIT */
/*
 * The built-in module `_h2rig`, by which the Python package reaches the
 * connection.  Its Python side is described in python/_h2rig.pyi.
 *
 * Lock order: the GIL first, the connection's mutex second and only by trying;
 * see module_locked.
 */
#ifndef H2RIG_MODULE_H
#define H2RIG_MODULE_H

#include <Python.h>

#include "conn/conn.h"

/* For PyImport_AppendInittab. */
PyObject *module_init(void);

/* The process's only connection from now on; before handler threads exist. */
void module_set_conn(struct conn *c);

/* Classes and functions of the package, once it can be imported: 0 or -1. */
int module_bind(void);

/*
 * Runs fn(c, arg) under the mutex, whether or not that needs the GIL to be let
 * go; the caller has the GIL, before and after.  fn must not touch Python.
 */
int module_locked(struct conn *c, int (*fn)(struct conn *c, void *arg),
    void *arg);

/* Runs a writer call likewise, waiting as long as it takes: see conn_do. */
int module_do(struct op *op);

/* Sets the Python exception for a negative status; returns NULL. */
PyObject *module_raise(const struct op *op, int status);

/* Logs the exception that is set, with its traceback, and clears it. */
void module_log_exception(const char *where);

/* Runs dispatch.serve for the exchange; drops its references if over. */
void module_serve(struct exchange *x);

/* h2rig.errors.HandlerTimeout; borrowed. */
PyObject *module_timeout_class(void);

/*
 * CPython's slots hold functions in a void *, which ISO C has no conversion
 * for; POSIX has (dlsym), by way of an integer.
 */
#define MODULE_SLOT(fn) ((void *)(uintptr_t)(fn))

#endif

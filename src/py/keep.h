/* SPDX-License-Identifier: MIT */
/*
 * Which Python objects must stay as they are while a process serves one
 * connection after the other, and whether they have.
 */
#ifndef H2RIG_KEEP_H
#define H2RIG_KEEP_H

#include <Python.h>

/*
 * In the parent, once: takes a list of (name, object), each object a dict,
 * list, set or class, whose items or attributes must stay as they are now.
 * Returns 0, or -1 with an exception.
 */
int keep_set(PyObject *all);

/*
 * Returns the name of an object that has changed: a new reference; None: there
 * is none.  It may be called again when that object has been mended.
 */
PyObject *keep_changed(void);

#endif

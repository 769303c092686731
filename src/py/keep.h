/* SPDX-License-Identifier: MIT */
/*
 * Which objects of Python's are to stay as they are while a process serves one
 * connection after the other, and whether they have.
 */
#ifndef H2RIG_KEEP_H
#define H2RIG_KEEP_H

#include <Python.h>

/*
 * In the parent, once: from a sequence of (name, object), a dict, list, set or
 * class each, which have the same items and attributes as now, or not.  0, or
 * -1 with an exception.
 */
int keep_set(PyObject *all);

/*
 * The name of one that has others: a new reference; None: there is none.  It may
 * be called again when that was mended.
 */
PyObject *keep_changed(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Which Python objects must stay as they are while a process serves one
 * connection after the other, and whether they have; and what a script has done
 * that leaves no trace in objects.  The first two are functions of the module
 * `_h2rig`.
 */
#ifndef H2RIG_KEEP_H
#define H2RIG_KEEP_H

#include <Python.h>

/*
 * keep(all), in the parent, once: takes a list of (name, object), each object a
 * dict, list, set or class, whose items or attributes must stay as they are
 * now.
 */
PyObject *keep_set(PyObject *module, PyObject *all);

/*
 * changed(): the name of an object that has changed; None: there is none.  It
 * may be called again when that object has been mended.
 */
PyObject *keep_changed(PyObject *module, PyObject *unused);

/*
 * The last audit event since keep() whose traces nobody could find (static);
 * NULL: there was none.
 */
const char *keep_deed(void);

#endif

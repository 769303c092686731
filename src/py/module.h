/* SPDX-License-Identifier: MIT */
/*
 * The built-in module `_h2rig`, by which the Python package reaches the
 * connection.  Its Python side is described in python/_h2rig.pyi.
 */
#ifndef H2RIG_MODULE_H
#define H2RIG_MODULE_H

#include <Python.h>

/* For PyImport_AppendInittab. */
PyObject *module_init(void);

#endif

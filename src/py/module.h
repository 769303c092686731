/* SPDX-License-Identifier: MIT */
/*
 * The built-in module `_h2rig`, by which the Python package reaches the
 * connection.  Its Python side is described in python/_h2rig.pyi.
 */
#ifndef H2RIG_MODULE_H
#define H2RIG_MODULE_H

#include <Python.h>

#include "conn/conn.h"

/* For PyImport_AppendInittab. */
PyObject *module_init(void);

/* The process's only connection from now on; before handler threads exist. */
void module_set_conn(struct conn *c);

#endif

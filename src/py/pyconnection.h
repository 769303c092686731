/* SPDX-License-Identifier: MIT */
/*
 * The functions of the module `_h2rig` that are about the connection as a whole
 * and its own script: see python/_h2rig.pyi.
 */
#ifndef H2RIG_PYCONNECTION_H
#define H2RIG_PYCONNECTION_H

#include <Python.h>

#include "conn/conn.h"

/* Adds them to the module: 0, or -1 with an exception. */
int pyconnection_add(PyObject *module);

/* The process's only connection from now on; before handler threads exist. */
void pyconnection_set(struct conn *c);

/* NULL: in the parent, or in a process that a script has forked. */
struct conn *pyconnection_get(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The functions of the module `_h2rig` for the connection as a whole and for
 * its own script: see python/_h2rig.pyi.
 */
#ifndef H2RIG_PYCONNECTION_H
#define H2RIG_PYCONNECTION_H

#include <Python.h>

#include "conn/conn.h"

/* Adds the functions to the module: 0, or -1 with an exception. */
int pyconnection_add(PyObject *module);

/* Makes c the process's only connection, before handler threads exist. */
void pyconnection_set(struct conn *c);

/* Returns that connection; NULL in the parent and in a script's fork. */
struct conn *pyconnection_get(void);

#endif

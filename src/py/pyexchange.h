/* SPDX-License-Identifier: MIT */
/*
 * The type `_h2rig.Exchange`: one request with its response as the package sees
 * it (python/_h2rig.pyi), and the running of a script's functions for it.
 */
#ifndef H2RIG_PYEXCHANGE_H
#define H2RIG_PYEXCHANGE_H

#include <Python.h>

#include "conn/conn.h"

/* Makes the type, once.  Returns a new reference, or NULL with an exception. */
PyObject *pyexchange_make_type(void);

/* Returns x's Exchange, made if need be: a new reference, or NULL. */
PyObject *pyexchange_object(struct exchange *x);

/* Binds h2rig.server.dispatch.serve: 0, or -1 with an exception. */
int pyexchange_bind(void);

/*
 * In a handler thread, with the GIL: has the package handle what has come for
 * x.  Makes x's Exchange at first, and drops it when x is over.
 */
void pyexchange_serve(struct exchange *x);

/* With the GIL, when no function runs: drops C's references to Exchanges. */
void pyexchange_drop_all(struct exchanges *all);

/* Whether Python still has an Exchange. */
bool pyexchange_is_left(void);

#endif

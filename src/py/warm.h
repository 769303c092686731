/* SPDX-License-Identifier: MIT */
/*
 * Requests that the parent, or a spare child, makes and answers itself, and
 * what else the parent does to its memory before it forks.
 */
#ifndef H2RIG_WARM_H
#define H2RIG_WARM_H

#include <Python.h>

#include "host/options.h"

/* Sets the options of the connections that warm_serve serves; borrowed. */
void warm_set(const struct options *o);

/*
 * The module's _rehearse(octets), in a process that has one thread and no
 * client: serves a connection whose client sends these octets, as children
 * serve clients.  Raises OSError.
 */
PyObject *warm_serve(PyObject *module, PyObject *octets);

/*
 * In the parent, between the last collection and gc.freeze: makes the objects
 * that exist immortal, so that no child writes to one because it refers to it
 * (CPython 3.12 and later).  They are never freed.
 */
void warm_immortal(void);

/*
 * In the parent, after the last collection: takes the free blocks that lie
 * between blocks in use, since a child would copy a page for each.  So
 * children's objects lie side by side.
 */
void warm_fill(void);

#endif

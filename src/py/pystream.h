/* SPDX-License-Identifier: MIT */
/*
 * The type `_h2rig.Stream`.  The caller of each function has the GIL.
 */
#ifndef H2RIG_PYSTREAM_H
#define H2RIG_PYSTREAM_H

#include <Python.h>

#include "conn/conn.h"

/* One request as the package sees it. */
struct stream_object {
	PyObject_HEAD
	struct exchange *x;	/* a reference */
	PyObject *state;	/* owned; NULL: None */
	PyObject *script;	/* owned str; NULL: none given */
};

/* Makes the type, once; a new reference, or NULL with an exception. */
PyObject *pystream_make_type(void);

/*
 * Calls serve(stream) for the exchange, whose Stream it makes at first, and
 * drops that when the exchange is over.
 */
void pystream_serve(struct exchange *x, PyObject *serve);

/* Methods of Stream by which its request is taken; in events.c. */
extern PyMethodDef event_methods[];

/* Once, before any is called: 0, or -1 with an exception. */
int events_init(void);

/* Methods of Stream that write; in writer.c. */
extern PyMethodDef writer_methods[];

/* Stream.remember_file (remember.c). */
PyObject *pystream_remember_file(PyObject *self, PyObject *args);

#endif

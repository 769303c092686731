/* SPDX-License-Identifier: MIT */
/*
 * Writer calls: from Python's arguments to the calls of conn/writeop.c.
 */
#ifndef H2RIG_WRITE_H
#define H2RIG_WRITE_H

#include <Python.h>

#include "conn/conn.h"

/*
 * Fields as C has them.  `tuple` keeps the pairs alive while the GIL is
 * released: a list could change meanwhile, tuples and bytes cannot.
 */
struct write_fields {
	PyObject *tuple;
	struct field *v;
	size_t n;
	struct field few[24];
};

/* Reads a sequence of (bytes, bytes[, bool]): 0, or -1 with an exception. */
int write_fields_get(struct write_fields *f, PyObject *sequence);

void write_fields_free(struct write_fields *f);

/* For x, flood(octets, limit_octets, limit_frames, ms, reading). */
PyObject *write_flood(struct exchange *x, PyObject *const *args, Py_ssize_t n);

/*
 * For x, write(op, stream_id=0, fields=(), data=b"", flags=0, value=0): see
 * python/_h2rig.pyi.
 */
PyObject *write_call(struct exchange *x, PyObject *const *args, Py_ssize_t n);

/*
 * The module's faults(fields): which fields of a response break a rule, and
 * which rule.
 */
PyObject *write_faults(PyObject *module, PyObject *sequence);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Stream.remember_file: gives the answer that Python is about to send for a
 * plain static file to quickfile.c, which decides whether to keep it.
 */
#include <Python.h>

#include "conn/quickfile.h"
#include "module.h"
#include "pystream.h"

/* More than a file's answer has: :status, content-type, content-length. */
#define FIELDS_MAX 8

/* Tuples (bytes, bytes) of a list as C sees them: how many, or -1. */
static Py_ssize_t
take_fields(PyObject *list, struct field *v)
{
	PyObject *name, *value;		/* borrowed */
	Py_ssize_t i, n = PyList_GET_SIZE(list);

	if (n > FIELDS_MAX) {
		PyErr_SetString(PyExc_ValueError, "too many fields");
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (!PyArg_ParseTuple(PyList_GET_ITEM(list, i), "SS", &name,
		    &value))
			return -1;
		v[i] = (struct field){
		    .name = (const uint8_t *)PyBytes_AS_STRING(name),
		    .name_len = (size_t)PyBytes_GET_SIZE(name),
		    .value = (const uint8_t *)PyBytes_AS_STRING(value),
		    .value_len = (size_t)PyBytes_GET_SIZE(value) };
	}
	return n;
}

static int
keep_locked(struct conn *c, void *arg)
{
	quickfile_keep(c, arg);
	return 0;
}

PyObject *
pystream_remember_file(PyObject *self, PyObject *args)
{
	struct exchange *x = ((struct stream_object *)self)->x;
	struct field fields[FIELDS_MAX];
	struct quickfile_answer a = { .fields = fields };
	struct quickfile *q = NULL;
	unsigned long long dev, ino;
	PyObject *list;
	Py_buffer content;
	Py_ssize_t n;

	if (!PyArg_ParseTuple(args, "yKKO!y*", &a.path, &dev, &ino,
	    &PyList_Type, &list, &content))
		return NULL;
	if ((n = take_fields(list, fields)) >= 0) {
		a.dev = dev;
		a.ino = ino;
		a.n_fields = (size_t)n;
		a.content = content.buf;
		a.len = (size_t)content.len;
		/* The file system may take its time. */
		Py_BEGIN_ALLOW_THREADS
		if (!atomic_load(&x->conn->forked))
			q = quickfile_new(&x->request, x->since, &a);
		Py_END_ALLOW_THREADS
		if (q != NULL)
			module_locked(x->conn, keep_locked, q);
	}
	PyBuffer_Release(&content);
	if (n < 0)
		return NULL;
	Py_RETURN_NONE;
}

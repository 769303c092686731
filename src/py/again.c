/* SPDX-License-Identifier: MIT */
/*
 * What a connection has left in Python: h2rig.server.reuse finds most of it,
 * and this file what Python code cannot see.
 */
#include <Python.h>

#include <stdio.h>
#include <string.h>

#include "again.h"
#include "gil.h"
#include "pyexchange.h"

/*
 * The last audit event whose traces nobody could find; NULL: there was none.  A
 * process that was started may have gone on alone, and what C code has done is
 * in no table.
 */
static const char *volatile deed;

static int
on_audit(const char *event, PyObject *Py_UNUSED(args), void *Py_UNUSED(unused))
{
	static const char *const deeds[] = { "os.fork", "os.forkpty",
	    "os.posix_spawn", "os.spawn", "os.system", "os.exec",
	    "subprocess.Popen", "ctypes.dlopen", "ctypes.dlsym",
	    "ctypes.cdata", "sys.addaudithook", "os.chroot" };
	size_t i;

	for (i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (strcmp(event, deeds[i]) == 0)
			deed = deeds[i];
	return 0;
}

/* Calls a function of h2rig.server.reuse: a new reference, or NULL. */
static PyObject *
call(const char *name)
{
	PyObject *function = gil_import("h2rig.server.reuse", name), *r;

	if (function == NULL)
		return NULL;
	r = PyObject_CallObject(function, NULL);
	Py_DECREF(function);
	return r;
}

int
again_prepare(void)
{
	PyObject *r;

	if (PySys_AddAuditHook(on_audit, NULL) == -1)
		return -1;
	r = call("prepare");
	Py_XDECREF(r);
	deed = NULL;
	return r != NULL ? 0 : -1;
}

const char *
again_clean(struct conn *c)
{
	static char left[128];
	PyObject *text, *octets = NULL;

	pyexchange_drop_all(&c->requests);
	/* A script's names may have surrogates. */
	if ((text = call("clean")) != NULL && text != Py_None)
		octets = PyUnicode_AsEncodedString(text, "utf-8",
		    "backslashreplace");
	if (deed != NULL)
		snprintf(left, sizeof(left), "%s", deed);
	else if (octets != NULL)
		snprintf(left, sizeof(left), "%s", PyBytes_AS_STRING(octets));
	else if (text != Py_None)
		snprintf(left, sizeof(left), "what could not be put away");
	else if (pyexchange_is_left())
		snprintf(left, sizeof(left), "an object of a request");
	if (PyErr_Occurred() != NULL)
		gil_log_exception("h2rig.server.reuse.clean");
	Py_XDECREF(octets);
	Py_XDECREF(text);
	return left[0] != '\0' ? left : NULL;
}

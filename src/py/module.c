/* SPDX-License-Identifier: MIT */
/*
 * The built-in module `_h2rig`: a few functions for the process, and the type
 * Exchange (pyexchange.c).
 */
#include <Python.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "calls.h"
#include "py_impl.h"

static PyObject *
module_log(PyObject *Py_UNUSED(module), PyObject *args)
{
	const char *name, *prefix = "script";
	PyObject *text;
	int level;

	if (!PyArg_ParseTuple(args, "sO|s", &name, &text, &prefix))
		return NULL;
	if ((level = logline_level_from_name(name)) < 0)
		return PyErr_Format(PyExc_ValueError,
		    "\"%s\" is no log level", name);
	if (gil_log((enum log_level)level, prefix, text) == -1)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *
stamp_of(const struct stat *s)
{
	const long long v[] = {
		(long long)s->st_dev, (long long)s->st_ino,
		(long long)s->st_size,
		(long long)s->st_mtim.tv_sec, s->st_mtim.tv_nsec,
		(long long)s->st_ctim.tv_sec, s->st_ctim.tv_nsec
	};

	return PyBytes_FromStringAndSize((const char *)v, sizeof(v));
}

/*
 * Returns octets that are equal as long as a file has not changed.  os.stat
 * makes 20 objects for the same, once for each request.
 */
static PyObject *
module_stamp(PyObject *Py_UNUSED(module), PyObject *file)
{
	struct stat s;
	PyObject *path;
	int fd, rc;

	if (PyLong_Check(file)) {
		fd = (int)PyLong_AsLong(file);
		Py_BEGIN_ALLOW_THREADS
		rc = fstat(fd, &s);
		Py_END_ALLOW_THREADS
	} else {
		if (!PyUnicode_FSConverter(file, &path))
			return NULL;
		Py_BEGIN_ALLOW_THREADS
		rc = stat(PyBytes_AS_STRING(path), &s);
		Py_END_ALLOW_THREADS
		Py_DECREF(path);
	}
	if (rc == -1)
		return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError,
		    file);
	return stamp_of(&s);
}

/*
 * A process that a script forked does not count, since it ends without giving
 * its octets back.
 */
static PyObject *
module_stored(PyObject *Py_UNUSED(module), PyObject *arg)
{
	long long n = PyLong_AsLongLong(arg);
	struct conn *c = pyconnection_get();
	unsigned long long own, all;
	char most[160];

	if (n == -1 && PyErr_Occurred())
		return NULL;
	if (c == NULL || c->board == NULL)
		return Py_BuildValue("(iis)", 0, 0, "");
	own = atomic_fetch_add(&c->slot->stored, (uint64_t)n) + (uint64_t)n;
	all = slot_board_stored(c->board, most, sizeof(most));
	return Py_BuildValue("(KKN)", own, all,
	    PyUnicode_DecodeLatin1(most, (Py_ssize_t)strlen(most), NULL));
}

/*
 * In a process that a script forked: the connection stays with its owner.
 * Closing the descriptor sends nothing; only this process's copy goes.
 */
static PyObject *
module_after_fork(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	struct conn *c = pyconnection_get();

	if (c != NULL && !atomic_exchange(&c->forked, true)) {
		close(c->link.fd);
		trace_forked(c->link.trace);
		wake_close(&c->wake);
	}
	Py_RETURN_NONE;
}

/* Reports an exception that CPython ignores; a run-time limit stands. */
static PyObject *
module_unraisable(PyObject *Py_UNUSED(module), PyObject *what)
{
	PyObject *hook = PySys_GetObject("__unraisablehook__");	/* borrowed */
	PyObject *class = PyObject_GetAttrString(what, "exc_type");
	PyObject *result;

	result = class != NULL && hook != NULL ?
	    PyObject_CallOneArg(hook, what) : NULL;
	if (result != NULL)
		calls_swallowed(class);
	Py_XDECREF(class);
	return result;
}

static PyObject *
module_left(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	return Py_BuildValue("(zO)", keep_deed(),
	    pyexchange_is_left() ? Py_True : Py_False);
}

static PyMethodDef module_methods[] = {
	{ "changed", keep_changed, METH_NOARGS,
	    "The name of an object that was kept and has changed, or None." },
	{ "faults", write_faults, METH_O,
	    "Which fields of a response break a rule: (index, text) of each." },
	{ "keep", keep_set, METH_O,
	    "Objects that are to stay as they are: (name, object) of each." },
	{ "left", module_left, METH_NOARGS,
	    "What was done since keep() and leaves no trace, or None; whether "
	    "there is an Exchange." },
	{ "log", module_log, METH_VARARGS,
	    "log(level, text, prefix=\"script\"): one record for each line of "
	    "text, str or bytes." },
	{ "stamp", module_stamp, METH_O,
	    "What a file's status is, as octets; by path or descriptor." },
	{ "stored", module_stored, METH_O,
	    "Octets of content in files, n more: (the connection's, all, "
	    "who has most)." },
	{ "_after_fork", module_after_fork, METH_NOARGS,
	    "Hook for os.register_at_fork." },
	{ "_rehearse", warm_serve, METH_O,
	    "Serves a connection whose client sends these octets." },
	{ "_unraisable", module_unraisable, METH_O, "sys.unraisablehook." },
	{ NULL, NULL, 0, NULL }
};

static int
module_exec(PyObject *module)
{
	PyObject *type = pyexchange_make_type();

	if (type == NULL)
		return -1;
	if (PyModule_AddObject(module, "Exchange", type) == -1) {
		Py_DECREF(type);
		return -1;
	}
	return PyModule_AddIntMacro(module, EVENT_HEADERS) == -1 ||
	    PyModule_AddIntMacro(module, EVENT_DATA) == -1 ||
	    PyModule_AddIntMacro(module, EVENT_TRAILERS) == -1 ||
	    PyModule_AddIntMacro(module, EVENT_FRAME) == -1 ||
	    PyModule_AddIntMacro(module, EVENT_STEP) == -1 ||
	    PyModule_AddIntMacro(module, EVENT_RECEIVED) == -1 ||
	    PyModule_AddIntMacro(module, EVENT_VIOLATION) == -1 ||
	    pyconnection_add(module) == -1 ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
	{ Py_mod_exec, GIL_SLOT(module_exec) },
	{ 0, NULL }
};

static struct PyModuleDef module_def = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_h2rig",
	.m_doc = "The connection that this process serves.",
	.m_methods = module_methods,
	.m_slots = module_slots
};

PyObject *
module_init(void)
{
	return PyModuleDef_Init(&module_def);
}

/* SPDX-License-Identifier: MIT */
/*
 * Between the GIL and the mutex, and from C's errors to Python's.  Owns the
 * exception classes of h2rig.errors that C raises.
 */
#include <string.h>

#include "base/log.h"
#include "gil.h"

/* By status; owned, set once by gil_bind.  Any other status: MemoryError. */
static struct {
	int status;
	const char *name;
	const char *why;	/* NULL: op->why */
	PyObject *class;
} errors[] = {
	{ SEND_ERR_PROTOCOL, "ProtocolError", NULL, NULL },
	{ SEND_ERR_NO_STREAM, "NoSuchStreamError", NULL, NULL },
	{ SEND_ERR_FLOW, "FlowControlError", NULL, NULL },
	{ SEND_ERR_PUSH, "PushDisabledError", NULL, NULL },
	{ SEND_ERR_CLOSED, "StreamClosedError", NULL, NULL },
	{ SEND_ERR_GONE, "StreamClosedError", "the connection is closed",
	    NULL },
	{ CONN_FORKED, "StreamClosedError",
	    "this process was forked by the script", NULL },
	{ CONN_DRAINED, "ServerStoppingError", NULL, NULL },
	{ CONN_ENDED, "ConnectionEnded", "the connection is over", NULL },
	{ CONN_NOT_POSSIBLE, "NotPossible", NULL, NULL }
};

#define ERRORS (sizeof(errors) / sizeof(errors[0]))

PyObject *
gil_import(const char *module, const char *name)
{
	PyObject *m = PyImport_ImportModule(module), *value;

	if (m == NULL)
		return NULL;
	value = PyObject_GetAttrString(m, name);
	Py_DECREF(m);
	return value;
}

int
gil_bind(void)
{
	size_t i;

	for (i = 0; i < ERRORS; i++)
		if ((errors[i].class = gil_import("h2rig.errors",
		    errors[i].name)) == NULL)
			return -1;
	return 0;
}

int
gil_locked(struct conn *c, int (*fn)(struct conn *c, void *arg), void *arg)
{
	int rc;

	if (atomic_load(&c->forked))
		return CONN_FORKED;
	if (conn_trylock(c)) {
		rc = fn(c, arg);
		conn_unlock(c);
		return rc;
	}
	Py_BEGIN_ALLOW_THREADS
	conn_lock(c);
	rc = fn(c, arg);
	conn_unlock(c);
	Py_END_ALLOW_THREADS
	return rc;
}

void
gil_append(PyObject **list, PyObject *item)
{
	if (*list != NULL &&
	    (item == NULL || PyList_Append(*list, item) == -1))
		Py_CLEAR(*list);
	Py_XDECREF(item);
}

/* ---- errors ---- */

/* Gives the StreamClosedError that is set the code of the RST_STREAM. */
static void
add_code(uint32_t code)
{
	PyObject *type, *value, *traceback, *number, *name;
	char text[FRAME_CODE_TEXT];

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	number = PyLong_FromUnsignedLong(code);
	name = PyUnicode_FromString(frame_code_text(code, text));
	if (number == NULL || name == NULL ||
	    PyObject_SetAttrString(value, "error_code", number) == -1 ||
	    PyObject_SetAttrString(value, "error_name", name) == -1)
		PyErr_Clear();
	Py_XDECREF(number);
	Py_XDECREF(name);
	PyErr_Restore(type, value, traceback);
}

static PyObject *
latin1(const uint8_t *octets, size_t len)
{
	return PyUnicode_DecodeLatin1((const char *)octets, (Py_ssize_t)len,
	    NULL);
}

PyObject *
gil_rule(const char *rule, const struct field *f)
{
	PyObject *name, *value, *text = NULL;

	if (f == NULL)
		return PyUnicode_FromString(rule);
	name = latin1(f->name, f->name_len);
	value = latin1(f->value, f->value_len);
	if (name != NULL && value != NULL)
		text = PyUnicode_FromFormat("%s: header name %R, value %R",
		    rule, name, value);
	Py_XDECREF(name);
	Py_XDECREF(value);
	return text;
}

PyObject *
gil_raise(const struct op *op, int status)
{
	const char *why = op->why != NULL ? op->why : "";
	char code[FRAME_CODE_TEXT], who[24] = "connection";
	PyObject *text;
	size_t i;

	for (i = 0; i < ERRORS && errors[i].status != status; i++)
		;
	if (i == ERRORS)
		return PyErr_NoMemory();
	if (errors[i].why != NULL)
		why = errors[i].why;
	if ((text = gil_rule(why, op->field)) == NULL)
		return NULL;
	if (op->id != EXCHANGE_OWN)
		snprintf(who, sizeof(who), "stream %lu", (unsigned long)op->id);
	PyErr_Format(errors[i].class, "%s: %U%s%s", who, text, op->reset ? ", RST_STREAM " : "",
	    op->reset ? frame_code_text(op->code, code) : "");
	Py_DECREF(text);
	if (op->reset)
		add_code(op->code);
	return NULL;
}

/* ---- log ---- */

int
gil_log(enum log_level level, const char *prefix, PyObject *text)
{
	const char *octets;
	Py_ssize_t len;

	if (PyBytes_Check(text)) {
		octets = PyBytes_AS_STRING(text);
		len = PyBytes_GET_SIZE(text);
	} else if ((octets = PyUnicode_AsUTF8AndSize(text, &len)) == NULL) {
		return -1;
	}
	if (level > log_get_level())
		return 0;
	/* This may wait for the log's reader. */
	Py_BEGIN_ALLOW_THREADS
	log_lines(level, prefix, octets, (size_t)len);
	Py_END_ALLOW_THREADS
	return 0;
}

/* "".join(traceback.format_exception(...)), in UTF-8; NULL with an exception. */
static PyObject *
format_exception(PyObject *type, PyObject *value, PyObject *traceback)
{
	PyObject *format, *lines = NULL, *empty, *text = NULL, *utf8 = NULL;

	if ((format = gil_import("traceback", "format_exception")) != NULL)
		lines = PyObject_CallFunctionObjArgs(format, type, value,
		    traceback != NULL ? traceback : Py_None, NULL);
	if (lines != NULL && (empty = PyUnicode_FromString("")) != NULL) {
		text = PyUnicode_Join(empty, lines);
		Py_DECREF(empty);
	}
	if (text != NULL)
		utf8 = PyUnicode_AsUTF8String(text);
	Py_XDECREF(format);
	Py_XDECREF(lines);
	Py_XDECREF(text);
	return utf8;
}

void
gil_log_exception(const char *where)
{
	PyObject *type, *value, *traceback, *text;

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	text = format_exception(type, value, traceback);
	PyErr_Clear();
	if (text == NULL)
		text = PyBytes_FromString("an exception that cannot be shown");
	if (text == NULL || gil_log(LOG_L_ERROR, where, text) == -1)
		PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
}

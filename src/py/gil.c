/* SPDX-License-Identifier: MIT */
/*
 * Between the GIL and the mutex, and from C's errors to Python's.  Owns the
 * exception classes of h2rig.errors that C raises.
 */
#include <string.h>

#include "base/log.h"
#include "py_impl.h"

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

/* Gives a StreamClosedError the code of the RST_STREAM frame: 0, or -1. */
static int
set_code(PyObject *error, uint32_t code, const char *name)
{
	PyObject *result = PyObject_CallMethod(error, "_set_code", "ks",
	    (unsigned long)code, name);

	Py_XDECREF(result);
	return result != NULL ? 0 : -1;
}

PyObject *
gil_raise(const struct op *op, int status)
{
	const char *why = op->why != NULL ? op->why : "";
	char code[FRAME_CODE_TEXT], who[24] = "connection";
	const char *name = "";
	PyObject *rule, *text, *error = NULL;
	size_t i;

	for (i = 0; i < ERRORS && errors[i].status != status; i++)
		;
	if (i == ERRORS)
		return PyErr_NoMemory();
	if (errors[i].why != NULL)
		why = errors[i].why;
	if ((rule = gil_rule(why, op->field)) == NULL)
		return NULL;
	if (op->id != EXCHANGE_OWN)
		snprintf(who, sizeof(who), "stream %lu", (unsigned long)op->id);
	if (op->reset)
		name = frame_code_text(op->code, code);
	text = PyUnicode_FromFormat("%s: %U%s%s", who, rule,
	    op->reset ? ", RST_STREAM " : "", name);
	if (text != NULL)
		error = PyObject_CallOneArg(errors[i].class, text);
	if (error != NULL &&
	    (!op->reset || set_code(error, op->code, name) == 0))
		PyErr_SetObject(errors[i].class, error);
	Py_DECREF(rule);
	Py_XDECREF(text);
	Py_XDECREF(error);
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

/* Logs an exception although a script has damaged the package. */
static void
log_hidden(const char *where, PyObject *value)
{
	static const char what[] = "an exception that cannot be shown";
	PyObject *text;

	text = PyUnicode_FromFormat("%s: %s: %S", what, value == NULL ?
	    "none" : Py_TYPE(value)->tp_name, value == NULL ? Py_None : value);
	if (text == NULL) {
		PyErr_Clear();
		text = PyUnicode_FromString(what);
	}
	if (text != NULL)
		gil_log(LOG_L_ERROR, where, text);
	PyErr_Clear();
	Py_XDECREF(text);
}

void
gil_log_exception(const char *where)
{
	PyObject *type, *value, *traceback, *log, *result = NULL;

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	if (traceback != NULL)
		PyException_SetTraceback(value, traceback);
	if ((log = gil_import("h2rig.server.scripts", "log_ours")) != NULL)
		result = PyObject_CallFunction(log, "Os", value, where);
	PyErr_Clear();
	if (result == NULL)
		log_hidden(where, value);
	Py_XDECREF(result);
	Py_XDECREF(log);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
}

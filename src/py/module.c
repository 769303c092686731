/* SPDX-License-Identifier: MIT */
/*
 * The built-in module `_h2rig`: a few functions of the process, and the type
 * Stream (pystream.c).  Owns the way between the GIL and the connection's mutex
 * (module_locked, module_do), which nothing else in src/py goes on its own, and
 * what C needs of the package.
 */
#include <Python.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "calls.h"
#include "module.h"
#include "pystream.h"

/* The process's only connection; NULL in the parent. */
static struct conn *the_conn;

/* What C needs of the package; owned, set once by module_bind. */
static struct {
	PyObject *serve;		/* h2rig.server.dispatch.serve */
	PyObject *protocol_error;
	PyObject *stream_closed;
	PyObject *server_stopping;
	PyObject *no_such_stream;
	PyObject *flow_control;
	PyObject *push_disabled;
	PyObject *timeout;
} bound;

/* ---- the GIL and the mutex ---- */

int
module_locked(struct conn *c, int (*fn)(struct conn *c, void *arg), void *arg)
{
	int rc;

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

int
module_do(struct op *op)
{
	struct conn *c = op->x->conn;
	uint64_t used;
	int rc;

	if (atomic_load(&c->forked))
		return CONN_FORKED;
	if (conn_trylock(c)) {
		rc = conn_try(c, op);
		conn_unlock(c);
		if (rc <= 0)
			return rc;
	}
	used = calls_pause(op->x);
	Py_BEGIN_ALLOW_THREADS
	conn_lock(c);
	rc = conn_do(c, op);
	conn_unlock(c);
	Py_END_ALLOW_THREADS
	calls_resume(op->x, used);
	return rc;
}

PyObject *
module_timeout_class(void)
{
	return bound.timeout;
}

/* The StreamClosedError that is set tells the code of the RST_STREAM. */
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
	    PyObject_SetAttrString(value, "error_code", number) < 0 ||
	    PyObject_SetAttrString(value, "error_name", name) < 0)
		PyErr_Clear();
	Py_XDECREF(number);
	Py_XDECREF(name);
	PyErr_Restore(type, value, traceback);
}

PyObject *
module_raise(const struct op *op, int status)
{
	const char *why = op->why != NULL ? op->why : "";
	char text[FRAME_CODE_TEXT];
	PyObject *class;

	switch (status) {
	case SEND_ERR_PROTOCOL:
		class = bound.protocol_error;
		break;
	case SEND_ERR_NO_STREAM:
		class = bound.no_such_stream;
		break;
	case SEND_ERR_FLOW:
		class = bound.flow_control;
		break;
	case SEND_ERR_PUSH:
		class = bound.push_disabled;
		break;
	case SEND_ERR_CLOSED:
		class = bound.stream_closed;
		break;
	case SEND_ERR_GONE:
		class = bound.stream_closed;
		why = "the connection is closed";
		break;
	case CONN_DRAINED:
		class = bound.server_stopping;
		break;
	case CONN_FORKED:
		class = bound.stream_closed;
		why = "this process was forked by the script";
		break;
	case CONN_EXPIRED:
		calls_raising(op->x);
		PyErr_SetString(bound.timeout,
		    "the function passed its run-time limit");
		return NULL;
	default:
		return PyErr_NoMemory();
	}
	PyErr_Format(class, "stream %lu: %s%s%s", (unsigned long)op->id, why,
	    op->reset ? ", RST_STREAM " : "",
	    op->reset ? frame_code_text(op->code, text) : "");
	if (op->reset)
		add_code(op->code);
	return NULL;
}

/* "".join(traceback.format_exception(...)); NULL with an exception. */
static PyObject *
format_exception(PyObject *type, PyObject *value, PyObject *traceback)
{
	PyObject *module, *lines = NULL, *empty, *text = NULL;

	if ((module = PyImport_ImportModule("traceback")) != NULL)
		lines = PyObject_CallMethod(module, "format_exception", "OOO",
		    type, value, traceback != NULL ? traceback : Py_None);
	if (lines != NULL && (empty = PyUnicode_FromString("")) != NULL) {
		text = PyUnicode_Join(empty, lines);
		Py_DECREF(empty);
	}
	Py_XDECREF(module);
	Py_XDECREF(lines);
	return text;
}

/* A thread waits when the log's reader is slow: not with the GIL, then. */
static void
log_text(int level, const char *prefix, const char *text, Py_ssize_t len)
{
	if (level > (int)log_get_level())
		return;
	Py_BEGIN_ALLOW_THREADS
	log_lines((enum log_level)level, prefix, text, (size_t)len);
	Py_END_ALLOW_THREADS
}

void
module_log_exception(const char *where)
{
	PyObject *type, *value, *traceback, *text;
	static const char hidden[] = "an exception that cannot be shown";
	const char *s = NULL;
	Py_ssize_t len = 0;

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	text = format_exception(type, value, traceback);
	if (text != NULL)
		s = PyUnicode_AsUTF8AndSize(text, &len);
	PyErr_Clear();
	log_text(LOG_L_ERROR, where, s != NULL ? s : hidden,
	    s != NULL ? len : (Py_ssize_t)strlen(hidden));
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
}

/* ---- functions of the module ---- */

static PyObject *
module_log(PyObject *module, PyObject *args)
{
	const char *name, *text;
	Py_ssize_t len;
	int level;

	(void)module;
	if (!PyArg_ParseTuple(args, "ss#", &name, &text, &len))
		return NULL;
	if ((level = logline_level_from_name(name)) < 0)
		return PyErr_Format(PyExc_ValueError,
		    "\"%s\" is no log level", name);
	log_text(level, "script", text, len);
	Py_RETURN_NONE;
}

static PyObject *
module_output(PyObject *module, PyObject *args)
{
	const char *name, *text;
	Py_ssize_t len;
	int level;

	(void)module;
	if (!PyArg_ParseTuple(args, "sy#", &name, &text, &len))
		return NULL;
	if ((level = logline_level_from_name(name)) < 0)
		return PyErr_Format(PyExc_ValueError,
		    "\"%s\" is no log level", name);
	log_text(level, "script output", text, len);
	Py_RETURN_NONE;
}

static PyObject *
module_log_enabled(PyObject *module, PyObject *arg)
{
	const char *name = PyUnicode_AsUTF8(arg);

	(void)module;
	if (name == NULL)
		return NULL;
	return PyBool_FromLong(logline_level_from_name(name) <=
	    (int)log_get_level());
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
 * What tells whether a file has changed, as octets that are equal if it has
 * not.  os.stat makes 20 objects for the same, once for each request.
 */
static PyObject *
module_stamp(PyObject *module, PyObject *file)
{
	struct stat s;
	PyObject *path;
	int fd, rc;

	(void)module;
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

static int
settings_locked(struct conn *c, void *arg)
{
	struct peer_settings *to = arg;

	*to = *session_peer_settings(c->session);
	return 0;
}

static PyObject *
client_settings(struct conn *c)
{
	struct peer_settings s;
	PyObject *d;

	module_locked(c, settings_locked, &s);
	d = Py_BuildValue("{sksksksksk}",
	    "HEADER_TABLE_SIZE", (unsigned long)s.header_table_size,
	    "ENABLE_PUSH", (unsigned long)s.enable_push,
	    "MAX_CONCURRENT_STREAMS", (unsigned long)s.max_concurrent_streams,
	    "INITIAL_WINDOW_SIZE", (unsigned long)s.initial_window_size,
	    "MAX_FRAME_SIZE", (unsigned long)s.max_frame_size);
	if (d != NULL && s.max_header_list_size != UINT32_MAX) {
		PyObject *v = PyLong_FromUnsignedLong(s.max_header_list_size);

		if (v == NULL ||
		    PyDict_SetItemString(d, "MAX_HEADER_LIST_SIZE", v) < 0)
			Py_CLEAR(d);
		Py_XDECREF(v);
	}
	return d;
}

static PyObject *
module_connection(PyObject *module, PyObject *unused)
{
	struct conn *c = the_conn;
	PyObject *sni;

	(void)module;
	(void)unused;
	if (c == NULL || atomic_load(&c->forked)) {
		PyErr_SetString(PyExc_RuntimeError,
		    "this process serves no connection");
		return NULL;
	}
	/* A name from the wire may be any octets. */
	if (c->link.info.sni != NULL)
		sni = PyUnicode_DecodeLatin1(c->link.info.sni,
		    (Py_ssize_t)strlen(c->link.info.sni), NULL);
	else
		sni = Py_BuildValue("");
	return Py_BuildValue("{slszszszsNsOsNs(sI)}",
	    "id", (long)getpid(),
	    "alpn_protocol", c->link.info.alpn,
	    "tls_version", c->link.info.version,
	    "cipher", c->link.info.cipher,
	    "sni", sni,
	    "session_reused", c->link.info.resumed ? Py_True : Py_False,
	    "client_settings", client_settings(c),
	    "client_address", c->client_host, c->client_port);
}

/*
 * A script's fork has no part in the account: it ends without giving back.
 */
static PyObject *
module_stored(PyObject *module, PyObject *arg)
{
	long long n = PyLong_AsLongLong(arg);
	struct conn *c = the_conn;
	unsigned long long own, all;
	char most[160];

	(void)module;
	if (n == -1 && PyErr_Occurred())
		return NULL;
	if (c == NULL || c->board == NULL || atomic_load(&c->forked))
		return Py_BuildValue("(iis)", 0, 0, "");
	own = atomic_fetch_add(&c->slot->stored, (uint64_t)n) + (uint64_t)n;
	all = scoreboard_stored(c->board, most, sizeof(most));
	return Py_BuildValue("(KKN)", own, all,
	    PyUnicode_DecodeLatin1(most, (Py_ssize_t)strlen(most), NULL));
}

/*
 * In a process that a script forked: the connection stays with its owner.
 * Closing the descriptor sends nothing; only this process's copy goes.
 */
static PyObject *
module_after_fork(PyObject *module, PyObject *unused)
{
	struct conn *c = the_conn;

	(void)module;
	(void)unused;
	if (c != NULL && !atomic_exchange(&c->forked, true)) {
		close(c->link.fd);
		wake_close(&c->wake);
	}
	Py_RETURN_NONE;
}

/* What CPython ignores: it says so; but a function's limit stands. */
static PyObject *
module_unraisable(PyObject *module, PyObject *what)
{
	PyObject *hook = PySys_GetObject("__unraisablehook__");	/* borrowed */
	PyObject *class = PyObject_GetAttrString(what, "exc_type");
	PyObject *result;

	(void)module;
	result = class != NULL && hook != NULL ?
	    PyObject_CallOneArg(hook, what) : NULL;
	if (result != NULL && PyErr_GivenExceptionMatches(class, bound.timeout))
		calls_swallowed();
	Py_XDECREF(class);
	return result;
}

static PyMethodDef module_methods[] = {
	{ "log", module_log, METH_VARARGS,
	    "log(level, text): one record for each line of text." },
	{ "output", module_output, METH_VARARGS,
	    "output(level, octets): what a script printed, likewise." },
	{ "log_enabled", module_log_enabled, METH_O,
	    "Whether records of that level are written." },
	{ "stamp", module_stamp, METH_O,
	    "What a file's status is, as octets; by path or descriptor." },
	{ "connection", module_connection, METH_NOARGS,
	    "What is known of the connection, as a dict." },
	{ "stored", module_stored, METH_O,
	    "Octets of content in files, n more: (the connection's, all, "
	    "who has most)." },
	{ "_after_fork", module_after_fork, METH_NOARGS,
	    "Hook for os.register_at_fork." },
	{ "_unraisable", module_unraisable, METH_O, "sys.unraisablehook." },
	{ NULL, NULL, 0, NULL }
};

static int
module_exec(PyObject *module)
{
	PyObject *type;

	if ((type = pystream_make_type()) == NULL)
		return -1;
	if (PyModule_AddObject(module, "Stream", type) < 0) {
		Py_DECREF(type);
		return -1;
	}
	return PyModule_AddIntConstant(module, "EVENT_HEADERS",
	    EVENT_HEADERS) < 0 ||
	    PyModule_AddIntConstant(module, "EVENT_DATA", EVENT_DATA) < 0 ||
	    PyModule_AddIntConstant(module, "EVENT_TRAILERS",
	    EVENT_TRAILERS) < 0 ||
	    PyModule_AddIntConstant(module, "EVENT_CONTENT",
	    EVENT_CONTENT) < 0 ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
	{ Py_mod_exec, MODULE_SLOT(module_exec) },
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

void
module_serve(struct exchange *x)
{
	pystream_serve(x, bound.serve);
}

void
module_set_conn(struct conn *c)
{
	the_conn = c;
}

int
module_bind(void)
{
	static const struct {
		const char *module;
		const char *name;
		PyObject **to;
	} wanted[] = {
		{ "h2rig.server.dispatch", "serve", &bound.serve },
		{ "h2rig.errors", "ProtocolError", &bound.protocol_error },
		{ "h2rig.errors", "StreamClosedError", &bound.stream_closed },
		{ "h2rig.errors", "ServerStoppingError",
		    &bound.server_stopping },
		{ "h2rig.errors", "NoSuchStreamError",
		    &bound.no_such_stream },
		{ "h2rig.errors", "FlowControlError", &bound.flow_control },
		{ "h2rig.errors", "PushDisabledError", &bound.push_disabled },
		{ "h2rig.errors", "HandlerTimeout", &bound.timeout }
	};
	PyObject *module;
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		module = PyImport_ImportModule(wanted[i].module);
		if (module == NULL)
			return -1;
		*wanted[i].to = PyObject_GetAttrString(module, wanted[i].name);
		Py_DECREF(module);
		if (*wanted[i].to == NULL)
			return -1;
	}
	return 0;
}

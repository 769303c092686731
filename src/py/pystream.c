/* SPDX-License-Identifier: MIT */
/*
 * The type Stream: one request as the package sees it, and the running of a
 * script's functions for it.  The methods by which the request is taken are in
 * events.c, those that write to the peer in writer.c; handler threads come in
 * by pystream_serve.
 *
 * What looks at or changes an exchange is a small C function that module_locked
 * or module_do runs under the connection's mutex.
 */
#include <Python.h>
#include <structmember.h>

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "module.h"
#include "pystream.h"

/* Of a pause, whose client may leave meanwhile. */
#define PAUSE_MS 100

/* Owned; kept while the process lives. */
static PyTypeObject *stream_type;

/* ---- running a script's function ---- */

/* What the interpreter would exit with: sys.exit's argument, or 1. */
static int
exit_code(void)
{
	PyObject *type, *value, *traceback, *code;
	long n = 1;

	if (!PyErr_ExceptionMatches(PyExc_SystemExit)) {
		PyErr_Print();
		return 1;
	}
	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	code = PyObject_GetAttrString(value, "code");
	if (code == Py_None)
		n = 0;
	else if (code != NULL && PyLong_Check(code))
		n = PyLong_AsLong(code);
	PyErr_Clear();
	return (int)n;
}

/*
 * In a process that the script forked its function must not come back into
 * our loop, which belongs to the process that has the connection.
 */
static void
leave_forked(PyObject *result)
{
	int code = result != NULL ? 0 : exit_code();

	PyRun_SimpleString("import sys\nsys.stdout.flush()\n"
	    "sys.stderr.flush()\n");
	_exit(code);
}

/* What the log calls its script; bounded by what has to be shown. */
static const char *
script_of(const struct exchange *x, char *dst, size_t size)
{
	const struct stream_object *self = x->app;
	const char *script = NULL;

	if (self != NULL && self->script != NULL) {
		if ((script = PyUnicode_AsUTF8(self->script)) != NULL)
			return script;
		PyErr_Clear();	/* a name with a lone surrogate */
		return "?";
	}
	access_path(&x->request, dst, size);
	dst[strcspn(dst, "?")] = '\0';
	return dst;
}

static PyObject *
stream_call(struct stream_object *self, PyObject *const *args, Py_ssize_t n)
{
	struct exchange *x = self->x;
	const char *function;
	PyObject *result;
	char script[SCOREBOARD_TEXT];

	if (n < 2) {
		PyErr_SetString(PyExc_TypeError,
		    "call() takes a name and a function");
		return NULL;
	}
	if ((function = PyUnicode_AsUTF8(args[0])) == NULL)
		return NULL;
	if (atomic_load(&x->conn->forked))
		leave_forked(Py_None);
	calls_enter(x, script_of(x, script, sizeof(script)), function);
	result = PyObject_Vectorcall(args[1], args + 2, (size_t)n - 2, NULL);
	if (atomic_load(&x->conn->forked))
		leave_forked(result);
	calls_leave(x);
	return result;
}

/* Of the server, not of the script. */
static PyObject *
stream_pause(struct stream_object *self, PyObject *arg)
{
	struct exchange *x = self->x;
	long ms = PyLong_AsLong(arg);
	uint64_t used = calls_pause(x);

	Py_BEGIN_ALLOW_THREADS
	for (; ms > 0 && !atomic_load(&x->left); ms -= PAUSE_MS)
		poll(NULL, 0, ms < PAUSE_MS ? (int)ms : PAUSE_MS);
	Py_END_ALLOW_THREADS
	calls_resume(x, used);
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

/* It goes when its thread puts it back; see exchange.c. */
static PyObject *
stream_finish(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	self->x->over = true;
	Py_RETURN_NONE;
}

/* ---- attributes ---- */

enum stream_flag {
	IS_CLOSED,
	IS_RESET,
	IS_HEADERS_SENT,
	IS_ENDED,
	IS_BLOCK_OPEN
};

struct flag_args {
	struct exchange *x;
	enum stream_flag flag;
};

static int
flag_locked(struct conn *c, void *arg)
{
	const struct flag_args *a = arg;
	const struct exchange *x = a->x;
	const struct stream *s = x->stream;

	switch (a->flag) {
	case IS_CLOSED:
		return s == NULL || s->state == STREAM_CLOSED ||
		    conn_is_over(c);
	case IS_RESET:
		return x->left || conn_is_over(c);
	case IS_HEADERS_SENT:
		return s == NULL ? x->headers_sent : s->headers_sent;
	case IS_ENDED:
		return conn_is_over(c) ||
		    (s == NULL ? x->ended : !stream_can_send(s));
	case IS_BLOCK_OPEN:
		return send_held_by(c->session) == x->id;
	}
	return 0;
}

static PyObject *
stream_flag(struct stream_object *self, void *flag)
{
	struct flag_args a = { .x = self->x,
	    .flag = (enum stream_flag)(intptr_t)flag };

	if (atomic_load(&self->x->conn->forked))
		return PyBool_FromLong(a.flag != IS_HEADERS_SENT);
	return PyBool_FromLong(module_locked(self->x->conn, flag_locked, &a));
}

struct priority_args {
	const struct exchange *x;
	unsigned urgency;
	bool incremental;
};

static int
priority_locked(struct conn *c, void *arg)
{
	struct priority_args *a = arg;
	const struct stream *s = a->x->stream;

	(void)c;
	a->urgency = s != NULL ? s->urgency : STREAM_URGENCY_DEFAULT;
	a->incremental = s != NULL && s->incremental;
	return 0;
}

static PyObject *
stream_priority(struct stream_object *self, void *unused)
{
	struct priority_args a = { .x = self->x,
	    .urgency = STREAM_URGENCY_DEFAULT };

	(void)unused;
	if (!atomic_load(&self->x->conn->forked))
		module_locked(self->x->conn, priority_locked, &a);
	return Py_BuildValue("(IO)", a.urgency,
	    a.incremental ? Py_True : Py_False);
}

static PyObject *
stream_id(struct stream_object *self, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLong(self->x->id);
}

static int
stream_traverse(struct stream_object *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(self->state);
	return 0;
}

static int
stream_clear(struct stream_object *self)
{
	Py_CLEAR(self->state);
	return 0;
}

static void
stream_dealloc(struct stream_object *self)
{
	PyTypeObject *type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	Py_CLEAR(self->state);
	Py_CLEAR(self->script);
	exchange_unref(self->x);
	type->tp_free((PyObject *)self);
	Py_DECREF(type);
}

static PyGetSetDef stream_getset[] = {
	{ "id", (getter)stream_id, NULL,
	    "Stream identifier (RFC 9113 section 5.1.1).", NULL },
	{ "priority", (getter)stream_priority, NULL,
	    "Urgency and incremental, as they stand (RFC 9218).", NULL },
	{ "closed", (getter)stream_flag, NULL,
	    "Nothing can be sent or received any more.", (void *)IS_CLOSED },
	{ "reset", (getter)stream_flag, NULL,
	    "Reset by either side, or the connection is gone.",
	    (void *)IS_RESET },
	{ "headers_sent", (getter)stream_flag, NULL,
	    "Final (not 1xx) HEADERS have gone out, raw ones too.",
	    (void *)IS_HEADERS_SENT },
	{ "ended", (getter)stream_flag, NULL,
	    "END_STREAM or RST_STREAM has gone out.", (void *)IS_ENDED },
	{ "block_open", (getter)stream_flag, NULL,
	    "A raw header block of its script has not ended.",
	    (void *)IS_BLOCK_OPEN },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyMemberDef stream_members[] = {
	{ "state", T_OBJECT, offsetof(struct stream_object, state), 0,
	    "The package's own; None at first." },
	{ "script", T_OBJECT, offsetof(struct stream_object, script), 0,
	    "What the log calls the script." },
	{ NULL, 0, 0, 0, NULL }
};

static PyMethodDef stream_methods[] = {
	{ "call", (PyCFunction)(void (*)(void))stream_call, METH_FASTCALL,
	    "Runs a script's function under the run-time limit." },
	{ "pause", (PyCFunction)stream_pause, METH_O,
	    "Does nothing for so many milliseconds." },
	{ "finish", (PyCFunction)stream_finish, METH_NOARGS,
	    "The exchange is over for the package." },
	{ "remember_file", pystream_remember_file, METH_VARARGS,
	    "Requests like this one may be answered likewise." },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot stream_slots[] = {
	{ Py_tp_doc, "One request and the way to answer it." },
	{ Py_tp_dealloc, MODULE_SLOT(stream_dealloc) },
	{ Py_tp_traverse, MODULE_SLOT(stream_traverse) },
	{ Py_tp_clear, MODULE_SLOT(stream_clear) },
	{ Py_tp_getset, stream_getset },
	{ Py_tp_members, stream_members },
	{ Py_tp_methods, stream_methods },
	{ 0, NULL }
};

static PyType_Spec stream_spec = {
	.name = "_h2rig.Stream",
	.basicsize = sizeof(struct stream_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = stream_slots
};

static PyObject *
stream_new(struct exchange *x)
{
	struct stream_object *self;

	self = (struct stream_object *)stream_type->tp_alloc(stream_type, 0);
	if (self == NULL)
		return NULL;
	self->x = x;
	exchange_ref(x);
	return (PyObject *)self;
}

/* ---- serving ---- */

static int
reset_locked(struct conn *c, void *arg)
{
	struct exchange *x = arg;
	const char *why;

	x->over = true;
	if (!c->gone) {
		/* Whoever's header block is open: this goes first. */
		if (send_held_by(c->session) != 0)
			conn_release_hold(c);
		send_rst_stream(c->session, x->id, H2_INTERNAL_ERROR, &why);
		conn_push(c);
	}
	return 0;
}

static void
drop_stream(struct exchange *x)
{
	PyObject *self = x->app;

	x->app = NULL;
	if (self == NULL)
		return;
	/* dispatch and Stream refer to each other: part them. */
	stream_clear((struct stream_object *)self);
	Py_DECREF(self);
}

void
pystream_serve(struct exchange *x, PyObject *serve)
{
	char script[SCOREBOARD_TEXT];
	PyObject *result = NULL;

	calls_begin(x, script_of(x, script, sizeof(script)),
	    x->app == NULL ? "(load)" : "(body)");
	if (x->app == NULL && !x->left && (x->app = stream_new(x)) == NULL) {
		module_log_exception("Stream");
		module_locked(x->conn, reset_locked, x);
	}
	if (x->app != NULL) {
		result = PyObject_CallOneArg(serve, x->app);
		if (atomic_load(&x->conn->forked))
			leave_forked(result);
		if (result == NULL) {
			module_log_exception("h2rig.server.dispatch.serve");
			module_locked(x->conn, reset_locked, x);
		}
		Py_XDECREF(result);
	}
	/* Should its client leave after this look, it comes back once more. */
	x->over = x->over || atomic_load(&x->left);
	if (x->over)
		drop_stream(x);
	/* By a finalizer. */
	if (atomic_load(&x->conn->forked))
		leave_forked(Py_None);
	calls_end(x);
}

static int
add_method(PyTypeObject *type, PyMethodDef *def)
{
	PyObject *method = PyDescr_NewMethod(type, def);
	int rc;

	if (method == NULL)
		return -1;
	rc = PyObject_SetAttrString((PyObject *)type, def->ml_name, method);
	Py_DECREF(method);
	return rc;
}

static int
add_methods(PyTypeObject *type, PyMethodDef *def)
{
	for (; def->ml_name != NULL; def++)
		if (add_method(type, def) < 0)
			return -1;
	return 0;
}

PyObject *
pystream_make_type(void)
{
	PyObject *type;

	if (events_init() < 0 ||
	    (type = PyType_FromSpec(&stream_spec)) == NULL)
		return NULL;
	stream_type = (PyTypeObject *)type;
	stream_type->tp_new = NULL;	/* only pystream_serve makes one */
	if (add_methods(stream_type, event_methods) < 0 ||
	    add_methods(stream_type, writer_methods) < 0)
		return NULL;
	Py_INCREF(type);
	return type;
}

/* SPDX-License-Identifier: MIT */
/*
 * The type Exchange: one request with its response as the package sees it, and
 * the running of a script's functions for it.  Handler threads call
 * pyexchange_serve.
 *
 * The code that looks at or changes what threads share of an exchange is a
 * small C function, which gil_locked or calls_do runs under the connection's
 * mutex.
 */
#include <Python.h>
#include <structmember.h>

#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "conn/connscript.h"
#include "conn/quickfile.h"
#include "py_impl.h"

struct exchange_object {
	PyObject_HEAD
	struct exchange *x;	/* a reference */
	unsigned long id;	/* x's, which never changes */
	unsigned long moves;	/* x's n_moves, as take() last saw it */
	PyObject *runner;	/* owned; NULL: None */
	PyObject *script;	/* owned str; NULL: none given */
};

static size_t n_objects;	/* Exchanges that exist */

/* Owned, for the life of the process. */
static PyTypeObject *object_type;
static PyObject *serve;			/* h2rig.server.dispatch.serve */

/* ---- the request ---- */

static PyObject *
object_take(struct exchange_object *self, PyObject *Py_UNUSED(unused))
{
	return events_take(self->x, &self->moves);
}

static PyObject *
object_wait(struct exchange_object *self, PyObject *args)
{
	unsigned long moves;
	int tunnel = 0, rc;

	if (!PyArg_ParseTuple(args, "k|p", &moves, &tunnel))
		return NULL;
	rc = events_wait(self->x, moves, tunnel != 0);
	return rc == -1 ? NULL : PyBool_FromLong(rc);
}

static PyObject *
object_fields(struct exchange_object *self, PyObject *Py_UNUSED(unused))
{
	return events_fields(&self->x->request);
}

static PyObject *
object_frame(struct exchange_object *self, PyObject *Py_UNUSED(unused))
{
	return Py_BuildValue("(Ny#)", events_frame(&self->x->frame),
	    buf_data(&self->x->block), (Py_ssize_t)buf_len(&self->x->block));
}

static int
gather_locked(struct conn *Py_UNUSED(c), void *arg)
{
	struct exchange *x = arg;

	x->gathers = true;
	return 0;
}

static PyObject *
object_gather(struct exchange_object *self, PyObject *Py_UNUSED(unused))
{
	gil_locked(self->x->conn, gather_locked, self->x);
	Py_RETURN_NONE;
}

struct number_args {
	struct exchange *x;
	size_t n;
};

static int
want_locked(struct conn *Py_UNUSED(c), void *arg)
{
	const struct number_args *a = arg;

	exchange_want(a->x, (uint32_t)a->n);
	return 0;
}

static int
begun_locked(struct conn *Py_UNUSED(c), void *arg)
{
	const struct number_args *a = arg;

	exchange_frame_begun(a->x, a->n);
	return 0;
}

static int
consume_locked(struct conn *c, void *arg)
{
	struct number_args *a = arg;

	if (a->x->stream != NULL && !c->gone) {
		session_consume(c->session, a->x->stream, a->n);
		conn_push(c);
	}
	return 0;
}

/* Calls fn under the mutex, with arg as a number. */
static PyObject *
with_number(struct exchange_object *self, PyObject *arg,
    int (*fn)(struct conn *c, void *arg))
{
	struct number_args a = { self->x, PyLong_AsSize_t(arg) };

	if (PyErr_Occurred())
		return NULL;
	gil_locked(self->x->conn, fn, &a);
	Py_RETURN_NONE;
}

static PyObject *
object_consume(struct exchange_object *self, PyObject *arg)
{
	return with_number(self, arg, consume_locked);
}

static PyObject *
object_want(struct exchange_object *self, PyObject *arg)
{
	return with_number(self, arg, want_locked);
}

static PyObject *
object_begun(struct exchange_object *self, PyObject *arg)
{
	return with_number(self, arg, begun_locked);
}

/* ---- functions ---- */

/* Returns the log's name for the script; dst: room for a path, cut to fit. */
static const char *
script_of(const struct exchange *x, char *dst, size_t size)
{
	const struct exchange_object *self = x->app;
	const char *script = NULL;

	if (self != NULL && self->script != NULL) {
		if ((script = PyUnicode_AsUTF8(self->script)) != NULL)
			return script;
		PyErr_Clear();	/* a name with a lone surrogate */
		return "?";
	}
	if (x->id == EXCHANGE_OWN)
		return "(connection)";
	access_path(&x->request, dst, size);
	dst[strcspn(dst, "?")] = '\0';
	return dst;
}

static PyObject *
object_call(struct exchange_object *self, PyObject *const *args, Py_ssize_t n)
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
		calls_leave_forked(Py_None);
	calls_enter(x, script_of(x, script, sizeof(script)), function);
	result = PyObject_Vectorcall(args[1], args + 2, (size_t)n - 2, NULL);
	if (atomic_load(&x->conn->forked))
		calls_leave_forked(result);
	calls_leave(x);
	return result;
}

/* The wait is the server's, not the script's. */
static PyObject *
object_pause(struct exchange_object *self, PyObject *arg)
{
	long ms = PyLong_AsLong(arg);

	if (PyErr_Occurred())
		return NULL;
	calls_wait(self->x, ms);
	Py_RETURN_NONE;
}

/* The exchange ends when its thread puts it back; see exchange.c. */
static PyObject *
object_finish(struct exchange_object *self, PyObject *Py_UNUSED(unused))
{
	self->x->over = true;
	Py_RETURN_NONE;
}

static PyObject *
object_write(struct exchange_object *self, PyObject *const *args,
    Py_ssize_t n)
{
	return write_call(self->x, args, n);
}

static PyObject *
object_flood(struct exchange_object *self, PyObject *const *args,
    Py_ssize_t n)
{
	return write_flood(self->x, args, n);
}

/* ---- quickfile.c ---- */

static int
keep_locked(struct conn *c, void *arg)
{
	quickfile_keep(c, arg);
	return 0;
}

/* quickfile.c decides whether to keep the answer. */
static PyObject *
object_remember_file(struct exchange_object *self, PyObject *args)
{
	struct exchange *x = self->x;
	struct write_fields fields;
	struct quickfile_answer a;
	struct quickfile *q = NULL;
	unsigned long long dev, ino;
	PyObject *list;
	Py_buffer content;

	if (!PyArg_ParseTuple(args, "yKKOy*", &a.path, &dev, &ino, &list,
	    &content))
		return NULL;
	if (write_fields_get(&fields, list) == -1) {
		PyBuffer_Release(&content);
		return NULL;
	}
	a.dev = dev;
	a.ino = ino;
	a.fields = fields.v;
	a.n_fields = fields.n;
	a.content = content.buf;
	a.len = (size_t)content.len;
	/* The file system may take its time. */
	Py_BEGIN_ALLOW_THREADS
	if (!atomic_load(&x->conn->forked))
		q = quickfile_new(&x->request, x->since, &a);
	Py_END_ALLOW_THREADS
	if (q != NULL)
		gil_locked(x->conn, keep_locked, q);
	write_fields_free(&fields);
	PyBuffer_Release(&content);
	Py_RETURN_NONE;
}

/* ---- attributes ---- */

enum attribute {
	IS_CLOSED,
	IS_RESET,
	IS_HEADERS_SENT,
	IS_ENDED,
	IS_END_SENT,
	IS_BLOCK_OPEN,
	IS_DRAINING,
	PRIORITY		/* twice the urgency, plus 1 if incremental */
};

struct attribute_args {
	struct exchange *x;
	enum attribute which;
};

static int
attribute_locked(struct conn *c, void *arg)
{
	const struct attribute_args *a = arg;
	const struct exchange *x = a->x;
	const struct stream *s = x->stream;

	switch (a->which) {
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
	case IS_END_SENT:
		return s == NULL ? x->ended && !x->reset_by_client :
		    !stream_can_send(s) && !s->reset;
	case IS_BLOCK_OPEN:
		return send_held_by(c->session) == x->id;
	case IS_DRAINING:
		return c->draining || conn_is_over(c);
	default:
		return s == NULL ? 2 * STREAM_URGENCY_DEFAULT :
		    2 * (int)s->urgency + s->incremental;
	}
}

/* In a process that a script forked nothing can be sent any more. */
static PyObject *
object_flag(struct exchange_object *self, void *which)
{
	struct attribute_args a = { self->x,
	    (enum attribute)(intptr_t)which };
	int rc = gil_locked(self->x->conn, attribute_locked, &a);

	if (rc == CONN_FORKED)
		rc = a.which != IS_HEADERS_SENT;
	return PyBool_FromLong(rc);
}

static PyObject *
object_priority(struct exchange_object *self, void *Py_UNUSED(unused))
{
	struct attribute_args a = { self->x, PRIORITY };
	int rc = gil_locked(self->x->conn, attribute_locked, &a);

	if (rc == CONN_FORKED)
		rc = 2 * STREAM_URGENCY_DEFAULT;
	return Py_BuildValue("(iO)", rc / 2, rc % 2 ? Py_True : Py_False);
}

static int
reset_code_locked(struct conn *c, void *arg)
{
	struct number_args *a = arg;
	const struct stream *s = a->x->stream;

	if (s == NULL || !s->reset_by_peer || conn_is_over(c))
		return 0;
	a->n = s->reset_code;
	return 1;
}

static PyObject *
object_reset_code(struct exchange_object *self, void *Py_UNUSED(unused))
{
	struct number_args a = { self->x, 0 };

	if (gil_locked(self->x->conn, reset_code_locked, &a) != 1)
		Py_RETURN_NONE;
	return PyLong_FromSize_t(a.n);
}

static PyObject *
object_left(struct exchange_object *self, void *Py_UNUSED(unused))
{
	return PyBool_FromLong(atomic_load(&self->x->left));
}

static int
object_traverse(struct exchange_object *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(self->runner);
	return 0;
}

static int
object_clear(struct exchange_object *self)
{
	Py_CLEAR(self->runner);
	return 0;
}

static void
object_dealloc(struct exchange_object *self)
{
	PyTypeObject *type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	Py_CLEAR(self->runner);
	Py_CLEAR(self->script);
	exchange_unref(self->x);
	n_objects--;
	type->tp_free((PyObject *)self);
	Py_DECREF(type);
}

static PyGetSetDef object_getset[] = {
	{ "priority", (getter)object_priority, NULL,
	    "Urgency and incremental, as they stand (RFC 9218).", NULL },
	{ "closed", (getter)object_flag, NULL,
	    "Nothing can be sent or received any more.", (void *)IS_CLOSED },
	{ "reset", (getter)object_flag, NULL,
	    "Reset by either side, or the connection is gone.",
	    (void *)IS_RESET },
	{ "reset_code", (getter)object_reset_code, NULL,
	    "Of the client's RST_STREAM; None: there was none, or the "
	    "connection is over.", NULL },
	{ "left", (getter)object_left, NULL,
	    "The client has reset it or is gone.", NULL },
	{ "headers_sent", (getter)object_flag, NULL,
	    "Final (not 1xx) HEADERS have gone out, raw ones too.",
	    (void *)IS_HEADERS_SENT },
	{ "ended", (getter)object_flag, NULL,
	    "END_STREAM or RST_STREAM has gone out.", (void *)IS_ENDED },
	{ "end_sent", (getter)object_flag, NULL,
	    "END_STREAM has gone out, also if the client is gone by now.",
	    (void *)IS_END_SENT },
	{ "block_open", (getter)object_flag, NULL,
	    "A raw header block of its script has not ended.",
	    (void *)IS_BLOCK_OPEN },
	{ "draining", (getter)object_flag, NULL,
	    "The connection takes no more requests.", (void *)IS_DRAINING },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyMemberDef object_members[] = {
	{ "runner", T_OBJECT, offsetof(struct exchange_object, runner), 0,
	    "The package's own; None at first." },
	{ "script", T_OBJECT, offsetof(struct exchange_object, script), 0,
	    "What the log calls the script." },
	{ "id", T_ULONG, offsetof(struct exchange_object, id), READONLY,
	    "Stream identifier (RFC 9113 section 5.1.1)." },
	{ "moves", T_ULONG, offsetof(struct exchange_object, moves), READONLY,
	    "How often events were taken, for wait()." },
	{ NULL, 0, 0, 0, NULL }
};

#define FAST(fn)	(PyCFunction)(void (*)(void))(fn), METH_FASTCALL

static PyMethodDef object_methods[] = {
	{ "take", (PyCFunction)object_take, METH_NOARGS,
	    "What has come of the request, as a list of events." },
	{ "wait", (PyCFunction)object_wait, METH_VARARGS,
	    "Waits for more of it; False: all has been taken." },
	{ "fields", (PyCFunction)object_fields, METH_NOARGS,
	    "The request's field section, as received." },
	{ "frame", (PyCFunction)object_frame, METH_NOARGS,
	    "Priority, length and padding of its HEADERS frame." },
	{ "gather", (PyCFunction)object_gather, METH_NOARGS,
	    "From now on content is wanted when there is much or all of it." },
	{ "consume", (PyCFunction)object_consume, METH_O,
	    "Returns octets of flow-control credit to the peer." },
	{ "want", (PyCFunction)object_want, METH_O,
	    "Which frames there are functions for is known, as a mask." },
	{ "begun", (PyCFunction)object_begun, METH_O,
	    "A frame of so many octets is with its function, or dropped." },
	{ "call", FAST(object_call),
	    "Runs a script's function under the run-time limit." },
	{ "pause", (PyCFunction)object_pause, METH_O,
	    "Does nothing for so many milliseconds." },
	{ "finish", (PyCFunction)object_finish, METH_NOARGS,
	    "The exchange is over for the package." },
	{ "write", FAST(object_write),
	    "A writer call: op, stream_id, fields, data, flags, value." },
	{ "flood", FAST(object_flood),
	    "flood(octets, limit_octets, limit_frames, ms, reading): how many "
	    "octets went out." },
	{ "remember_file", (PyCFunction)object_remember_file, METH_VARARGS,
	    "Requests like this one may be answered likewise." },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot object_slots[] = {
	{ Py_tp_doc, "One request and the way to answer it." },
	{ Py_tp_dealloc, GIL_SLOT(object_dealloc) },
	{ Py_tp_traverse, GIL_SLOT(object_traverse) },
	{ Py_tp_clear, GIL_SLOT(object_clear) },
	{ Py_tp_getset, object_getset },
	{ Py_tp_members, object_members },
	{ Py_tp_methods, object_methods },
	{ 0, NULL }
};

static PyType_Spec object_spec = {
	.name = "_h2rig.Exchange",
	.basicsize = sizeof(struct exchange_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = object_slots
};

static PyObject *
object_new(struct exchange *x)
{
	struct exchange_object *self;

	self = (struct exchange_object *)object_type->tp_alloc(object_type, 0);
	if (self == NULL)
		return NULL;
	self->x = x;
	self->id = x->id;
	exchange_ref(x);
	n_objects++;
	return (PyObject *)self;
}

PyObject *
pyexchange_object(struct exchange *x)
{
	if (x->app == NULL && (x->app = object_new(x)) == NULL)
		return NULL;
	Py_INCREF((PyObject *)x->app);
	return x->app;
}

/* ---- serving ---- */

static int
no_memory_locked(struct conn *c, void *Py_UNUSED(arg))
{
	conn_out_of_memory(c);
	return 0;
}

static int
reset_locked(struct conn *c, void *arg)
{
	struct exchange *x = arg;
	const char *why;

	/* The connection's own exchange goes on, for later events. */
	x->over = c->script == NULL || x != c->script->own;
	if (!c->gone && x->stream != NULL) {
		/* RST_STREAM goes first, even if a header block is open. */
		if (send_held_by(c->session) != 0)
			conn_release_hold(c);
		send_rst_stream(c->session, x->id, H2_INTERNAL_ERROR, &why);
		conn_push(c);
	}
	return 0;
}

/*
 * Logs the exception that is set, which no script has raised, and resets the
 * stream.  Without memory it ends the whole connection, as a failed allocation
 * in C does.
 */
static void
failed(struct exchange *x, const char *where)
{
	bool no_memory = PyErr_ExceptionMatches(PyExc_MemoryError);

	gil_log_exception(where);
	gil_locked(x->conn, reset_locked, x);
	if (no_memory)
		gil_locked(x->conn, no_memory_locked, x);
}

static void
drop_object(struct exchange *x)
{
	PyObject *self = x->app;

	x->app = NULL;
	if (self == NULL)
		return;
	/* The runner and the Exchange refer to each other: part them. */
	object_clear((struct exchange_object *)self);
	Py_DECREF(self);
}

void
pyexchange_drop_all(struct exchanges *all)
{
	struct exchange *x, *next;

	for (x = all->first; x != NULL; x = next) {
		next = x->next;
		drop_object(x);
	}
}

bool
pyexchange_is_left(void)
{
	return n_objects > 0;
}

/*
 * Whether the client has left and no function is to run any more.  After a
 * RST_STREAM the script may still have handle_rst_stream.
 */
static bool
is_lost(struct exchange *x)
{
	return atomic_load(&x->left) && !(atomic_load(&x->reset_by_client) &&
	    (!x->known || x->wanted & EXCHANGE_WANTS(FRAME_RST_STREAM)));
}

void
pyexchange_serve(struct exchange *x)
{
	char script[SCOREBOARD_TEXT];
	PyObject *result = NULL;

	calls_begin(x, script_of(x, script, sizeof(script)),
	    x->app == NULL ? "(load)" : "(body)");
	if (x->app == NULL && !is_lost(x) && (x->app = object_new(x)) == NULL)
		failed(x, "Exchange");
	if (x->app != NULL) {
		result = PyObject_CallOneArg(serve, x->app);
		if (atomic_load(&x->conn->forked))
			calls_leave_forked(result);
		if (result == NULL)
			failed(x, "h2rig.server.dispatch.serve");
		Py_XDECREF(result);
	}
	/* If the client leaves after this look, x comes back once more. */
	x->over = x->over || is_lost(x);
	if (x->over)
		drop_object(x);
	/* A finalizer may have forked. */
	if (atomic_load(&x->conn->forked))
		calls_leave_forked(Py_None);
	calls_end(x);
}

PyObject *
pyexchange_make_type(void)
{
	PyObject *type = PyType_FromSpec(&object_spec);

	if (type == NULL)
		return NULL;
	object_type = (PyTypeObject *)type;
	object_type->tp_new = NULL;	/* only pyexchange_serve makes one */
	Py_INCREF(type);
	return type;
}

int
pyexchange_bind(void)
{
	serve = gil_import("h2rig.server.dispatch", "serve");
	return serve != NULL ? 0 : -1;
}

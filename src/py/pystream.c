/* SPDX-License-Identifier: MIT */
/*
 * The type Stream: one request as the package sees it, its events, and the
 * running of a script's functions for it.  The methods that write to the peer
 * are in writer.c; handler threads come in by pystream_serve.
 *
 * What looks at or changes an exchange is a small C function that module_locked
 * or module_do runs under the connection's mutex.
 */
#include <Python.h>
#include <structmember.h>

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../log.h"
#include "../sys.h"
#include "module.h"
#include "pystream.h"

/* Owned; kept while the process lives. */
static PyTypeObject *stream_type;
static PyObject *headers_number, *data_number;	/* EVENT_HEADERS, EVENT_DATA */

/* How often a thread looks whether another has done with fetching. */
#define FETCHER_MS 1

/* ---- events ---- */

static PyObject *
fields_to_list(const struct fields *l)
{
	PyObject *list, *pair;
	struct field f;
	size_t i;

	if ((list = PyList_New((Py_ssize_t)l->n)) == NULL)
		return NULL;
	for (i = 0; i < l->n; i++) {
		fields_get(l, i, &f);
		pair = Py_BuildValue("(y#y#)", f.name, (Py_ssize_t)f.name_len,
		    f.value, (Py_ssize_t)f.value_len);
		if (pair == NULL) {
			Py_DECREF(list);
			return NULL;
		}
		PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
	}
	return list;
}

/*
 * Takes what has come, under the mutex, for events that are in nobody's hand
 * yet.  Several calls for one exchange (a script's own thread may read the
 * body) go one after the other: `fetching`.
 */
struct fetch_op {
	struct op op;
	struct buf events;
	struct buf data;
};

static int
fetch(struct conn *c, struct op *op)
{
	struct fetch_op *f = (struct fetch_op *)op;

	(void)c;
	exchange_move(op->x, &f->events, &f->data);
	return f->events.failed || f->data.failed ? SEND_ERR_MEMORY : SEND_OK;
}

/* Moves what has come to the hand: 0, or -1 with an exception. */
static int
fetch_events(struct exchange *x)
{
	struct fetch_op f = { .op = { .x = x, .id = x->id, .fn = fetch },
	    .events = x->hand_events, .data = x->hand_data };
	int rc;

	x->hand_events = x->hand_data = (struct buf){ 0 };
	x->fetching = true;
	rc = module_do(&f.op);
	x->fetching = false;
	x->hand_events = f.events;
	x->hand_data = f.data;
	if (rc >= 0)
		return 0;
	module_raise(&f.op, rc);
	return -1;
}

/*
 * Nothing is moved here: while a thread of the script's own waits, the handler
 * thread serves what comes.
 */
static int
await(struct conn *c, struct op *op)
{
	struct exchange *x = op->x;

	(void)c;
	if (buf_len(&x->events) > 0 || x->events.failed || x->moved_all)
		return SEND_OK;
	if (x->left || x->finished) {
		op->why = "the client has left";
		return SEND_ERR_CLOSED;
	}
	x->awaited = true;
	return CONN_AGAIN_EVENT;
}

/* Waits until there is something to move: 0, or -1 with an exception. */
static int
await_events(struct exchange *x)
{
	struct op op = { .x = x, .id = x->id, .fn = await };
	int rc = module_do(&op);

	if (rc >= 0)
		return 0;
	module_raise(&op, rc);
	return -1;
}

/* Another thread fetches, which is soon done. */
static void
wait_for_fetcher(const struct exchange *x)
{
	while (x->fetching && !atomic_load(&x->conn->forked)) {
		Py_BEGIN_ALLOW_THREADS
		poll(NULL, 0, FETCHER_MS);
		Py_END_ALLOW_THREADS
	}
}

static PyObject *
text(const struct field *f)
{
	return PyUnicode_DecodeLatin1((const char *)f->value,
	    (Py_ssize_t)f->value_len, NULL);
}

static PyObject *
event_headers(const struct exchange *x, const struct event *ev)
{
	struct field f = { 0 };
	PyObject *method, *path, *result = NULL;

	fields_find(&x->request, ":method", &f);
	method = text(&f);
	f = (struct field){ 0 };
	fields_find(&x->request, ":path", &f);
	path = text(&f);
	if (method != NULL && path != NULL)
		result = PyTuple_Pack(4, headers_number, method, path,
		    ev->end_stream ? Py_True : Py_False);
	Py_XDECREF(method);
	Py_XDECREF(path);
	return result;
}

static PyObject *
event_data(struct exchange *x, const struct event *ev)
{
	PyObject *data, *flow_len, *credit, *result = NULL;

	data = PyBytes_FromStringAndSize(
	    (const char *)buf_data(&x->hand_data), (Py_ssize_t)ev->len);
	if (data == NULL)
		return NULL;
	buf_consume(&x->hand_data, ev->len);
	flow_len = PyLong_FromUnsignedLong(ev->flow_len);
	credit = PyLong_FromUnsignedLong(ev->credit);
	if (flow_len != NULL && credit != NULL)
		result = PyTuple_Pack(5, data_number, data, flow_len,
		    ev->end_stream ? Py_True : Py_False, credit);
	Py_XDECREF(flow_len);
	Py_XDECREF(credit);
	Py_DECREF(data);
	return result;
}

/* Of the DATA events at the front of the hand: how many, and all of them. */
static size_t
count_data(const struct exchange *x, struct event *all)
{
	const uint8_t *p = buf_data(&x->hand_events);
	size_t n = buf_len(&x->hand_events) / sizeof(struct event), i;
	struct event ev;

	*all = (struct event){ .type = EVENT_CONTENT };
	for (i = 0; i < n && !all->end_stream; i++) {
		memcpy(&ev, p + i * sizeof(ev), sizeof(ev));
		if (ev.type != EVENT_DATA)
			break;
		all->len += ev.len;
		all->credit += ev.credit;
		all->end_stream = ev.end_stream;
	}
	return i;
}

/* The next n events as a tuple (len, flow_len, len, flow_len, ...). */
static PyObject *
pop_lengths(struct exchange *x, size_t n)
{
	PyObject *lengths = PyTuple_New((Py_ssize_t)(2 * n)), *v;
	struct event ev;
	size_t i;

	for (i = 0; lengths != NULL && i < 2 * n; i++) {
		memcpy(&ev, buf_data(&x->hand_events), sizeof(ev));
		if (i % 2 == 1)
			buf_consume(&x->hand_events, sizeof(ev));
		v = PyLong_FromUnsignedLong(i % 2 == 0 ? ev.len : ev.flow_len);
		if (v == NULL)
			Py_CLEAR(lengths);
		else
			PyTuple_SET_ITEM(lengths, (Py_ssize_t)i, v);
	}
	return lengths;
}

/* Content that nobody wants frame by frame, all in one. */
static PyObject *
event_content(struct exchange *x)
{
	PyObject *data, *lengths;
	struct event all;
	size_t n = count_data(x, &all);

	data = PyBytes_FromStringAndSize(
	    (const char *)buf_data(&x->hand_data), (Py_ssize_t)all.len);
	if (data == NULL)
		return NULL;
	x->received = x->received || all.end_stream;
	buf_consume(&x->hand_data, all.len);
	if ((lengths = pop_lengths(x, n)) == NULL) {
		Py_DECREF(data);
		return NULL;
	}
	return Py_BuildValue("(iNNOk)", EVENT_CONTENT, data, lengths,
	    all.end_stream ? Py_True : Py_False, (unsigned long)all.credit);
}

/*
 * The oldest event in the hand.  It leaves that before anything is done which
 * might run Python code.
 */
static PyObject *
take_event(struct stream_object *self)
{
	struct exchange *x = self->x;
	struct event ev;

	memcpy(&ev, buf_data(&x->hand_events), sizeof(ev));
	if (ev.type == EVENT_DATA && x->gathers)
		return event_content(x);
	buf_consume(&x->hand_events, sizeof(ev));
	x->received = x->received || ev.end_stream;
	switch (ev.type) {
	case EVENT_DATA:
		return event_data(x, &ev);
	case EVENT_TRAILERS:
		return Py_BuildValue("(iN)", EVENT_TRAILERS,
		    fields_to_list(&x->trailers));
	default:
		return event_headers(x, &ev);
	}
}

static PyObject *
stream_next_event(struct stream_object *self, PyObject *const *args,
    Py_ssize_t n)
{
	struct exchange *x = self->x;
	bool wait = n > 0 && args[0] == Py_True;

	for (;;) {
		if (!wait && atomic_load(&x->left))
			Py_RETURN_NONE;		/* nothing more is started */
		if (buf_len(&x->hand_events) > 0)
			return take_event(self);
		if (x->fetching)
			wait_for_fetcher(x);
		if (x->received)
			Py_RETURN_NONE;
		if (buf_len(&x->hand_events) > 0)
			continue;		/* another has fetched */
		if (fetch_events(x) < 0)
			return NULL;
		if (buf_len(&x->hand_events) > 0)
			continue;
		if (!wait)
			Py_RETURN_NONE;
		if (await_events(x) < 0)
			return NULL;
	}
}

static PyObject *
stream_fields(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	return fields_to_list(&self->x->request);
}

static PyObject *
stream_frame(struct stream_object *self, PyObject *unused)
{
	const struct exchange *x = self->x;
	const struct frame_priority *p = &x->frame.priority;
	PyObject *priority;

	(void)unused;
	if (x->frame.has_priority)
		priority = Py_BuildValue("(kiO)", (unsigned long)p->dependency,
		    (int)p->weight, p->exclusive ? Py_True : Py_False);
	else
		priority = Py_BuildValue("");
	return Py_BuildValue("(NkO)", priority,
	    (unsigned long)x->frame.length,
	    x->frame.padded ? Py_True : Py_False);
}

struct consume_args {
	struct exchange *x;
	size_t n;
};

static int
consume_locked(struct conn *c, void *arg)
{
	struct consume_args *a = arg;

	if (a->x->stream != NULL && !c->gone) {
		session_consume(c->session, a->x->stream, a->n);
		conn_push(c);
	}
	return 0;
}

static int
gather_locked(struct conn *c, void *arg)
{
	struct exchange *x = arg;

	(void)c;
	x->gathers = true;
	return 0;
}

static PyObject *
stream_gather(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	if (!atomic_load(&self->x->conn->forked))
		module_locked(self->x->conn, gather_locked, self->x);
	Py_RETURN_NONE;
}

static int
press_locked(struct conn *c, void *arg)
{
	struct exchange *x = arg;

	exchange_press(c, x);
	return 0;
}

static PyObject *
stream_press(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	if (!atomic_load(&self->x->conn->forked))
		module_locked(self->x->conn, press_locked, self->x);
	Py_RETURN_NONE;
}

static PyObject *
stream_consume(struct stream_object *self, PyObject *arg)
{
	struct consume_args a = { .x = self->x };

	a.n = PyLong_AsSize_t(arg);
	if (PyErr_Occurred())
		return NULL;
	if (!atomic_load(&self->x->conn->forked))
		module_locked(self->x->conn, consume_locked, &a);
	Py_RETURN_NONE;
}

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

static void
begin_call(struct exchange *x, const char *script, const char *function)
{
	uint64_t now = sys_now_ms();

	x->running = slot_running_begin(x->conn->slot, x->id, script,
	    function, now);
	x->call_thread = PyThread_get_thread_ident();
	x->call_raised = false;
	atomic_store(&x->conn->slot->state, CHILD_RUNNING);
	atomic_store(&x->call_since, now);
}

static void
end_call(struct exchange *x)
{
	atomic_store(&x->call_since, 0);
	/* From here on no watchdog sets it: it looks with the GIL held. */
	if (x->call_raised)
		PyThreadState_SetAsyncExc(x->call_thread, NULL);
	if (x->running != NULL)
		slot_running_end(x->running);
	x->running = NULL;
}

static PyObject *
stream_call(struct stream_object *self, PyObject *const *args, Py_ssize_t n)
{
	const char *function, *script = "";
	PyObject *result;

	if (n < 2) {
		PyErr_SetString(PyExc_TypeError,
		    "call() takes a name and a function");
		return NULL;
	}
	if ((function = PyUnicode_AsUTF8(args[0])) == NULL)
		return NULL;
	if (self->script != NULL &&
	    (script = PyUnicode_AsUTF8(self->script)) == NULL) {
		PyErr_Clear();	/* a name with a lone surrogate */
		script = "?";
	}
	begin_call(self->x, script, function);
	result = PyObject_Vectorcall(args[1], args + 2, (size_t)n - 2, NULL);
	if (atomic_load(&self->x->conn->forked))
		leave_forked(result);
	end_call(self->x);
	return result;
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
	{ "next_event", (PyCFunction)(void (*)(void))stream_next_event,
	    METH_FASTCALL, "The next frame of the request." },
	{ "fields", (PyCFunction)stream_fields, METH_NOARGS,
	    "The request's field section, as received." },
	{ "frame", (PyCFunction)stream_frame, METH_NOARGS,
	    "Priority, length and padding of its HEADERS frame." },
	{ "gather", (PyCFunction)stream_gather, METH_NOARGS,
	    "From now on content is wanted when there is much or all of it." },
	{ "press", (PyCFunction)stream_press, METH_NOARGS,
	    "Has it served once more, though no event may have come." },
	{ "consume", (PyCFunction)stream_consume, METH_O,
	    "Returns octets of flow-control credit to the peer." },
	{ "call", (PyCFunction)(void (*)(void))stream_call, METH_FASTCALL,
	    "Runs a script's function under the run-time limit." },
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
	PyObject *result;

	if (x->app == NULL && !x->left && (x->app = stream_new(x)) == NULL) {
		module_log_exception("Stream");
		module_locked(x->conn, reset_locked, x);
	}
	if (x->app != NULL) {
		result = PyObject_CallOneArg(serve, x->app);
		if (result == NULL) {
			module_log_exception("h2rig.dispatch.serve");
			module_locked(x->conn, reset_locked, x);
		}
		Py_XDECREF(result);
	}
	/* Should its client leave after this look, it comes back once more. */
	x->over = x->over || atomic_load(&x->left);
	if (x->over)
		drop_stream(x);
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

PyObject *
pystream_make_type(void)
{
	PyMethodDef *def;
	PyObject *type;

	if ((headers_number = PyLong_FromLong(EVENT_HEADERS)) == NULL ||
	    (data_number = PyLong_FromLong(EVENT_DATA)) == NULL ||
	    (type = PyType_FromSpec(&stream_spec)) == NULL)
		return NULL;
	stream_type = (PyTypeObject *)type;
	stream_type->tp_new = NULL;	/* only pystream_serve makes one */
	for (def = writer_methods; def->ml_name != NULL; def++)
		if (add_method(stream_type, def) < 0)
			return NULL;
	Py_INCREF(type);
	return type;
}

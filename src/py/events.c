/* SPDX-License-Identifier: MIT */
/*
 * The methods of Stream by which the package takes a request: its events, its
 * field section, and how its content is wanted.
 *
 * What looks at or changes an exchange under the connection's mutex is a small
 * C function that module_locked or module_do runs.
 */
#include <Python.h>

#include <poll.h>
#include <string.h>

#include "module.h"
#include "pystream.h"

/* Owned; kept while the process lives. */
static PyObject *headers_number, *data_number;	/* EVENT_HEADERS, EVENT_DATA */

/* How often a thread looks whether another has done with fetching. */
#define FETCHER_MS 1

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
struct await_op {
	struct op op;
	bool tunnel;		/* its wait ends when the connection drains */
};

static int
await(struct conn *c, struct op *op)
{
	struct exchange *x = op->x;

	if (buf_len(&x->events) > 0 || x->events.failed || x->moved_all)
		return SEND_OK;
	if (x->left || x->phase == EXCHANGE_OVER) {
		op->why = "the client has left";
		return SEND_ERR_CLOSED;
	}
	if (c->draining && ((struct await_op *)op)->tunnel) {
		op->why = "the server is stopping";
		return CONN_DRAINED;
	}
	x->awaited = true;
	return CONN_AGAIN_EVENT;
}

/* Waits until there is something to move: 0, or -1 with an exception. */
static int
await_events(struct exchange *x, bool tunnel)
{
	struct await_op a = { .op = { .x = x, .id = x->id, .fn = await },
	    .tunnel = tunnel };
	int rc = module_do(&a.op);

	if (rc >= 0)
		return 0;
	module_raise(&a.op, rc);
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

/*
 * What has come, as one event; None: nothing has, or all is taken.  With
 * `though_left` also what came before the client left.
 */
static PyObject *
at_hand(struct stream_object *self, bool though_left)
{
	struct exchange *x = self->x;

	if (!though_left && atomic_load(&x->left))
		Py_RETURN_NONE;		/* nothing more is started */
	if (buf_len(&x->hand_events) > 0)
		return take_event(self);
	if (x->fetching)
		wait_for_fetcher(x);
	if (x->received)
		Py_RETURN_NONE;
	if (buf_len(&x->hand_events) == 0 && fetch_events(x) < 0)
		return NULL;
	if (buf_len(&x->hand_events) > 0)
		return take_event(self);
	Py_RETURN_NONE;
}

static PyObject *
event_next(struct stream_object *self, PyObject *const *args,
    Py_ssize_t n)
{
	bool wait = n > 0 && args[0] == Py_True;
	PyObject *event;

	for (;;) {
		event = at_hand(self, wait);
		if (event != Py_None || !wait || self->x->received)
			return event;
		Py_DECREF(event);
		if (await_events(self->x, true) < 0)
			return NULL;
	}
}

static PyObject *
event_at_hand(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	return at_hand(self, true);
}

static PyObject *
event_await(struct stream_object *self, PyObject *unused)
{
	struct exchange *x = self->x;

	(void)unused;
	if (buf_len(&x->hand_events) == 0 && !x->received &&
	    await_events(x, false) < 0)
		return NULL;
	return PyBool_FromLong(!x->received);
}

static PyObject *
event_fields(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	return fields_to_list(&self->x->request);
}

static PyObject *
event_frame(struct stream_object *self, PyObject *unused)
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
	    x->frame.flags & FLAG_PADDED ? Py_True : Py_False);
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
event_gather(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	if (!atomic_load(&self->x->conn->forked))
		module_locked(self->x->conn, gather_locked, self->x);
	Py_RETURN_NONE;
}

static int
press_locked(struct conn *c, void *arg)
{
	(void)c;
	exchange_press(arg);
	return 0;
}

static PyObject *
event_press(struct stream_object *self, PyObject *unused)
{
	(void)unused;
	if (!atomic_load(&self->x->conn->forked))
		module_locked(self->x->conn, press_locked, self->x);
	Py_RETURN_NONE;
}

static PyObject *
event_consume(struct stream_object *self, PyObject *arg)
{
	struct consume_args a = { .x = self->x };

	a.n = PyLong_AsSize_t(arg);
	if (PyErr_Occurred())
		return NULL;
	if (!atomic_load(&self->x->conn->forked))
		module_locked(self->x->conn, consume_locked, &a);
	Py_RETURN_NONE;
}

int
events_init(void)
{
	headers_number = PyLong_FromLong(EVENT_HEADERS);
	data_number = PyLong_FromLong(EVENT_DATA);
	return headers_number != NULL && data_number != NULL ? 0 : -1;
}

PyMethodDef event_methods[] = {
	{ "next_event", (PyCFunction)(void (*)(void))event_next,
	    METH_FASTCALL, "The next frame of the request." },
	{ "at_hand", (PyCFunction)event_at_hand, METH_NOARGS,
	    "The same, if it has come, for a function that runs." },
	{ "await_event", (PyCFunction)event_await, METH_NOARGS,
	    "Waits for one to come; False: all have been taken." },
	{ "fields", (PyCFunction)event_fields, METH_NOARGS,
	    "The request's field section, as received." },
	{ "frame", (PyCFunction)event_frame, METH_NOARGS,
	    "Priority, length and padding of its HEADERS frame." },
	{ "gather", (PyCFunction)event_gather, METH_NOARGS,
	    "From now on content is wanted when there is much or all of it." },
	{ "press", (PyCFunction)event_press, METH_NOARGS,
	    "Has it served once more, though no event may have come." },
	{ "consume", (PyCFunction)event_consume, METH_O,
	    "Returns octets of flow-control credit to the peer." },
	{ NULL, NULL, 0, NULL }
};

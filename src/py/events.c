/* SPDX-License-Identifier: MIT */
/*
 * A request's events, on their way from the connection to Python: moved in one
 * hold of the mutex, and then made tuples.
 */
#include <string.h>

#include "calls.h"
#include "events.h"
#include "gil.h"

PyObject *
events_fields(const struct fields *l)
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

PyObject *
events_frame(const struct frame *f)
{
	const struct frame_priority *p = &f->priority;
	PyObject *priority;

	if (f->has_priority)
		priority = Py_BuildValue("(kiO)", (unsigned long)p->dependency,
		    (int)p->weight, p->exclusive ? Py_True : Py_False);
	else
		priority = Py_BuildValue("");
	return Py_BuildValue("(NkO)", priority, (unsigned long)f->length,
	    f->flags & FLAG_PADDED ? Py_True : Py_False);
}

static PyObject *
pseudo_text(const struct exchange *x, const char *name)
{
	struct field f = { 0 };

	if (!fields_find(&x->request, name, &f))
		f.value_len = 0;
	return PyUnicode_DecodeLatin1((const char *)f.value,
	    (Py_ssize_t)f.value_len, NULL);
}

/* What has been moved here in one hold of the mutex. */
struct events {
	struct exchange *x;
	bool foreign;		/* taken by a thread of the script's own */
	unsigned long moves;	/* of x so far */
	struct buf events;	/* of struct event */
	struct buf data;
};

/* Takes the next event, of any type or of that one; false: there is none. */
static bool
pop(struct events *e, int type, struct event *ev)
{
	struct event next;

	if (buf_len(&e->events) == 0)
		return false;
	memcpy(&next, buf_data(&e->events), sizeof(next));
	if (type != -1 && next.type != type)
		return false;
	buf_consume(&e->events, sizeof(next));
	*ev = next;
	return true;
}

static int
append_number(PyObject *list, unsigned long n)
{
	PyObject *number = PyLong_FromUnsignedLong(n);
	int rc = number == NULL ? -1 : PyList_Append(list, number);

	Py_XDECREF(number);
	return rc;
}

/* The next len octets. */
static PyObject *
take_data(struct events *e, size_t len)
{
	PyObject *data = PyBytes_FromStringAndSize(
	    (const char *)buf_data(&e->data), (Py_ssize_t)len);

	buf_consume(&e->data, len);
	return data;
}

/* A DATA frame; of content that is gathered all that follow it too. */
static PyObject *
data_event(struct events *e, struct event ev)
{
	PyObject *lengths = PyList_New(0);
	unsigned long credit = 0;
	size_t len = 0;

	do {
		if (lengths != NULL && (append_number(lengths, ev.len) == -1 ||
		    append_number(lengths, ev.flow_len) == -1))
			Py_CLEAR(lengths);
		len += ev.len;
		credit += ev.credit;
	} while (e->x->gathers && !ev.end_stream && pop(e, EVENT_DATA, &ev));
	return Py_BuildValue("(iNNOk)", EVENT_DATA, take_data(e, len), lengths,
	    ev.end_stream ? Py_True : Py_False, credit);
}

static PyObject *
event(struct events *e, const struct event *ev)
{
	const struct exchange *x = e->x;

	switch (ev->type) {
	case EVENT_DATA:
		return data_event(e, *ev);
	case EVENT_TRAILERS:
		return Py_BuildValue("(iNNN)", EVENT_TRAILERS,
		    events_fields(&x->trailers),
		    events_frame(&x->trailers_frame), take_data(e, ev->len));
	case EVENT_FRAME:
		return Py_BuildValue("(iiiN)", EVENT_FRAME,
		    (int)ev->frame_type, (int)ev->flags,
		    take_data(e, ev->len));
	default:
		return Py_BuildValue("(iNNO)", EVENT_HEADERS,
		    pseudo_text(x, ":method"), pseudo_text(x, ":path"),
		    ev->end_stream ? Py_True : Py_False);
	}
}

/*
 * What a thread of the script's own takes is the handler thread's to follow up,
 * by handle_data or main.
 */
static int
move_locked(struct conn *c, void *arg)
{
	struct events *e = arg;

	(void)c;
	exchange_move(e->x, &e->events, &e->data);
	e->moves = e->x->n_moves;
	if (e->foreign && buf_len(&e->events) > 0)
		exchange_press(e->x);
	return 0;
}

PyObject *
events_take(struct exchange *x, unsigned long *moves)
{
	struct events e = { .x = x, .foreign = !calls_serve(x) };
	struct op op = { .x = x, .id = x->id };
	PyObject *list = NULL, *item;
	struct event ev;

	if (gil_locked(x->conn, move_locked, &e) == CONN_FORKED)
		return gil_raise(&op, CONN_FORKED);
	*moves = e.moves;
	if (e.events.failed || e.data.failed)
		PyErr_NoMemory();
	else
		list = PyList_New(0);
	while (list != NULL && pop(&e, -1, &ev)) {
		item = event(&e, &ev);
		if (item == NULL || PyList_Append(list, item) == -1)
			Py_CLEAR(list);
		Py_XDECREF(item);
	}
	buf_free(&e.events);
	buf_free(&e.data);
	/* It is cheapest taken from its end, event by event. */
	if (list != NULL && PyList_Reverse(list) == -1)
		Py_CLEAR(list);
	return list;
}

/*
 * Nothing is moved here: while a thread of the script's own waits, the handler
 * thread serves what comes.
 */
struct wait_op {
	struct op op;
	unsigned long moves;	/* that the caller knows of */
	bool tunnel;		/* its wait ends when the connection drains */
	bool more;
};

static int
wait_attempt(struct conn *c, struct op *op)
{
	struct wait_op *w = (struct wait_op *)op;
	struct exchange *x = op->x;

	w->more = !x->moved_all;
	if (buf_len(&x->events) > 0 || x->events.failed || x->moved_all ||
	    x->n_moves != w->moves)
		return SEND_OK;
	if (x->left || x->phase == EXCHANGE_OVER) {
		op->why = "the client has left";
		return SEND_ERR_CLOSED;
	}
	if (c->draining && w->tunnel) {
		op->why = "the server is stopping";
		return CONN_DRAINED;
	}
	x->awaited = true;
	return CONN_AGAIN_EVENT;
}

int
events_wait(struct exchange *x, unsigned long moves, bool tunnel)
{
	struct wait_op w = { .op = { .x = x, .id = x->id,
	    .fn = wait_attempt }, .moves = moves, .tunnel = tunnel };

	return calls_do(&w.op) == -1 ? -1 : w.more;
}

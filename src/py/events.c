/* SPDX-License-Identifier: MIT */
/*
 * A request's events on their way from the connection to Python: moved while
 * the mutex is held once, and made tuples after that.
 */
#include <string.h>

#include "calls.h"
#include "conn/connscript.h"
#include "py_impl.h"

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

static PyObject *
priority(const struct frame *f)
{
	const struct frame_priority *p = &f->priority;

	if (!f->has_priority)
		Py_RETURN_NONE;
	return Py_BuildValue("(kiO)", (unsigned long)p->dependency,
	    (int)p->weight, p->exclusive ? Py_True : Py_False);
}

PyObject *
events_frame(const struct frame *f)
{
	return Py_BuildValue("(NkO)", priority(f), (unsigned long)f->length,
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

/* What was moved here while the mutex was held once. */
struct events {
	struct exchange *x;
	bool foreign;		/* a thread of the script's own takes them */
	unsigned long moves;	/* x's n_moves by then */
	struct buf events;	/* of struct event */
	struct buf data;
};

/* Takes the next event, of that type (-1: any).  False: there is none. */
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

/* Takes the next len octets. */
static PyObject *
take_data(struct events *e, size_t len)
{
	PyObject *data = PyBytes_FromStringAndSize(
	    (const char *)buf_data(&e->data), (Py_ssize_t)len);

	buf_consume(&e->data, len);
	return data;
}

/* A DATA frame and, if content is gathered, all that follow it. */
static PyObject *
data_event(struct events *e, struct event ev)
{
	PyObject *lengths = PyList_New(0);
	unsigned long credit = 0;
	size_t len = 0;

	do {
		gil_append(&lengths, PyLong_FromSize_t(ev.len));
		gil_append(&lengths, PyLong_FromSize_t(ev.flow_len));
		len += ev.len;
		credit += ev.credit;
	} while (e->x->gathers && !ev.end_stream && pop(e, EVENT_DATA, &ev));
	return Py_BuildValue("(iNNOk)", EVENT_DATA, take_data(e, len), lengths,
	    ev.end_stream ? Py_True : Py_False, credit);
}

/* Takes a pair of byte strings, behind their lengths, from *p. */
static PyObject *
take_pair(const uint8_t **p)
{
	struct framelog_field at;
	PyObject *pair;

	memcpy(&at, *p, sizeof(at));
	*p += sizeof(at);
	pair = Py_BuildValue("(y#y#)", *p, (Py_ssize_t)at.name_len,
	    *p + at.name_len, (Py_ssize_t)at.value_len);
	*p += at.name_len + at.value_len;
	return pair;
}

PyObject *
events_received(const uint8_t *octets)
{
	const uint8_t *p = octets + sizeof(struct framelog_entry);
	PyObject *fields = NULL;
	struct framelog_entry e;
	size_t i;

	memcpy(&e, octets, sizeof(e));
	p += e.payload;
	if (e.has_fields && (fields = PyList_New(0)) == NULL)
		return NULL;
	for (i = 0; i < e.n_fields; i++) {
		gil_append(&fields, take_pair(&p));
		if (fields == NULL)
			return NULL;
	}
	return Py_BuildValue("(KiiKy#NNk)", (unsigned long long)e.seq,
	    (int)e.frame.type, (int)e.frame.flags,
	    (unsigned long long)e.frame.stream_id,
	    octets + sizeof(e), (Py_ssize_t)e.payload,
	    fields != NULL ? fields : Py_BuildValue(""),
	    priority(&e.frame), (unsigned long)e.frame.length);
}

static PyObject *
violation(const struct event *ev, const uint8_t *p)
{
	uint32_t len = get_u32(p + 4);
	size_t at = 8 + len;

	return Py_BuildValue("(isks#N)", EVENT_VIOLATION,
	    ev->frame_type == H2_LEVEL_STREAM ? "stream" : "connection",
	    (unsigned long)get_u32(p), (const char *)p + 8, (Py_ssize_t)len,
	    ev->len > at ? events_received(p + at) : Py_BuildValue(""));
}

/* Makes an event of the connection's own script. */
static PyObject *
own_event(struct events *e, const struct event *ev)
{
	const uint8_t *p = buf_data(&e->data);
	PyObject *item;

	if (ev->type == EVENT_STEP)
		return Py_BuildValue("(ii)", EVENT_STEP, (int)ev->frame_type);
	item = ev->type == EVENT_VIOLATION ? violation(ev, p) :
	    Py_BuildValue("(iN)", EVENT_RECEIVED, events_received(p));
	buf_consume(&e->data, ev->len);
	return item;
}

static PyObject *
event(struct events *e, const struct event *ev)
{
	const struct exchange *x = e->x;

	switch (ev->type) {
	case EVENT_STEP:
	case EVENT_RECEIVED:
	case EVENT_VIOLATION:
		return own_event(e, ev);
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
 * If a thread of the script's own takes events, the handler thread is called to
 * follow them up, by handle_data or main.
 */
static int
move_locked(struct conn *Py_UNUSED(c), void *arg)
{
	struct events *e = arg;

	exchange_move(e->x, &e->events, &e->data);
	e->moves = e->x->n_moves;
	if (e->foreign && buf_len(&e->events) > 0)
		exchange_press(e->x);
	return 0;
}

PyObject *
events_take(struct exchange *x, unsigned long *moves)
{
	struct events e = { .x = x, .foreign = calls_current() != x };
	struct op op = { .x = x, .id = x->id };
	PyObject *list = NULL;
	struct event ev;

	if (gil_locked(x->conn, move_locked, &e) == CONN_FORKED)
		return gil_raise(&op, CONN_FORKED);
	*moves = e.moves;
	if (e.events.failed || e.data.failed)
		PyErr_NoMemory();
	else
		list = PyList_New(0);
	while (list != NULL && pop(&e, -1, &ev))
		gil_append(&list, event(&e, &ev));
	buf_free(&e.events);
	buf_free(&e.data);
	/* Python takes events from the list's end, which is cheapest. */
	if (list != NULL && PyList_Reverse(list) == -1)
		Py_CLEAR(list);
	return list;
}

/*
 * A wait for events.  It moves nothing: while a thread of the script's own
 * waits, the handler thread serves what comes.  number: x's n_moves, as the
 * caller knows it; value: 1 if the wait ends when the connection drains;
 * result: 0 if all of the request has been taken.
 */
static int
wait_attempt(struct conn *c, struct op *op)
{
	struct exchange *x = op->x;

	op->result = !x->moved_all;
	if (buf_len(&x->events) > 0 || x->events.failed || x->moved_all ||
	    x->n_moves != op->number)
		return SEND_OK;
	if (x->left || x->phase == EXCHANGE_OVER) {
		op->why = "the client has left";
		return SEND_ERR_CLOSED;
	}
	if (c->draining && op->value) {
		op->why = "the server is stopping";
		return CONN_DRAINED;
	}
	x->awaited = true;
	return CONN_AGAIN_EVENT;
}

int
events_wait(struct exchange *x, unsigned long moves, bool tunnel)
{
	struct op op = { .x = x, .id = x->id, .fn = wait_attempt,
	    .number = moves, .value = tunnel };

	return calls_do(&op) == -1 ? -1 : (int)op.result;
}

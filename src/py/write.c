/* SPDX-License-Identifier: MIT */
/*
 * Writer calls: one entry for all, which makes a struct op from Python's
 * arguments with the GIL held, and has it done.  The struct points to octets of
 * Python objects, which are held until then.
 */
#include "base/sys.h"
#include "calls.h"
#include "conn/connscript.h"
#include "conn/writeop.h"
#include "py_impl.h"

static int
field_from_pair(PyObject *pair, struct field *f)
{
	PyObject *name, *value;		/* borrowed */
	Py_ssize_t n;

	if (!PyTuple_Check(pair) || (n = PyTuple_GET_SIZE(pair)) < 2 || n > 3)
		goto wrong;
	name = PyTuple_GET_ITEM(pair, 0);
	value = PyTuple_GET_ITEM(pair, 1);
	if (!PyBytes_Check(name) || !PyBytes_Check(value))
		goto wrong;
	f->name = (const uint8_t *)PyBytes_AS_STRING(name);
	f->name_len = (size_t)PyBytes_GET_SIZE(name);
	f->value = (const uint8_t *)PyBytes_AS_STRING(value);
	f->value_len = (size_t)PyBytes_GET_SIZE(value);
	f->never_index = n == 3 && PyTuple_GET_ITEM(pair, 2) == Py_True;
	return 0;
wrong:
	PyErr_Format(PyExc_TypeError,
	    "a field is a tuple (bytes, bytes[, bool]), not %R", pair);
	return -1;
}

void
write_fields_free(struct write_fields *f)
{
	Py_CLEAR(f->tuple);
	if (f->v != f->few)
		PyMem_Free(f->v);
	f->v = NULL;
}

int
write_fields_get(struct write_fields *f, PyObject *sequence)
{
	size_t i;

	f->v = f->few;
	if ((f->tuple = PySequence_Tuple(sequence)) == NULL)
		return -1;
	f->n = (size_t)PyTuple_GET_SIZE(f->tuple);
	if (f->n > sizeof(f->few) / sizeof(f->few[0]) &&
	    (f->v = PyMem_New(struct field, f->n)) == NULL) {
		PyErr_NoMemory();
		goto fail;
	}
	for (i = 0; i < f->n; i++)
		if (field_from_pair(PyTuple_GET_ITEM(f->tuple, (Py_ssize_t)i),
		    &f->v[i]) == -1)
			goto fail;
	return 0;
fail:
	write_fields_free(f);
	return -1;
}

PyObject *
write_faults(PyObject *Py_UNUSED(module), PyObject *sequence)
{
	struct write_fields fields;
	const struct field *bad, *first;
	const char *rule, *reason;
	PyObject *list;
	size_t i;

	if (write_fields_get(&fields, sequence) == -1)
		return NULL;
	list = PyList_New(0);
	/* A field may be wrong only because of the fields before it. */
	reason = fields_check_sent(fields.v, fields.n, FIELDS_RESPONSE, &first);
	for (i = 0; list != NULL && i < fields.n; i++) {
		const struct field *f = &fields.v[i];

		rule = fields_check_sent(f, 1, FIELDS_RESPONSE, &bad);
		if (f == first)
			rule = reason;
		else if (bad == NULL)
			rule = fields_check_control(f);
		if (rule != NULL)
			gil_append(&list, Py_BuildValue("(nN)", (Py_ssize_t)i,
			    gil_rule(rule, f)));
	}
	write_fields_free(&fields);
	return list;
}

/* Reads 32 bits; -1 stands for all ones: 0, or -1 with an exception. */
static int
number(PyObject *arg, uint32_t *v)
{
	int overflow;
	long long n = PyLong_AsLongLongAndOverflow(arg, &overflow);

	if (n == -1 && PyErr_Occurred())
		return -1;
	if (overflow != 0 || n < -1 || n > UINT32_MAX) {
		PyErr_Format(PyExc_ValueError,
		    "%R: expected 0 to 4294967295", arg);
		return -1;
	}
	*v = (uint32_t)n;
	return 0;
}

/* Takes the name and the numbers of the arguments: 0, or -1. */
static int
init(struct op *op, struct exchange *x, PyObject *const *args,
    Py_ssize_t n)
{
	static const int at[3] = { 1, 4, 5 };	/* stream_id, flags, value */
	uint32_t v[3] = { 0 };
	const char *name;
	int i;

	if (n < 1 || n > 6) {
		PyErr_SetString(PyExc_TypeError, "write() takes op, stream_id, "
		    "fields, data, flags and value");
		return -1;
	}
	if ((name = PyUnicode_AsUTF8(args[0])) == NULL)
		return -1;
	for (i = 0; i < 3 && at[i] < n; i++)
		if (number(args[at[i]], &v[i]) == -1)
			return -1;
	if (!writeop_init(op, name, x, v[0])) {
		PyErr_Format(PyExc_ValueError, "no writer call %R", args[0]);
		return -1;
	}
	op->flags = v[1];
	op->value = v[2];
	return 0;
}

/*
 * A function that uses the connection's own exchange waits under its own
 * run-time limit.
 */
static void
use_limit(struct op *op)
{
	if (op->x->id == EXCHANGE_OWN && calls_current() != NULL)
		op->x = calls_current();
}

PyObject *
write_call(struct exchange *x, PyObject *const *args, Py_ssize_t n)
{
	struct op op;
	struct write_fields fields;
	Py_buffer data = { 0 };
	PyObject *result = NULL;

	/* The rest of it need not be zeroed. */
	fields.tuple = NULL;
	fields.v = NULL;
	fields.n = 0;
	if (init(&op, x, args, n) == -1 ||
	    (n > 2 && write_fields_get(&fields, args[2]) == -1) ||
	    (n > 3 && PyObject_GetBuffer(args[3], &data, PyBUF_SIMPLE) == -1))
		goto out;
	op.fields = fields.v;
	op.n_fields = fields.n;
	op.data = data.buf;
	op.len = (size_t)data.len;
	op.shares = op.shares && op.len > 0;
	use_limit(&op);
	if (calls_do(&op) == 0)
		result = PyLong_FromUnsignedLong(op.result |
		    (op.broken ? WRITE_AS_IT_STANDS : 0));
out:
	write_fields_free(&fields);
	PyBuffer_Release(&data);
	return result;
}

/* Counts the frames in octets; the last may be incomplete. */
static uint64_t
count_frames(const uint8_t *p, size_t len)
{
	uint64_t n = 0;
	size_t at;

	for (at = 0; len - at >= FRAME_HEADER_LEN; n++) {
		if (get_u24(p + at) >= len - at - FRAME_HEADER_LEN)
			return n + 1;
		at += FRAME_HEADER_LEN + get_u24(p + at);
	}
	return n > 0 ? n : 1;
}

/* The next call with the same op undoes this one. */
static int
pause_locked(struct conn *c, void *arg)
{
	struct op *op = arg;

	connscript_pause(c, op);
	op->value = op->result;
	return 0;
}

static int
queued_locked(struct conn *c, void *arg)
{
	*(size_t *)arg = conn_queued(c);
	return 0;
}

PyObject *
write_flood(struct exchange *x, PyObject *const *args, Py_ssize_t n)
{
	struct op op = { .x = x, .id = x->id, .raw = true, .writes = true,
	    .fn = connscript_flood, .number = UINT64_MAX };
	struct op pause = { .value = 1 };
	unsigned long long most[3];	/* octets, frames, ms */
	Py_buffer octets;
	uint64_t sent;
	size_t left = 0;
	int i, rc;

	if (n != 5) {
		PyErr_SetString(PyExc_TypeError, "flood() takes octets, "
		    "limit_octets, limit_frames, ms and reading");
		return NULL;
	}
	for (i = 0; i < 3; i++) {
		most[i] = PyLong_AsUnsignedLongLong(args[i + 1]);
		if (PyErr_Occurred())
			return NULL;
	}
	if (PyObject_GetBuffer(args[0], &octets, PyBUF_SIMPLE) == -1)
		return NULL;
	op.data = octets.buf;
	op.len = (size_t)octets.len;
	if (op.len > 0 && most[0] > 0)
		op.number = most[0] / op.len;
	if (op.len > 0 && most[1] > 0 &&
	    most[1] / count_frames(op.data, op.len) < op.number)
		op.number = most[1] / count_frames(op.data, op.len);
	if (op.len == 0)
		op.number = 0;
	op.due = sys_now_ms() + most[2];
	use_limit(&op);
	if (args[4] != Py_True)
		gil_locked(x->conn, pause_locked, &pause);
	rc = calls_do(&op);
	if (args[4] != Py_True)
		gil_locked(x->conn, pause_locked, &pause);
	PyBuffer_Release(&octets);
	gil_locked(x->conn, queued_locked, &left);
	if (rc == -1)
		return NULL;
	sent = (uint64_t)op.sent * op.len;
	sent -= sent > left ? left : sent;
	/* A copy that has been sent only in part is not counted. */
	return PyLong_FromUnsignedLongLong(op.len == 0 ? 0 :
	    sent - sent % op.len);
}

/* SPDX-License-Identifier: MIT */
/*
 * The methods of Stream that write to the peer.  Each parses its arguments
 * into a struct writeop with the GIL held, and hands it with the function of
 * writeop.c that does it to module_do.  The octets that the struct points to
 * are of Python objects that the method holds until then.
 */
#include <Python.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn/writeop.h"
#include "module.h"
#include "pystream.h"

static struct writeop
new_op(PyObject *self, int (*fn)(struct conn *c, struct op *op))
{
	struct exchange *x = ((struct stream_object *)self)->x;

	return (struct writeop){ .id = x->id, .op = { .x = x, .id = x->id,
	    .fn = fn, .writes = true } };
}

/* stream_id 0 stands for the script's own stream in checked calls. */
static void
op_set_id(struct writeop *o, unsigned long id)
{
	if (id != 0)
		o->id = o->op.id = (uint32_t)id;
}

static PyObject *
finish_op(struct writeop *o)
{
	int rc = module_do(&o->op);

	if (rc < 0)
		return module_raise(&o->op, rc);
	Py_RETURN_NONE;
}

/* ---- arguments ---- */

/*
 * Fields as C sees them.  `tuple` keeps the pairs alive while the GIL is let
 * go: a list could change meanwhile, tuples and bytes cannot.
 */
struct field_args {
	PyObject *tuple;
	struct field *v;
	size_t n;
	struct field few[24];
};

static int
field_from_pair(PyObject *pair, struct field *f)
{
	PyObject *name, *value;
	Py_ssize_t n;

	if (!PyTuple_Check(pair) || (n = PyTuple_GET_SIZE(pair)) < 2 || n > 3)
		goto wrong;
	name = PyTuple_GET_ITEM(pair, 0);	/* borrowed */
	value = PyTuple_GET_ITEM(pair, 1);	/* borrowed */
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

static void
field_args_free(struct field_args *a)
{
	Py_CLEAR(a->tuple);
	if (a->v != a->few)
		PyMem_Free(a->v);
	a->v = NULL;
}

static int
field_args_get(PyObject *sequence, struct field_args *a)
{
	size_t i;

	a->v = a->few;
	if ((a->tuple = PySequence_Tuple(sequence)) == NULL)
		return -1;
	a->n = (size_t)PyTuple_GET_SIZE(a->tuple);
	if (a->n > sizeof(a->few) / sizeof(a->few[0])) {
		a->v = PyMem_New(struct field, a->n);
		if (a->v == NULL) {
			PyErr_NoMemory();
			goto fail;
		}
	}
	for (i = 0; i < a->n; i++)
		if (field_from_pair(PyTuple_GET_ITEM(a->tuple,
		    (Py_ssize_t)i), &a->v[i]) < 0)
			goto fail;
	return 0;
fail:
	field_args_free(a);
	return -1;
}

static void
op_set_data(struct writeop *o, const Py_buffer *b)
{
	o->data = b->buf;
	o->len = (size_t)b->len;
}

/* ---- checked calls ---- */

/*
 * Arguments of the calls that are made most: without keywords, the optional
 * ones being END_STREAM (a bool), the stream's identifier and whether fields go
 * out as they are.
 */
static int
op_set_rest(struct writeop *o, PyObject *const *args, Py_ssize_t n)
{
	unsigned long id;

	if (n < 1 || n > 4) {
		PyErr_SetString(PyExc_TypeError, "expected 1 to 4 arguments");
		return -1;
	}
	o->end_stream = n > 1 && args[1] == Py_True;
	o->as_is = n > 3 && args[3] == Py_True;
	if (n < 3)
		return 0;
	id = PyLong_AsUnsignedLong(args[2]);
	if (PyErr_Occurred())
		return -1;
	op_set_id(o, id);
	return 0;
}

static PyObject *
writer_send_headers(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct writeop o = new_op(self, writeop_headers);
	struct field_args fields;
	PyObject *result;

	if (op_set_rest(&o, args, n) < 0 || field_args_get(args[0],
	    &fields) < 0)
		return NULL;
	o.fields = fields.v;
	o.n_fields = fields.n;
	result = finish_op(&o);
	field_args_free(&fields);
	return result;
}

static PyObject *
writer_send_data(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct writeop o = new_op(self, writeop_data);
	PyObject *result;
	Py_buffer data;

	if (op_set_rest(&o, args, n) < 0 ||
	    PyObject_GetBuffer(args[0], &data, PyBUF_SIMPLE) < 0)
		return NULL;
	op_set_data(&o, &data);
	o.op.shares = o.len > 0;
	result = finish_op(&o);
	PyBuffer_Release(&data);
	return result;
}

/*
 * Octets of a file that are read at a time; what is queued is bounded so.  With
 * the headers of four frames they fill four TLS records.  With 64 KiB, 36
 * octets are a fifth: files of 10 MiB took 5 % longer (median of 21 pairs of
 * runs).
 */
#define FILE_LAST (64 * 1024)
#define FILE_CHUNK (FILE_LAST - 4 * FRAME_HEADER_LEN)

/* pread without the GIL and without the mutex: a disk may take its time. */
static ssize_t
read_chunk(int fd, uint8_t *dst, size_t len, off_t offset)
{
	ssize_t n;

	Py_BEGIN_ALLOW_THREADS
	do
		n = pread(fd, dst, len, offset);
	while (n == -1 && errno == EINTR);
	Py_END_ALLOW_THREADS
	return n;
}

/* Sends len octets of fd from offset on; as finish_op, for each chunk. */
static PyObject *
send_file_chunks(struct writeop *o, int fd, off_t offset, uint64_t len,
    bool end_stream, uint8_t *chunk)
{
	PyObject *result;
	ssize_t n;

	do {
		n = read_chunk(fd, chunk, len <= FILE_LAST ? (size_t)len :
		    FILE_CHUNK, offset);
		if (n == -1)
			return PyErr_SetFromErrno(PyExc_OSError);
		if (n == 0 && len > 0) {
			o->op.why = "the file is shorter than announced";
			return module_raise(&o->op, SEND_ERR_PROTOCOL);
		}
		offset += n;
		len -= (uint64_t)n;
		o->data = chunk;
		o->len = (size_t)n;
		o->sent = 0;
		o->op.shares = n > 0;
		o->end_stream = end_stream && len == 0;
		if ((result = finish_op(o)) == NULL)
			return NULL;
		Py_DECREF(result);
	} while (len > 0);
	Py_RETURN_NONE;
}

static PyObject *
writer_send_file(PyObject *self, PyObject *args, PyObject *kw)
{
	static char *names[] = { "fd", "offset", "length", "end_stream",
	    NULL };
	struct writeop o = new_op(self, writeop_data);
	PyObject *result;
	unsigned long long offset, length;
	uint8_t *chunk;
	int fd, end = 1;

	if (!PyArg_ParseTupleAndKeywords(args, kw, "iKK|p", names, &fd,
	    &offset, &length, &end))
		return NULL;
	if ((chunk = malloc(FILE_LAST)) == NULL)
		return PyErr_NoMemory();
	result = send_file_chunks(&o, fd, (off_t)offset, length, end != 0,
	    chunk);
	free(chunk);
	return result;
}

static PyObject *
writer_send_data_frame(PyObject *self, PyObject *args, PyObject *kw)
{
	static char *names[] = { "data", "end_stream", "stream_id", NULL };
	struct writeop o = new_op(self, writeop_data_frame);
	PyObject *result;
	unsigned long id = 0;
	Py_buffer data;
	int end = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kw, "y*|pk", names, &data, &end,
	    &id))
		return NULL;
	op_set_id(&o, id);
	op_set_data(&o, &data);
	o.end_stream = end != 0;
	result = finish_op(&o);
	PyBuffer_Release(&data);
	return result;
}

/* 0, or -1 with an exception. */
static int
respond(struct writeop *o, PyObject *field_list, PyObject *content)
{
	struct field_args fields;
	Py_buffer body;
	int rc = -1;

	if (PyObject_GetBuffer(content, &body, PyBUF_SIMPLE) < 0)
		return -1;
	if (field_args_get(field_list, &fields) == 0) {
		op_set_data(o, &body);
		o->fields = fields.v;
		o->n_fields = fields.n;
		o->op.batched = true;
		rc = module_do(&o->op);
		if (rc < 0)
			module_raise(&o->op, rc);
		field_args_free(&fields);
	}
	PyBuffer_Release(&body);
	return rc < 0 ? -1 : 0;
}

static PyObject *
writer_respond(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct writeop o = new_op(self, writeop_respond);

	if (n < 2 || n > 4) {
		PyErr_SetString(PyExc_TypeError,
		    "respond() takes fields, body, end_stream and as_is");
		return NULL;
	}
	o.end_stream = n < 3 || args[2] == Py_True;
	o.as_is = n > 3 && args[3] == Py_True;
	if (respond(&o, args[0], args[1]) < 0)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *
writer_answer(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct writeop o = new_op(self, writeop_answer);

	if (n < 2 || n > 3) {
		PyErr_SetString(PyExc_TypeError,
		    "answer() takes fields, body and as_is");
		return NULL;
	}
	o.end_stream = true;
	o.as_is = n > 2 && args[2] == Py_True;
	if (respond(&o, args[0], args[1]) < 0)
		return NULL;
	return PyBool_FromLong(!o.refused);
}

static PyObject *
writer_send_push(PyObject *self, PyObject *args, PyObject *kw)
{
	static char *names[] = { "fields", "push_stream_id", "stream_id",
	    NULL };
	struct writeop o = new_op(self, writeop_push);
	struct field_args fields;
	PyObject *sequence, *result;
	unsigned long promised = 0, id = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kw, "O|kk", names, &sequence,
	    &promised, &id) || field_args_get(sequence, &fields) < 0)
		return NULL;
	op_set_id(&o, id);
	o.last = (uint32_t)promised;
	o.fields = fields.v;
	o.n_fields = fields.n;
	result = finish_op(&o);
	field_args_free(&fields);
	if (result == NULL)
		return NULL;
	Py_DECREF(result);
	return PyLong_FromUnsignedLong(o.last);
}

static PyObject *
writer_max_payload(PyObject *self, PyObject *args, PyObject *kw)
{
	static char *names[] = { "stream_id", NULL };
	struct writeop o = new_op(self, writeop_max_payload);
	unsigned long id = 0;
	int rc;

	if (!PyArg_ParseTupleAndKeywords(args, kw, "|k", names, &id))
		return NULL;
	op_set_id(&o, id);
	o.op.writes = false;
	if ((rc = module_do(&o.op)) < 0)
		return module_raise(&o.op, rc);
	return PyLong_FromSize_t(o.result);
}

static PyObject *
writer_reset_stream(PyObject *self, PyObject *args, PyObject *kw)
{
	static char *names[] = { "error_code", "stream_id", NULL };
	struct writeop o = new_op(self, writeop_reset);
	unsigned long code, id = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kw, "k|k", names, &code, &id))
		return NULL;
	op_set_id(&o, id);
	o.code = (uint32_t)code;
	return finish_op(&o);
}

static PyObject *
writer_goaway(PyObject *self, PyObject *args, PyObject *kw)
{
	static char *names[] = { "error_code", "last_stream_id", "debug",
	    NULL };
	struct writeop o = new_op(self, writeop_goaway);
	PyObject *result;
	unsigned long code;
	long long last = -1;
	Py_buffer debug = { .buf = NULL };

	if (!PyArg_ParseTupleAndKeywords(args, kw, "k|Ly*", names, &code,
	    &last, &debug))
		return NULL;
	o.code = (uint32_t)code;
	o.last = last < 0 ? UINT32_MAX : (uint32_t)last;
	if (debug.obj != NULL)
		op_set_data(&o, &debug);
	result = finish_op(&o);
	if (debug.obj != NULL)
		PyBuffer_Release(&debug);
	return result;
}

static PyObject *
writer_ping(PyObject *self, PyObject *arg)
{
	struct writeop o = new_op(self, writeop_ping);

	if (!PyBytes_Check(arg) || PyBytes_GET_SIZE(arg) != 8) {
		PyErr_Format(PyExc_ValueError,
		    "PING data is 8 bytes (RFC 9113 6.7), not %R", arg);
		return NULL;
	}
	o.data = (const uint8_t *)PyBytes_AS_STRING(arg);
	return finish_op(&o);
}

static PyObject *
writer_flush(PyObject *self, PyObject *unused)
{
	struct writeop o = new_op(self, writeop_flush);

	(void)unused;
	o.op.writes = false;
	return finish_op(&o);
}

static PyObject *
writer_close(PyObject *self, PyObject *arg)
{
	static const struct {
		const char *name;
		enum conn_close how;
	} ways[] = {
		{ "goaway", CLOSE_GOAWAY },
		{ "tls", CLOSE_TLS },
		{ "fin", CLOSE_FIN },
		{ "rst", CLOSE_RST }
	};
	struct writeop o = new_op(self, writeop_close);
	const char *name;
	size_t i;

	if ((name = PyUnicode_AsUTF8(arg)) == NULL)
		return NULL;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, name) == 0) {
			o.how = ways[i].how;
			return finish_op(&o);
		}
	}
	PyErr_Format(PyExc_ValueError, "close(%R): expected \"goaway\", "
	    "\"tls\", \"fin\" or \"rst\"", arg);
	return NULL;
}

/* ---- raw calls ---- */

static PyObject *
writer_raw_block(PyObject *self, PyObject *args)
{
	struct writeop o = new_op(self, writeop_raw_block);
	struct field_args fields;
	PyObject *sequence, *result = NULL;
	unsigned long id;
	Py_buffer prefix;

	if (!PyArg_ParseTuple(args, "IIky*O", &o.type, &o.flags, &id, &prefix,
	    &sequence))
		return NULL;
	if (field_args_get(sequence, &fields) == 0) {
		o.id = (uint32_t)id;
		op_set_data(&o, &prefix);
		o.fields = fields.v;
		o.n_fields = fields.n;
		result = finish_op(&o);
		field_args_free(&fields);
	}
	PyBuffer_Release(&prefix);
	return result;
}

static PyObject *
writer_raw_frame(PyObject *self, PyObject *args)
{
	struct writeop o = new_op(self, writeop_raw_frame);
	PyObject *result;
	unsigned long id;
	Py_buffer payload;

	if (!PyArg_ParseTuple(args, "IIky*", &o.type, &o.flags, &id, &payload))
		return NULL;
	o.id = (uint32_t)id;
	op_set_data(&o, &payload);
	result = finish_op(&o);
	PyBuffer_Release(&payload);
	return result;
}

static PyObject *
writer_raw(PyObject *self, PyObject *arg)
{
	struct writeop o = new_op(self, writeop_raw);
	PyObject *result;
	Py_buffer octets;

	if (PyObject_GetBuffer(arg, &octets, PyBUF_SIMPLE) < 0)
		return NULL;
	op_set_data(&o, &octets);
	result = finish_op(&o);
	PyBuffer_Release(&octets);
	return result;
}

#define WITH_KEYWORDS(fn) \
	(PyCFunction)(void (*)(void))(fn), METH_VARARGS | METH_KEYWORDS

#define FAST(fn)	(PyCFunction)(void (*)(void))(fn), METH_FASTCALL

PyMethodDef writer_methods[] = {
	{ "send_headers", FAST(writer_send_headers),
	    "1xx, final headers or trailers, checked." },
	{ "send_data", FAST(writer_send_data),
	    "DATA frames, as window allows; waits for it." },
	{ "send_file", WITH_KEYWORDS(writer_send_file),
	    "DATA frames with octets of a descriptor." },
	{ "send_data_frame", WITH_KEYWORDS(writer_send_data_frame),
	    "Exactly one DATA frame." },
	{ "respond", FAST(writer_respond), "A whole response in one batch." },
	{ "answer", FAST(writer_answer),
	    "The same if nothing has been sent; whether that was so." },
	{ "send_push", WITH_KEYWORDS(writer_send_push),
	    "PUSH_PROMISE; returns the promised stream's identifier." },
	{ "max_payload", WITH_KEYWORDS(writer_max_payload),
	    "Octets that one DATA frame may have now." },
	{ "reset_stream", WITH_KEYWORDS(writer_reset_stream), "RST_STREAM." },
	{ "goaway", WITH_KEYWORDS(writer_goaway), "GOAWAY." },
	{ "ping", writer_ping, METH_O, "PING with 8 bytes." },
	{ "flush", writer_flush, METH_NOARGS,
	    "Returns once all output is with the kernel." },
	{ "close", writer_close, METH_O, "Ends the connection." },
	{ "raw_block", writer_raw_block, METH_VARARGS,
	    "A frame with an encoded field section, unchecked." },
	{ "raw_frame", writer_raw_frame, METH_VARARGS,
	    "A frame, unchecked." },
	{ "raw", writer_raw, METH_O, "Any octets." },
	{ NULL, NULL, 0, NULL }
};

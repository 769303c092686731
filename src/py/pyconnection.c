/* SPDX-License-Identifier: MIT */
/*
 * The connection as a whole, for the package: what is known of it, waits for
 * frames and octets, its end, and TLS before and after the handshake.
 */
#include <Python.h>

#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "calls.h"
#include "conn/connscript.h"
#include "py_impl.h"

#define LEAF_NAMES 100		/* names in a script's certificate, at most */

/* The process's only connection; NULL in the parent. */
static struct conn *the_conn;

void
pyconnection_set(struct conn *c)
{
	the_conn = c;
}

struct conn *
pyconnection_get(void)
{
	return the_conn == NULL || atomic_load(&the_conn->forked) ? NULL :
	    the_conn;
}

/* The connection, or NULL with an exception. */
static struct conn *
need(void)
{
	struct conn *c = pyconnection_get();

	if (c == NULL)
		PyErr_SetString(PyExc_RuntimeError,
		    "this process serves no connection");
	return c;
}

/* ---- what is known of it ---- */

static PyObject *
latin1(const char *s)
{
	/* A name from the wire may be any octets. */
	if (s == NULL)
		Py_RETURN_NONE;
	return PyUnicode_DecodeLatin1(s, (Py_ssize_t)strlen(s), NULL);
}

struct known {
	struct settings_values settings;
	struct tls_info tls;
};

static int
known_locked(struct conn *c, void *arg)
{
	*(struct known *)arg = (struct known){
	    *session_peer_settings(c->session), c->link.info };
	return 0;
}

/* In the order of their identifiers; the last is UINT32_MAX if it is unset. */
static PyObject *
client_settings(const struct settings_values *s)
{
	const uint32_t *of = s->of;

	return Py_BuildValue("(IIIIII)", of[SETTINGS_HEADER_TABLE_SIZE],
	    of[SETTINGS_ENABLE_PUSH], of[SETTINGS_MAX_CONCURRENT_STREAMS],
	    of[SETTINGS_INITIAL_WINDOW_SIZE], of[SETTINGS_MAX_FRAME_SIZE],
	    of[SETTINGS_MAX_HEADER_LIST_SIZE]);
}

/* The entries of the SETTINGS that are sent unless a script sets others. */
static PyObject *
own_settings(const struct conn *c)
{
	struct buf entries = { 0 };
	PyObject *octets;

	session_add_settings(&c->options->limits, &entries);
	octets = PyBytes_FromStringAndSize((const char *)buf_data(&entries),
	    (Py_ssize_t)buf_len(&entries));
	buf_free(&entries);
	return octets;
}

static PyObject *
module_connection(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	struct conn *c = need();
	struct known k;

	if (c == NULL)
		return NULL;
	gil_locked(c, known_locked, &k);
	return Py_BuildValue("{slszszszsNsOsNsNs(sI)sI}",
	    "id", (long)getpid(),
	    "alpn_protocol", k.tls.alpn,
	    "tls_version", k.tls.version,
	    "cipher", k.tls.cipher,
	    "sni", latin1(k.tls.sni),
	    "session_reused", k.tls.resumed ? Py_True : Py_False,
	    "client_settings", client_settings(&k.settings),
	    "settings", own_settings(c),
	    "client_address", c->client_host, c->client_port,
	    "server_port", c->server_port);
}

/* ---- its own exchange, and calls by any thread ---- */

static int
own_locked(struct conn *c, void *arg)
{
	*(struct connscript **)arg = connscript_get(c);
	return 0;
}

/* Returns the connection's script, made if need be; NULL: an exception. */
static struct connscript *
script_of(struct conn *c)
{
	struct connscript *s = NULL;

	gil_locked(c, own_locked, &s);
	if (s == NULL)
		PyErr_NoMemory();
	return s;
}

static PyObject *
module_own(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	struct conn *c = need();
	struct connscript *s;

	if (c == NULL || (s = script_of(c)) == NULL)
		return NULL;
	return pyexchange_object(s->own);
}

static PyObject *
module_serving(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	const struct exchange *x = calls_current();
	struct conn *c = pyconnection_get();
	unsigned long key = x != NULL ? x->id : 0;

	if (x != NULL && c != NULL && c->script != NULL && x == c->script->main)
		key++;
	return PyLong_FromUnsignedLong(key);
}

/* Prepares an op of this thread, due in ms: 0, or -1 with an exception. */
static int
begin_wait(struct conn *c, struct op *op, long long ms)
{
	struct connscript *s = script_of(c);

	if (s == NULL)
		return -1;
	op->x = calls_current() != NULL ? calls_current() : s->own;
	op->id = op->x->id;
	op->due = sys_now_ms() + (uint64_t)(ms > 0 ? ms : 0);
	return 0;
}

static PyObject *
module_next_frame(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct op op = { .fn = connscript_next_frame };
	struct conn *c = need();
	unsigned long long since;
	long long type, stream, ms;
	PyObject *result = NULL;

	if (c == NULL ||
	    !PyArg_ParseTuple(args, "KLLL", &since, &type, &stream, &ms) ||
	    begin_wait(c, &op, ms) == -1)
		return NULL;
	op.number = since;
	op.value = type == -1 ? FRAMELOG_ANY : (uint32_t)type;
	op.frame_id = stream == -1 ? FRAMELOG_ANY : (uint32_t)stream;
	if (calls_do(&op) == 0)
		result = op.got.failed ? PyErr_NoMemory() :
		    buf_len(&op.got) > 0 ? events_received(
		    buf_data(&op.got)) : Py_BuildValue("");
	buf_free(&op.got);
	return result;
}

/* Copies all entries, each behind its length. */
static int
frames_locked(struct conn *c, void *arg)
{
	const struct framelog *l = &c->script->log;
	const struct buf *b;
	struct buf *all = arg;
	uint64_t seq;
	size_t len;

	for (seq = l->first; seq < l->next; seq++) {
		b = framelog_find(l, seq, FRAMELOG_ANY, FRAMELOG_ANY);
		if (b == NULL)
			break;
		len = buf_len(b);
		buf_add(all, &len, sizeof(len));
		buf_add(all, buf_data(b), len);
	}
	return 0;
}

static PyObject *
module_frames(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	struct conn *c = need();
	PyObject *list;
	struct buf all = { 0 };
	size_t len;

	if (c == NULL || script_of(c) == NULL)
		return NULL;
	gil_locked(c, frames_locked, &all);
	list = all.failed ? PyErr_NoMemory() : PyList_New(0);
	while (list != NULL && buf_len(&all) > 0) {
		memcpy(&len, buf_data(&all), sizeof(len));
		buf_consume(&all, sizeof(len));
		gil_append(&list, events_received(buf_data(&all)));
		buf_consume(&all, len);
	}
	buf_free(&all);
	return list;
}

static PyObject *
module_read(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct op op = { .fn = connscript_read };
	struct conn *c = need();
	PyObject *result = NULL;
	Py_ssize_t n;
	long long ms;

	if (c == NULL || !PyArg_ParseTuple(args, "nL", &n, &ms) ||
	    begin_wait(c, &op, ms) == -1)
		return NULL;
	op.len = n > 0 ? (size_t)n : 0;
	if (calls_do(&op) == 0)
		result = op.got.failed ? PyErr_NoMemory() :
		    buf_len(&op.got) == 0 && !op.result ?
		    Py_BuildValue("") : PyBytes_FromStringAndSize(
		    (const char *)buf_data(&op.got),
		    (Py_ssize_t)buf_len(&op.got));
	buf_free(&op.got);
	return result;
}

/* ---- its end ---- */

struct ending {
	bool over;
	const char *by;
	struct link_sign sign[LINK_SIGNS];
	size_t n;
};

static int
ended_locked(struct conn *c, void *arg)
{
	struct ending *e = arg;

	e->over = c->gone || (c->script != NULL && c->script->eof);
	e->by = c->ended_by;
	e->n = c->link.n_signs;
	memcpy(e->sign, c->link.sign, sizeof(e->sign));
	return 0;
}

static PyObject *
sign_tuple(const struct conn *c, const struct link_sign *s)
{
	static const char *const kinds[] = {
		[LINK_NOTIFY] = "close_notify", [LINK_FIN] = "FIN",
		[LINK_RESET] = "RST", [LINK_ALERT] = "alert"
	};
	double seconds = (double)(s->ms - c->slot->started_ms) / 1000;
	char name[TLS_ALERT_NAME];

	if (s->kind != LINK_ALERT)
		return Py_BuildValue("(sdOO)", kinds[s->kind], seconds,
		    Py_None, Py_None);
	return Py_BuildValue("(sdis)", kinds[s->kind], seconds, s->alert,
	    tls_hello_alert_name(s->alert, name));
}

static PyObject *
module_ended(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	struct conn *c = need();
	struct ending e = { 0 };
	PyObject *list;
	size_t i;

	if (c == NULL || (list = PyList_New(0)) == NULL)
		return NULL;
	gil_locked(c, ended_locked, &e);
	for (i = 0; i < e.n && list != NULL; i++)
		gil_append(&list, sign_tuple(c, &e.sign[i]));
	if (list == NULL)
		return NULL;
	return Py_BuildValue("(OzN)", e.over ? Py_True : Py_False, e.by, list);
}

/* ---- TLS ---- */

/* Raises NotPossible with this text.  Returns NULL. */
static PyObject *
not_possible(const char *why)
{
	struct op op = { .id = EXCHANGE_OWN, .why = why };

	return gil_raise(&op, CONN_NOT_POSSIBLE);
}

static int
hello_locked(struct conn *c, void *arg)
{
	*(const struct tls_hello **)arg = c->link.tls != NULL ?
	    tls_hello_get(c->link.tls) : NULL;
	return 0;
}

static PyObject *
module_tls_hello(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	const struct tls_hello *h = NULL;
	struct conn *c = need();
	char name[TLS_VERSION_NAME];
	PyObject *alpn, *versions;
	size_t i;

	if (c == NULL)
		return NULL;
	gil_locked(c, hello_locked, &h);
	if (h == NULL)
		Py_RETURN_NONE;
	alpn = PyList_New(0);
	for (i = 0; alpn != NULL && i < h->alpn_len; i += 1 + h->alpn[i])
		gil_append(&alpn, PyUnicode_DecodeLatin1(
		    (const char *)h->alpn + i + 1, h->alpn[i], NULL));
	versions = PyList_New(0);
	for (i = 0; versions != NULL && i < h->n_versions; i++)
		gil_append(&versions, PyUnicode_FromString(
		    tls_hello_version(h->versions + 2 * i, name)));
	return Py_BuildValue("(NNN)", latin1(h->sni), alpn, versions);
}

struct set_args {
	const char *name;
	struct tls_value value;
	char err[512];
};

static int
set_locked(struct conn *c, void *arg)
{
	struct set_args *a = arg;

	return tls_hello_set(c->link.tls, a->name, &a->value, a->err,
	    sizeof(a->err));
}

/* Returns None, or sets the exception that fits an enum tls_refusal. */
static PyObject *
set_result(int rc, const struct set_args *a)
{
	if (rc == 0)
		Py_RETURN_NONE;
	if (rc == TLS_TOO_LATE)
		return not_possible(a->err);
	PyErr_SetString(rc == TLS_BAD_TYPE ? PyExc_TypeError :
	    rc == TLS_BAD_NAME ? PyExc_AttributeError : PyExc_ValueError,
	    a->err);
	return NULL;
}

/* Converts a Python value to C's: 0, or -1 with an exception. */
static int
value_from(const char *name, PyObject *from, struct tls_value *v)
{
	Py_ssize_t len;

	v->kind = TLS_NONE;
	if (from == Py_None)
		return 0;
	if (PyUnicode_Check(from)) {
		v->kind = TLS_TEXT;
		v->text = PyUnicode_AsUTF8AndSize(from, &len);
		v->len = (size_t)len;
		return v->text != NULL ? 0 : -1;
	}
	if (!PyBool_Check(from) && PyNumber_Check(from)) {
		v->kind = TLS_NUMBER;
		v->number = PyFloat_AsDouble(from);
		return PyErr_Occurred() ? -1 : 0;
	}
	PyErr_Format(PyExc_TypeError,
	    "connection.tls.%s = %R: expected text, a number or None", name,
	    from);
	return -1;
}

static PyObject *
module_tls_set(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct set_args a = { .err = "" };
	struct conn *c = need();
	PyObject *value;

	if (c == NULL || !PyArg_ParseTuple(args, "sO", &a.name, &value) ||
	    value_from(a.name, value, &a.value) == -1)
		return NULL;
	if (c->link.tls == NULL)
		return not_possible("there is no TLS on this connection");
	return set_result(gil_locked(c, set_locked, &a), &a);
}

/* Gets names, borrowed from the list: 0, or -1 with an exception. */
static int
names_from(PyObject *list, const char **names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((names[i] = PyUnicode_AsUTF8(PyList_GET_ITEM(list,
		    (Py_ssize_t)i))) == NULL)
			return -1;
	return 0;
}

/* Makes a certificate, without the mutex and the GIL: RSA takes its time. */
static PyObject *
module_tls_leaf(PyObject *Py_UNUSED(module), PyObject *args)
{
	const char *names[LEAF_NAMES];
	struct set_args a = { .name = "leaf", .value.kind = TLS_LEAF };
	struct tls_leaf leaf = { .names = names };
	struct conn *c = need();
	struct tlscert *made;
	PyObject *list;
	int rc = TLS_BAD_VALUE, rsa, self_signed;

	if (c == NULL || !PyArg_ParseTuple(args, "O!ipp", &PyList_Type, &list,
	    &leaf.days, &rsa, &self_signed))
		return NULL;
	leaf.rsa = rsa;
	leaf.self_signed = self_signed;
	leaf.n_names = (size_t)PyList_GET_SIZE(list);
	if (leaf.n_names > LEAF_NAMES)
		return PyErr_Format(PyExc_ValueError,
		    "leaf: %zu names; expected at most %d", leaf.n_names,
		    LEAF_NAMES);
	if (names_from(list, names, leaf.n_names) == -1)
		return NULL;
	if (c->link.tls == NULL)
		return not_possible("there is no TLS on this connection");
	Py_BEGIN_ALLOW_THREADS
	made = tls_ca_leaf(c->link.tls, &leaf, a.err, sizeof(a.err));
	Py_END_ALLOW_THREADS
	if (made != NULL) {
		a.value.leaf = made;
		rc = gil_locked(c, set_locked, &a);
		tls_ca_free(made);
	}
	return set_result(rc, &a);
}

static int
request_locked(struct conn *c, void *arg)
{
	struct set_args *a = arg;
	int rc = tls_request(c->link.tls, a->name, a->err, sizeof(a->err));

	wake_io(&c->wake);
	return rc;
}

static PyObject *
module_tls_request(PyObject *Py_UNUSED(module), PyObject *arg)
{
	struct set_args a = { .err = "" };
	struct conn *c = need();

	if (c == NULL || (a.name = PyUnicode_AsUTF8(arg)) == NULL)
		return NULL;
	if (c->link.tls == NULL || c->link.info.version == NULL)
		return not_possible("there is no TLS yet");
	if (gil_locked(c, request_locked, &a) != 0)
		return not_possible(a.err);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{ "connection", module_connection, METH_NOARGS,
	    "What is known of the connection, as a dict." },
	{ "own", module_own, METH_NOARGS,
	    "The exchange of the connection's own script." },
	{ "serving", module_serving, METH_NOARGS,
	    "A key of what this thread serves; 0: nothing." },
	{ "next_frame", module_next_frame, METH_VARARGS,
	    "next_frame(since, type, stream_id, ms): waits for a frame." },
	{ "frames", module_frames, METH_NOARGS,
	    "The frames that are kept, oldest first." },
	{ "read", module_read, METH_VARARGS,
	    "read(n, ms): waits for octets, without the engine." },
	{ "ended", module_ended, METH_NOARGS,
	    "Whether it is over, by whom, and what the client did." },
	{ "tls_hello", module_tls_hello, METH_NOARGS,
	    "Server name, ALPN and versions of the ClientHello." },
	{ "tls_set", module_tls_set, METH_VARARGS,
	    "tls_set(name, value): before the handshake goes on." },
	{ "tls_leaf", module_tls_leaf, METH_VARARGS,
	    "tls_leaf(names, days, rsa, self_signed): a certificate." },
	{ "tls_request", module_tls_request, METH_O,
	    "Asks the client for something in mid-connection." },
	{ NULL, NULL, 0, NULL }
};

int
pyconnection_add(PyObject *module)
{
	return PyModule_AddFunctions(module, methods) == -1 ||
	    PyModule_AddIntConstant(module, "CONNECTION",
	    (long)EXCHANGE_OWN) == -1 ? -1 : 0;
}

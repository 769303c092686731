/* SPDX-License-Identifier: MIT */
/*
 * Connections of which this process has both ends: h2rig.server.warm_up says
 * which requests come over them, so that children find ready what CPython makes
 * when code first runs.  Also here is what else the parent does so that
 * children write to fewer pages of Python's.
 *
 * The functions are called in the only thread that there is; nothing here
 * waits.
 */
#include <Python.h>

#include <stdint.h>
#include <unistd.h>

#include "config.h"
#include "base/sys.h"
#include "host/slot.h"
#include "py_impl.h"

/* Of the connections that are served here; borrowed. */
static const struct options *options;

/* Serves what is ready until nothing is. */
static void
serve_ready(struct conn *c)
{
	struct exchange *x;
	struct access unused;

	conn_lock(c);
	while ((x = conn_take_ready(c, c)) != NULL) {
		conn_unlock(c);
		pyexchange_serve(x);
		conn_lock(c);
		conn_put_back(c, x, &unused);
	}
	conn_unlock(c);
}

void
warm_set(const struct options *o)
{
	options = o;
}

PyObject *
warm_serve(PyObject *Py_UNUSED(module), PyObject *octets)
{
	static struct slot slot;
	static struct conn c;
	char *p;
	Py_ssize_t n;
	int fds[2];

	if (PyBytes_AsStringAndSize(octets, &p, &n) == -1)
		return NULL;
	if (sys_socketpair(fds, SOCK_STREAM) == -1)
		return PyErr_SetFromErrno(PyExc_OSError);
	if (sys_set_nonblock(fds[0]) == -1 ||
	    conn_init(&c, fds[0], NULL, &slot, options) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		close(fds[0]);
		close(fds[1]);
		return NULL;
	}
	c.client_host = "127.0.0.1";
	c.client_log.client = "127.0.0.1:0";
	if (write(fds[1], p, (size_t)n) == n) {
		conn_lock(&c);
		conn_push(&c);
		conn_read(&c);
		conn_unlock(&c);
		serve_ready(&c);
	}
	conn_free(&c);
	close(fds[1]);
	Py_RETURN_NONE;
}

/* ---- counts of references ---- */

#if PY_VERSION_HEX >= 0x030c0000 && !defined(Py_GIL_DISABLED)
static int visit_part(PyObject *o, void *unused);

/* Visits parts that tp_traverse skips too, since they can be in no cycle. */
static void
visit_parts(PyObject *o)
{
	PyObject *key, *value;	/* borrowed */
	Py_ssize_t at = 0;

	if (PyDict_Check(o)) {
		while (PyDict_Next(o, &at, &key, &value))
			visit_part(key, NULL);
	} else if (PyCode_Check(o)) {
		visit_part(((PyCodeObject *)o)->co_consts, NULL);
		visit_part(((PyCodeObject *)o)->co_names, NULL);
	}
	if (PyObject_IS_GC(o))
		Py_TYPE(o)->tp_traverse(o, visit_part, NULL);
}

/* visit() has each object that the collector knows, so this is not deep. */
static int
visit_part(PyObject *o, void *Py_UNUSED(unused))
{
	if (PyObject_GC_IsTracked(o) || Py_REFCNT(o) == Py_REFCNT(Py_None))
		return 0;
	Py_SET_REFCNT(o, Py_REFCNT(Py_None));
	visit_parts(o);
	return 0;
}

static int
visit(PyObject *o, void *Py_UNUSED(unused))
{
	Py_SET_REFCNT(o, Py_REFCNT(Py_None));
	visit_parts(o);
	return 1;		/* go on to the next one */
}

/*
 * CPython writes to no count of an immortal object (PEP 683), and an object
 * with the count of None is immortal.  Code that changes an object in place if
 * nobody else refers to it treats such an object as referred to by others.
 */
void
warm_immortal(void)
{
	PyUnstable_GC_VisitObjects(visit, NULL);
}
#else
void
warm_immortal(void)
{
}
#endif

/* ---- CPython's small blocks ---- */

#define SMALLEST 16		/* octets; sizes differ by this */
#define LARGEST 512
#define RUN 4			/* blocks in a row, as a new pool gives them */
#define TRIES (1 << 16)

/* A pool begins with a header, which is smaller than HEADER_MAX. */
#if PY_VERSION_HEX >= 0x030a0000 && SIZEOF_VOID_P > 4
#define POOL ((uintptr_t)16 << 10)
#else
#define POOL ((uintptr_t)4 << 10)
#endif
#define HEADER_MAX 64

/*
 * Takes blocks of one size for good, until a row of them begins at the start of
 * a pool: the end of an old pool gives blocks in a row too.
 */
static void
fill_pools(size_t size)
{
	char *run[RUN];
	size_t n = 0;
	int i;

	for (i = 0; i < TRIES && n < RUN; i++) {
		char *p = PyObject_Malloc(size);

		if (p == NULL)
			break;
		if (n > 0 && p != run[n - 1] + size)
			n = 0;
		if (n > 0 || (uintptr_t)p % POOL < HEADER_MAX)
			run[n++] = p;
	}
	/* The new pool is empty again, for blocks of any size. */
	while (n > 0)
		PyObject_Free(run[--n]);
}

void
warm_fill(void)
{
	size_t size;

#ifdef H2RIG_SANITIZERS
	return;			/* CPython has no pools there */
#endif
	for (size = SMALLEST; size <= LARGEST; size += SMALLEST)
		fill_pools(size);
}

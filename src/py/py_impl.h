/* SPDX-License-Identifier: MIT */
/*
 * What the files of src/py share, and no other room sees: the functions that
 * each file has for the files after it in src/README.  python/_h2rig.pyi says
 * what Python's code gets of them.
 *
 * Callers have the GIL, before and after the call.  Lock order: the GIL first;
 * a thread that has it only tries the connection's mutex.
 */
#ifndef H2RIG_PY_IMPL_H
#define H2RIG_PY_IMPL_H

#include <Python.h>

#include "conn/conn.h"
#include "host/options.h"

/* ---- gil.c: between the GIL and the mutex; errors, log ---- */

/* Imports a module.  Returns an attribute: a new reference, or NULL. */
PyObject *gil_import(const char *module, const char *name);

/* Binds the exception classes that C raises: 0, or -1 with an exception. */
int gil_bind(void);

/*
 * Calls fn(c, arg) under the mutex and returns its result; releases the GIL
 * meanwhile if it has to wait.  fn must not touch Python.  In a process that a
 * script forked it does not call fn and returns CONN_FORKED.
 */
int gil_locked(struct conn *c, int (*fn)(struct conn *c, void *arg),
    void *arg);

/*
 * Appends item, a new reference that it takes over.  Without item, or memory
 * for it, the list is dropped: *list is NULL then, also if it was before.
 */
void gil_append(PyObject **list, PyObject *item);

/* Sets the exception for a negative status of op.  Returns NULL. */
PyObject *gil_raise(const struct op *op, int status);

/* Returns a rule, with the field that breaks it unless NULL: str, or NULL. */
PyObject *gil_rule(const char *rule, const struct field *f);

/* Logs str or octets with a prefix: 0, or -1 with an exception. */
int gil_log(enum log_level level, const char *prefix, PyObject *text);

/* Logs the exception that is set, with its traceback, and clears it. */
void gil_log_exception(const char *where);

/*
 * CPython's slots hold functions in a void *.  ISO C has no conversion for
 * that; POSIX has (dlsym), by way of an integer.
 */
#define GIL_SLOT(fn) ((void *)(uintptr_t)(fn))

/* ---- keep.c: what must stay for a process's next connection ---- */

/*
 * keep(all), in the parent, once: takes a list of (name, object), each object a
 * dict, list, set or class, whose items or attributes must stay as they are
 * now.
 */
PyObject *keep_set(PyObject *module, PyObject *all);

/*
 * changed(): the name of an object that has changed; None: there is none.  It
 * may be called again when that object has been mended.
 */
PyObject *keep_changed(PyObject *module, PyObject *unused);

/*
 * The last audit event since keep() whose traces nobody could find (static);
 * NULL: there was none.
 */
const char *keep_deed(void);

/* ---- write.c: writer calls ---- */

/*
 * Fields as C has them.  `tuple` keeps the pairs alive while the GIL is
 * released: a list could change meanwhile, tuples and bytes cannot.
 */
struct write_fields {
	PyObject *tuple;
	struct field *v;
	size_t n;
	struct field few[24];
};

/* Reads a sequence of (bytes, bytes[, bool]): 0, or -1 with an exception. */
int write_fields_get(struct write_fields *f, PyObject *sequence);

void write_fields_free(struct write_fields *f);

/* For x, flood(octets, limit_octets, limit_frames, ms, reading). */
PyObject *write_flood(struct exchange *x, PyObject *const *args, Py_ssize_t n);

/*
 * For x, write(op, stream_id=0, fields=(), data=b"", flags=0, value=0): see
 * python/_h2rig.pyi.
 */
PyObject *write_call(struct exchange *x, PyObject *const *args, Py_ssize_t n);

/*
 * The module's faults(fields): which fields of a response break a rule, and
 * which rule.
 */
PyObject *write_faults(PyObject *module, PyObject *sequence);

/* ---- events.c: a request's events, Event in python/_h2rig.pyi ---- */

/*
 * Takes what has come for x, by exchange_move.  Returns a list of events,
 * newest first, or NULL with an exception.  *moves: how often events have been
 * taken by then.
 */
PyObject *events_take(struct exchange *x, unsigned long *moves);

/*
 * Waits until something has come or, since the caller saw moves, another thread
 * has taken something.  Returns 1; 0 if all of the request has been taken; -1
 * with an exception if the client has left or, for a tunnel, the server stops.
 */
int events_wait(struct exchange *x, unsigned long moves, bool tunnel);

/* Returns priority, length and padding of HEADERS; NULL with an exception. */
PyObject *events_frame(const struct frame *f);

/* Returns the octets of a framelog_entry as a Received tuple, or NULL. */
PyObject *events_received(const uint8_t *octets);

/* Returns a field section as a list of pairs; NULL with an exception. */
PyObject *events_fields(const struct fields *l);

/* ---- pyexchange.c: the type Exchange ---- */

/* Makes the type, once.  Returns a new reference, or NULL with an exception. */
PyObject *pyexchange_make_type(void);

/* Returns x's Exchange, made if need be: a new reference, or NULL. */
PyObject *pyexchange_object(struct exchange *x);

/* Binds h2rig.server.dispatch.serve: 0, or -1 with an exception. */
int pyexchange_bind(void);

/*
 * In a handler thread, with the GIL: has the package handle what has come for
 * x.  Makes x's Exchange at first, and drops it when x is over.
 */
void pyexchange_serve(struct exchange *x);

/* With the GIL, when no function runs: drops C's references to Exchanges. */
void pyexchange_drop_all(struct exchanges *all);

/* Whether Python still has an Exchange. */
bool pyexchange_is_left(void);

/* ---- pyconnection.c: the connection as a whole ---- */

/* Adds the functions to the module: 0, or -1 with an exception. */
int pyconnection_add(PyObject *module);

/* Makes c the process's only connection, before handler threads exist. */
void pyconnection_set(struct conn *c);

/* Returns that connection; NULL in the parent and in a script's fork. */
struct conn *pyconnection_get(void);

/* ---- warm.c: what the parent does before it forks ---- */

/* Sets the options of the connections that warm_serve serves; borrowed. */
void warm_set(const struct options *o);

/*
 * The module's _rehearse(octets), in a process that has one thread and no
 * client: serves a connection whose client sends these octets, as children
 * serve clients.  Raises OSError.
 */
PyObject *warm_serve(PyObject *module, PyObject *octets);

/*
 * In the parent, between the last collection and gc.freeze: makes the objects
 * that exist immortal, so that no child writes to one because it refers to it
 * (CPython 3.12 and later).  They are never freed.
 */
void warm_immortal(void);

/*
 * In the parent, after the last collection: takes the free blocks that lie
 * between blocks in use, since a child would copy a page for each.  So
 * children's objects lie side by side.
 */
void warm_fill(void);

/* ---- module.c: the module _h2rig ---- */

/* For PyImport_AppendInittab. */
PyObject *module_init(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A request's events as Python is given them: see python/_h2rig.pyi, Event.
 */
#ifndef H2RIG_EVENTS_H
#define H2RIG_EVENTS_H

#include <Python.h>

#include "conn/conn.h"

/*
 * What has come for x, by exchange_move: a list of events, newest first, or
 * NULL with an exception.  *moves: how often events have been taken by then.
 */
PyObject *events_take(struct exchange *x, unsigned long *moves);

/*
 * Waits until something has come or, since the caller saw moves, was taken by
 * another thread.  1; 0: all of the request has been taken; -1 with an
 * exception: the client has left, or, for a tunnel, the server stops.
 */
int events_wait(struct exchange *x, unsigned long moves, bool tunnel);

/* Priority, length and padding of HEADERS; NULL with an exception. */
PyObject *events_frame(const struct frame *f);

/* A framelog_entry as a tuple, Received; NULL with an exception. */
PyObject *events_received(const uint8_t *octets, size_t len);

/* A field section as a list of pairs; NULL with an exception. */
PyObject *events_fields(const struct fields *l);

#endif

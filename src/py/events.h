/* SPDX-License-Identifier: MIT */
/*
 * A request's events as Python gets them: see Event in python/_h2rig.pyi.
 */
#ifndef H2RIG_EVENTS_H
#define H2RIG_EVENTS_H

#include <Python.h>

#include "conn/conn.h"

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

#endif

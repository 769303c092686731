/* SPDX-License-Identifier: MIT */
/*
 * Received frames that wait for the application.  One may be stopped: then
 * nothing is read until the application decides about it.  Others may wait in
 * a queue while reading goes on:
 *
 *	recv_frame --- gate --PASS---------------------- it is acted on
 *	                | |                                |
 *	                | +--STOP-- stopped --resume-------+
 *	                |             ^                    |
 *	                +--QUEUE-- queue --continue, PASS--+
 *
 * Before frames come here, header blocks have been decoded in their order, so
 * that HPACK stays in step, and the numbers of new streams have been noted.
 * The frames of a stream do not overtake each other.
 */
#include <stdlib.h>
#include <string.h>

#include "gate.h"

/* The most frames, and octets of them, in the queue. */
#define QUEUE_FRAMES 1000
#define QUEUE_OCTETS (1024 * 1024)

void
gate_drop(struct gate_frame *g)
{
	if (g == NULL)
		return;
	fields_free(&g->fields);
	free(g);
}

/* Copies r, and takes its fields from the session.  NULL: out of memory. */
static struct gate_frame *
keep(struct session *s, const struct received *r)
{
	bool block = r->fields != NULL;
	size_t len = block ? r->frame.len : r->frame.length;
	struct gate_frame *g = calloc(1, sizeof(*g) + len);

	if (g == NULL)
		return NULL;
	g->r = *r;
	g->size = len;
	if (len > 0)
		memcpy(g->payload, r->payload, len);
	g->r.payload = g->payload;
	g->r.frame.data = g->payload +
	    (block ? 0 : r->frame.data - r->payload);
	if (block) {
		g->fields = s->fields;
		g->r.fields = &g->fields;
		g->size += g->fields.size;
		s->fields = (struct fields){ 0 };
	}
	return g;
}

static int
enqueue(struct session *s, const struct received *r)
{
	struct gate *q = &s->gate;
	struct gate_frame *g = keep(s, r);

	if (g == NULL)
		return ground_no_memory(s, &r->frame);
	if (q->first == NULL)
		q->first = g;
	else
		q->last->next = g;
	q->last = g;
	q->octets += g->size;
	if (++q->n > QUEUE_FRAMES)
		return ground_exceeded(s, &r->frame, "on frames that wait for "
		    "a connection script", QUEUE_FRAMES);
	if (q->octets > QUEUE_OCTETS)
		return ground_exceeded(s, &r->frame, "on octets of frames that "
		    "wait for a connection script", QUEUE_OCTETS);
	return 0;
}

static struct gate_frame *
dequeue(struct gate *q)
{
	struct gate_frame *g = q->first;

	q->first = g->next;
	q->n--;
	q->octets -= g->size;
	return g;
}

static bool
has_queued(const struct session *s, uint32_t id)
{
	const struct gate_frame *g = id != 0 ? s->gate.first : NULL;

	while (g != NULL && g->r.frame.stream_id != id)
		g = g->next;
	return g != NULL;
}

static enum session_gate
ask(struct session *s, const struct received *r, bool again)
{
	return s->cb->gate(s->user, &r->frame, r->payload, r->fields, again);
}

int
gate_ask(struct session *s, const struct received *r)
{
	enum session_gate answer = ask(s, r, false);

	if (answer == SESSION_QUEUE || has_queued(s, r->frame.stream_id))
		return enqueue(s, r);
	if (answer == SESSION_PASS)
		return 1;
	s->gate.stopped = keep(s, r);
	return s->gate.stopped != NULL ? 0 : ground_no_memory(s, &r->frame);
}

struct gate_frame *
gate_next(struct session *s)
{
	struct gate *q = &s->gate;
	enum session_gate answer = SESSION_QUEUE;
	struct gate_frame *g;

	if (q->first != NULL && q->stopped == NULL)
		answer = ask(s, &q->first->r, true);
	if (answer == SESSION_QUEUE)
		return NULL;
	g = dequeue(q);
	if (answer == SESSION_PASS)
		return g;
	q->stopped = g;
	return NULL;
}

void
gate_free(struct gate *q)
{
	gate_drop(q->stopped);
	while (q->first != NULL)
		gate_drop(dequeue(q));
}

/* SPDX-License-Identifier: MIT */
/* Received frames that the application stops or queues; recv.c calls this. */
#ifndef H2RIG_GATE_H
#define H2RIG_GATE_H

#include "ground.h"

/* A frame that waits, with its own copies of all that it points to. */
struct gate_frame {
	struct gate_frame *next;
	struct received r;
	struct fields fields;
	size_t size;		/* octets of payload and fields */
	uint8_t payload[];
};

/*
 * Asks the application's `gate`, which must not be NULL, about r.  Returns 1 if
 * the session is to act on r, 0 if r is kept, -1 if the connection has failed.
 */
int gate_ask(struct session *s, const struct received *r);

/* Takes the first frame off the queue if `gate` now lets it pass; or NULL. */
struct gate_frame *gate_next(struct session *s);

/* Frees a frame that the session has acted on; g may be NULL. */
void gate_drop(struct gate_frame *g);
void gate_free(struct gate *q);

#endif

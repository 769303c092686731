/* SPDX-License-Identifier: MIT */
/* Received frames that the application stops, or has wait (session.h). */
#ifndef H2RIG_GATE_H
#define H2RIG_GATE_H

#include "ground.h"

/* A frame with all that it points to. */
struct gate_frame {
	struct gate_frame *next;
	struct received r;
	struct fields fields;
	size_t size;		/* octets of payload and fields */
	uint8_t payload[];
};

/* There is a gate: 1: r goes on; 0: it is kept; -1: the connection failed. */
int gate_ask(struct session *s, const struct received *r);

/* The first in the queue, if it goes on now, or NULL; to be dropped. */
struct gate_frame *gate_next(struct session *s);

void gate_drop(struct gate_frame *g);
void gate_free(struct gate *q);

#endif

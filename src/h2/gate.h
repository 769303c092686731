/* SPDX-License-Identifier: MIT */
/* Received frames that the application stops, or has wait (session.h). */
#ifndef H2RIG_GATE_H
#define H2RIG_GATE_H

#include "ground.h"

/* A whole frame that frame_check passed; r->frame is its header.  0 or -1. */
int gate_frame(struct session *s, struct received *r, const uint8_t *payload);

/* The frame that is stopped, if there is one, goes on.  0 or -1. */
int gate_resume(struct session *s, bool taken);

/* What is queued is offered again.  0 or -1. */
int gate_continue(struct session *s);

void gate_free(struct gate *q);

#endif

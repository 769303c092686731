/* SPDX-License-Identifier: MIT */
/* What a received frame does. */
#ifndef H2RIG_RECV_H
#define H2RIG_RECV_H

#include "ground.h"

/*
 * A whole frame that frame_check passed: r->frame is its header.  These return
 * 0, or -1: the connection has failed.
 */
int recv_frame(struct session *s, struct received *r, const uint8_t *payload);

/* The frame that is stopped goes on, if there is one (session_resume). */
int recv_stopped(struct session *s, bool taken);

/* Those in the queue that pass the gate do. */
int recv_queued(struct session *s);

#endif

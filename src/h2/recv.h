/* SPDX-License-Identifier: MIT */
/*
 * What the session does with received frames.  session.c calls these functions;
 * they return 0, or -1 if the connection has failed.
 */
#ifndef H2RIG_RECV_H
#define H2RIG_RECV_H

#include "ground.h"

/*
 * Acts on a complete frame whose header, r->frame, session.c has checked;
 * payload: r->frame.length octets.
 */
int recv_frame(struct session *s, struct received *r, const uint8_t *payload);

/* Goes on with the stopped frame, if there is one; taken: as session_resume. */
int recv_stopped(struct session *s, bool taken);

/* Acts on the frames in the queue, in order, while the gate lets them pass. */
int recv_queued(struct session *s);

#endif

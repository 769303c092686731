/* SPDX-License-Identifier: MIT */
/* What a received frame does. */
#ifndef H2RIG_RECV_H
#define H2RIG_RECV_H

#include "ground.h"

/*
 * Decodes a frame that frame_check passed; r->frame is its header.  1: *r has
 * come whole, to be acted on; 0: it is a part of a header block, or what is
 * wrong with it has had its consequence; -1: the connection has failed.
 */
int recv_decode(struct session *s, struct received *r,
    const uint8_t *payload);

/* Does what r is for; taken: keeps us in step with it only.  0 or -1. */
int recv_act(struct session *s, const struct received *r, bool taken);

#endif

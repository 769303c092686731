/* SPDX-License-Identifier: MIT */
/* What a received frame does. */
#ifndef H2RIG_RECV_H
#define H2RIG_RECV_H

#include "ground.h"

/* A whole frame that frame_check passed.  0, or -1: the connection failed. */
int recv_frame(struct session *s, struct frame *f, const uint8_t *payload);

#endif

/* SPDX-License-Identifier: MIT */
/* Received header blocks; for -1 and GROUND_TAKEN see ground.h. */
#ifndef H2RIG_HEADERS_H
#define H2RIG_HEADERS_H

#include "ground.h"

/*
 * r, decoded by frame_decode, has a part of a header block: 1: that is whole
 * now, decoded, and *r is it; 0: more of it is to come.
 */
int headers_collect(struct session *s, struct received *r);

/* Acts on HEADERS that are whole. */
int headers_act(struct session *s, const struct received *r);

/* Takes them: the stream opens, or END_STREAM counts. */
int headers_take(struct session *s, const struct received *r);

/*
 * Content of a message has come to `total` octets, all of it if `end`: NULL,
 * or in which way `declared`, its content-length or -1, says otherwise (RFC
 * 9113 §8.1.1).
 */
const char *headers_check_length(int64_t declared, int64_t total, bool end);

#endif

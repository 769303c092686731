/* SPDX-License-Identifier: MIT */
/* Received header blocks; ground.h explains -1 and GROUND_TAKEN. */
#ifndef H2RIG_HEADERS_H
#define H2RIG_HEADERS_H

#include "ground.h"

/*
 * Takes r, a frame with a part of a header block, as frame_decode left it.
 * Returns 1 if the block is complete: it has been decoded, and *r describes
 * all of it; 0 if more of the block is to come.
 */
int headers_collect(struct session *s, struct received *r);

/* Acts on a complete block of HEADERS: a new request, or trailers. */
int headers_act(struct session *s, const struct received *r);

/*
 * Only keeps in step with HEADERS that the session does not act on: the stream
 * opens without a request, or END_STREAM counts.
 */
int headers_take(struct session *s, const struct received *r);

/*
 * Compares total, the octets of content received (end: that is all), with
 * declared, the content-length or -1.  Returns NULL, or how they contradict
 * (RFC 9113 §8.1.1).
 */
const char *headers_check_length(int64_t declared, int64_t total, bool end);

#endif

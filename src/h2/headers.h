/* SPDX-License-Identifier: MIT */
/* Received header blocks.  -1: the connection has failed. */
#ifndef H2RIG_HEADERS_H
#define H2RIG_HEADERS_H

#include "ground.h"

int headers_recv(struct session *s, const struct frame *f);
int headers_recv_continuation(struct session *s, const struct frame *f);

/*
 * f ends the peer's side of st, which has sent `total` octets of content: 1 if
 * content-length says so too.
 */
int headers_check_end(struct session *s, const struct frame *f,
    const struct stream *st, int64_t total);

#endif

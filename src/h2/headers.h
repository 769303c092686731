/* SPDX-License-Identifier: MIT */
/* Received header blocks.  -1: the connection has failed. */
#ifndef H2RIG_HEADERS_H
#define H2RIG_HEADERS_H

#include "ground.h"

int headers_recv(struct session *s, const struct frame *f);
int headers_recv_continuation(struct session *s, const struct frame *f);

/*
 * Content of a message has come to `total` octets, all of it if `end`: NULL,
 * or in which way `declared`, its content-length or -1, says otherwise (RFC
 * 9113 §8.1.1).
 */
const char *headers_check_length(int64_t declared, int64_t total, bool end);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The access log: one record for each request, when it is over.
 */
#ifndef H2RIG_ACCESS_H
#define H2RIG_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "h2/fields.h"

/* The record of a request: filled in under the mutex, logged without it. */
struct access {
	char method[32];	/* cut if it is longer, like the path */
	char path[2048];
	int status;		/* of the final response; 0: none was sent */
	uint64_t octets;	/* of content sent */
	uint64_t ms;		/* from the request's HEADERS to its end */
	uint32_t stream;
	const char *fate;	/* logged if status is 0: "reset" or "ignored";
				 * NULL is logged as "none" */
};

/* Copies :method and :path (for CONNECT: :authority) from the request. */
void access_request(struct access *a, const struct fields *request);

/* Copies only :path (for CONNECT: :authority) to dst, cut to fit. */
void access_path(const struct fields *request, char *dst, size_t size);

/* Logs *a at level info.  client: "127.0.0.1:50000" or "[::1]:50000". */
void access_log(const struct access *a, const char *client);

#endif

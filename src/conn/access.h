/* SPDX-License-Identifier: MIT */
/*
 * The access log: one record for each request, when it is over.
 */
#ifndef H2RIG_ACCESS_H
#define H2RIG_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "h2/fields.h"

/* What is said of a request; collected under a lock, logged without. */
struct access {
	char method[32];	/* cut, like the path, if need be */
	char path[2048];
	int status;		/* of the final response; 0: none was sent */
	uint64_t octets;	/* of content sent */
	uint64_t ms;		/* from its HEADERS to its end */
	uint32_t stream;
	const char *fate;	/* without status: "reset", "ignored", "none" */
};

/* Takes :method and :path (of CONNECT: :authority) from the request. */
void access_request(struct access *a, const struct fields *request);

/* The latter alone; cut if need be. */
void access_path(const struct fields *request, char *dst, size_t size);

/* Logs it, at level info; client: "127.0.0.1:50000" or "[::1]:50000". */
void access_log(const struct access *a, const char *client);

#endif

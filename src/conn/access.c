/* SPDX-License-Identifier: MIT */
/*
 * The access log.  A caller copies what the record needs while it holds the
 * connection's mutex (access_request).  A thread that may have to wait for the
 * log calls access_log without the mutex.
 */
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "base/log.h"

static void
copy(const struct fields *l, const char *name, char *dst, size_t size)
{
	struct field f;
	size_t n;

	dst[0] = '\0';
	if (!fields_find(l, name, &f))
		return;
	n = f.value_len < size ? f.value_len : size - 1;
	memcpy(dst, f.value, n);
	dst[n] = '\0';
}

void
access_request(struct access *a, const struct fields *request)
{
	copy(request, ":method", a->method, sizeof(a->method));
	access_path(request, a->path, sizeof(a->path));
}

void
access_path(const struct fields *request, char *dst, size_t size)
{
	copy(request, ":path", dst, size);
	if (dst[0] == '\0')		/* CONNECT: no :path (RFC 9113 §8.5) */
		copy(request, ":authority", dst, size);
}

void
access_log(const struct access *a, const char *client)
{
	const struct log_field f[] = {
		log_field_text("method", a->method),
		log_field_text("path", a->path),
		a->status != 0 ?
		    log_field_number("status", (uint64_t)a->status) :
		    log_field_text("status", a->fate != NULL ? a->fate :
		    "none"),
		log_field_number("octets", a->octets),
		log_field_number("ms", a->ms),
		log_field_number("stream", a->stream),
		log_field_text("client", client)
	};

	log_fields(LOG_L_INFO, "request", f, sizeof(f) / sizeof(f[0]));
}

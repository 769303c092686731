/* SPDX-License-Identifier: MIT */
/*
 * The access log.  What a record says is copied while the connection's mutex
 * is held (access_request), and written when it is not (access_log): the log
 * may be a pipe that nobody empties.
 */
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "log.h"

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
	copy(request, ":path", a->path, sizeof(a->path));
	if (a->path[0] == '\0')		/* CONNECT, RFC 9113 section 8.5 */
		copy(request, ":authority", a->path, sizeof(a->path));
}

static struct log_field
text_field(const char *name, const char *text)
{
	return (struct log_field){ .name = name, .text = text,
	    .len = strlen(text) };
}

static struct log_field
number_field(const char *name, uint64_t number)
{
	return (struct log_field){ .name = name, .number = number };
}

static const char *
client_text(char *dst, size_t size, const char *host, unsigned port)
{
	snprintf(dst, size, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u",
	    host, port);
	return dst;
}

void
access_log(const struct access *a, const char *client_host,
    unsigned client_port)
{
	char client[128];
	const struct log_field f[] = {
		text_field("method", a->method),
		text_field("path", a->path),
		a->status != 0 ? number_field("status", (uint64_t)a->status)
		    : text_field("status", a->reset ? "reset" : "none"),
		number_field("octets", a->octets),
		number_field("ms", a->ms),
		number_field("stream", a->stream),
		text_field("client", client_text(client, sizeof(client),
		    client_host, client_port))
	};

	log_fields(LOG_L_INFO, "request", f, sizeof(f) / sizeof(f[0]));
}

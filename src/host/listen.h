/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets: made, bound, and named.
 */
#ifndef H2RIG_LISTEN_H
#define H2RIG_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

#define LISTEN_MAX OPTIONS_MAX_BIND

struct listeners {
	int fd[LISTEN_MAX];	/* non-blocking, close-on-exec */
	size_t n;
	bool inherited;		/* others have them too */
};

/*
 * Opens one socket for each address of o; with port 0 the first one's port
 * serves for all.  0, or -1 with err: "cannot listen on 127.0.0.1:443:
 * Permission denied".
 */
int listen_open(struct listeners *l, const struct options *o, char *err,
    size_t err_size);
void listen_close(struct listeners *l);

/*
 * The port of all of them (inherited ones: of the first), also when the kernel
 * picked it; with conn != -1 that of our end of this connection.
 */
unsigned listen_port(const struct listeners *l, int conn);

/* "127.0.0.1:8443" of socket i. */
const char *listen_name(const struct listeners *l, size_t i, char *dst,
    size_t size);

#endif

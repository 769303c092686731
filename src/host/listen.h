/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets: made, bound, and named.
 */
#ifndef H2RIG_LISTEN_H
#define H2RIG_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

#define LISTEN_MAX (OPTIONS_MAX_BIND * OPTIONS_MAX_PORT)

struct listeners {
	int fd[LISTEN_MAX];	/* non-blocking, close-on-exec */
	size_t n;
	bool inherited;		/* others have them too */
};

/*
 * Opens a socket for each address and port of o.  A port 0 is one that is free
 * on all addresses; such ports come after the others.  0, or -1 with err: "cannot listen on 127.0.0.1:443:
 * Permission denied".
 */
int listen_open(struct listeners *l, const struct options *o, char *err,
    size_t err_size);
void listen_close(struct listeners *l);

/*
 * o->port becomes what they are bound to, also if inherited, or picked by the
 * kernel; with conn != -1 the port of our end of this connection.
 */
void listen_ports(const struct listeners *l, int conn, struct options *o);

/*
 * Is what they, or conn if it is not -1, are bound to of this machine only?  If
 * not, name is the address.
 */
bool listen_is_loopback(const struct listeners *l, int conn, char *name,
    size_t size);

/* "127.0.0.1:8443" of socket i. */
const char *listen_name(const struct listeners *l, size_t i, char *dst,
    size_t size);

#endif

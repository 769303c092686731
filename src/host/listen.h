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
	bool inherited;		/* other processes have them too */
};

/*
 * Opens a socket for each address and port of o.  A port 0 becomes one that is
 * free on all addresses; such ports come after the others.  Returns 0, or -1
 * with one line in err: "--bind: expected an address of this machine:
 * 192.0.2.1:443: ...".
 */
int listen_open(struct listeners *l, const struct options *o, char *err,
    size_t err_size);
void listen_close(struct listeners *l);

/*
 * Sets o->port to the ports that the sockets are bound to, be they inherited or
 * picked by the kernel; if conn is not -1, to the local port of that
 * connection.
 */
void listen_ports(const struct listeners *l, int conn, struct options *o);

/*
 * Returns whether the sockets, or conn if it is not -1, are bound to loopback
 * addresses only.  If not, name is the first other address.
 */
bool listen_is_loopback(const struct listeners *l, int conn, char *name,
    size_t size);

/* Writes the address of socket i, "127.0.0.1:8443", to dst and returns dst. */
const char *listen_name(const struct listeners *l, size_t i, char *dst,
    size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets: one for each address and port.
 *
 * Without --bind the addresses are 127.0.0.1 and, where there is IPv6, ::1; the
 * second is a convenience, and its absence is not an error.  With --bind every
 * address must be usable.  Main calls listen_open before Python starts, so that
 * a port that cannot be had is reported at once.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "listen.h"

/* Attempts to find a port that is free on all addresses. */
#define PORT_ATTEMPTS 32

static const char *const default_hosts[] = { "127.0.0.1", "::1" };

#define N_DEFAULT (sizeof(default_hosts) / sizeof(default_hosts[0]))

static int
set_options(int fd, int family)
{
	int on = 1;

	if (sys_set_cloexec(fd) == -1 || sys_set_nonblock(fd) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
	/* "::" and "0.0.0.0" can then be bound side by side. */
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return -1;
	return 0;
}

/* Adds a listening socket.  Returns its descriptor, or -1 with errno set. */
static int
open_one(struct listeners *l, const struct sockaddr_storage *ss, socklen_t len)
{
	int fd;

	fd = socket(ss->ss_family, SOCK_STREAM, 0);
	if (fd == -1)
		return -1;
	if (set_options(fd, ss->ss_family) == 0 &&
	    bind(fd, (const struct sockaddr *)ss, len) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return l->fd[l->n++] = fd;
	sys_close(fd);
	return -1;
}

/*
 * Opens a port on all n hosts; those from number `optional` on may be missing,
 * but not because the port that the kernel picked is taken there: who asks for
 * localhost would reach another program.  Returns 0, or -1 with errno set and
 * the address that failed in name.
 */
static int
open_port(struct listeners *l, const char *const *host, size_t n,
    size_t optional, unsigned port, char name[SYS_ADDR_SIZE])
{
	bool picked = port == 0;
	struct sockaddr_storage ss;
	socklen_t len;
	size_t i;
	int fd;

	for (i = 0; i < n; i++) {
		fd = -1;
		errno = EINVAL;
		snprintf(name, SYS_ADDR_SIZE, "%s", host[i]);
		if (sys_parse_addr(host[i], port, &ss, &len) == 0) {
			sys_format_addr((struct sockaddr *)&ss, name,
			    SYS_ADDR_SIZE);
			fd = open_one(l, &ss, len);
		}
		if (fd == -1 &&
		    (i < optional || (picked && errno == EADDRINUSE)))
			return -1;
		if (fd == -1) {
			log_debug("not listening on %s: %s", name,
			    strerror(errno));
			continue;
		}
		if (port == 0)
			port = sys_local_port(fd);
	}
	return 0;
}

static void
close_from(struct listeners *l, size_t first)
{
	while (l->n > first)
		sys_close(l->fd[--l->n]);
}

/*
 * Opens a port on all addresses of o.  Returns 0, or -1 with nothing left open,
 * errno set and the address that failed in name.
 */
static int
try_port(struct listeners *l, const struct options *o, unsigned port,
    char name[SYS_ADDR_SIZE])
{
	bool given = o->n_bind > 0;
	size_t before = l->n;
	int i;

	/*
	 * The port that the kernel picks for the first address may be taken on
	 * another one.
	 */
	for (i = 0; i < PORT_ATTEMPTS; i++) {
		if (open_port(l, given ? o->bind : default_hosts,
		    given ? o->n_bind : N_DEFAULT, given ? o->n_bind : 1, port,
		    name) == 0)
			return 0;
		close_from(l, before);
		if (port != 0 || errno != EADDRINUSE)
			break;
	}
	return -1;
}

int
listen_open(struct listeners *l, const struct options *o, char *err,
    size_t err_size)
{
	char name[SYS_ADDR_SIZE];
	size_t i, n = o->n_port;

	/*
	 * Ports 0 come last, so that the kernel cannot pick a port that o
	 * names.
	 */
	for (i = 0; i < 2 * n; i++) {
		unsigned port = o->port[i % n];

		if ((port == 0) != (i >= n) ||
		    try_port(l, o, port, name) == 0)
			continue;
		snprintf(err, err_size, "--%s: expected %s: %s: %s",
		    errno == EADDRNOTAVAIL ? "bind" : "port",
		    errno == EADDRNOTAVAIL ? "an address of this machine" :
		    "a port that is free, or 0, which finds one", name,
		    strerror(errno));
		close_from(l, 0);
		return -1;
	}
	return 0;
}

void
listen_close(struct listeners *l)
{
	close_from(l, 0);
}

static bool
is_loopback(const struct sockaddr_storage *ss)
{
	const struct in6_addr *a =
	    &((const struct sockaddr_in6 *)ss)->sin6_addr;

	if (ss->ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)ss)->sin_addr.s_addr)
		    >> 24 == 127;
	return ss->ss_family == AF_INET6 && (IN6_IS_ADDR_LOOPBACK(a) ||
	    (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127));
}

bool
listen_is_loopback(const struct listeners *l, int conn, char *name,
    size_t size)
{
	struct sockaddr_storage ss;
	size_t i, n = conn != -1 ? 1 : l->n;

	for (i = 0; i < n; i++) {
		if (sys_local_addr(conn != -1 ? conn : l->fd[i], &ss) == 0 &&
		    is_loopback(&ss))
			continue;
		sys_format_addr((const struct sockaddr *)&ss, name, size);
		return false;
	}
	return true;
}

const char *
listen_name(const struct listeners *l, size_t i, char *dst, size_t size)
{
	struct sockaddr_storage ss;

	if (sys_local_addr(l->fd[i], &ss) == -1)
		snprintf(dst, size, "?");
	else
		sys_format_addr((const struct sockaddr *)&ss, dst, size);
	return dst;
}

void
listen_ports(const struct listeners *l, int conn, struct options *o)
{
	size_t i, k, n = conn != -1 ? 1 : l->n;

	o->n_port = 0;
	for (i = 0; i < n; i++) {
		unsigned port = sys_local_port(conn != -1 ? conn : l->fd[i]);

		for (k = 0; k < o->n_port && o->port[k] != port; k++)
			;
		o->port[k] = port;
		if (k == o->n_port)
			o->n_port++;
	}
}

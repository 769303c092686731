/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets: one for each address, all on one port.
 *
 * Without --bind they are 127.0.0.1 and, where there is IPv6, ::1; the second
 * is a convenience and its absence is not an error.  With --bind every
 * address must do.  Main calls listen_open before Python starts, so that what
 * keeps a port from being had is said at once.
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

/* How often another port is tried that is free on all addresses. */
#define PORT_ATTEMPTS 8

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
	/* "::" and "0.0.0.0" can then be named side by side. */
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return -1;
	return 0;
}

/* A listening socket, which is added, or -1 with errno. */
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

static unsigned
bound_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return 0;
	return sys_addr_port((const struct sockaddr *)&ss);
}

/*
 * Opens all hosts; the last ones, from optional on, may be missing.  0, or -1
 * with errno and the address that failed in name.
 */
static int
open_all(struct listeners *l, const char *const *host, size_t n,
    size_t optional, unsigned port, char *name, size_t name_size)
{
	struct sockaddr_storage ss;
	socklen_t len;
	size_t i;
	int fd;

	l->n = 0;
	for (i = 0; i < n; i++) {
		fd = -1;
		errno = EINVAL;
		snprintf(name, name_size, "%s", host[i]);
		if (sys_parse_addr(host[i], port, &ss, &len) == 0) {
			sys_format_addr((struct sockaddr *)&ss, name,
			    name_size);
			fd = open_one(l, &ss, len);
		}
		if (fd == -1 && i < optional)
			return -1;
		if (fd == -1) {
			log_debug("not listening on %s: %s", name,
			    strerror(errno));
			continue;
		}
		if (port == 0)
			port = bound_port(fd);
	}
	return 0;
}

int
listen_open(struct listeners *l, const struct options *o, char *err,
    size_t err_size)
{
	bool given = o->n_bind > 0;
	const char *const *host = given ? o->bind : default_hosts;
	size_t n = given ? o->n_bind : N_DEFAULT;
	char name[SYS_ADDR_SIZE];
	int i, saved;

	/* A port picked for the first address may be taken on another one. */
	for (i = 0; i < PORT_ATTEMPTS; i++) {
		if (open_all(l, host, n, given ? n : 1, o->port, name,
		    sizeof(name)) == 0)
			return 0;
		saved = errno;
		listen_close(l);
		if (o->port != 0 || saved != EADDRINUSE)
			break;
	}
	snprintf(err, err_size, "cannot listen on %s: %s", name,
	    strerror(saved));
	return -1;
}

void
listen_close(struct listeners *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		close(l->fd[i]);
	l->n = 0;
}

const char *
listen_name(const struct listeners *l, size_t i, char *dst, size_t size)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	if (getsockname(l->fd[i], (struct sockaddr *)&ss, &len) == -1)
		snprintf(dst, size, "?");
	else
		sys_format_addr((const struct sockaddr *)&ss, dst, size);
	return dst;
}

unsigned
listen_port(const struct listeners *l, int conn)
{
	return bound_port(conn != -1 ? conn : l->fd[0]);
}

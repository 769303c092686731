/* SPDX-License-Identifier: MIT */
/*
 * How the program was started, and what it was given: sockets on inherited
 * descriptors, and ways to say that it is ready.
 */
#ifndef H2RIG_SUPERVISE_H
#define H2RIG_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "listen.h"
#include "options.h"

#define SUPERVISE_NOTICES 2	/* a reload has begun, and is over */
#define SUPERVISE_TEXT 80

struct supervise {
	int input;		/* what was 0 under inetd; -1: no inetd */
	int leash;		/* what was 0, with --stop-on-eof; or -1 */
	bool mute;		/* descriptor 2 was inetd's socket too */
	int conn;		/* connection to serve; -1: it listens */
	struct sockaddr_storage client;	/* of conn */
	int notify_fd;		/* gets a newline when ready; -1: none */
	char notify_socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
				/* systemd's; "": none */
	char notices[SUPERVISE_NOTICES][SUPERVISE_TEXT];	/* queued */
	size_t n_notices;	/* queued for want of room */
};

/*
 * The first step, before anything can be printed.  From then on no signal ends
 * this process unless somebody asks for its end, descriptors 0 to 2 are open,
 * and standard input is empty.  If argv asks for what was descriptor 0, it is
 * kept under another number.  If 1 or 2 is inetd's socket too, it leads to
 * /dev/null; for 2, the log then goes to the system's log.
 */
void supervise_begin(struct supervise *s, int argc, char **argv);

/*
 * Takes what was inherited: a connection into s->conn, or listening sockets
 * into l, which stays empty if there are none.  The log must be open, and
 * Python not started, since the variables are removed before that.  Returns 0,
 * or an exit status with err: "LISTEN_FDS: descriptor 3: expected a TCP
 * socket".
 */
int supervise_take(struct supervise *s, const struct options *o,
    struct listeners *l, char *err, size_t err_size);

/* The log has another file now: under inetd makes 1 (and 2) lead to it. */
void supervise_log_reopened(const struct supervise *s);

/* Tell the supervisor, if it has asked for that. */
void supervise_ready(struct supervise *s);
void supervise_reloading(struct supervise *s);
void supervise_reloaded(struct supervise *s);
void supervise_stopping(struct supervise *s);

/* Sends queued notices.  Returns true if systemd has no room for one yet. */
bool supervise_retry(struct supervise *s);

#endif

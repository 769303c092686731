/* SPDX-License-Identifier: MIT */
/*
 * Who has started the program, and what it was given: sockets on inherited
 * descriptors, and ways to say that it is ready.
 */
#ifndef H2RIG_SUPERVISE_H
#define H2RIG_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "listen.h"
#include "options.h"

#define SUPERVISE_NOTICES 2	/* that a reload is begun, and over */
#define SUPERVISE_TEXT 80

struct supervise {
	int input;		/* what inetd has on 0; -1: it is not inetd */
	int leash;		/* ... for --stop-on-eof; -1: without it */
	bool mute;		/* descriptor 2 was the same socket */
	int conn;		/* the one to serve; -1: it listens */
	struct sockaddr_storage client;	/* of conn */
	int notify_fd;		/* gets a newline when ready; -1: none */
	char notify_socket[108];	/* systemd's; "": none */
	char notices[SUPERVISE_NOTICES][SUPERVISE_TEXT];	/* for it */
	size_t n_notices;	/* ... that it has no room for now */
};

/*
 * First of all, before anything can be printed.  No signal ends this process
 * from here on but one that asks for it.  Descriptors 0 to 2 are open, and
 * standard input is empty.  Where argv wants what was 0 it is moved away; 1 and
 * 2, where they are inetd's socket too, lead to nothing, and the log goes to the
 * system's.
 */
void supervise_begin(struct supervise *s, int argc, char **argv);

/*
 * Takes what was inherited: a connection into s->conn, or listening sockets
 * into l, which stays empty when there are none.  The log is open; Python,
 * before whose start the variables are removed, is not.  0, or an exit status
 * with err: "LISTEN_FDS: descriptor 3: expected a TCP socket".
 */
int supervise_take(struct supervise *s, const struct options *o,
    struct listeners *l, char *err, size_t err_size);

/* The log has another file now: descriptors 1 and 2, where they lead to it. */
void supervise_log_reopened(const struct supervise *s);

/* Tell the supervisor, if it has asked for that. */
void supervise_ready(struct supervise *s);
void supervise_reloading(struct supervise *s);
void supervise_reloaded(struct supervise *s);
void supervise_stopping(struct supervise *s);

/* What systemd had no room for.  True: it still has none. */
bool supervise_retry(struct supervise *s);

#endif

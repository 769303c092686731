/* SPDX-License-Identifier: MIT */
/*
 * The socket of a connection, with or without TLS: reads octets, offers output
 * to the kernel, and says what happened.  It never wakes a thread.
 */
#ifndef H2RIG_LINK_H
#define H2RIG_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h2/session.h"
#include "host/tls.h"
#include "trace.h"

/* How the client has ended its side. */
enum client_end {
	CLIENT_END_NONE,
	CLIENT_END_NOTIFY,	/* close_notify */
	CLIENT_END_FIN,		/* FIN without close_notify */
	CLIENT_END_RESET	/* a TCP reset */
};

/* Something that the client did to the transport. */
struct link_sign {
	enum { LINK_NOTIFY, LINK_FIN, LINK_RESET, LINK_ALERT } kind;
	int alert;		/* the alert's number (RFC 8446 §6) */
	uint64_t ms;
};

#define LINK_SIGNS 8		/* only the first ones are kept */

struct link {
	int fd;			/* non-blocking; owned; -1: closed */
	struct tls *tls;	/* owned; NULL: cleartext */
	struct tls_info info;	/* once the handshake is over */
	struct trace *trace;	/* owned; NULL: none */
	enum client_end end;	/* the first one; close_notify replaces it */
	struct link_sign sign[LINK_SIGNS];	/* in order */
	unsigned n_signs;
	bool backlog;		/* the kernel has refused output */
	bool below;		/* ... of octets not in the session's output */
	bool read_blocked;	/* TLS has to write before it reads on */
	bool write_blocked;	/* TLS has to read before it writes on */
	uint64_t last_written;	/* ms; when the kernel last took output, or
				 * first refused some */
	long unfetched;		/* octets: the lowest value of sys_unsent since
				 * link_watch_again */
	int error;		/* errno of a failure in cleartext */
};

/* What link_push returns. */
enum link_room {
	LINK_EMPTIED,		/* the kernel has all */
	LINK_FULL,		/* it takes no more at present */
	LINK_FAILED		/* link_error says why */
};

void link_init(struct link *l, int fd, struct tls *t);

/* Closes the descriptor, unless that has been done. */
void link_close(struct link *l);

/*
 * Reads until there is no input or no room for another TLS record.  Returns the
 * octets read; *status is the last read's result: > 0, or an enum tls_status.
 */
size_t link_read(struct link *l, uint8_t *dst, size_t size, long *status);

/* As tls_handshake; without TLS returns 0 at once. */
int link_handshake(struct link *l);

/* Reads and drops octets, below TLS.  False: the client has ended its side. */
bool link_drop(struct link *l);

/* Offers the session's output to the kernel; *taken: octets that it took. */
enum link_room link_push(struct link *l, struct session *s, size_t *taken);

/* Text such as "Connection reset by peer"; valid until the next failure. */
const char *link_error(const struct link *l);

/*
 * False: a script has closed the descriptor, or shut it down.  Only for use
 * before closing.c does so.  No other file can have its number (confine_files).
 */
bool link_is_open(const struct link *l);

/*
 * Whether the octets that the client's system has yet to acknowledge are fewer
 * than at any call since link_watch_again.  The first call returns true, since
 * nothing is known of the time before.
 */
bool link_has_moved(struct link *l);
void link_watch_again(struct link *l);

#endif

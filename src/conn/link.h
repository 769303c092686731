/* SPDX-License-Identifier: MIT */
/*
 * The socket of a connection, with or without TLS: reads lots of octets, offers
 * output to the kernel, and says what happened.  It wakes nobody.
 */
#ifndef H2RIG_LINK_H
#define H2RIG_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h2/session.h"
#include "host/tls.h"
#include "trace.h"

/* How the client's side has ended. */
enum client_end {
	CLIENT_END_NONE,
	CLIENT_END_NOTIFY,	/* close_notify */
	CLIENT_END_FIN,		/* without one */
	CLIENT_END_RESET	/* of TCP */
};

/* What the client has done to the transport, in order. */
struct link_sign {
	enum { LINK_NOTIFY, LINK_FIN, LINK_RESET, LINK_ALERT } kind;
	int alert;		/* its number */
	uint64_t ms;
};

#define LINK_SIGNS 8		/* the first ones are kept */

struct link {
	int fd;			/* non-blocking; owned; -1: closed */
	struct tls *tls;	/* owned; NULL: cleartext */
	struct tls_info info;	/* once the handshake is over */
	struct trace *trace;	/* owned; NULL: none */
	enum client_end end;	/* the first of several, but for close_notify */
	struct link_sign sign[LINK_SIGNS];
	unsigned n_signs;
	bool backlog;		/* the kernel has refused output */
	bool below;		/* ... of what is not in the session's */
	bool read_blocked;	/* TLS has to write before it reads on */
	bool write_blocked;	/* ... to read before it writes on */
	uint64_t last_written;	/* ms; the kernel took output, or had all */
	long unfetched;		/* octets, the least that the kernel was seen
				 * to have since link_watch_again */
	int error;		/* errno of a failure in cleartext */
};

/* What link_push has come to. */
enum link_room {
	LINK_EMPTIED,		/* the kernel has all */
	LINK_FULL,		/* it takes no more at present */
	LINK_FAILED		/* link_error says why */
};

void link_init(struct link *l, int fd, struct tls *t);

/* Closes the descriptor, which may be so already. */
void link_close(struct link *l);

/*
 * Reads until there is nothing or no room for another TLS record: octets, and
 * in *status what the last read said: > 0, or an enum tls_status.
 */
size_t link_read(struct link *l, uint8_t *dst, size_t size, long *status);

/* As tls_handshake; without TLS it is over. */
int link_handshake(struct link *l);

/* Reads and drops octets below TLS: false: the client has ended its side. */
bool link_drop(struct link *l);

/* Offers the session's output to the kernel; *taken: octets that it took. */
enum link_room link_push(struct link *l, struct session *s, size_t *taken);

/* "Connection reset by peer"; valid until the next call that fails. */
const char *link_error(const struct link *l);

/* Messages of TLS without content that have come since the last call. */
unsigned link_take_messages(struct link *l);

/* The last failure came of a lack of memory. */
bool link_no_memory(const struct link *l);

/*
 * Before closing.c is at work.  False: a script has closed the descriptor, or
 * shut it down.  No other file can have its number (confine_files).
 */
bool link_is_open(const struct link *l);

/*
 * Whether the client's system has acknowledged more than at any look since
 * link_watch_again; the first look counts too, since what went before it is
 * not known.
 */
bool link_has_moved(struct link *l);
void link_watch_again(struct link *l);

#endif

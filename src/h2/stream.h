/* SPDX-License-Identifier: MIT */
/*
 * One stream's protocol state (RFC 9113 §5.1) and the table of the streams
 * of a connection.
 */
#ifndef H2RIG_STREAM_H
#define H2RIG_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fields.h"
#include "frame.h"

#define STREAM_PRIORITY_SIZE 64	/* octets, with NUL */

/* The states of RFC 9113 §5.1 except idle, made of three bits. */
enum stream_state {
	STREAM_WE_SEND = 1,
	STREAM_PEER_SENDS = 2,
	STREAM_PROMISED = 4,	/* by us, and no HEADERS have been sent */
	STREAM_CLOSED = 0,
	STREAM_HALF_CLOSED_REMOTE = STREAM_WE_SEND,
	STREAM_HALF_CLOSED_LOCAL = STREAM_PEER_SENDS,
	STREAM_OPEN = STREAM_WE_SEND | STREAM_PEER_SENDS,
	STREAM_RESERVED_LOCAL = STREAM_WE_SEND | STREAM_PROMISED
};

/* The receive window of a stream or of the connection, in octets. */
struct credit {
	int64_t window;
	int64_t unreturned;	/* consumed, but not returned to the peer */
};

struct stream {
	uint32_t id;
	enum stream_state state;
	bool reset;		/* closed by RST_STREAM, from either side */
	bool reset_by_peer;
	bool held;		/* the application still uses it (session.h) */
	bool told;		/* `closed` was called, or is being called */
	bool telling;		/* `closed` is being called: do not free */
	bool taken;		/* opened without a request (session.h) */
	bool pushed;		/* promised by us */
	bool opened;		/* pushed, and HEADERS sent on it */
	bool headers_sent;	/* final (non-1xx) HEADERS, raw ones too */
	bool tunnel;		/* a CONNECT that we answered with 2xx */
	uint32_t reset_code;
	int64_t send_window;	/* octets; SETTINGS may leave it below 0 */
	struct credit credit;
	int64_t received;	/* octets of DATA content, for content-length */
	int status;		/* of the final HEADERS sent; 0: not known */
	uint64_t sent;		/* octets of DATA, with raw frames' padding */
	uint64_t data_frames;	/* DATA frames received that had content */
	struct message_info info;
	void *user;		/* the application's, never touched here */
	/*
	 * The last priority that the peer gave the stream, in its `priority`
	 * field or by PRIORITY_UPDATE (RFC 9218 §4, §7): text as received,
	 * ended by NUL; empty if there was none.  Longer values are ignored.
	 */
	char priority[STREAM_PRIORITY_SIZE];
	uint8_t urgency;	/* from 0, the most urgent, to 7; default 3 */
	bool incremental;
	struct stream *next;	/* in the table's chain */
};

/*
 * Enough for the default of max-concurrent-streams, with twice as many held;
 * with more streams, the chains are longer.
 */
#define STREAM_SLOTS 256

struct stream_table {
	struct stream *slot[STREAM_SLOTS];	/* chains by id */
	size_t n;		/* streams in the table */
};

/* Whether our side, or the peer's, may still send; raw calls do not check. */
static inline bool
stream_can_send(const struct stream *s)
{
	return s->state & STREAM_WE_SEND;
}

static inline bool
stream_can_receive(const struct stream *s)
{
	return s->state & STREAM_PEER_SENDS;
}

/*
 * Transitions: END_STREAM sent or received, RST_STREAM sent or received.  The
 * one by HEADERS on a reserved stream is in send.c.
 */
static inline void
stream_end_sent(struct stream *s)
{
	s->state &= STREAM_PEER_SENDS;
}

static inline void
stream_end_received(struct stream *s)
{
	s->state &= ~(unsigned)STREAM_PEER_SENDS;
}

void stream_set_reset(struct stream *s, uint32_t code, bool by_peer);

#define STREAM_URGENCY_DEFAULT 3

/*
 * Keeps a priority field value and its parameters u and i; one that is left
 * out gets its default (RFC 9218 §4, §7).  Has no effect if the value is too
 * long or has anything but printable ASCII (RFC 9218 §4: a value that does not
 * parse is ignored).
 */
void stream_set_priority(struct stream *s, const uint8_t *value, size_t len);

/* Return the stream; find: NULL if there is none; add: NULL if no memory. */
struct stream *stream_table_find(const struct stream_table *t, uint32_t id);
struct stream *stream_table_add(struct stream_table *t, uint32_t id);

/* Takes the stream out of the table and frees it. */
void stream_table_remove(struct stream_table *t, struct stream *s);
void stream_table_free(struct stream_table *t);

/*
 * Goes through all streams, in no particular order: returns the first one if s
 * is NULL, else the one after s; NULL at the end.
 */
struct stream *stream_table_next(const struct stream_table *t,
    const struct stream *s);

#endif

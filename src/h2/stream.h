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

#define STREAM_PRIORITY_SIZE 64

/* The states of RFC 9113 §5.1 but idle, made of three bits. */
enum stream_state {
	STREAM_WE_SEND = 1,
	STREAM_PEER_SENDS = 2,
	STREAM_PROMISED = 4,	/* and no HEADERS have been sent */
	STREAM_CLOSED = 0,
	STREAM_HALF_CLOSED_REMOTE = STREAM_WE_SEND,
	STREAM_HALF_CLOSED_LOCAL = STREAM_PEER_SENDS,
	STREAM_OPEN = STREAM_WE_SEND | STREAM_PEER_SENDS,
	STREAM_RESERVED_LOCAL = STREAM_WE_SEND | STREAM_PROMISED
};

/* What the peer may send, of a stream or of the connection, octets. */
struct credit {
	int64_t window;
	int64_t unreturned;	/* consumed, but not given back yet */
};

struct stream {
	uint32_t id;
	enum stream_state state;
	bool reset;		/* closed by RST_STREAM, from either side */
	bool reset_by_peer;
	bool held;		/* the application still uses it (session.h) */
	bool told;		/* `closed` was called, or is being called */
	bool telling;		/* it is being called: not to be freed yet */
	bool taken;		/* opened without a request (session.h) */
	bool pushed;		/* promised by us */
	bool opened;		/* pushed, and HEADERS sent on it */
	bool headers_sent;	/* final (non-1xx) HEADERS, raw ones too */
	bool tunnel;		/* a CONNECT that we answered with 2xx */
	uint32_t reset_code;
	int64_t send_window;	/* octets; SETTINGS may leave it below 0 */
	struct credit credit;
	int64_t received;	/* octets of DATA content, for content-length */
	int status;		/* of the final HEADERS sent; 0: none, or raw */
	uint64_t sent;		/* octets of DATA, a raw one's padding too */
	uint64_t data_frames;	/* received, with content */
	struct message_info info;
	void *user;		/* the application's, never touched here */
	/*
	 * The last priority that the peer gave it, in its `priority` field or
	 * by PRIORITY_UPDATE (RFC 9218 §4, §7): text as it came, ended by NUL;
	 * empty if there was none.  Longer ones are ignored.
	 */
	char priority[STREAM_PRIORITY_SIZE];
	uint8_t urgency;	/* of it: 0, first, to 7; 3 by default */
	bool incremental;
	struct stream *next;	/* in the table's chain */
};

struct stream_table {
	struct stream **slot;	/* chains by id; size is a power of two */
	size_t n_slots;
	size_t n;		/* streams in the table */
};

/* Whether our side, or the peer's, may still send (raw calls do not ask). */
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
 * Transitions: HEADERS sent (on a reserved stream), END_STREAM sent or
 * received, RST_STREAM sent or received.
 */
static inline void
stream_headers_sent(struct stream *s)
{
	s->state &= ~(unsigned)STREAM_PROMISED;
}

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
 * Keeps a priority field value, and its u and i; what it leaves out has its
 * default (RFC 9218 §4, §7).  Without effect when it is too long or holds
 * anything but printable ASCII (RFC 9218 §4: what does not parse is ignored).
 */
void stream_set_priority(struct stream *s, const uint8_t *value, size_t len);

/* NULL: none of that id; from stream_table_add: out of memory. */
struct stream *stream_table_find(const struct stream_table *t, uint32_t id);
struct stream *stream_table_add(struct stream_table *t, uint32_t id);

/* Takes the stream out of the table and frees it. */
void stream_table_remove(struct stream_table *t, struct stream *s);
void stream_table_free(struct stream_table *t);

/*
 * All streams, in any order: the first for NULL, then the one after s.  NULL:
 * there is none.  Adding a stream starts the order anew.
 */
struct stream *stream_table_next(const struct stream_table *t,
    const struct stream *s);

#endif

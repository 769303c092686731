/* SPDX-License-Identifier: MIT */
/*
 * The server side of an HTTP/2 connection (RFC 9113): octets from the peer
 * in, events out by callback, octets for the peer collected in an output
 * buffer.  No I/O, no locks, no clock: the caller passes the time.
 *
 * What the session sends by itself (settings, acknowledgements, window
 * updates, resets of streams that broke a rule, GOAWAY) goes to the output
 * as it comes up; what the application sends goes through send.h.
 */
#ifndef H2RIG_SESSION_H
#define H2RIG_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "fields.h"
#include "frame.h"
#include "stream.h"

/*
 * Bounds on what a peer may do, and the settings that we send; see h2rig(8).
 * If a peer exceeds a bound, the connection fails with ENHANCE_YOUR_CALM and a
 * text that names the bound ("bound max-resets").  Only the stream is reset for
 * max_body, with that code, and for max_concurrent_streams, with
 * REFUSED_STREAM.
 *
 * A request that exceeds max_header_list_size or max_fields is answered with
 * 431 (RFC 6585 §5); a stream whose trailers exceed them is reset with
 * ENHANCE_YOUR_CALM.  The block is decoded, so that HPACK stays in step, but
 * only fields up to the bound are kept.  A section of more than four times
 * max_header_list_size (65,536 octets at least) fails the connection.
 *
 * max_concurrent_streams counts streams that are not closed, and streams that
 * either side has reset while the application still holds them: a reset makes
 * no room while work goes on.  A stream that ended normally does not count,
 * even if it is held: a correct client that has seen END_STREAM may open its
 * next stream before our script's function has returned.  If twice as many
 * streams of any kind are held, new ones are refused too.
 */
struct session_limits {
	uint32_t header_table_size;	/* SETTINGS we send, RFC 9113 §6.5.2 */
	uint32_t max_concurrent_streams;
	uint32_t initial_window_size;	/* above 65,535 the connection's too */
	uint32_t max_frame_size;
	uint32_t max_header_list_size;	/* octets; also enforced */
	bool enable_connect_protocol;
	uint32_t max_fields;		/* field lines in a section */
	uint32_t max_continuations;	/* CONTINUATION frames in a block */
	uint32_t max_settings;		/* entries in a SETTINGS frame */
	uint32_t max_resets;		/* RST_STREAM, both sides, in a burst */
	uint32_t resets_per_second;	/* RST_STREAM, both sides, on average */
	uint32_t max_idle_frames;	/* control and empty DATA frames between
					 * two frames that do work */
	uint32_t max_replies;		/* queued replies to control frames */
	uint32_t max_data_frames;	/* of a request, beyond one for each 256
					 * octets of content; tunnels exempt */
	uint64_t max_body;		/* octets of DATA content of a request;
					 * CONNECT tunnels are exempt */
};

/* The defaults of h2rig(8). */
void session_limits_default(struct session_limits *l);

struct session;

/* What becomes of a request that the application does not see. */
enum session_refusal {
	REFUSAL_RESET,		/* malformed, or one too many: `violation` has
				 * told why */
	REFUSAL_STATUS,		/* answered with 431: `reason` tells why */
	REFUSAL_IGNORED		/* above the last stream of our GOAWAY, or it
				 * has failed the connection */
};

/*
 * What the session does by itself.  A connection script clears the bits of what
 * it wants to do itself, or does not want done.
 */
enum session_automatic {
	SESSION_SETTINGS_ACK = 0x1,	/* SETTINGS apply even without it */
	SESSION_PING_ACK = 0x2,
	SESSION_WINDOW_UPDATE = 0x4,	/* else credit gathers until set */
	SESSION_GOAWAY = 0x8,	/* else a connection error only fails the
				 * session, and shutdown refuses nothing */
	SESSION_RST_STREAM = 0x10,	/* for a stream that broke a rule */
	SESSION_CHECKS = 0x20,	/* else broken rules of state, flow control and
				 * fields only call `violation` */
	SESSION_REQUESTS = 0x40,	/* else requests only open streams */
	SESSION_HOLD = 0x80,	/* a raw header block holds the output */
	SESSION_ALL = 0xff
};

/* What happens to a received frame. */
enum session_gate {
	SESSION_PASS,		/* the session acts on it */
	SESSION_STOP,		/* no more is read until session_resume */
	SESSION_QUEUE		/* it waits for session_continue, with later
				 * frames of its stream */
};

/*
 * Events.  Each is called from within session_recv, session_resume or
 * session_continue (`closed` also from a send function, `violation` also from
 * session_note_idle).  A callback may call send.h functions, session_consume,
 * session_release and session_set_automatic, but not session_recv or
 * session_free.
 *
 * A stream given to `headers` stays in memory, and s->user with it, until the
 * application has called session_release and `closed` has been called.  When
 * the connection fails or session_free is called, `closed` is not called for
 * open streams.
 */
struct session_callbacks {
	/*
	 * May be NULL, at no cost.  A frame has come, well formed by itself,
	 * and the session has not acted on it yet.  payload: f->length octets.
	 * A header block is one frame, once it is complete: f is its HEADERS,
	 * f->length includes its CONTINUATION frames, payload is the block of
	 * f->len octets, and l has its fields, perhaps not all (see struct
	 * session_limits).  l is NULL for all other frames.  again: the frame
	 * has been in the queue.  While the queue has a frame of a stream,
	 * further frames of that stream are queued whatever the answer.
	 */
	enum session_gate (*gate)(void *user, const struct frame *f,
	    const uint8_t *payload, const struct fields *l, bool again);
	/*
	 * A request's field section is complete.  frame: its HEADERS; its data
	 * and len are the header block, with that of CONTINUATION frames.
	 */
	void (*headers)(void *user, struct stream *s, const struct fields *l,
	    const struct frame *frame);
	/*
	 * DATA has come; flow_len includes padding.  The application returns
	 * flow_len octets by session_consume once it has consumed the frame.
	 */
	void (*data)(void *user, struct stream *s, const uint8_t *data,
	    size_t len, size_t flow_len, bool end_stream);
	/* Trailers are complete and end the request.  frame: as above. */
	void (*trailers)(void *user, struct stream *s, const struct fields *l,
	    const struct frame *frame);
	/*
	 * The stream is closed: s->reset and s->reset_code say how.  Called
	 * once for each stream, including pushed ones.
	 */
	void (*closed)(void *user, struct stream *s);
	/*
	 * A send window has grown and is above 0: that of s or, if s is NULL,
	 * that of the connection or (by SETTINGS) of any stream.
	 */
	void (*window)(void *user, struct stream *s);
	/*
	 * May be NULL.  Another frame on s, which is not closed, has taken
	 * effect: WINDOW_UPDATE, PRIORITY, a frame of unknown type, or
	 * PRIORITY_UPDATE that names s.  payload: f->length octets.  Returns
	 * NULL, or why the connection is to fail with ENHANCE_YOUR_CALM.
	 */
	const char *(*frame)(void *user, struct stream *s,
	    const struct frame *f, const uint8_t *payload);
	/*
	 * For logs, may be NULL.  The peer has sent RST_STREAM, perhaps on a
	 * stream that is closed or gone; or it has sent GOAWAY.
	 */
	void (*rst_stream)(void *user, uint32_t id, uint32_t code);
	void (*goaway)(void *user, uint32_t last, uint32_t code,
	    const uint8_t *debug, size_t len);
	/*
	 * May be NULL.  The peer broke a rule or exceeded a bound.  The
	 * consequence, if any, follows: by level, the stream is reset or the
	 * connection fails.  f: NULL if no frame did it.
	 */
	void (*violation)(void *user, const struct frame *f,
	    enum h2_level level, uint32_t code, const char *text);
	/*
	 * For logs, may be NULL.  The peer has opened stream id although it has
	 * acknowledged a frame sent after our GOAWAY, and so had read that one
	 * (RFC 9113 §6.8 forbids it).  The session sends no frame after GOAWAY
	 * just to learn of this.
	 */
	void (*late)(void *user, uint32_t id);
	/*
	 * For logs, may be NULL.  `headers` is not called for request id.  l:
	 * its fields, perhaps not all.  reason: only with REFUSAL_STATUS.
	 */
	void (*refused)(void *user, uint32_t id, const struct fields *l,
	    enum session_refusal how, const char *reason);
};

/*
 * Returns a session, or NULL if out of memory.  The limits are copied; cb and
 * user are borrowed for the session's life.
 */
struct session *session_new(const struct session_limits *limits,
    const struct session_callbacks *cb, void *user);
void session_free(struct session *s);

/*
 * Sends our preface (RFC 9113 §3.4): SETTINGS, unless `settings` is false, with
 * the given entries, legal or not, or those of the limits if entries is NULL;
 * then, with SESSION_WINDOW_UPDATE, more window for the connection if the
 * limits ask for it.
 */
void session_start(struct session *s, bool settings, const uint8_t *entries,
    size_t len);

/* Appends the entries of SETTINGS that the limits ask for. */
void session_add_settings(const struct session_limits *l, struct buf *dst);

/*
 * Sets, or returns, bits of enum session_automatic; all are set at first.
 * Credit that has gathered is returned when SESSION_WINDOW_UPDATE is set again.
 */
void session_set_automatic(struct session *s, unsigned mask);
unsigned session_automatic(const struct session *s);

/*
 * Takes len octets from the peer; now_ms: a monotonic clock in ms.  Returns 0,
 * or -1 if the connection has failed: GOAWAY is in the output, session_error
 * says why, and further octets are ignored.  While a frame is stopped, octets
 * are only kept, so the caller should stop reading.
 */
int session_recv(struct session *s, const uint8_t *p, size_t len,
    uint64_t now_ms);

/*
 * Moves to dst the octets received that are no whole frame yet or that follow
 * a stopped frame, for a caller that goes on with something other than HTTP/2.
 */
void session_take_unread(struct session *s, struct buf *dst);

/* Whether the gate has stopped a frame, and so the octets after it. */
bool session_stopped(const struct session *s);

/*
 * Goes on with the stopped frame.  The session acts on it or, if it is taken,
 * only keeps in step: HEADERS open their stream, without a request; DATA is
 * charged to the windows, and no credit is returned; END_STREAM counts, and so
 * do acknowledgements; other frames have no effect.  Then does what
 * session_continue does.
 */
int session_resume(struct session *s, bool taken, uint64_t now_ms);

/*
 * Asks the gate again about the frames in the queue, until it answers other
 * than SESSION_PASS; then takes the octets that were kept, unless a frame is
 * stopped.  Both functions return as session_recv does.
 */
int session_continue(struct session *s, uint64_t now_ms);

/*
 * The peer has made the transport do n things that bring no octets; they count
 * as frames that do no work.  what: their name in the error text.  Returns as
 * session_recv does.
 */
int session_note_idle(struct session *s, unsigned n, const char *what);

/*
 * Returns why the connection has failed, a text such as "HEADERS on stream 6:
 * client streams are odd-numbered (RFC 9113 5.1.1)", and sets *code unless code
 * is NULL; returns NULL if it has not failed.
 */
const char *session_error(const struct session *s, uint32_t *code);

/* Whether the preface and the peer's first SETTINGS have been received. */
bool session_established(const struct session *s);

/* False until SETTINGS that we sent are acknowledged (RFC 9113 §6.5.3). */
bool session_settings_acked(const struct session *s);

/*
 * After session_recv has failed in the preface: whether the octets look like
 * an HTTP/1 request (a method token and a space).  A caller that answers in
 * HTTP/1 drops the output, and must not write any of it (our SETTINGS) before
 * the peer's first octets have come.
 */
bool session_is_http1(const struct session *s);

/*
 * Output for the peer.  The caller writes what it can of buf_data(out) and
 * reports it with session_wrote.
 */
struct buf *session_output(struct session *s);
void session_wrote(struct session *s, size_t n);

/*
 * The application has consumed flow_len octets of stream st: returns the
 * stream's receive credit, by WINDOW_UPDATE when a quarter of the window has
 * gathered.  (The connection's credit is returned on receipt.)  Has no effect
 * once the peer has ended or reset the stream, or we have reset it.
 */
void session_consume(struct session *s, struct stream *st, size_t flow_len);

/*
 * The application is done with the stream, which is freed once it is closed
 * too.  The pointer must not be used afterwards.
 */
void session_release(struct session *s, struct stream *st);

/* Returns the stream, or NULL if it was never opened or is gone. */
struct stream *session_stream(const struct session *s, uint32_t id);

/* The number of streams that are open or half-closed. */
size_t session_open_count(const struct session *s);

/*
 * SETTINGS values, indexed by identifier (enum h2_setting).  The peer's
 * MAX_HEADER_LIST_SIZE is UINT32_MAX if it has given no limit.
 */
#define SETTINGS_COUNT 10
struct settings_values {
	uint32_t of[SETTINGS_COUNT];
};

/* The peer's values in force. */
const struct settings_values *session_peer_settings(const struct session *s);

/*
 * Begins a graceful end (RFC 9113 §6.8): sends GOAWAY with NO_ERROR and the
 * last stream taken; new streams are ignored from now on.  Without
 * SESSION_GOAWAY, it sends and refuses nothing.  session_done: whether nothing
 * is left to do after a shutdown or a failure.
 */
void session_shutdown(struct session *s);
bool session_done(const struct session *s);

#endif

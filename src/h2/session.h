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
 * Bounds on what a peer may do and the settings we send; see h2rig(8).  Past a
 * bound the connection fails with ENHANCE_YOUR_CALM and a text that names it
 * ("bound max-resets"), but for max_body, past which the stream is reset with
 * that code, and max_concurrent_streams, with REFUSED_STREAM.
 *
 * A request past max_header_list_size or max_fields is answered with 431 (RFC
 * 6585 §5), and a stream whose trailers are is reset with ENHANCE_YOUR_CALM:
 * the block is decoded, so that HPACK stays in step, but only fields up to the
 * bound are kept.  A section of four times max_header_list_size (65,536 octets
 * at least) fails the connection.
 *
 * max_concurrent_streams counts streams that are not closed and those that
 * were reset, by either side, while the application still holds them: a reset
 * frees no place while work goes on.  A stream that ended as it should does
 * not count, though held: a correct client that has seen END_STREAM may open
 * its next stream before our script's function is back.  Above twice the
 * bound, held streams of any kind refuse new ones too.
 */
struct session_limits {
	uint32_t header_table_size;	/* SETTINGS we send, RFC 9113 §6.5.2 */
	uint32_t max_concurrent_streams;
	uint32_t initial_window_size;	/* above 65,535 the connection's too */
	uint32_t max_frame_size;
	uint32_t max_header_list_size;	/* also enforced, octets */
	bool enable_connect_protocol;
	uint32_t max_fields;		/* field lines in a section */
	uint32_t max_continuations;	/* CONTINUATION frames in a block */
	uint32_t max_settings;		/* entries in a SETTINGS frame */
	uint32_t max_resets;		/* RST_STREAM, either side: at once */
	uint32_t resets_per_second;	/* and in the long run */
	uint32_t max_idle_frames;	/* control and empty DATA frames between
					 * two frames that do work */
	uint32_t max_replies;		/* replies to control frames queued */
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
	REFUSAL_RESET,		/* malformed, or one too many: violation */
	REFUSAL_STATUS,		/* answered with 431: `reason` */
	REFUSAL_IGNORED		/* above the last stream of our GOAWAY, or it
				 * has failed the connection */
};

/*
 * What the session does by itself.  A connection script takes out what it
 * wants to do itself, or not done.
 */
enum session_automatic {
	SESSION_SETTINGS_ACK = 0x1,	/* SETTINGS apply on receipt anyway */
	SESSION_PING_ACK = 0x2,
	SESSION_WINDOW_UPDATE = 0x4,	/* or credit gathers until it is set */
	SESSION_GOAWAY = 0x8,	/* or none of ours: a connection error only
				 * fails the session, shutdown refuses nothing */
	SESSION_RST_STREAM = 0x10,	/* for a stream that broke a rule */
	SESSION_CHECKS = 0x20,	/* rules of state, flow control and fields have
				 * another consequence than `violation` */
	SESSION_REQUESTS = 0x40,	/* or requests open their streams only */
	SESSION_HOLD = 0x80,	/* of the output by a raw header block */
	SESSION_ALL = 0xff
};

/* What becomes of a frame that has come. */
enum session_gate {
	SESSION_PASS,		/* the session acts on it */
	SESSION_STOP,		/* nothing goes on until session_resume */
	SESSION_QUEUE		/* it waits for session_continue, with later
				 * frames of its stream */
};

/*
 * Events.  Each is called from within session_recv, session_resume or
 * session_continue (or, `closed`, from a send function too).  A callback may
 * call send.h functions, session_consume, session_release and
 * session_set_automatic, not session_recv and not session_free.
 *
 * A stream that got `headers` stays in memory, and s->user with it, until
 * the application calls session_release and `closed` has been called.  When
 * the connection fails or session_free is called, `closed` is not called for
 * what was open.
 */
struct session_callbacks {
	/*
	 * May be NULL, at no cost.  A frame has come, well formed by itself, and
	 * nothing has been done about it.  payload: f->length octets.  A header
	 * block is one frame once it is whole: f its HEADERS, f->length with
	 * that of its CONTINUATION frames; payload the block, f->len octets; l
	 * its fields, perhaps not all (see struct session_limits), or NULL for
	 * all other frames.  again: it has been in the queue.  While that has a
	 * frame of the same stream, others of it go there by any answer.
	 */
	enum session_gate (*gate)(void *user, const struct frame *f,
	    const uint8_t *payload, const struct fields *l, bool again);
	/*
	 * A request's field section is complete.  frame: its HEADERS; data
	 * and len are the header block, of CONTINUATION frames too.
	 */
	void (*headers)(void *user, struct stream *s, const struct fields *l,
	    const struct frame *frame);
	/*
	 * DATA.  flow_len counts padding too.  The application returns flow_len
	 * octets by session_consume once it has consumed the frame.
	 */
	void (*data)(void *user, struct stream *s, const uint8_t *data,
	    size_t len, size_t flow_len, bool end_stream);
	/* Trailers are complete; the request ends with them.  frame: as above. */
	void (*trailers)(void *user, struct stream *s, const struct fields *l,
	    const struct frame *frame);
	/*
	 * The stream is closed: s->reset and s->reset_code say how.  Called
	 * once for a stream, for pushed ones too.
	 */
	void (*closed)(void *user, struct stream *s);
	/*
	 * Window to send in has grown and is there: on s, or (NULL) on the
	 * connection or, by SETTINGS, on any stream.
	 */
	void (*window)(void *user, struct stream *s);
	/*
	 * May be NULL: another frame on s, which is not closed, has had its
	 * effect: WINDOW_UPDATE, PRIORITY, one of a type that is not known; or
	 * PRIORITY_UPDATE names s.  payload: f->length octets.  NULL, or why
	 * the connection fails with ENHANCE_YOUR_CALM.
	 */
	const char *(*frame)(void *user, struct stream *s,
	    const struct frame *f, const uint8_t *payload);
	/*
	 * For logs, may be NULL: the peer has sent RST_STREAM, perhaps on a
	 * stream that is closed or gone; or GOAWAY.
	 */
	void (*rst_stream)(void *user, uint32_t id, uint32_t code);
	void (*goaway)(void *user, uint32_t last, uint32_t code,
	    const uint8_t *debug, size_t len);
	/*
	 * May be NULL: the peer broke a rule or passed a bound, which has its
	 * consequence next, if any: by level, its stream is reset or the
	 * connection fails.  f: NULL if no frame did it.
	 */
	void (*violation)(void *user, const struct frame *f,
	    enum h2_level level, uint32_t code, const char *text);
	/*
	 * For logs, may be NULL: the peer has opened stream id although it has
	 * acknowledged what was sent behind GOAWAY, and so had read that (RFC
	 * 9113 §6.8 forbids it).  The session sends nothing behind it to learn
	 * of this.
	 */
	void (*late)(void *user, uint32_t id);
	/*
	 * For logs, may be NULL: request id, which `headers` does not tell of.
	 * l: its fields, perhaps not all.
	 */
	void (*refused)(void *user, uint32_t id, const struct fields *l,
	    enum session_refusal how, const char *reason);
};

/*
 * The limits are copied; cb and user are borrowed for the session's life.
 * NULL: out of memory.
 */
struct session *session_new(const struct session_limits *limits,
    const struct session_callbacks *cb, void *user);
void session_free(struct session *s);

/*
 * Our preface (RFC 9113 §3.4): SETTINGS, unless `settings` is false, with the
 * entries given, legal or not, or (NULL) those of the limits; and more window
 * for the connection if the limits ask for it, with SESSION_WINDOW_UPDATE.
 */
void session_start(struct session *s, bool settings, const uint8_t *entries,
    size_t len);

/* Appends the entries of SETTINGS that the limits ask for. */
void session_add_settings(const struct session_limits *l, struct buf *dst);

/*
 * Bits of enum session_automatic: all are set at first.  Credit that gathered
 * is returned when SESSION_WINDOW_UPDATE is set again.
 */
void session_set_automatic(struct session *s, unsigned mask);
unsigned session_automatic(const struct session *s);

/*
 * Takes len octets from the peer; now_ms is a monotonic clock.  0, or -1 when
 * the connection has failed: GOAWAY stands in the output, session_error says
 * why, and further octets are ignored.  While a frame is stopped, octets are
 * only kept, so that the caller stops reading.
 */
int session_recv(struct session *s, const uint8_t *p, size_t len,
    uint64_t now_ms);

/*
 * Octets that have come and are no frame yet, or stand behind one that is
 * stopped, are dst's: what follows is not HTTP/2.
 */
void session_take_unread(struct session *s, struct buf *dst);

/* The gate has stopped a frame, and the octets behind it. */
bool session_stopped(const struct session *s);

/*
 * What the frame that was stopped is for is over: the session acts on it, or
 * (taken) only keeps in step: HEADERS open their stream, without a request;
 * DATA is charged to the windows, and nothing is returned; END_STREAM counts,
 * and so do acknowledgements; other frames have no effect.  Then as
 * session_continue.
 */
int session_resume(struct session *s, bool taken, uint64_t now_ms);

/*
 * The frames in the queue come to the gate again, until it answers other than
 * PASS; then the octets that were kept, unless it stopped one.  Both return as
 * session_recv does.
 */
int session_continue(struct session *s, uint64_t now_ms);

/*
 * The peer has had the transport do n things that bring no octets: they count
 * as frames that do no work.  0, or -1 as from session_recv; what: their name
 * in the reason.
 */
int session_note_idle(struct session *s, unsigned n, const char *what);

/*
 * Why the connection failed: code, and a text such as "HEADERS on stream 6:
 * client streams are odd-numbered (RFC 9113 5.1.1)".  NULL: it has not.
 */
const char *session_error(const struct session *s, uint32_t *code);

/* Preface received and the peer's first SETTINGS too. */
bool session_established(const struct session *s);

/* The peer has acknowledged our SETTINGS (RFC 9113 §6.5.3). */
bool session_settings_acked(const struct session *s);

/*
 * After session_recv has failed in the preface: whether what came instead
 * looks like an HTTP/1 request (a method token and a space).  A caller that
 * wants to answer in HTTP/1 drops the output, and has written none of it (our
 * SETTINGS) before the peer's first octets came.
 */
bool session_is_http1(const struct session *s);

/*
 * Output for the peer.  The caller writes what it can of buf_data(out) and
 * reports it with session_wrote.
 */
struct buf *session_output(struct session *s);
void session_wrote(struct session *s, size_t n);

/*
 * The application has consumed flow_len octets of stream st: its receive
 * credit is returned, by WINDOW_UPDATE when a quarter of the window has
 * gathered.  (The connection's credit is returned on receipt.)  Without effect
 * once the peer has ended or reset the stream, or we have reset it.
 */
void session_consume(struct session *s, struct stream *st, size_t flow_len);

/*
 * The application is done with the stream: once it is closed too, it goes.
 * The pointer must not be used afterwards.
 */
void session_release(struct session *s, struct stream *st);

/* NULL: never opened, or gone. */
struct stream *session_stream(const struct session *s, uint32_t id);

/* Streams that are open or half-closed. */
size_t session_open_count(const struct session *s);

/* Values of the peer's SETTINGS as they stand. */
struct peer_settings {
	uint32_t header_table_size;
	uint32_t enable_push;
	uint32_t max_concurrent_streams;
	uint32_t initial_window_size;
	uint32_t max_frame_size;
	uint32_t max_header_list_size;	/* UINT32_MAX: no limit given */
	uint32_t enable_connect_protocol;
	uint32_t no_rfc7540_priorities;
};

const struct peer_settings *session_peer_settings(const struct session *s);

/*
 * Graceful end (RFC 9113 §6.8): GOAWAY with NO_ERROR and the last stream
 * taken; new streams are ignored from now on.  Without SESSION_GOAWAY it only
 * says that session_done may come true: nothing is left to do.
 */
void session_shutdown(struct session *s);
bool session_done(const struct session *s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the files of the session share, and nobody else sees: session.c
 * (octets in, errors, life of streams), recv.c (a function per frame type),
 * headers.c (received header blocks), limits.c (bounds), send.c (checked
 * calls) and raw.c (raw calls, the hold).
 */
#ifndef H2RIG_SESSION_IMPL_H
#define H2RIG_SESSION_IMPL_H

#include "session.h"

#define WINDOW_MAX INT64_C(0x7fffffff)	/* RFC 9113 §6.9.1 */
#define WINDOW_DEFAULT 65535		/* §6.9.2 */

/*
 * Streams that we reset are remembered by number after they have gone, since
 * frames that the peer sent before it knew are to be ignored (§5.1).  So many
 * of them; older ones count as closed for good.
 */
#define RESET_MEMORY 1024

/* Ranges of stream numbers that the peer skipped, the last ones. */
#define GAP_MEMORY 32

enum session_phase {
	PHASE_PREFACE,
	PHASE_SETTINGS,		/* the peer's first frame is still to come */
	PHASE_RUNNING,
	PHASE_FAILED
};

/* A header block being received: HEADERS and its CONTINUATION frames. */
struct recv_block {
	uint32_t stream_id;	/* 0: none is open */
	bool opens;		/* its HEADERS opened the stream */
	struct headers_frame frame;
	uint32_t continuations;
	struct buf octets;	/* fragments, unless one frame held it all */
	const char *passed;	/* a bound that its fields pass; or NULL */
};

/* The ends of the replies that wait in the output, by octets ever queued. */
struct replies {
	uint64_t *end;		/* a ring of limits.max_replies */
	size_t first;
	size_t n;
	size_t n_waiting;	/* the last ones: ends are in `waiting` */
};

/* The frame that raw octets are in the middle of, and the hold (send.h). */
struct raw_state {
	uint32_t by;		/* the stream that holds the output, or 0 */
	uint32_t block_id;	/* its open header block is on this; or 0 */
	uint8_t header[FRAME_HEADER_LEN];
	size_t have;		/* octets of header; 0: between frames */
	uint32_t left;		/* octets of payload still to come */
	uint8_t payload[5];	/* the first ones */
	size_t payload_have;
	/* HEADER_TABLE_SIZE changes that wait for the block to end. */
	bool resize;
	uint32_t resize_min;
	uint32_t resize_last;
};

struct session {
	struct session_limits limits;
	const struct session_callbacks *cb;
	void *user;
	uint64_t now_ms;
	enum session_phase phase;

	struct buf in;		/* a frame that came in part */
	size_t preface_have;
	bool preface_differs;
	bool http1;

	struct buf out;
	struct buf waiting;	/* our own frames while `out` is held */
	uint64_t wrote;		/* octets ever taken out of `out` */
	struct buf scratch;	/* for blocks that need more than one frame */
	struct raw_state raw;
	struct replies replies;

	struct hpack_encoder *enc;
	struct hpack_decoder *dec;
	struct recv_block block;
	struct fields fields;	/* the block's, decoded, up to its bound */
	struct buf too_large;	/* requests that get 431 when the hold ends */

	struct peer_settings peer;
	bool settings_acked;
	uint32_t window_size;	/* INITIAL_WINDOW_SIZE as the peer sees it */
	int64_t send_window;
	int64_t recv_size;	/* what recv_window is when all is returned */
	int64_t recv_window;
	int64_t recv_unreturned;

	struct stream_table streams;
	uint32_t last_client_id;
	uint32_t last_promised;
	uint32_t raw_last[2];	/* largest even, odd number in a raw frame */
	size_t n_active;	/* the peer's streams that are not closed */
	size_t n_reset_held;	/* reset, and held by the application */
	size_t n_held;
	size_t n_pushing;	/* ours that are not reserved nor closed */
	uint32_t reset_ids[RESET_MEMORY];
	size_t n_resets;	/* ever remembered */
	struct { uint32_t first, last; } gaps[GAP_MEMORY];
	size_t n_gaps;

	/* What the peer acknowledges; and how many there were before GOAWAY. */
	struct {
		uint64_t sent, acked, before;
	} pings, settings;
	bool goaway_sent;
	bool goaway_waits;	/* ... until the hold ends */
	bool shutdown;
	uint32_t goaway_last;	/* of our last GOAWAY; UINT32_MAX: none */
	bool goaway_received;
	uint32_t peer_goaway_last;

	uint64_t reset_tokens;	/* thousandths of a reset */
	uint64_t reset_time;	/* when they were counted, ms */
	uint32_t idle_frames;

	uint32_t error_code;
	char error_text[256];
};

/*
 * session.c.  Functions that may fail the connection return 0, or -1 once it
 * has failed.
 */

/* Where frames of our own go: the output, or behind the hold. */
struct buf *session_own_out(struct session *s);

/* Fails the connection: GOAWAY with a text made of h and the reason. */
int session_fail(struct session *s, const struct frame_header *h,
    enum h2_code code, const char *reason);

/* Resets the stream that h is on, whether or not it is in the table. */
int session_reset(struct session *s, const struct frame_header *h,
    enum h2_code code, const char *reason);

/*
 * An error of h by itself.  One of level stream on a stream that is not there
 * to be reset fails the connection (§5.4.1 allows it), unless we reset it.
 */
int session_violation(struct session *s, const struct frame_header *h,
    const struct h2_error *err);

/* A frame of ours, a raw one too, goes out or waits for the hold to end. */
void session_note_sent(struct session *s, unsigned type, unsigned flags);

/* GOAWAY, if there was one, is out. */
void session_note_goaway(struct session *s);

bool session_is_idle(const struct session *s, uint32_t id);
bool session_was_reset(const struct session *s, uint32_t id);
void session_remember_reset(struct session *s, uint32_t id);

/* Whether frames on a stream that is not in the table go unheard. */
bool session_ignores(const struct session *s, uint32_t id);

/* If the stream has come to be closed, tells the application, once. */
void session_closed(struct session *s, struct stream *st);

/* recv.c: a whole frame that frame_check passed. */
int recv_frame(struct session *s, const struct frame_header *h,
    const uint8_t *payload);

/* headers.c. */
int recv_headers(struct session *s, const struct frame_header *h,
    const uint8_t *payload);
int recv_continuation(struct session *s, const struct frame_header *h,
    const uint8_t *payload);

/* limits.c. */
int limits_init(struct session *s);
int limits_passed(struct session *s, const struct frame_header *h,
    const char *bound, uint64_t value);
int limits_reset(struct session *s, const struct frame_header *h);
int limits_idle_frame(struct session *s, const struct frame_header *h);
void limits_work(struct session *s);
int limits_data_frame(struct session *s, const struct frame_header *h,
    struct stream *st);
int limits_reply(struct session *s, const struct frame_header *h);
void limits_unhold(struct session *s, uint64_t base);
void limits_wrote(struct session *s);
bool limits_refuse_stream(const struct session *s);
size_t limits_section(const struct session *s);

/* send.c, for raw.c: HEADERS went out; a stream was promised (NULL: memory). */
void send_note_headers(struct session *s, struct stream *st, int status,
    bool end);
struct stream *send_reserve(struct session *s, uint32_t id);

/*
 * send.c: 431 (RFC 6585 §5) for request id, which is in no table; `more`: the
 * client is still sending it.  While the output is held it waits, for HPACK's
 * sake, and send_too_large_waiting() sends it.
 */
void send_too_large(struct session *s, uint32_t id, bool more);
void send_too_large_waiting(struct session *s);

/* raw.c: a HEADER_TABLE_SIZE of the peer, at once or when the hold ends. */
void raw_table_size(struct session *s, uint32_t size);

#endif

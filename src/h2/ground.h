/* SPDX-License-Identifier: MIT */
/*
 * What the files of the session stand on: its state, its two kinds of error,
 * the frames that it sends by itself, the end of streams, the bounds on what a
 * peer may do (struct session_limits).  Nobody outside of h2/ includes it.
 *
 * Functions that may fail the connection return 0, or -1 once it has failed;
 * those that act on a received frame also GROUND_TAKEN: it broke a rule that
 * has no consequence, or is not to be acted on, and only keeps us in step.
 */
#ifndef H2RIG_GROUND_H
#define H2RIG_GROUND_H

#include "base/buf.h"
#include "hpack.h"
#include "session.h"

#define WINDOW_MAX INT64_C(0x7fffffff)	/* RFC 9113 §6.9.1 */
#define WINDOW_DEFAULT 65535		/* RFC 9113 §6.9.2 */

/*
 * So many streams that we reset are remembered by number after they have
 * gone, since frames that the peer sent before it knew are to be ignored (RFC
 * 9113 §5.1).  Older ones count as closed for good.
 */
#define RESET_MEMORY 1024

/* SETTINGS of ours that are told apart until they are acknowledged. */
#define SETTINGS_SENT_MAX 16

#define GROUND_TAKEN 1

/* One reset, as the bucket counts them: in thousandths. */
#define GROUND_RESET 1000

/* Ranges of stream numbers that the peer skipped, the last ones. */
#define GAP_MEMORY 32

enum session_phase {
	PHASE_PREFACE,
	PHASE_SETTINGS,		/* the peer's first frame is still to come */
	PHASE_RUNNING,
	PHASE_FAILED
};

/*
 * A frame that has come whole.  That of a header block is its HEADERS, length
 * that of CONTINUATION frames too; data and payload are the block.
 */
struct received {
	struct frame frame;
	const uint8_t *payload;
	const struct fields *fields;	/* NULL: it has no header block */
	bool opens;		/* HEADERS with a new number of the peer's */
	const char *passed;	/* a bound that its fields pass; or NULL */
};

/* A header block being received: HEADERS and its CONTINUATION frames. */
struct recv_block {
	uint32_t stream_id;	/* 0: none is open */
	struct received first;	/* its HEADERS */
	uint32_t continuations;
	struct buf octets;	/* fragments, unless one frame held it all */
};

/* What waits for the application's word; gate.c alone writes here. */
struct gate {
	struct gate_frame *stopped;	/* or NULL */
	struct gate_frame *first, *last;	/* the queue */
	size_t n;		/* frames in it, */
	size_t octets;		/* and of their payloads and fields */
};

/*
 * The ends of the replies that wait in the output, by octets ever queued; of
 * those in `waiting` UINT64_MAX.
 */
struct replies {
	uint64_t *end;		/* a ring of limits.max_replies */
	size_t first;
	size_t n;
};

/* The frame that raw octets are in the middle of, and the hold (send.h). */
struct raw_state {
	uint32_t by;		/* the stream that holds the output, or 0 */
	uint32_t block_id;	/* its open header block is on this; or 0 */
	uint8_t octets[FRAME_HEADER_LEN + 5];	/* its first ones */
	size_t have;		/* of these; 0: between frames */
	uint32_t left;		/* octets of payload still to come */
};

/* Values by identifier (enum h2_setting). */
#define SETTINGS_COUNT 10
struct settings_values {
	uint32_t of[SETTINGS_COUNT];
};

/* Our SETTINGS; settings.c explains them and alone writes here. */
struct own_settings {
	struct settings_values acked;	/* by the peer */
	struct settings_values last;	/* after all that was sent */
	struct settings_values allowed;	/* the most that the peer may do */
	struct settings_sent {
		struct settings_values last;	/* after it */
		struct settings_values most;	/* of the frames in it */
		uint64_t frames;	/* 1, or more if `sent` was full */
	} sent[SETTINGS_SENT_MAX];	/* a ring: not acknowledged */
	size_t first, n;
};

struct session {
	struct session_limits limits;
	const struct session_callbacks *cb;
	void *user;
	uint64_t now_ms;
	enum session_phase phase;
	unsigned automatic;	/* enum session_automatic */

	struct buf in;		/* a frame that came in part */
	struct gate gate;
	struct buf kept;	/* octets behind the frame that is stopped */
	size_t preface_have;
	bool preface_differs;
	bool http1;

	struct buf out;
	struct buf waiting;	/* our own frames while `out` is held */
	uint64_t wrote;		/* octets ever taken out of `out` */
	struct buf scratch;	/* for blocks that need more than one frame */
	struct raw_state raw;
	struct buf raw_payload;	/* of its frame, if that is kept */
	struct replies replies;

	struct hpack_encoder *enc;
	struct hpack_decoder *dec;
	struct recv_block block;
	struct fields fields;	/* the last block's, up to its bound */
	struct buf too_large;	/* requests that get 431 when the hold ends */
	const struct field *refused;	/* see send_refused */

	struct peer_settings peer;
	struct own_settings own;
	int64_t send_window;
	int64_t recv_size;	/* the window when all credit is returned */
	struct credit credit;

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
	uint32_t peer_goaway_last;	/* of the peer's, likewise */

	uint64_t reset_tokens;	/* thousandths of a reset */
	uint64_t reset_time;	/* when they were counted, ms */
	uint32_t idle_frames;

	uint32_t error_code;
	char error_text[256];
};

static inline bool
ground_does(const struct session *s, enum session_automatic bit)
{
	return s->automatic & bit;
}

/* Failed, and not so that the application may still send (send.h). */
static inline bool
ground_is_gone(const struct session *s)
{
	return s->phase == PHASE_FAILED && ground_does(s, SESSION_GOAWAY);
}

/* Errors. */

/* Fails the connection: GOAWAY with a text made of f, or NULL, and reason. */
int ground_fail(struct session *s, const struct frame *f,
    enum h2_code code, const char *reason);

/* Resets the stream that f is on, whether or not it is in the table. */
int ground_reset(struct session *s, const struct frame *f,
    enum h2_code code, const char *reason);

/*
 * f breaks a rule of state, flow control or fields: one of these two, by
 * level, or GROUND_TAKEN if the application wants that.  Not so with code
 * ENHANCE_YOUR_CALM, which says that it is a bound.
 */
int ground_rule(struct session *s, const struct frame *f,
    enum h2_level level, enum h2_code code, const char *reason);

/*
 * An error of f by itself.  One of level stream on a stream that is not there
 * to be reset fails the connection (RFC 9113 §5.4.1 allows it), unless we
 * reset it.  It counts as a rule unless octets are missing or are of a header
 * block, which HPACK needs.
 */
int ground_violation(struct session *s, const struct frame *f,
    const struct h2_error *err);
bool ground_is_rule(const struct frame *f, const struct h2_error *err);

/* Fails the connection for f, which passed the bound of that name. */
int ground_exceeded(struct session *s, const struct frame *f,
    const char *bound, uint64_t value);
int ground_no_memory(struct session *s, const struct frame *f);

/* Frames that the session sends by itself, to the output or behind the hold. */

void ground_own(struct session *s, unsigned type, unsigned flags, uint32_t id,
    const void *payload, size_t len);
void ground_own_u32(struct session *s, unsigned type, uint32_t id, uint32_t v);
void ground_goaway(struct session *s, uint32_t last, uint32_t code,
    const void *debug, size_t len);

/*
 * n octets have been consumed: gives credit back by WINDOW_UPDATE once there is
 * a quarter of the window's size to give, with SESSION_WINDOW_UPDATE.
 */
void ground_return_credit(struct session *s, uint32_t id, struct credit *c,
    int64_t n, int64_t size);

/* A frame of its own that answers f, on the same stream. */
int ground_reply(struct session *s, const struct frame *f,
    unsigned type, unsigned flags, const void *payload, size_t len);

/* A frame, a raw one too, goes out or waits for the hold to end. */
void ground_note_sent(struct session *s, unsigned type, unsigned flags);

/* The hold ends: what has waited goes out. */
void ground_unhold(struct session *s);

/* Raw octets have stopped inside of a frame. */
static inline bool
ground_in_frame(const struct session *s)
{
	return s->raw.have > 0;
}

/* Streams. */

/* The stream, if it is in the table and not closed; or NULL. */
struct stream *ground_stream(const struct session *s, uint32_t id);

/* If the stream is there and has come to be closed: tells it, once. */
void ground_closed(struct session *s, uint32_t id);

void ground_remember_reset(struct session *s, uint32_t id);
bool ground_is_idle(const struct session *s, uint32_t id);

/* Whether frames on a stream that is not in the table go unheard. */
bool ground_ignores(const struct session *s, uint32_t id);

/* Bounds. */

/* A stream was reset by the peer, or by us because of what the peer did. */
int ground_count_reset(struct session *s, const struct frame *f);

/* A frame came that moves nothing forward: control, empty DATA, ignored. */
static inline int
ground_count_idle(struct session *s, const struct frame *f)
{
	if (++s->idle_frames <= s->limits.max_idle_frames)
		return 0;
	return ground_exceeded(s, f, "max-idle-frames",
	    s->limits.max_idle_frames);
}

/* A reply to f was queued. */
int ground_count_reply(struct session *s, const struct frame *f);

/* s->wrote has grown. */
void ground_wrote(struct session *s);

/*
 * Work was done: a request began, content came, or content went.  The last
 * because a client with a window of one octet sends two WINDOW_UPDATE frames
 * for each octet that it gets, and is served.
 */
static inline void
ground_work(struct session *s)
{
	s->idle_frames = 0;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the files of the session share: its state, and the functions by which
 * they call each other.  Those of ground.c come first: stream and connection
 * errors, the frames that the session sends by itself, the end of streams, and
 * the bounds on what a peer may do (struct session_limits).  Only h2/ includes
 * this.
 *
 * Functions that may fail the connection return 0, or -1 once it has failed.
 * Those that act on a received frame may also return GROUND_TAKEN: the session
 * does not act on the frame, because it broke a rule without consequence or
 * the application has taken it; the frame only keeps our state in step.
 */
#ifndef H2RIG_GROUND_H
#define H2RIG_GROUND_H

#include "base/buf.h"
#include "hpack.h"
#include "session.h"

#define WINDOW_MAX INT64_C(0x7fffffff)	/* RFC 9113 §6.9.1 */
#define WINDOW_DEFAULT 65535		/* RFC 9113 §6.9.2 */

/*
 * This many streams that we reset are remembered by number after they are
 * gone, since frames that the peer sent before it knew of the reset are to be
 * ignored (RFC 9113 §5.1).  Streams reset earlier count as closed for good.
 */
#define RESET_MEMORY 1024

/* Unacknowledged SETTINGS frames of ours that are kept apart. */
#define SETTINGS_SENT_MAX 16

#define GROUND_TAKEN 1

/* One reset in the units of reset_tokens, thousandths of a reset. */
#define GROUND_RESET 1000

/* Remembered ranges of stream numbers that the peer skipped: the last ones. */
#define GAP_MEMORY 32

enum session_phase {
	PHASE_PREFACE,
	PHASE_SETTINGS,		/* the peer's first frame has not come yet */
	PHASE_RUNNING,
	PHASE_FAILED
};

/*
 * A complete received frame.  A complete header block is such a frame too: its
 * HEADERS frame, with the length of its CONTINUATION frames added; data and
 * payload are the block.
 */
struct received {
	struct frame frame;
	const uint8_t *payload;
	const struct fields *fields;	/* NULL: it has no header block */
	bool opens;		/* HEADERS with a new client stream number */
	const char *passed;	/* text: a bound its fields exceed; or NULL */
};

/* A header block being received: HEADERS and its CONTINUATION frames. */
struct recv_block {
	uint32_t stream_id;	/* 0: none is open */
	struct received first;	/* its HEADERS */
	uint32_t continuations;
	struct buf octets;	/* fragments, if there is more than one */
};

/* Frames that wait for the application; only recv.c writes here. */
struct gate {
	struct gate_frame *stopped;	/* or NULL */
	struct gate_frame *first, *last;	/* the queue */
	size_t n;		/* frames in the queue */
	size_t octets;		/* octets of their payloads and fields */
};

/*
 * Where each reply that is still to be written ends, counted in octets of
 * output since the start; UINT64_MAX for a reply in `waiting`.
 */
struct replies {
	uint64_t *end;		/* a ring of limits.max_replies */
	size_t first;
	size_t n;
};

/* The hold (send.h). */
struct raw_state {
	uint32_t by;		/* the stream that holds the output, or 0 */
	uint32_t block_id;	/* stream of the open header block, or 0 */
	uint32_t left;		/* octets that raw_part's payload lacks */
};

/* Our SETTINGS; settings.c explains them, and only it writes here. */
struct own_settings {
	struct settings_values acked;	/* values that the peer acknowledged */
	struct settings_values last;	/* values after the last frame sent */
	struct settings_values allowed;	/* the most that the peer may do */
	struct settings_sent {
		struct settings_values last;	/* after its last frame */
		struct settings_values most;	/* the largest of its frames */
		uint64_t frames;	/* 1, or more if `sent` was full */
	} sent[SETTINGS_SENT_MAX];	/* unacknowledged, the oldest first */
	size_t n;
};

struct session {
	struct session_limits limits;
	const struct session_callbacks *cb;
	void *user;
	uint64_t now_ms;
	enum session_phase phase;
	unsigned automatic;	/* enum session_automatic */

	struct buf in;		/* octets received that wait: see session.c */
	struct gate gate;
	size_t preface_have;
	bool preface_differs;
	bool http1;

	struct buf out;
	struct buf waiting;	/* our own frames while `out` is held */
	uint64_t wrote;		/* octets ever taken out of `out` */
	struct buf scratch;	/* a frame or payload while it is made */
	struct raw_state raw;
	struct buf raw_part;	/* the raw frame that has gone out in part */
	struct replies replies;

	struct hpack_encoder *enc;
	struct hpack_decoder *dec;
	struct recv_block block;
	struct fields fields;	/* the last block's, up to the bounds */
	struct buf too_large;	/* requests that get 431 when the hold ends */
	const struct field *refused;	/* see send_refused */

	struct settings_values peer;	/* in force */
	struct own_settings own;
	int64_t send_window;
	int64_t recv_size;	/* receive window with all credit returned */
	struct credit credit;

	struct stream_table streams;
	uint32_t last_client_id;
	uint32_t last_promised;
	uint32_t raw_last[2];	/* largest even and odd stream in raw frames */
	size_t n_active;	/* the peer's streams that are not closed */
	size_t n_reset_held;	/* streams reset, but held by the application */
	size_t n_held;
	size_t n_pushing;	/* pushed streams, not reserved nor closed */
	uint32_t reset_ids[RESET_MEMORY];
	size_t n_resets;	/* ever put into reset_ids */
	struct { uint32_t first, last; } gaps[GAP_MEMORY];
	size_t n_gaps;

	/* Frames sent, acknowledged by the peer, and sent before our GOAWAY. */
	struct {
		uint64_t sent, acked, before;
	} pings, settings;
	bool goaway_sent;
	bool goaway_waits;	/* GOAWAY waits until the hold ends */
	bool shutdown;
	uint32_t goaway_last;	/* last stream, our GOAWAY; UINT32_MAX: none */
	uint32_t peer_goaway_last;	/* the same of the peer's GOAWAY */

	uint64_t reset_tokens;	/* thousandths of a reset */
	uint64_t reset_time;	/* when reset_tokens was updated, ms */
	uint32_t idle_frames;
	uint32_t updates_due;	/* WINDOW_UPDATEs that our DATA may cause */

	uint32_t error_code;
	char error_text[256];
};

static inline bool
ground_does(const struct session *s, enum session_automatic bit)
{
	return s->automatic & bit;
}

/* The connection has failed, and the application may not send (send.h). */
static inline bool
ground_is_gone(const struct session *s)
{
	return s->phase == PHASE_FAILED && ground_does(s, SESSION_GOAWAY);
}

/* Errors. */

/*
 * Fails the connection: sends GOAWAY (with SESSION_GOAWAY), its text made of
 * reason and, unless f is NULL, of f.  Returns -1.
 */
int ground_fail(struct session *s, const struct frame *f,
    enum h2_code code, const char *reason);

/* Resets the stream that f is on, whether or not it is in the table. */
int ground_reset(struct session *s, const struct frame *f,
    enum h2_code code, const char *reason);

/*
 * f breaks a rule of state, flow control or fields: calls ground_reset or
 * ground_fail, by level.  If the application has switched the consequences of
 * such rules off, only reports the breach and returns GROUND_TAKEN; not with
 * code ENHANCE_YOUR_CALM, which stands for a bound.
 */
int ground_rule(struct session *s, const struct frame *f,
    enum h2_level level, enum h2_code code, const char *reason);

/*
 * Acts on an error that f has by itself.  A stream error on a stream that is
 * not open fails the connection (RFC 9113 §5.4.1 allows it), unless
 * ground_ignores the stream.  ground_is_rule: whether the error is one for
 * ground_rule.  It is not if octets are missing, nor if they belong to a
 * header block, because HPACK needs them.
 */
int ground_violation(struct session *s, const struct frame *f,
    const struct h2_error *err);
bool ground_is_rule(const struct frame *f, const struct h2_error *err);

/* Fails the connection because f exceeded the bound of that name and value. */
int ground_exceeded(struct session *s, const struct frame *f,
    const char *bound, uint64_t value);
int ground_no_memory(struct session *s, const struct frame *f);

/* Frames that the session sends by itself; they wait while output is held. */

void ground_own(struct session *s, unsigned type, unsigned flags, uint32_t id,
    const void *payload, size_t len);
void ground_own_u32(struct session *s, unsigned type, uint32_t id, uint32_t v);
void ground_goaway(struct session *s, uint32_t last, uint32_t code,
    const void *debug, size_t len);

/*
 * n octets have been consumed on stream id, or on the connection (0).  With
 * SESSION_WINDOW_UPDATE, returns credit by WINDOW_UPDATE once a quarter of
 * size, the window's size in octets, has gathered.
 */
void ground_return_credit(struct session *s, uint32_t id, struct credit *c,
    int64_t n, int64_t size);

/* Answers f by a frame on the same stream, and counts it as a reply. */
int ground_reply(struct session *s, const struct frame *f,
    unsigned type, unsigned flags, const void *payload, size_t len);

/* Notes a PING or GOAWAY, raw or not, that goes out or waits for the hold. */
void ground_note_sent(struct session *s, unsigned type, unsigned flags);

/* Ends the hold: frames that have waited go to the output. */
void ground_unhold(struct session *s);

/* Whether raw octets have stopped inside of a frame. */
static inline bool
ground_in_frame(const struct session *s)
{
	return buf_len(&s->raw_part) > 0;
}

/* Streams. */

/* Returns the stream if it is in the table and not closed, else NULL. */
struct stream *ground_stream(const struct session *s, uint32_t id);

/* If the stream is in the table and closed, calls `closed`, once. */
void ground_closed(struct session *s, uint32_t id);

void ground_remember_reset(struct session *s, uint32_t id);
bool ground_is_idle(const struct session *s, uint32_t id);

/* Whether frames on a stream that is not open are to be ignored. */
bool ground_ignores(const struct session *s, uint32_t id);

/* Bounds. */

/* Counts a reset by the peer, or by us because of what the peer did. */
int ground_count_reset(struct session *s, const struct frame *f);

/* Counts a received frame that does no work: control, empty DATA, ignored. */
static inline int
ground_count_idle(struct session *s, const struct frame *f)
{
	if (++s->idle_frames <= s->limits.max_idle_frames)
		return 0;
	return ground_exceeded(s, f, "max-idle-frames",
	    s->limits.max_idle_frames);
}

/* Counts a reply to f that was queued. */
int ground_count_reply(struct session *s, const struct frame *f);

/* s->wrote has grown: forgets the replies that have been written. */
void ground_wrote(struct session *s);

/* Work was done: a request began, or content was received or sent. */
static inline void
ground_work(struct session *s)
{
	s->idle_frames = 0;
}

/*
 * A DATA frame with content was sent.  The client may answer each of them by
 * two WINDOW_UPDATE frames, one of them for the connection, and all of these
 * may come after a thousand frames were sent.
 */
static inline void
ground_sent_content(struct session *s)
{
	ground_work(s);
	if (s->updates_due <= UINT32_MAX - 2)
		s->updates_due += 2;
}

/* Values of SETTINGS (settings.c). */

/* Sets both sides' values to those before any SETTINGS frame. */
void settings_init(struct session *s);

/*
 * Puts the values of the peer's frame in force and returns 0.  If one of them
 * breaks a rule, none is put in force, and it returns as ground_rule does.
 */
int settings_recv(struct session *s, const struct frame *f);

/* The peer has acknowledged our oldest unacknowledged SETTINGS. */
void settings_recv_ack(struct session *s);

/*
 * Checks the entries of a SETTINGS frame of ours, len octets.  Returns NULL, or
 * the rule that the first illegal entry breaks.
 */
const char *settings_check(const struct session *s, const uint8_t *p,
    size_t len);

/*
 * Notes that a SETTINGS frame with these entries has gone out and that an
 * acknowledgement is due; illegal entries have no effect.
 */
void settings_note_sent(struct session *s, const uint8_t *p, size_t len);

/* The window's size for the return of streams' credit, octets. */
int64_t settings_window(const struct session *s);

/* The octets that the peer may send on st, by the value that allows it most. */
static inline int64_t
settings_credit(const struct session *s, const struct stream *st)
{
	const struct own_settings *o = &s->own;

	return st->credit.window +
	    o->allowed.of[SETTINGS_INITIAL_WINDOW_SIZE] -
	    o->acked.of[SETTINGS_INITIAL_WINDOW_SIZE];
}

/* Returns to the peer all credit of streams that is due. */
void settings_return_credit(struct session *s);

/* Sending (send.c). */

/*
 * Makes a frame of prefix and v, encoded, in s->scratch.  Returns SEND_OK or
 * SEND_ERR_MEMORY (send.h).
 */
int send_encode(struct session *s, unsigned type, unsigned flags, uint32_t id,
    const uint8_t *prefix, size_t prefix_len, const struct field *v, size_t n);

/* HEADERS, raw or not, went out: updates st.  status: of fields_status. */
void send_note_headers(struct session *s, struct stream *st, int status,
    bool end);

/* Adds a promised stream; returns NULL if out of memory. */
struct stream *send_reserve(struct session *s, uint32_t id);

/*
 * Answers request id, which is not in the table of streams, with 431 (RFC 6585
 * §5).  more: the client is still sending the request.  While the output is
 * held, the answer waits: HPACK needs header blocks in order.
 */
void send_too_large(struct session *s, uint32_t id, bool more);

/* Received header blocks (headers.c). */

/*
 * Takes r, a frame with a part of a header block, as frame_decode left it.
 * Returns 1 if the block is complete: it has been decoded, and *r describes
 * all of it; 0 if more of the block is to come.
 */
int headers_collect(struct session *s, struct received *r);

/* Acts on a complete block of HEADERS: a new request, or trailers. */
int headers_act(struct session *s, const struct received *r);

/*
 * Only keeps in step with HEADERS that the session does not act on: the stream
 * opens without a request, or END_STREAM counts.
 */
int headers_take(struct session *s, const struct received *r);

/*
 * Compares total, the octets of content received (end: that is all), with
 * declared, the content-length or -1.  Returns NULL, or how they contradict
 * (RFC 9113 §8.1.1).
 */
const char *headers_check_length(int64_t declared, int64_t total, bool end);

/* Received frames (recv.c). */

/*
 * Acts on a complete frame whose header, r->frame, session.c has checked;
 * payload: r->frame.length octets.
 */
int recv_frame(struct session *s, struct received *r, const uint8_t *payload);

/* Goes on with the stopped frame, if there is one; taken: as session_resume. */
int recv_stopped(struct session *s, bool taken);

/* Acts on the frames in the queue, in order, while the gate lets them pass. */
int recv_queued(struct session *s);

/* Frees the frames that are stopped or queued. */
void recv_free(struct session *s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the application sends: checked calls, which emit legal frames or
 * nothing, and raw calls, which emit what is asked for.  Nothing waits here:
 * SEND_AGAIN_x says that the call must be made again later, and for what.
 *
 * A raw header frame without END_HEADERS holds the output (RFC 9113 §4.3), and
 * so do raw octets that end inside of a frame.  Until the block or the frame
 * has ended, nothing is added to session_output but raw frames by the same
 * stream; what the session sends by itself, pings and GOAWAY wait in a queue
 * of their own; a checked call for another stream, or a raw one by another,
 * returns SEND_AGAIN_HELD, and a checked one for the same stream
 * SEND_ERR_PROTOCOL ("header block open").  send_release ends that for a block,
 * but not inside of a frame: what came next would be its payload.  Without
 * SESSION_HOLD a block is released at once.
 *
 * On a session that has failed only send_goaway and raw calls go on, and they
 * only without SESSION_GOAWAY.
 */
#ifndef H2RIG_SEND_H
#define H2RIG_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fields.h"
#include "stream.h"

struct session;

#define SEND_BY_CONNECTION 0x80000000u	/* its own script asks */

enum send_status {
	SEND_OK = 0,
	SEND_AGAIN_WINDOW = 1,	/* no flow-control window: wait for `window` */
	SEND_AGAIN_HELD = 2,	/* another stream's header block is open */
	SEND_ERR_PROTOCOL = -1,	/* the frame would be illegal: *why says it */
	SEND_ERR_CLOSED = -2,	/* stream closed, or our side of it */
	SEND_ERR_NO_STREAM = -3,	/* never existed */
	SEND_ERR_FLOW = -4,	/* exceeds window or maximum frame size */
	SEND_ERR_PUSH = -5,	/* the peer has disabled push */
	SEND_ERR_GONE = -6,	/* the connection has failed or is closing */
	SEND_ERR_MEMORY = -7
};

/*
 * Checked calls.  *why, never NULL on return of a negative status, is a
 * static text that names the rule.  Frames are split at the peer's maximum
 * frame size.
 *
 * send_headers: a response's field section: 1xx, final, or (after final
 * headers) trailers, told apart by :status and the stream's state.
 */
int send_headers(struct session *s, uint32_t id, const struct field *v,
    size_t n, bool end_stream, const char **why);

/*
 * The same, but a response's fields may break every rule but those of :status
 * (RFC 9113 §8.2, §8.3): only the stream's state has to allow it.
 */
int send_headers_as_is(struct session *s, uint32_t id, const struct field *v,
    size_t n, bool end_stream, const char **why);

/*
 * As much of the data as windows allow: *sent octets (END_STREAM goes with the
 * last of them).  SEND_OK when all went, SEND_AGAIN_WINDOW when not.
 * max_out: stop (with SEND_OK and *sent < len) when the output holds that much;
 * SIZE_MAX: never.  No octets and no END_STREAM: no frame.
 */
int send_data(struct session *s, uint32_t id, const uint8_t *data, size_t len,
    bool end_stream, size_t max_out, size_t *sent, const char **why);

/*
 * After send_headers, send_headers_as_is or send_push has returned
 * SEND_ERR_PROTOCOL: the field of v that breaks the rule; NULL: none of them.
 */
const struct field *send_refused(const struct session *s);

/* Exactly one DATA frame, or SEND_ERR_FLOW. */
int send_data_frame(struct session *s, uint32_t id, const uint8_t *data,
    size_t len, bool end_stream, const char **why);

/*
 * Whether send_headers and send_data would send a whole response with len
 * octets of content on it now, as far as windows and holds are concerned.
 */
bool send_fits(const struct session *s, const struct stream *st, size_t len);

/* Octets that one DATA frame may have now: window and frame size; >= 0. */
size_t send_max_payload(const struct session *s, uint32_t id);

/*
 * PUSH_PROMISE on stream id with a request's field section.  *promised 0: the
 * next even id is taken and returned; else the id to use.
 */
int send_push(struct session *s, uint32_t id, uint32_t *promised,
    const struct field *v, size_t n, const char **why);

int send_rst_stream(struct session *s, uint32_t id, uint32_t code,
    const char **why);

/*
 * More window for the peer, on stream id or (0) on the connection, which counts
 * as credit returned.
 */
int send_window_update(struct session *s, uint32_t id, uint32_t increment,
    const char **why);

/* Connection frames wait behind a hold; SEND_OK says that they will go. */
int send_ping(struct session *s, const uint8_t data[8], const char **why);

/*
 * SETTINGS with these entries of six octets (RFC 9113 §6.5.1), all of them
 * legal.  id: the stream whose script asks; it waits for another stream's
 * hold, so that acknowledgements are counted in the order of the frames.
 */
int send_settings(struct session *s, uint32_t id, const uint8_t *entries,
    size_t len, const char **why);

/*
 * last: the last stream id that the frame names; UINT32_MAX means the last one
 * taken.  The connection goes on: new streams above `last` are ignored.
 */
int send_goaway(struct session *s, uint32_t last, uint32_t code,
    const void *debug, size_t len, const char **why);

/*
 * Raw calls: by is the stream whose script asks, or SEND_BY_CONNECTION; id is
 * what stands in the frame, all 32 bits of it.  They return SEND_OK,
 * SEND_AGAIN_HELD (another than `by` holds the output), SEND_ERR_GONE,
 * SEND_ERR_MEMORY, or SEND_ERR_FLOW for a payload that 24 bits of length cannot
 * tell.  The session's view of streams and windows follows what was sent, where
 * it can be told: END_STREAM, RST_STREAM, HEADERS (final unless :status says
 * 1xx), octets of DATA, WINDOW_UPDATE, PUSH_PROMISE (the promised stream can
 * then be sent on by checked calls), SETTINGS (see send_settings).  Header
 * blocks go into the encoder's table as into the peer's; after one that does not
 * decode or never ends, the encoder uses no table any more.
 *
 * send_raw_block: a frame whose payload is prefix followed by v encoded with
 * the connection's encoder: HEADERS, CONTINUATION, PUSH_PROMISE or any other
 * type.
 */
int send_raw_block(struct session *s, uint32_t by, unsigned type,
    unsigned flags, uint32_t id, const uint8_t *prefix, size_t prefix_len,
    const struct field *v, size_t n);
int send_raw_frame(struct session *s, uint32_t by, unsigned type,
    unsigned flags, uint32_t id, const uint8_t *payload, size_t len);

/* Any octets; whole frames in them are followed as above. */
int send_raw_octets(struct session *s, uint32_t by, const uint8_t *p,
    size_t len);

/* The stream whose raw header block holds the output; 0: none. */
uint32_t send_held_by(const struct session *s);

/*
 * Lets everything else go on although the block has not ended; without effect
 * inside of a frame.
 */
void send_release(struct session *s);

/* Whether raw octets have stopped inside of a frame, and how much it lacks. */
bool send_in_frame(const struct session *s);
void send_missing(const struct session *s, char *dst, size_t size);

/*
 * For h2/ alone.  send_encode: makes a frame of prefix and v, encoded, in
 * s->scratch: SEND_OK or SEND_ERR_MEMORY.  send_note_headers: HEADERS went
 * out, raw or not; status as fields_status has it.  send_reserve: the stream
 * of a promise; NULL: memory.
 */
int send_encode(struct session *s, unsigned type, unsigned flags, uint32_t id,
    const uint8_t *prefix, size_t prefix_len, const struct field *v, size_t n);
void send_note_headers(struct session *s, struct stream *st, int status,
    bool end);
struct stream *send_reserve(struct session *s, uint32_t id);

/*
 * For headers.c: 431 (RFC 6585 §5) for request id, which is in no table;
 * `more`: the client is still sending it.  While the output is held it waits,
 * for HPACK's sake.
 */
void send_too_large(struct session *s, uint32_t id, bool more);

#endif

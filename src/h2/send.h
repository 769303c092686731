/* SPDX-License-Identifier: MIT */
/*
 * What the application sends: checked calls, which emit legal frames or
 * nothing, and raw calls, which emit what is asked for.  No call waits:
 * SEND_AGAIN_x says that the call must be made again later, and after what.
 *
 * A raw header frame without END_HEADERS holds the output (RFC 9113 §4.3), and
 * so do raw octets that end inside of a frame.  Until the block or the frame
 * has ended, only raw frames by the same stream are added to session_output.
 * Frames that the session sends by itself, PING and GOAWAY wait in a queue of
 * their own.  A checked call for another stream, or a raw call by another
 * stream, returns SEND_AGAIN_HELD; a checked call for the same stream returns
 * SEND_ERR_PROTOCOL ("header block open").  send_release ends the hold of a
 * block, but not a hold inside of a frame: the peer would take the next frame
 * for payload.  Without SESSION_HOLD a block is released at once.
 *
 * On a session that has failed, only send_goaway and raw calls still work, and
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
	SEND_AGAIN_HELD = 2,	/* another stream holds the output */
	SEND_ERR_PROTOCOL = -1,	/* the frame would be illegal, see *why */
	SEND_ERR_CLOSED = -2,	/* stream closed, or our side of it */
	SEND_ERR_NO_STREAM = -3,	/* never existed */
	SEND_ERR_FLOW = -4,	/* exceeds window or maximum frame size */
	SEND_ERR_PUSH = -5,	/* the peer has disabled push */
	SEND_ERR_GONE = -6,	/* the connection has failed or is closing */
	SEND_ERR_MEMORY = -7
};

/*
 * Checked calls.  They return an enum send_status.  *why, never NULL after a
 * negative status, is a static text that names the rule.  Frames are split at
 * the peer's maximum frame size.
 *
 * send_headers sends a response's field section: a 1xx or final response or,
 * after the final one, trailers; :status and the stream's state tell which.
 * as_is: the fields of a response may break every rule (RFC 9113 §8.2, §8.3)
 * except those of :status.
 */
int send_headers(struct session *s, uint32_t id, const struct field *v,
    size_t n, bool end_stream, bool as_is, const char **why);

/*
 * Sends as much of the data as the windows allow, and sets *sent to the number
 * of octets; END_STREAM goes with the last octet of the data.  Returns SEND_OK
 * if all was sent, SEND_AGAIN_WINDOW if the windows are used up.  max_out:
 * stops, with SEND_OK and *sent < len, when the output has that many octets;
 * SIZE_MAX: never.  No octets and no END_STREAM: no frame.
 */
int send_data(struct session *s, uint32_t id, const uint8_t *data, size_t len,
    bool end_stream, size_t max_out, size_t *sent, const char **why);

/*
 * After send_headers or send_push has returned SEND_ERR_PROTOCOL, returns the
 * field of v that breaks the rule, or NULL if no single field does.
 */
const struct field *send_refused(const struct session *s);

/* Sends exactly one DATA frame; SEND_ERR_FLOW if it is too large for that. */
int send_data_frame(struct session *s, uint32_t id, const uint8_t *data,
    size_t len, bool end_stream, const char **why);

/*
 * Whether the windows and the hold allow send_headers and send_data to send a
 * whole response with len octets of content on st now.
 */
bool send_fits(const struct session *s, const struct stream *st, size_t len);

/* Octets that one DATA frame may have now, by windows and frame size. */
size_t send_max_payload(const struct session *s, uint32_t id);

/*
 * Sends PUSH_PROMISE on stream id with a request's field section.  *promised:
 * the promised id, or 0, which is replaced by the next even id.
 */
int send_push(struct session *s, uint32_t id, uint32_t *promised,
    const struct field *v, size_t n, const char **why);

int send_rst_stream(struct session *s, uint32_t id, uint32_t code,
    const char **why);

/*
 * Gives the peer more window, on stream id or (0) on the connection.  This
 * counts as credit returned.
 */
int send_window_update(struct session *s, uint32_t id, uint32_t increment,
    const char **why);

/* Frames on the connection wait while output is held; SEND_OK: they will go. */
int send_ping(struct session *s, const uint8_t data[8], const char **why);

/*
 * Sends SETTINGS with these entries of six octets (RFC 9113 §6.5.1), all of
 * which must be legal.  id: the stream whose script asks.  If another stream
 * holds the output, it returns SEND_AGAIN_HELD, so that acknowledgements are
 * counted in the order of the frames.
 */
int send_settings(struct session *s, uint32_t id, const uint8_t *entries,
    size_t len, const char **why);

/*
 * Sends GOAWAY.  last: the last stream id that the frame names; UINT32_MAX: the
 * last one taken.  The connection goes on, but new streams above `last` are
 * ignored.
 */
int send_goaway(struct session *s, uint32_t last, uint32_t code,
    const void *debug, size_t len, const char **why);

/*
 * Raw calls.  by: the stream whose script asks, or SEND_BY_CONNECTION.  id: the
 * frame's stream identifier field, all 32 bits of it.  They return SEND_OK,
 * SEND_AGAIN_HELD (a stream other than `by` holds the output), SEND_ERR_GONE,
 * SEND_ERR_MEMORY, or SEND_ERR_FLOW if 24 bits are too few for the payload's
 * length.  The session's view of streams and windows follows what was sent,
 * where it can: END_STREAM, RST_STREAM, HEADERS (final unless :status is 1xx),
 * octets of DATA, WINDOW_UPDATE, PUSH_PROMISE (checked calls can then send on
 * the promised stream), SETTINGS (see send_settings).  Header blocks go into
 * the encoder's table as into the peer's; after a block that does not decode or
 * never ends, the encoder no longer uses its table.
 *
 * send_raw_block sends a frame whose payload is prefix followed by v, encoded
 * with the connection's encoder: HEADERS, CONTINUATION, PUSH_PROMISE or any
 * other type.
 */
int send_raw_block(struct session *s, uint32_t by, unsigned type,
    unsigned flags, uint32_t id, const uint8_t *prefix, size_t prefix_len,
    const struct field *v, size_t n);
int send_raw_frame(struct session *s, uint32_t by, unsigned type,
    unsigned flags, uint32_t id, const uint8_t *payload, size_t len);

/* Sends any octets; the session follows whole frames in them as above. */
int send_raw_octets(struct session *s, uint32_t by, const uint8_t *p,
    size_t len);

/* Returns the stream that holds the output, or 0. */
uint32_t send_held_by(const struct session *s);

/*
 * Ends the hold although the header block has not ended; has no effect inside
 * of a frame.
 */
void send_release(struct session *s);

/* Whether raw octets have stopped inside of a frame, and, as text, its rest. */
bool send_in_frame(const struct session *s);
void send_missing(const struct session *s, char *dst, size_t size);

#endif

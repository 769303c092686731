/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 frames (RFC 9113 §4 and §6, RFC 9218 §7): decodes octets into struct
 * frame, and encodes frames.  It looks at each frame by itself; the session
 * decides what a frame means for a stream or the connection.
 */
#ifndef H2RIG_FRAME_H
#define H2RIG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define FRAME_HEADER_LEN 9
#define FRAME_DEFAULT_MAX_SIZE 16384u	/* octets of payload */
#define FRAME_LARGEST_MAX_SIZE 16777215u
#define FRAME_STREAM_ID_MASK 0x7fffffffu
#define FRAME_SETTING_LEN 6		/* octets of a SETTINGS entry */

/* A rule that frame.c checks in PRIORITY, and headers.c in HEADERS. */
#define FRAME_SELF_DEPENDENCY \
	"a stream that depends on itself (RFC 7540 5.3.1)"

enum frame_type {
	FRAME_DATA = 0x0,
	FRAME_HEADERS = 0x1,
	FRAME_PRIORITY = 0x2,
	FRAME_RST_STREAM = 0x3,
	FRAME_SETTINGS = 0x4,
	FRAME_PUSH_PROMISE = 0x5,
	FRAME_PING = 0x6,
	FRAME_GOAWAY = 0x7,
	FRAME_WINDOW_UPDATE = 0x8,
	FRAME_CONTINUATION = 0x9,
	FRAME_PRIORITY_UPDATE = 0x10	/* RFC 9218 §7.1 */
};

enum frame_flag {
	FLAG_END_STREAM = 0x1,
	FLAG_ACK = 0x1,
	FLAG_END_HEADERS = 0x4,
	FLAG_PADDED = 0x8,
	FLAG_PRIORITY = 0x20
};

/* Error codes (RFC 9113 §7). */
enum h2_code {
	H2_NO_ERROR = 0x0,
	H2_PROTOCOL_ERROR = 0x1,
	H2_INTERNAL_ERROR = 0x2,
	H2_FLOW_CONTROL_ERROR = 0x3,
	H2_SETTINGS_TIMEOUT = 0x4,
	H2_STREAM_CLOSED = 0x5,
	H2_FRAME_SIZE_ERROR = 0x6,
	H2_REFUSED_STREAM = 0x7,
	H2_CANCEL = 0x8,
	H2_COMPRESSION_ERROR = 0x9,
	H2_CONNECT_ERROR = 0xa,
	H2_ENHANCE_YOUR_CALM = 0xb,
	H2_INADEQUATE_SECURITY = 0xc,
	H2_HTTP_1_1_REQUIRED = 0xd
};

enum h2_setting {
	SETTINGS_HEADER_TABLE_SIZE = 0x1,
	SETTINGS_ENABLE_PUSH = 0x2,
	SETTINGS_MAX_CONCURRENT_STREAMS = 0x3,
	SETTINGS_INITIAL_WINDOW_SIZE = 0x4,
	SETTINGS_MAX_FRAME_SIZE = 0x5,
	SETTINGS_MAX_HEADER_LIST_SIZE = 0x6,
	SETTINGS_ENABLE_CONNECT_PROTOCOL = 0x8,		/* RFC 8441 §3 */
	SETTINGS_NO_RFC7540_PRIORITIES = 0x9		/* RFC 9218 §2.1 */
};

/* A protocol error: its level, its error code, and the rule that was broken. */
enum h2_level { H2_LEVEL_NONE = 0, H2_LEVEL_STREAM, H2_LEVEL_CONNECTION };

struct h2_error {
	enum h2_level level;
	enum h2_code code;
	const char *reason;	/* static text; ends with the RFC's section */
};

/* Returns the error code's name, or, if it has none, its number in dst. */
#define FRAME_CODE_TEXT 16
const char *frame_code_text(uint32_t code, char dst[FRAME_CODE_TEXT]);

/* Returns a name such as "HEADERS", or NULL if the type is unknown. */
const char *frame_type_name(unsigned type);

/* Priority as RFC 7540 §5.3 had it: ignored, but shown to scripts. */
struct frame_priority {
	uint32_t dependency;
	uint16_t weight;	/* 1 to 256 */
	bool exclusive;
};

struct frame {
	/* From the header, set by frame_header_decode: */
	uint32_t length;	/* octets of payload */
	uint8_t type;		/* enum frame_type, or an unknown type */
	uint8_t flags;
	uint32_t stream_id;	/* reserved bit cleared */
	/* From the payload, set by frame_decode: */
	const uint8_t *data;	/* the payload less padding and the members
				 * below: DATA; header block fragment; GOAWAY
				 * debug data; priority field value; PING
				 * opaque data */
	size_t len;
	bool has_priority;	/* HEADERS with the PRIORITY flag; PRIORITY */
	struct frame_priority priority;
	uint32_t other_id;	/* stream: PUSH_PROMISE's promised, GOAWAY's
				 * last, PRIORITY_UPDATE's prioritized one */
	uint32_t code;		/* error code of RST_STREAM, GOAWAY */
	uint32_t increment;	/* WINDOW_UPDATE, 31 bits */
};

/* Whether the payload has a part of a header block (RFC 9113 §4.3). */
static inline bool
frame_has_fields(unsigned type)
{
	return type == FRAME_HEADERS || type == FRAME_PUSH_PROMISE ||
	    type == FRAME_CONTINUATION;
}

/* Writes "HEADERS on stream 6", "frame of type 0x1f" or the like to dst. */
void frame_describe(const struct frame *f, char *dst, size_t size);

/* Sets the members of *f that the header has, and clears the others. */
void frame_header_decode(const uint8_t p[FRAME_HEADER_LEN], struct frame *f);

/*
 * Checks the rules that need only the header and that fail the connection:
 * first the length (max_size: the receiver's MAX_FRAME_SIZE), then whether the
 * stream identifier may or must be 0.  Returns 0, or -1 with *err set; after
 * any code but FRAME_SIZE_ERROR, frame_decode may still be called.  Unknown
 * types pass, up to max_size (RFC 9113 §4.1).
 */
int frame_check(const struct frame *f, uint32_t max_size, struct h2_error *err);

/*
 * Decodes the payload (f->length octets, which f->data will point into) of a
 * frame that frame_check passed.  For SETTINGS, PING, CONTINUATION and unknown
 * types, f->data is the whole payload.  Returns 0, or -1 with *err set.
 */
int frame_decode(struct frame *f, const uint8_t *payload, struct h2_error *err);

/* Decodes entry i of a SETTINGS payload. */
void frame_setting_decode(const uint8_t *payload, size_t i, uint16_t *id,
    uint32_t *value);

/*
 * Append a frame's header, or a whole frame, to out.  frame_header_encode also
 * reserves room for a payload of that length.
 */
void frame_header_encode(struct buf *out, uint32_t length, unsigned type,
    unsigned flags, uint32_t stream_id);
void frame_encode(struct buf *out, unsigned type, unsigned flags,
    uint32_t stream_id, const void *payload, size_t len);

#endif

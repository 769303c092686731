/* SPDX-License-Identifier: MIT */
/*
 * One direction of a trace: its octets are cut into frames, and its field
 * blocks decoded, independently of the session.
 */
#ifndef H2RIG_TRACEFRAME_H
#define H2RIG_TRACEFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "h2/frame.h"
#include "h2/hpack.h"
#include "tracefile.h"

#define TRACEFRAME_PREFACE_LEN 24	/* octets, RFC 9113 §3.4 */

struct traceframe {
	struct tracefile *file;	/* borrowed */
	const char *name;	/* "in", "out" */
	enum {
		TRACEFRAME_PREFACE,
		TRACEFRAME_FRAMES,
		TRACEFRAME_NONE	/* no frames any more: raw octets to the end */
	} state;
	struct traceframe *other;	/* the other direction */
	uint32_t data_max;	/* octets of DATA that are shown */
	uint32_t frame_max;	/* largest MAX_FRAME_SIZE of its receiver */
	uint8_t head[TRACEFRAME_PREFACE_LEN];	/* or frame header */
	size_t have;		/* octets in `head` */
	struct frame frame;
	uint32_t left;		/* octets of its payload still to come */
	uint32_t keep;		/* octets of its payload that are kept */
	struct buf payload;
	uint32_t block_id;	/* the stream of an open field block; 0: none */
	struct buf block;
	struct hpack_decoder *decoder;	/* NULL: no memory */
};

/* in: the client's octets, which begin with its preface. */
void traceframe_init(struct traceframe *d, struct traceframe *other,
    struct tracefile *f, bool in, uint32_t data_max);
void traceframe_free(struct traceframe *d);

void traceframe_take(struct traceframe *d, const uint8_t *p, size_t n);

/* At the connection's end: writes lines about an incomplete block or frame. */
void traceframe_finish(struct traceframe *d);

#endif

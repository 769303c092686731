/* SPDX-License-Identifier: MIT */
/*
 * One direction of a trace: its octets are cut into frames, and its field
 * blocks decoded, apart from what the session does.
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
		TRACEFRAME_NONE	/* something else came: so is all after it */
	} state;
	struct traceframe *other;	/* the other direction */
	uint32_t data_max;	/* octets of DATA that are shown */
	uint32_t frame_max;	/* the largest MAX_FRAME_SIZE that it was told */
	uint8_t head[TRACEFRAME_PREFACE_LEN];	/* or a frame's header */
	size_t have;		/* octets of it */
	struct frame frame;
	uint32_t left;		/* octets of its payload still to come */
	uint32_t keep;		/* so many of them are kept */
	struct buf payload;
	uint32_t block_id;	/* a field block is open on that stream; 0: no */
	struct buf block;
	struct hpack_decoder *decoder;	/* NULL: no memory */
};

/* in: the client's octets, which begin with its preface. */
void traceframe_init(struct traceframe *d, struct traceframe *other,
    struct tracefile *f, bool in, uint32_t data_max);
void traceframe_free(struct traceframe *d);

void traceframe_take(struct traceframe *d, const uint8_t *p, size_t n);

/* The connection is over: lines of what stopped inside of a block or frame. */
void traceframe_finish(struct traceframe *d);

#endif

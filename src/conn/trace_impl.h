/* SPDX-License-Identifier: MIT */
/*
 * What the files of the trace share.  Only trace*.c include this.  One thread
 * at a time may call these functions.
 */
#ifndef H2RIG_TRACE_IMPL_H
#define H2RIG_TRACE_IMPL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "h2/frame.h"
#include "h2/hpack.h"

/* ---- tracefile.c ---- */

/*
 * The file of a trace: JSON objects, one on each line, and only whole lines.  A
 * line is made member by member; lines stay in memory until tracefile_flush.
 * When the file cannot be written, or is as long as it may be, the trace ends
 * and nothing else does.
 */
struct tracefile {
	atomic_int fd;		/* owned; -1: the trace has ended */
	atomic_int *error;	/* set to errno if it cannot be written */
	uint64_t size, max;	/* octets */
	uint64_t since_us;	/* when `t` is 0, as from sys_now_us */
	struct buf lines;	/* not yet written, and the one being made */
	size_t whole;		/* octets of `lines` that are whole lines */
};

/* Begins a line: {"t":1.234567,"dir":"DIR","type":"TYPE"; dir may be NULL. */
void tracefile_begin(struct tracefile *f, const char *dir, const char *type);

/* These add a member.  A word is ASCII without quotes. */
void tracefile_word(struct tracefile *f, const char *name, const char *word);
void tracefile_number(struct tracefile *f, const char *name, uint64_t number);
void tracefile_true(struct tracefile *f, const char *name);

/*
 * Adds octets: a string if they are text in UTF-8, else {"hex":"00ff"}.  cut:
 * more octets followed, so the last character may be incomplete.
 */
void tracefile_octets(struct tracefile *f, const char *name, const void *p,
    size_t n, bool cut);
void tracefile_text(struct tracefile *f, const char *name, const char *text);

/* Add ,"name": and parts of its value: octets as above, or JSON as it is. */
void tracefile_name(struct tracefile *f, const char *name);
void tracefile_value(struct tracefile *f, const void *p, size_t n, bool cut);
void tracefile_raw(struct tracefile *f, const char *json);

void tracefile_end(struct tracefile *f);

void tracefile_flush(struct tracefile *f);
void tracefile_close(struct tracefile *f);

/* ---- traceframe.c ---- */

#define TRACEFRAME_PREFACE_LEN 24	/* octets, RFC 9113 §3.4 */

/*
 * One direction of a trace: its octets are cut into frames, and its field
 * blocks decoded, independently of the session.
 */
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

/* SPDX-License-Identifier: MIT */
/*
 * The writer calls of scripts: a table from a call's name to the function that
 * makes an attempt of it (see conn_try, which runs that under the mutex as often
 * as it takes).
 */
#ifndef H2RIG_WRITEOP_H
#define H2RIG_WRITEOP_H

#include "conn.h"

/* Flags of checked calls; raw ones have those of the frame. */
#define WRITE_END_STREAM 0x1

/*
 * Fields that break a rule go out nevertheless, if the stream's state allows
 * it; `broken` says so.
 */
#define WRITE_AS_IT_STANDS 0x2

/*
 * One call; each function uses the members that it needs.  What data and fields
 * point to is the caller's and does not change until conn_do has returned.
 */
struct writeop {
	struct op op;
	uint32_t id;		/* stream identifier in the frame */
	unsigned flags;
	uint32_t value;		/* the error code, say: see writeop.c */
	const uint8_t *data;
	size_t len;
	const struct field *fields;
	size_t n_fields;

	size_t sent;		/* of data; as far as earlier attempts got */
	bool headers_done;	/* they have been queued */
	bool broken;		/* fields that break a rule have been queued */
	uint32_t result;	/* what the call returns, as it says */
};

struct writeop_kind {
	const char *name;
	int (*fn)(struct conn *c, struct op *op);
	bool raw;		/* id is what stands in the frame, even 0 */
	bool any;		/* `raw` of struct op: also without the engine */
	bool writes;		/* these three as in struct op */
	bool shares;		/* ... if there is data */
	bool batched;
};

/* NULL: there is no call of that name. */
const struct writeop_kind *writeop_find(const char *name);

/* A call of x, all else zeroed; id 0 is its own stream unless it is raw. */
void writeop_init(struct writeop *o, const struct writeop_kind *kind,
    struct exchange *x, uint32_t id);

#endif

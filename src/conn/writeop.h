/* SPDX-License-Identifier: MIT */
/*
 * The writer calls of scripts: a table from a call's name to the function that
 * makes one attempt of it.  conn_do runs that function, under the mutex, until
 * the call is done.
 */
#ifndef H2RIG_WRITEOP_H
#define H2RIG_WRITEOP_H

#include "conn.h"

/* Flags of checked calls; raw calls have the flags of the frame. */
#define WRITE_END_STREAM 0x1

/*
 * Fields that break a rule are sent nevertheless, if the stream's state allows
 * it; then `broken` is set.
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
	uint32_t value;		/* an error code, for example: see writeop.c */
	const uint8_t *data;
	size_t len;
	const struct field *fields;
	size_t n_fields;

	size_t sent;		/* octets of data that attempts have queued */
	bool headers_done;	/* HEADERS have been queued */
	bool broken;		/* fields that break a rule have been queued */
	uint32_t result;	/* what the call returns: see writeop.c */
};

struct writeop_kind {
	const char *name;
	int (*fn)(struct conn *c, struct op *op);
	bool raw;		/* id is what stands in the frame, even 0 */
	bool any;		/* op.raw: works also after engine_off() */
	bool writes;		/* writes, shares, batched: as in struct op */
	bool shares;		/* ... but only if there is data */
	bool batched;
};

/* Returns NULL if no call has that name. */
const struct writeop_kind *writeop_find(const char *name);

/* Makes *o a call of x, all else zeroed.  id 0: x's own stream, unless raw. */
void writeop_init(struct writeop *o, const struct writeop_kind *kind,
    struct exchange *x, uint32_t id);

#endif

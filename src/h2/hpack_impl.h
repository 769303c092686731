/* SPDX-License-Identifier: MIT */
/*
 * The encoder and decoder, shared by hpack.c and hpack_follow.c only.  Tests
 * look at the size of their tables.
 */
#ifndef H2RIG_HPACK_IMPL_H
#define H2RIG_HPACK_IMPL_H

#include "hpack.h"
#include "hpack_table.h"

struct hpack_encoder {
	struct hpack_table table;
	size_t max_table;	/* upper limit of table.max */
	bool update;		/* the next block begins with size updates */
	size_t min_update;	/* smallest size since the last block */
	size_t max_update;	/* the last size that was set */
	size_t limit;		/* the peer's SETTINGS_HEADER_TABLE_SIZE */
	bool fresh;		/* no field has come yet in this block */
	bool lost;		/* hpack_follow_lose: the table is not used */
	struct buf part;	/* octets of a field that is not complete */
	uint64_t bucket[HPACK_BUCKETS];	/* newest entry of a chain of names */
};

struct hpack_decoder {
	struct hpack_table table;
	size_t max_table;	/* our SETTINGS_HEADER_TABLE_SIZE */
	size_t must_update;	/* a size update to this or less must come */
	size_t least_update;	/* smallest update since forget_updates */
	bool expect_update;
	int failed;		/* enum hpack_status of the first error */
};

/* The part of a header block that is not decoded yet. */
struct hpack_input {
	const uint8_t *p;
	const uint8_t *end;
};

/* Puts entry `number` of the encoder's table into the chain of its name. */
void hpack_link(struct hpack_encoder *e, uint64_t number);

/*
 * Decodes size updates, if *fresh, then fields; sets *fresh to false at the
 * first field.  Leaves octets that do not decode in the input.  Returns an
 * hpack_status.
 */
int hpack_read(struct hpack_decoder *d, struct hpack_input *in, bool *fresh,
    hpack_emit *emit, void *user);

#endif

/* SPDX-License-Identifier: MIT */
/* Encoder and decoder as hpack.c and hpack_follow.c share them. */
#ifndef H2RIG_HPACK_IMPL_H
#define H2RIG_HPACK_IMPL_H

#include "hpack.h"
#include "hpack_table.h"

struct hpack_encoder {
	struct hpack_table table;
	size_t max_table;	/* that table.max may never exceed */
	bool update;		/* the next block announces another size: */
	size_t min_update;	/* the smallest since the last block, and */
	size_t max_update;	/* the last */
	size_t limit;		/* the peer's SETTINGS_HEADER_TABLE_SIZE */
	bool fresh;		/* no field has come yet in this block */
	bool lost;		/* hpack_lose: the table is of no use */
	struct buf part;	/* octets that end inside of a field */
	uint64_t bucket[HPACK_BUCKETS];	/* newest entry of a chain of names */
};

struct hpack_decoder {
	struct hpack_table table;
	size_t max_table;	/* our SETTINGS_HEADER_TABLE_SIZE */
	size_t must_update;	/* a size update to this or less must come */
	size_t least_update;	/* of those that came, since forgotten */
	bool expect_update;
	int failed;		/* enum hpack_status of the first error */
};

/* What is left of a header block. */
struct hpack_input {
	const uint8_t *p;
	const uint8_t *end;
};

/* Puts entry `number` of the encoder's table into the chain of its name. */
void hpack_link(struct hpack_encoder *e, uint64_t number, uint32_t hash,
    unsigned token);

/*
 * Decodes size updates, if *fresh, then fields; *fresh becomes false with the
 * first field.  What does not decode is left in the input.
 */
int hpack_read(struct hpack_decoder *d, struct hpack_input *in, bool *fresh,
    hpack_emit *emit, void *user);

#endif

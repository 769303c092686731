/* SPDX-License-Identifier: MIT */
/*
 * Header blocks that the encoder has not made: their octets are decoded with
 * the encoder's table, as the peer's decoder does it, so that the encoder can
 * be used after them.  send_raw.c calls this for raw frames.
 *
 * Octets come a fragment at a time, and fragments that the encoder has made may
 * come between them.  Complete fields are applied at once; the octets of an
 * incomplete field wait for the next fragment.
 */
#include "hpack_impl.h"

/* The most octets that are kept of a field that comes in parts. */
#define PART_MAX (1 << 20)

bool
hpack_follow_in_field(const struct hpack_encoder *e)
{
	return buf_len(&e->part) > 0;
}

void
hpack_follow_lose(struct hpack_encoder *e)
{
	e->lost = true;
	e->fresh = false;
	buf_free(&e->part);
}

/* Decodes what is complete in e->part.  A decoder borrows the table. */
static int
follow_part(struct hpack_encoder *e, hpack_emit *emit, void *user)
{
	struct hpack_decoder d = {
		.table = e->table,
		.max_table = e->limit,
		.must_update = e->min_update,
		.expect_update = e->update && e->min_update < e->table.max
	};
	const uint8_t *start = buf_data(&e->part);
	struct hpack_input in = { start, start };
	int rc;

	if (start != NULL)
		in.end = start + buf_len(&e->part);
	rc = hpack_read(&d, &in, &e->fresh, emit, user);
	e->table = d.table;
	/* The peer has the smallest size now; it still needs the last one. */
	if (e->update && !d.expect_update)
		e->min_update = e->max_update;
	if (start != NULL)
		buf_consume(&e->part, (size_t)(in.p - start));
	return rc;
}

int
hpack_follow_octets(struct hpack_encoder *e, const uint8_t *p, size_t len,
    unsigned place, hpack_emit *emit, void *user)
{
	uint64_t n = e->table.next;
	int rc;

	if (e->lost) {
		e->fresh = false;
		return HPACK_ERR_DATA;
	}
	if (place & HPACK_BEGINS) {
		e->fresh = true;
		buf_free(&e->part);
	}
	buf_add(&e->part, p, len);
	if (e->part.failed)
		return HPACK_ERR_MEMORY;
	rc = follow_part(e, emit, user);
	if (n < e->table.first)	/* some of the new entries are gone again */
		n = e->table.first;
	for (; n < e->table.next; n++)
		hpack_link(e, n);
	if (rc != HPACK_ERR_DATA)
		return rc;
	/* The rest of the block may complete the field. */
	if (!(place & HPACK_ENDS) && buf_len(&e->part) <= PART_MAX)
		return HPACK_OK;
	hpack_follow_lose(e);
	return HPACK_ERR_DATA;
}

/* SPDX-License-Identifier: MIT */
/*
 * The frames that a connection has received, the newest ones, for scripts that
 * look back at them or wait for the next (connscript.h).  Callers hold the
 * connection's mutex.
 */
#ifndef H2RIG_FRAMELOG_H
#define H2RIG_FRAMELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "h2/fields.h"
#include "h2/frame.h"

/* Bounds on what is kept: number of frames, octets of their entries. */
#define FRAMELOG_MAX 1000
#define FRAMELOG_OCTETS (4 * 1024 * 1024)

/*
 * A frame as octets that can be copied: this struct, the payload, and the field
 * lines, each a struct framelog_field and the octets of name and value.
 */
struct framelog_entry {
	uint64_t seq;		/* its number on the connection, from 0 */
	struct frame frame;	/* its pointer is NULL */
	size_t payload;		/* octets; for HEADERS of the header block */
	size_t n_fields;
	bool has_fields;	/* it is HEADERS */
};

struct framelog_field {
	size_t name_len, value_len;
};

struct framelog {
	uint64_t first;		/* number of the oldest that is kept */
	uint64_t next;		/* number of the next one received */
	size_t octets;
	struct buf kept[FRAMELOG_MAX];	/* by number, as a ring */
};

/* Makes an entry in dst, which is empty.  dst->failed: out of memory. */
void framelog_pack(struct buf *dst, uint64_t seq, const struct frame *f,
    const uint8_t *payload, size_t len, const struct fields *l);

/* Keeps a received frame; drops the oldest ones to make room. */
void framelog_add(struct framelog *l, const struct frame *f,
    const uint8_t *payload, size_t len, const struct fields *fields);

/*
 * Returns the entry of the first frame that is kept, from number `since` on, of
 * that type and on that stream, or NULL.
 */
#define FRAMELOG_ANY UINT32_MAX		/* any type, any stream */
const struct buf *framelog_find(const struct framelog *l, uint64_t since,
    uint32_t type, uint32_t stream);

void framelog_free(struct framelog *l);

#endif

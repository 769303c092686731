/* SPDX-License-Identifier: MIT */
/*
 * The parts of header compression, for huff.c and the files hpack*: the Huffman
 * code, the static table (RFC 7541 appendix A), a dynamic table of one
 * direction of a connection (RFC 7541 §2.3.2), the encoder and the decoder.
 * Tests look at the size of their tables.
 */
#ifndef H2RIG_HPACK_IMPL_H
#define H2RIG_HPACK_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "hpack.h"

/* The Huffman code (RFC 7541 §5.2 and appendix B). */

/*
 * Builds the tables on the first call, which two threads must not make at once.
 * hpack_init calls it; call it only to use the functions below without HPACK.
 */
void huff_init(void);

/* Octets that huff_encode may write beyond its room. */
#define HUFF_ENCODE_SLACK 4

/*
 * Encodes s into dst, padded with ones to an octet, if that takes fewer octets
 * than `room`.  Returns their number, or 0 if not; dst then holds rubbish.
 */
size_t huff_encode(uint8_t *dst, size_t room, const uint8_t *s, size_t len);

/*
 * Decodes len octets into dst, which has room for huff_decoded_max(len).
 * Returns the number of octets written, or -1: a code that decodes to EOS,
 * padding longer than 7 bits or not all ones (RFC 7541 §5.2).
 */
long huff_decode(uint8_t *dst, const uint8_t *in, size_t len);

/* The shortest codes have 5 bits. */
static inline size_t
huff_decoded_max(size_t len)
{
	return len * 8 / 5;
}

/* The tables. */

#define HPACK_STATIC_COUNT 61

/* How an encoder treats fields of a name (RFC 7541 §6.2). */
enum hpack_indexing {
	HPACK_INDEX,		/* put them into the dynamic table */
	HPACK_NO_INDEX,		/* do not: values are rarely the same */
	HPACK_NEVER,		/* never indexed: the values are secret */
	HPACK_NEVER_SHORT	/* HPACK_NEVER if the value can be guessed */
};

struct hpack_static {
	const char *name;
	const char *value;
	uint8_t name_len;
	uint8_t value_len;
	uint8_t indexing;	/* enum hpack_indexing */
	uint8_t same_name;	/* the next row has this name too */
	uint8_t chain;		/* index of the bucket's next name, or 0 */
};

/* Indexed from 1 as on the wire; fields of one name are adjacent. */
extern const struct hpack_static *const hpack_table_static;

/* Builds the index by name on the first call. */
void hpack_table_static_init(void);

/* Returns a hash of the name that stays the same while the process lives. */
static inline uint32_t
hpack_name_hash(const uint8_t *name, size_t len)
{
	uint32_t h = (uint32_t)len;

	if (len > 0)
		h += (uint32_t)name[0] << 24 | (uint32_t)name[len / 2] << 16 |
		    (uint32_t)name[len - 1] << 8;
	return h * UINT32_C(0x9e3779b1);
}

#define HPACK_BUCKETS 128

/* Takes the upper bits: lower ones depend on fewer octets of the name. */
static inline unsigned
hpack_bucket(uint32_t hash)
{
	return hash / (UINT32_MAX / HPACK_BUCKETS + 1);
}

/* Returns the name's first index, or 0.  hash: of hpack_name_hash. */
unsigned hpack_table_static_find(const uint8_t *name, size_t len,
    uint32_t hash);

/* A field of a dynamic table. */
struct hpack_entry {
	uint64_t pos;		/* of name and value in all ever stored */
	uint64_t older;		/* number of the next entry in its chain */
	uint32_t name_len;
	uint32_t value_len;
	uint32_t hash;		/* of the name */
};

struct hpack_table {
	struct buf entries;	/* struct hpack_entry, the oldest first */
	struct buf octets;
	uint64_t first;		/* number of the oldest entry */
	uint64_t next;		/* number that the next entry gets */
	uint64_t front;		/* pos of the first octet in `octets` */
	size_t size;		/* octets by RFC 7541 §4.1 */
	size_t max;		/* upper limit of size */
};

void hpack_table_init(struct hpack_table *t, size_t max);
void hpack_table_free(struct hpack_table *t);

/* Sets a new maximum, and evicts entries that exceed it (RFC 7541 §4.3). */
void hpack_table_resize(struct hpack_table *t, size_t max);

/*
 * Returns room for n octets of the next entry, or NULL if out of memory.
 * Pointers to octets of entries are no longer valid.
 */
static inline uint8_t *
hpack_table_room(struct hpack_table *t, size_t n)
{
	return buf_reserve(&t->octets, n);
}

/*
 * Makes an entry of the name and the value, which follow each other in that
 * room, and evicts older entries as necessary (RFC 7541 §4.4).  Returns 0, also
 * if the entry is too large, which leaves the table empty; or -1 if out of
 * memory.  The octets stay where they are until the next hpack_table_room.
 */
int hpack_table_push(struct hpack_table *t, size_t name_len, size_t value_len);

static inline size_t
hpack_table_count(const struct hpack_table *t)
{
	return (size_t)(t->next - t->first);
}

static inline struct hpack_entry *
hpack_table_entry(const struct hpack_table *t, uint64_t number)
{
	return (struct hpack_entry *)(void *)buf_data(&t->entries) +
	    (number - t->first);
}

/* Returns the entry's name, which its value follows. */
static inline const uint8_t *
hpack_table_octets(const struct hpack_table *t, const struct hpack_entry *e)
{
	return buf_data(&t->octets) + (e->pos - t->front);
}

/*
 * Sets name and value of *f to those of an index as on the wire, 1 to
 * HPACK_STATIC_COUNT + hpack_table_count(t), which the caller has checked.
 */
void hpack_table_get(const struct hpack_table *t, size_t index,
    struct field *f);

/* The encoder and the decoder. */

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

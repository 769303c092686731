/* SPDX-License-Identifier: MIT */
/*
 * Byte buffers that grow at the end and are consumed from the front, and
 * big-endian integers.  Every byte that the protocol code makes or keeps
 * lives in one of these.
 *
 * Errors are sticky: when memory runs out the buffer keeps what it has,
 * ignores further additions and `failed` stays set, so that a writer of
 * many small pieces checks once, at the end.
 */
#ifndef H2RIG_BUF_H
#define H2RIG_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *base;		/* allocation, owned; NULL when empty */
	size_t off;		/* first byte not consumed */
	size_t end;		/* one past the last byte */
	size_t cap;		/* octets allocated */
	bool failed;		/* an addition was lost: out of memory */
};

/* A zeroed struct buf is an empty buffer; there is no init function. */

/* Releases the memory and leaves an empty buffer. */
void buf_free(struct buf *b);

/* Empties the buffer, keeps its memory, forgets a failure. */
void buf_clear(struct buf *b);

static inline size_t
buf_len(const struct buf *b)
{
	return b->end - b->off;
}

/*
 * Returns the first unconsumed octet, valid until the next addition, or NULL if
 * the buffer has no memory (adding 0 to NULL is undefined, so it is not done).
 */
static inline uint8_t *
buf_data(const struct buf *b)
{
	return b->base != NULL ? b->base + b->off : NULL;
}

/*
 * Makes room for n more octets and returns where they go, or returns NULL and
 * sets `failed`.  buf_commit makes the first n of them part of the buffer.
 */
uint8_t *buf_reserve(struct buf *b, size_t n);

static inline void
buf_commit(struct buf *b, size_t n)
{
	b->end += n;
}

/* Drops n octets, at most buf_len(b), from the front. */
void buf_consume(struct buf *b, size_t n);

/* Append n octets, or a number in network byte order, or set `failed`. */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_u16(struct buf *b, unsigned v);
void buf_add_u32(struct buf *b, uint32_t v);

static inline uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
get_u24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | get_u24(p + 1);
}

static inline void
put_u24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)v;
}

static inline void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	put_u24(p + 1, v & 0xffffff);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Byte buffers.  One allocation, a window of live octets in it:
 *
 *	base      base+off           base+end        base+cap
 *	 | consumed |  live octets     |  room at the end |
 *
 * An addition goes to the room at the end.  If that room is too small, the live
 * octets move to the front, but only if at least as many octets were consumed
 * as must move, so that moving costs no more than consuming did; otherwise the
 * allocation doubles.  This file does no I/O and knows no protocol; files of
 * all directories call it.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define BUF_MIN 256

void
buf_free(struct buf *b)
{
	free(b->base);
	*b = (struct buf){ 0 };
}

void
buf_clear(struct buf *b)
{
	b->off = 0;
	b->end = 0;
	b->failed = false;
}

/*
 * Moves the live octets into an allocation of at least need octets: the present
 * one doubled, as often as it takes, or need itself if that would overflow.
 * Returns 0, or -1 if there is no memory.
 */
static int
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap < BUF_MIN ? BUF_MIN : b->cap;
	size_t len = buf_len(b);
	uint8_t *p;

	while (cap < need)
		cap = cap <= SIZE_MAX / 2 ? 2 * cap : need;
	p = malloc(cap);
	if (p == NULL)
		return -1;
	if (len > 0)
		memcpy(p, b->base + b->off, len);
	free(b->base);
	b->base = p;
	b->off = 0;
	b->end = len;
	b->cap = cap;
	return 0;
}

uint8_t *
buf_reserve(struct buf *b, size_t n)
{
	size_t len = buf_len(b);

	if (b->failed)
		return NULL;
	if (b->base != NULL && n <= b->cap - b->end)
		return b->base + b->end;
	if (b->base != NULL && b->off >= len && n <= b->cap - len) {
		memmove(b->base, b->base + b->off, len);
		b->off = 0;
		b->end = len;
	} else if (n > SIZE_MAX - len || grow(b, len + n) == -1) {
		b->failed = true;
		return NULL;
	}
	return b->base + b->end;
}

void
buf_consume(struct buf *b, size_t n)
{
	b->off += n;
	if (b->off == b->end) {
		b->off = 0;
		b->end = 0;
	}
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *dst;

	if (n == 0)
		return;
	dst = buf_reserve(b, n);
	if (dst == NULL)
		return;
	memcpy(dst, p, n);
	b->end += n;
}

void
buf_add_u16(struct buf *b, unsigned v)
{
	const uint8_t octets[] = { (uint8_t)(v >> 8), (uint8_t)v };

	buf_add(b, octets, sizeof(octets));
}

void
buf_add_u32(struct buf *b, uint32_t v)
{
	uint8_t octets[4];

	put_u32(octets, v);
	buf_add(b, octets, sizeof(octets));
}

/* SPDX-License-Identifier: MIT */
/*
 * The Huffman code of HPACK, both directions.
 *
 * The only data is the length of each symbol's code.  The code is canonical:
 * codes of one length are consecutive numbers in the order of the symbols, and
 * follow the codes of smaller lengths, so that huff_init can count through all
 * of them.  It builds some 5 kB of tables, once in a parent that shares them
 * with its children; after that, functions only write to their arguments.
 * hpack.c calls them.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "hpack_impl.h"

#define EOS 256
#define SYMBOLS 257
#define MAX_BITS 30

/*
 * Codes of up to this many bits are looked up in a table.  Nearly all octets of
 * real fields have codes of 5 to 7 bits.
 */
#define WINDOW 10

/* Code lengths in bits by symbol, 16 a row (RFC 7541 appendix B). */
static const uint8_t code_len[SYMBOLS] = {
	13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
	28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
	6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
	5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
	13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
	15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
	6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
	20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
	24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
	22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
	21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
	26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
	19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
	20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
	26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
	[EOS] = 30
};

/* Encoding: the code of each symbol, in the low bits. */
static struct {
	uint32_t bits;
	uint32_t len;
} code[SYMBOLS];

/* Decoding: the code at the start of the next WINDOW bits. */
static struct step {
	uint8_t sym;
	uint8_t bits;		/* the code's length; 0: more than WINDOW */
} step[1 << WINDOW];

/*
 * For longer codes: the symbols in the order of their codes; for each length
 * its first code; and the first code too large for it, at the top of 32 bits.
 */
static uint16_t by_code[SYMBOLS];
static uint16_t first_symbol[MAX_BITS + 1];	/* index in by_code */
static uint32_t first_code[MAX_BITS + 1];
static uint64_t limit[MAX_BITS + 1];

/* Gives the symbol its code; if it is short, all windows that begin with it. */
static void
set_code(unsigned s, uint32_t bits)
{
	unsigned len = code_len[s], w;

	code[s].bits = bits;
	code[s].len = len;
	if (len > WINDOW)
		return;
	for (w = bits << (WINDOW - len); w >> (WINDOW - len) == bits; w++)
		step[w] = (struct step){ (uint8_t)s, (uint8_t)len };
}

/* Gives every symbol its code and fills by_code. */
static void
assign_codes(void)
{
	uint32_t next = 0;
	uint16_t n = 0;
	unsigned len, s;

	for (len = 1; len <= MAX_BITS; len++) {
		next <<= 1;
		first_code[len] = next;
		first_symbol[len] = n;
		for (s = 0; s < SYMBOLS; s++) {
			if (code_len[s] != len)
				continue;
			set_code(s, next++);
			by_code[n++] = (uint16_t)s;
		}
		limit[len] = (uint64_t)next << (32 - len);
	}
	/* The code is complete: every bit string begins with one code. */
	assert(next == UINT32_C(1) << MAX_BITS);
}

void
huff_init(void)
{
	static bool done;

	if (done)
		return;
	assign_codes();
	done = true;
}

/*
 * The low `nbits` bits of acc are not written yet: fewer than 32 before a
 * symbol, fewer than 62 after it.  When there are 32 or more, the oldest 32
 * are written.
 */
size_t
huff_encode(uint8_t *dst, size_t room, const uint8_t *s, size_t len)
{
	const uint8_t *end = s + len;
	uint8_t *p = dst;
	uint64_t acc = 0;
	unsigned nbits = 0;
	size_t total;

	while (s < end) {
		uint8_t c = *s++;

		acc = acc << code[c].len | code[c].bits;
		nbits += code[c].len;
		if (nbits < 32)
			continue;
		nbits -= 32;
		if ((size_t)(p - dst) >= room)
			return 0;
		put_u32(p, (uint32_t)(acc >> nbits));
		p += 4;
	}
	total = (size_t)(p - dst) + (nbits + 7) / 8;
	if (total >= room)
		return 0;
	/* Fill up with the first bits of EOS, ones (RFC 7541 §5.2). */
	put_u32(p, (uint32_t)((acc << 32 | UINT32_MAX) >> nbits));
	return total;
}

static inline uint64_t
get_u64(const uint8_t *p)
{
	return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}

/*
 * Returns the symbol, perhaps EOS, whose code of more than WINDOW bits is at
 * the top of acc.  Every bit string begins with a code, so there always is one.
 */
static int
long_symbol(uint64_t acc)
{
	uint32_t top = (uint32_t)(acc >> 32);
	unsigned len = WINDOW + 1;

	while (top >= limit[len])
		len++;
	return by_code[first_symbol[len] + (top >> (32 - len)) -
	    first_code[len]];
}

/*
 * When the longest code might not fit in acc, it is filled to 56 bits or more,
 * or with all octets that are left and ones after them.  Eight octets are read
 * at once, but only whole ones are counted: the bits of acc after the first
 * nbits are those of the next octet, and reading that octet again does no harm.
 */
long
huff_decode(uint8_t *dst, const uint8_t *in, size_t len)
{
	const uint8_t *end = len > 0 ? in + len : in;
	uint8_t *p = dst;
	uint64_t acc = 0;	/* the next bit is the highest */
	unsigned nbits = 0;	/* bits of acc that are counted, at most 63 */
	struct step st;
	unsigned bits;
	int s;

	for (;; nbits -= bits) {
		if (nbits < MAX_BITS && end - in >= 8) {
			acc |= get_u64(in) >> nbits;
			in += (63 - nbits) >> 3;
			nbits |= 56;
		} else if (nbits < MAX_BITS) {
			for (; nbits < 56 && in < end; nbits += 8)
				acc |= (uint64_t)*in++ << (56 - nbits);
			if (in == end)
				acc |= UINT64_MAX >> nbits;
		}
		st = step[acc >> (64 - WINDOW)];
		s = st.sym;
		bits = st.bits;
		if (bits == 0) {
			s = long_symbol(acc);
			bits = code_len[s];
		}
		if (bits > nbits)
			break;
		if (s == EOS)
			return -1;
		*p++ = (uint8_t)s;
		acc <<= bits;
	}
	/* At most 7 bits of padding, and all ones (RFC 7541 §5.2). */
	return nbits < 8 && acc == UINT64_MAX ? (long)(p - dst) : -1;
}

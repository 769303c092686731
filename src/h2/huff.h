/* SPDX-License-Identifier: MIT */
/*
 * The Huffman code of HPACK (RFC 7541 §5.2 and appendix B), made from its
 * code lengths: the code is canonical, so that the lengths define it.
 */
#ifndef H2RIG_HUFF_H
#define H2RIG_HUFF_H

#include <stddef.h>
#include <stdint.h>

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

#endif

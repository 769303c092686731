/* SPDX-License-Identifier: MIT */
/*
 * The Huffman code of HPACK (RFC 7541 §5.2 and appendix B), made from its
 * code lengths: the code is canonical, so that the lengths define it.
 */
#ifndef H2RIG_HUFF_H
#define H2RIG_HUFF_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Builds the tables on the first call.  hpack calls it; call it yourself only
 * to use the functions below alone, and not from two threads at once.
 */
void huff_init(void);

/* Octets that s takes when encoded, padding included. */
size_t huff_encoded_len(const uint8_t *s, size_t len);

/* Appends the encoding of s, padded with ones to an octet. */
void huff_encode(struct buf *out, const uint8_t *s, size_t len);

/* Octets that huff_encode_if_shorter writes beyond the length of s. */
#define HUFF_ENCODE_SLACK 4

/*
 * Encodes s into dst, which has room for len + HUFF_ENCODE_SLACK octets, if
 * that makes it shorter.  Returns the number of octets, or 0: it does not,
 * and dst holds rubbish.
 */
size_t huff_encode_if_shorter(uint8_t *dst, const uint8_t *s, size_t len);

/*
 * Decodes len octets into dst, which has room for huff_decoded_max(len).
 * Returns the number of octets written, or -1: a code that decodes to EOS,
 * padding longer than 7 bits or not all ones (RFC 7541 §5.2).
 */
long huff_decode(uint8_t *dst, const uint8_t *in, size_t len);

/* The shortest code has 5 bits; the decoder stores two octets at a time. */
static inline size_t
huff_decoded_max(size_t len)
{
	return len * 8 / 5 + 1;
}

#endif

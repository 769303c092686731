/* SPDX-License-Identifier: MIT */
/*
 * Small additions to a struct buf that only tests need.
 */
#ifndef H2RIG_T_OCTETS_H
#define H2RIG_T_OCTETS_H

#include "base/buf.h"

static inline void
add_u8(struct buf *b, unsigned v)
{
	const uint8_t octet = (uint8_t)v;

	buf_add(b, &octet, 1);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The parent's memory as its children inherit it.  A page that a child writes
 * to is copied, which costs about 3 us, and each page that there is costs a
 * fork and an exit some 0.2 us: with one process for each connection that is
 * most of what a connection costs.
 *
 * All of it is optional: where a system lacks a call, nothing happens.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE		/* sbrk, madvise */
#endif
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

/* Below what malloc takes by mmap; above it its free chunks are not scattered. */
#define LARGEST_CHUNK ((size_t)120 * 1024)
#define GRAIN 16		/* sizes of chunks differ by so much */

#if defined(HAVE_MALLINFO2) && !defined(H2RIG_SANITIZERS)
/* Takes the free chunks of at least that size that lie below top. */
static void
take_chunks(size_t size, uintptr_t top)
{
	void *p;

	do
		p = malloc(size);
	while (p != NULL && (uintptr_t)p < top);
	if (size > LARGEST_CHUNK / 2)
		free(p);
}

/*
 * Takes, for good, the free chunks that lie between those in use: they are in
 * 250 different pages of the heap, of which a child touched nearly each for a
 * connection and its first request.  What children allocate then comes from
 * the untouched end of the heap, one chunk after the other.
 */
static void
fill_gaps(void)
{
	struct mallinfo2 m = mallinfo2();
	uintptr_t top = (uintptr_t)sbrk(0) - m.keepcost;
	size_t size;

	for (size = LARGEST_CHUNK; size > 1024; size /= 2)
		take_chunks(size, top);
	for (size = 1024; size > GRAIN; size -= GRAIN)
		take_chunks(size - sizeof(size_t), top);
}
#endif

void
memory_settle(void)
{
#if defined(HAVE_MALLINFO2) && !defined(H2RIG_SANITIZERS)
	fill_gaps();
#endif
}

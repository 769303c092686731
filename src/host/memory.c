/* SPDX-License-Identifier: MIT */
/*
 * The parent's memory as its children inherit it.  A page that a child writes
 * to is copied, which costs about 3 us, and each page that exists adds some 0.2
 * us to a fork and an exit: with one process for each connection that is most
 * of what a connection costs.
 *
 * All of it is optional: where a system lacks a call, nothing happens.
 */
#include "config.h"
#if defined(HAVE_EXTENSIONS) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE		/* sbrk, madvise */
#endif

#include <stdint.h>
#include <stdlib.h>
#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

#if defined(HAVE_LINUX) && !defined(MADV_COLLAPSE)
#define MADV_COLLAPSE 25	/* since Linux 6.1; before, it is refused */
#endif
#define HUGE_PAGE ((uintptr_t)2 << 20)

/*
 * Octets of the largest chunk that malloc takes from the heap; larger ones come
 * from mmap.  CPython's arenas have 1 MiB (256 KiB before 3.10) and must come
 * from the heap, so that all of the parent's memory lies side by side.  Once
 * this bound is set, glibc no longer raises it by itself, so it is the largest
 * that glibc allows; otherwise each body of some MiB would get new pages.
 */
#define HEAP_MAX ((int)32 << 20)	/* glibc's M_MMAP_THRESHOLD */

#define LARGEST_CHUNK ((size_t)120 * 1024)
#define GRAIN 16		/* sizes of chunks are multiples of this */

/* ---- the heap ---- */

#ifdef MADV_COLLAPSE
static uintptr_t heap_begin;
#endif

void
memory_begin(void)
{
#if defined(HAVE_MALLOPT) && defined(M_MMAP_THRESHOLD)
	mallopt(M_MMAP_THRESHOLD, HEAP_MAX);
	mallopt(M_TRIM_THRESHOLD, 2 * HEAP_MAX);
#endif
#ifdef MADV_COLLAPSE
	uintptr_t at = (uintptr_t)sbrk(0);

	/* The heap grows from the first octet of a huge page on. */
	if (at % HUGE_PAGE != 0)
		sbrk((intptr_t)(HUGE_PAGE - at % HUGE_PAGE));
	heap_begin = (uintptr_t)sbrk(0);
#endif
}

void *
memory_arena(void *unused, size_t size)
{
	(void)unused;
	return malloc(size);
}

void
memory_arena_free(void *unused, void *p, size_t size)
{
	(void)unused;
	(void)size;
	free(p);
}

#if defined(HAVE_MALLINFO2) && !defined(H2RIG_SANITIZERS)
/* Allocates, for good, all free chunks of at least that size below top. */
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
 * Allocates, for good, the free chunks between those in use.  They are in 250
 * different pages of the heap, and a connection and its first request made a
 * child touch nearly all of these.  Now children allocate from the untouched
 * end of the heap, one chunk after the other.
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

/* ---- huge pages ---- */

#ifdef MADV_COLLAPSE
/*
 * Has the kernel put the whole huge pages of [from, to) into huge pages; from
 * is the bound of one.  A fork then copies one entry for 512 pages and an exit
 * drops one; when a child writes, it still copies single pages.  With 15 MiB,
 * fork and exit took 775 us before and 310 us after.
 */
static void
collapse(uintptr_t from, uintptr_t to)
{
	to &= ~(HUGE_PAGE - 1);
	/*
	 * One by one: a call stops at a huge page for which there is no memory.
	 */
	for (; from < to; from += HUGE_PAGE)
		madvise((void *)from, HUGE_PAGE, MADV_COLLAPSE);
}
#endif

void
memory_settle(void)
{
#if defined(HAVE_MALLINFO2) && !defined(H2RIG_SANITIZERS)
	fill_gaps();
#endif
#ifdef MADV_COLLAPSE
	collapse(heap_begin, (uintptr_t)sbrk(0));
#endif
}

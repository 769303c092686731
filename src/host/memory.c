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

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

#if defined(__linux__) && !defined(MADV_COLLAPSE)
#define MADV_COLLAPSE 25	/* since Linux 6.1; before, it is refused */
#endif
#define HUGE_PAGE ((uintptr_t)2 << 20)

/* Larger chunks come from mmap, near enough. */
#define LARGEST_CHUNK ((size_t)120 * 1024)
#define GRAIN 16		/* sizes of chunks differ by so much */

/* ---- the heap ---- */

#ifdef MADV_COLLAPSE
static uintptr_t heap_begin;
#endif

void
memory_begin(void)
{
#ifdef MADV_COLLAPSE
	uintptr_t at = (uintptr_t)sbrk(0);

	/* Where it grows from now on is a huge page from its first octet. */
	if (at % HUGE_PAGE != 0)
		sbrk((intptr_t)(HUGE_PAGE - at % HUGE_PAGE));
	heap_begin = (uintptr_t)sbrk(0);
#endif
}

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

/* ---- memory for Python's objects ---- */

#define RESERVED (8 * HUGE_PAGE)	/* twice of what the package takes */
#define FREED 64			/* pieces that are remembered */

/*
 * From CPython 3.12 on a script can have interpreters with a lock each, which
 * come here at the same time.  There is no lock here either, since one of them
 * may fork while another is here.
 */
static struct {
	_Atomic(char *) next;	/* not given out yet, up to `end`; NULL: none */
	char *end;
	_Atomic(void *) freed[FREED];	/* all of the same size; NULL: free */
	size_t size;		/* as it was with the first, like `end` */
} arenas;

static void
reserve(void)
{
	size_t size = RESERVED + HUGE_PAGE;
	uintptr_t at, aligned;
	void *p;

	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return;
	at = (uintptr_t)p;
	aligned = (at + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	if (aligned > at)
		munmap(p, aligned - at);
	munmap((char *)p + (aligned - at) + RESERVED, HUGE_PAGE -
	    (aligned - at));
	arenas.next = (char *)aligned;
	arenas.end = (char *)aligned + RESERVED;
}

static void *
take_freed(void)
{
	void *p;
	size_t i;

	for (i = 0; i < FREED; i++)
		if (atomic_load(&arenas.freed[i]) != NULL &&
		    (p = atomic_exchange(&arenas.freed[i], NULL)) != NULL)
			return p;
	return NULL;
}

static void *
take_next(size_t size)
{
	char *p = atomic_load(&arenas.next);

	while (size <= (size_t)(arenas.end - p))
		if (atomic_compare_exchange_weak(&arenas.next, &p, p + size))
			return p;
	return NULL;
}

void *
memory_arena(void *unused, size_t size)
{
	void *p;

	(void)unused;
	if (arenas.size == 0) {		/* the first, of the only thread */
		arenas.size = size;
		reserve();
	}
	if ((size == arenas.size && (p = take_freed()) != NULL) ||
	    (p = take_next(size)) != NULL)
		return p;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED ? p : NULL;
}

void
memory_arena_free(void *unused, void *p, size_t size)
{
	size_t i;

	(void)unused;
	/* All zeros when it is given out again, as mmap has it. */
	madvise(p, size, MADV_DONTNEED);
	for (i = 0; size == arenas.size && i < FREED; i++) {
		void *none = NULL;

		if (atomic_load(&arenas.freed[i]) == NULL &&
		    atomic_compare_exchange_strong(&arenas.freed[i], &none, p))
			return;
	}
	munmap(p, size);
}

/* ---- huge pages ---- */

#ifdef MADV_COLLAPSE
/*
 * Has the kernel put the whole huge pages of [from, to) into such; from is the
 * bound of one.  A fork then copies one entry for 512 pages and an exit drops
 * one; where a child writes, it still copies single pages.  With 15 MiB fork
 * and exit took 775 us before, 310 us after.
 */
static void
collapse(uintptr_t from, uintptr_t to)
{
	to &= ~(HUGE_PAGE - 1);
	/* One by one: it stops where there is no memory for one. */
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
	if (arenas.end != NULL)
		collapse((uintptr_t)arenas.end - RESERVED,
		    (uintptr_t)atomic_load(&arenas.next));
#endif
}

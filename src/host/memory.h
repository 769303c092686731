/* SPDX-License-Identifier: MIT */
/*
 * The parent's memory as its children inherit it.
 */
#ifndef H2RIG_MEMORY_H
#define H2RIG_MEMORY_H

#include <stddef.h>

/* Prepares the heap; the first thing that main does. */
void memory_begin(void);

/*
 * Returns memory for one of CPython's arenas (PyObject_SetArenaAllocator), or
 * NULL.  All of the parent's arenas lie side by side.
 */
void *memory_arena(void *unused, size_t size);
void memory_arena_free(void *unused, void *p, size_t size);

/*
 * In the parent, when it has allocated what it needs and is about to fork:
 * arranges its memory so that forks, and what children allocate, touch few
 * pages.  A program sees no other change than the time it takes.
 */
void memory_settle(void);

#endif

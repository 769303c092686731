/* SPDX-License-Identifier: MIT */
/*
 * The parent's memory as its children inherit it.
 */
#ifndef H2RIG_MEMORY_H
#define H2RIG_MEMORY_H

#include <stddef.h>

/* First thing in main. */
void memory_begin(void);

/*
 * Memory for CPython's arenas (PyObject_SetArenaAllocator), of which all that
 * the parent has lie side by side.  NULL: there is none.
 */
void *memory_arena(void *unused, size_t size);
void memory_arena_free(void *unused, void *p, size_t size);

/*
 * In the parent, when it has allocated what it needs and is about to fork:
 * arranges its memory so that forks, and what children allocate, touch few
 * pages.  Changes nothing that a program could see but the time it takes.
 */
void memory_settle(void);

#endif

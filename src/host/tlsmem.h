/* SPDX-License-Identifier: MIT */
/*
 * Memory for OpenSSL, and whether there was enough.
 */
#ifndef H2RIG_TLSMEM_H
#define H2RIG_TLSMEM_H

#include <stdbool.h>
#include <stddef.h>

/* Before OpenSSL is first used; later it does nothing. */
void tlsmem_install(void);

/* As malloc; a failure is noted. */
void *tlsmem_alloc(size_t size);

/* Whether this thread has lacked memory since it called tlsmem_clear. */
void tlsmem_clear(void);
bool tlsmem_failed(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Memory for OpenSSL.  When there is none, OpenSSL fails with whatever the
 * layer above makes of it: "internal error", or that the client has offered no
 * suitable algorithm.  So it is noted here, for each thread, since scripts use
 * the library too.  For tls.c and tlswire.c.
 */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "tlsmem.h"

static _Thread_local bool failed;

static void *
note(void *p, size_t size)
{
	if (p == NULL && size > 0)
		failed = true;
	return p;
}

void *
tlsmem_alloc(size_t size)
{
	return note(malloc(size), size);
}

static void *
ssl_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return tlsmem_alloc(size);
}

static void *
ssl_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size > 0)
		return note(realloc(p, size), size);
	free(p);
	return NULL;
}

static void
ssl_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

void
tlsmem_install(void)
{
	CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
}

void
tlsmem_clear(void)
{
	failed = false;
}

bool
tlsmem_failed(void)
{
	return failed;
}

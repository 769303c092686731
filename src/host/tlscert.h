/* SPDX-License-Identifier: MIT */
/*
 * Certificate and key of a TLS context.  Only tls.c and tlscert.c include this.
 */
#ifndef H2RIG_TLSCERT_H
#define H2RIG_TLSCERT_H

#include <stddef.h>

#include <openssl/ssl.h>

/* From PEM files: 0, or -1 with one line in err. */
int tlscert_load(SSL_CTX *ssl, const char *cert, const char *key, char *err,
    size_t size);

/* Makes them: 0, or -1 with the reason in OpenSSL's queue. */
int tlscert_make(SSL_CTX *ssl);

/* The reason of the oldest error in the queue, which is cleared, or of err. */
void tlscert_error_text(char *dst, size_t size, int err);

#endif

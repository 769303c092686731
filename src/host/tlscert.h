/* SPDX-License-Identifier: MIT */
/*
 * Certificates with their keys, read from files or made.  Only tls*.c include
 * this.
 */
#ifndef H2RIG_TLSCERT_H
#define H2RIG_TLSCERT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

/* Zeroed it is empty. */
struct tlscert {
	X509 *x;
	STACK_OF(X509) *chain;	/* of issuers; NULL: none */
	EVP_PKEY *key;
};

void tlscert_free(struct tlscert *c);

/*
 * Replaces the certificate and its chain, or the key, by a PEM file's.  0, or
 * -1 with one line in err, which begins with `what`.
 */
int tlscert_read(struct tlscert *c, const char *what, const char *path,
    char *err, size_t size);
int tlscert_read_key(struct tlscert *c, const char *what, const char *path,
    char *err, size_t size);

/* Whether it has both, and they belong together. */
bool tlscert_is_pair(const struct tlscert *c);

#define TLSCERT_DAYS 397	/* no client refuses one for living longer */

struct tlscert_spec {
	const char *subject;	/* NULL: that of a server */
	const char *const *names;	/* DNS names and addresses */
	size_t n_names;
	long days;		/* from now; 0 and less: it has expired */
	const struct tlscert *issuer;	/* NULL: itself */
	bool is_ca;
	bool rsa;		/* the key that is made; else ECDSA P-256 */
};

/*
 * Makes a certificate, and a key unless c has one: 0, or -1 with the reason in
 * OpenSSL's queue.
 */
int tlscert_make(struct tlscert *c, const struct tlscert_spec *spec);

/* The reason of the oldest error in the queue, which is cleared, or of err. */
void tlscert_error_text(char *dst, size_t size, int err);

#endif

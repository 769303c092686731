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

/* A zeroed struct is empty. */
struct tlscert {
	X509 *x;
	STACK_OF(X509) *chain;	/* of issuers; NULL: none */
	EVP_PKEY *key;
};

void tlscert_free(struct tlscert *c);

/*
 * tlscert_read replaces the certificate and its chain, tlscert_read_key the
 * key, by that of a PEM file.  Both return 0, or -1 with one line in err that
 * begins with `what`.
 */
int tlscert_read(struct tlscert *c, const char *what, const char *path,
    char *err, size_t size);
int tlscert_read_key(struct tlscert *c, const char *what, const char *path,
    char *err, size_t size);

/* Returns whether c has a certificate and a key, and they belong together. */
bool tlscert_is_pair(const struct tlscert *c);

#define TLSCERT_DAYS 397	/* days; no client finds this too long */

struct tlscert_spec {
	const char *subject;	/* NULL: that of a server */
	const char *const *names;	/* DNS names and addresses */
	size_t n_names;
	long days;		/* from now; 0 and less: it has expired */
	const struct tlscert *issuer;	/* NULL: self-signed */
	bool is_ca;
	bool rsa;		/* makes an RSA key; else ECDSA P-256 */
};

/*
 * Makes a certificate, and a key unless c has one.  Returns 0, or -1 with the
 * reason in OpenSSL's queue.
 */
int tlscert_make(struct tlscert *c, const struct tlscert_spec *spec);

/*
 * Writes the reason of the oldest error in OpenSSL's queue, or of err if the
 * queue is empty, to dst, and clears the queue.
 */
void tlscert_error_text(char *dst, size_t size, int err);

#endif

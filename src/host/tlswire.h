/* SPDX-License-Identifier: MIT */
/*
 * The socket below a TLS connection, as a BIO of OpenSSL.  It differs from
 * OpenSSL's own in that several records can go out in one write and come in by
 * one read, in that a socket which has just been emptied is not read again to
 * learn of it, and in that OpenSSL does not learn of a write that failed: what
 * the client has sent before can still be read.
 *
 * Only tls.c and tlswire.c include this.
 */
#ifndef H2RIG_TLSWIRE_H
#define H2RIG_TLSWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>

struct tlswire {
	int fd;			/* non-blocking; not owned */
	uint8_t *ahead;		/* of TLSWIRE_AHEAD; NULL: nothing read yet */
	size_t n_ahead;		/* octets read */
	size_t n_taken;		/* of them, by OpenSSL */
	bool emptied;		/* the last read took all that there was */
	bool eof;
	bool paused;		/* reads say that there is nothing */
	bool holding;		/* records are held, not written */
	uint8_t *held;		/* of TLSWIRE_SIZE; NULL: none so far */
	size_t n_held;
	size_t n_sent;		/* of them, to the kernel */
	int error;		/* errno of a write that failed; 0: none */
};

#define TLSWIRE_RECORD (16384 + 512)	/* what one may take: RFC 8446 §5.2 */
#define TLSWIRE_SIZE (5 * TLSWIRE_RECORD)
#define TLSWIRE_AHEAD (64 * 1024)	/* that one read takes */

/* Once for each context; NULL: no memory.  Freed with BIO_meth_free. */
BIO_METHOD *tlswire_method(void);

/* A BIO on w, which outlives it.  NULL: no memory. */
BIO *tlswire_bio(BIO_METHOD *method, struct tlswire *w);

/*
 * From here on what is written is held, as far as there is room, until
 * `holding` is cleared.  -1: no memory.
 */
int tlswire_hold(struct tlswire *w);

/* Offers the kernel what is held.  -1: errno, EAGAIN too. */
int tlswire_send(struct tlswire *w);

void tlswire_free(struct tlswire *w);

#endif

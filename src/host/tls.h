/* SPDX-License-Identifier: MIT */
/*
 * TLS by OpenSSL, which only tls.c and tlscert.c know.
 *
 * The context is made in the parent, so that ticket keys and certificate are
 * the same in every child; each child makes one struct tls from it.
 */
#ifndef H2RIG_TLS_H
#define H2RIG_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct tls_ctx;
struct tls;

enum tls_status {
	TLS_AGAIN_READ = -1,	/* call again when the socket is readable */
	TLS_AGAIN_WRITE = -2,	/* ... when it is writable */
	TLS_EOF = -3,		/* close_notify, or end of file */
	TLS_ERROR = -4		/* tls_error says what, and errno if not 0 */
};

/*
 * TLS 1.2 and 1.3, cipher suites that RFC 9113 §9.2.2 allows, ALPN h2 only
 * (no_application_protocol when the client offers ALPN without it), session
 * tickets.  cert and key name PEM files (a chain may follow the certificate);
 * both NULL: an ECDSA P-256 certificate for localhost, 127.0.0.1 and ::1 is
 * made in memory.  SSLKEYLOGFILE in the environment is honoured.  NULL: err
 * holds one line that names the file and what was expected of it.
 */
struct tls_ctx *tls_ctx_new(const char *cert, const char *key, char *err,
    size_t err_size);
void tls_ctx_free(struct tls_ctx *ctx);

/* Takes the (non-blocking) descriptor as its transport, does not own it. */
struct tls *tls_new(struct tls_ctx *ctx, int fd);
void tls_free(struct tls *t);

/* 0 when the handshake is complete, else an enum tls_status. */
int tls_handshake(struct tls *t);

/*
 * Octets read or written (> 0; size and len are too), or an enum tls_status.
 * What the socket had may be in here: read until TLS_AGAIN_READ before waiting.
 * A tls_write that said TLS_AGAIN_* may already have encrypted what it was
 * given: the next one must begin with the same octets, and as many or more.
 * Octets count as written when the kernel has all of that call.  One call
 * writes at most TLS_WRITE_MAX.
 */
#define TLS_WRITE_MAX (65 * 1024)

long tls_read(struct tls *t, void *dst, size_t size);

/*
 * Messages without content since the last call, KeyUpdates for example.  If
 * there were some, TLS_AGAIN_READ may have been said too early.
 */
unsigned tls_take_messages(struct tls *t);

long tls_write(struct tls *t, const void *src, size_t len);

/*
 * Sends close_notify: 0 when no more is to be done, or TLS_AGAIN_WRITE, to be
 * called again.
 */
int tls_shutdown(struct tls *t);

/*
 * Text of the last TLS_ERROR: "client sent TLS alert unknown_ca (48)", or from
 * OpenSSL or errno.  After one of tls_write what came before can still be read.
 */
const char *tls_error(const struct tls *t);

/* Whether that came of a lack of memory, and thus is not the peer's doing. */
bool tls_no_memory(const struct tls *t);

/* The client has said that it sends no more; else TLS_EOF was a bare FIN. */
bool tls_got_close_notify(const struct tls *t);

/* What was negotiated; pointers are valid for the life of t. */
struct tls_info {
	const char *version;	/* "TLSv1.3" */
	const char *cipher;	/* "TLS_AES_128_GCM_SHA256" */
	const char *alpn;	/* "h2", or NULL: the client offered no ALPN */
	const char *sni;	/* NULL: none sent */
	bool resumed;
};

void tls_get_info(struct tls *t, struct tls_info *info);

/* "OpenSSL 3.0.15 3 Sep 2024" */
const char *tls_library_version(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * TLS by OpenSSL, which only the files tls*.c know.
 *
 * The context is made in the parent, so that ticket keys and certificate are
 * the same in every child; each child makes one struct tls from it.
 */
#ifndef H2RIG_TLS_H
#define H2RIG_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

struct tls_ctx;
struct tls;
struct tlscert;			/* a certificate with its key */

enum tls_status {
	TLS_AGAIN_READ = -1,	/* call again when the socket is readable */
	TLS_AGAIN_WRITE = -2,	/* ... when it is writable */
	TLS_EOF = -3,		/* close_notify, or end of file */
	TLS_ERROR = -4,		/* tls_error says what, and errno if not 0 */

	/* Of tls_handshake, with a script: */
	TLS_HELLO = -5,		/* the ClientHello has come: tls_hello_stop */
	TLS_DELAY = -6		/* call again at tls_due_ms, not before */
};

/*
 * TLS 1.2 and 1.3, cipher suites that RFC 9113 §9.2.2 allows, ALPN h2 only
 * (no_application_protocol when the client offers ALPN without it), session
 * tickets.  --cert and --key name PEM files (a chain may follow the
 * certificate); without them an ECDSA P-256 certificate for localhost,
 * 127.0.0.1 and ::1 is made in memory.  With --ca or --ca-out there is a CA,
 * in memory or in a file, and each connection has a certificate for the name
 * that its client asks for.  SSLKEYLOGFILE in the environment is honoured.  NULL: err holds one line that names the file and what was expected
 * of it.
 */
struct tls_ctx *tls_ctx_new(const struct options *o, char *err, size_t size);
void tls_ctx_free(struct tls_ctx *ctx);

/* In a child: makes its own what a handshake writes to. */
void tls_ctx_warm(struct tls_ctx *ctx);

/* Takes the (non-blocking) descriptor as its transport, does not own it. */
struct tls *tls_new(struct tls_ctx *ctx, int fd);
void tls_free(struct tls *t);

/* 0 when the handshake is complete, else an enum tls_status. */
int tls_handshake(struct tls *t);

/* When a handshake that said TLS_DELAY goes on, on the clock of sys_now_ms. */
uint64_t tls_due_ms(const struct tls *t);

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

struct tls_alert {
	bool fatal;		/* else a warning; close_notify is one */
	int number;		/* RFC 8446 §6 */
};

/*
 * The next alert of the client's, in the order in which they came; false: none
 * since.  What comes behind TLS_EOF and TLS_ERROR has no meaning but by how it
 * ends (FIN or RST): that is learnt by reading the descriptor itself.
 */
bool tls_next_alert(struct tls *t, struct tls_alert *alert);

/* "unknown_ca"; "unknown" if it has no name. */
#define TLS_ALERT_NAME 48
const char *tls_hello_alert_name(int number, char dst[TLS_ALERT_NAME]);

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

/* ---- the handshake as a script wants it ---- */

/*
 * Before the first tls_handshake: one will say TLS_HELLO when the ClientHello
 * has come and nothing has been sent, but not again after HelloRetryRequest.
 * From then on there is tls_hello_get, until the next tls_handshake there may
 * be calls of tls_hello_set, by any thread under the lock that guards t.  That
 * next tls_handshake goes on as they want it.  -1: no memory.
 */
int tls_hello_stop(struct tls *t);

struct tls_hello {
	const char *sni;	/* NULL: none */
	const uint8_t *alpn;	/* names, an octet with its length before each */
	size_t alpn_len;	/* 0: none */
	const uint8_t *versions;	/* two octets each, as offered */
	size_t n_versions;	/* TLS 1.2 and before: one, the highest */
};

/* NULL: it has not come; else valid for the life of t. */
const struct tls_hello *tls_hello_get(const struct tls *t);

/* "TLSv1.3", or "0x7a7a" for a version that has no name. */
#define TLS_VERSION_NAME 8
const char *tls_hello_version(const uint8_t octets[2],
    char dst[TLS_VERSION_NAME]);

struct tls_value {
	enum tls_kind {
		TLS_NONE,
		TLS_NUMBER,
		TLS_TEXT,
		TLS_LEAF
	} kind;
	double number;
	const char *text;	/* NUL-terminated; may hold others */
	size_t len;
	const struct tlscert *leaf;	/* the caller's; may be freed then */
};

enum tls_refusal {
	TLS_BAD_VALUE = -1,
	TLS_BAD_TYPE = -2,
	TLS_BAD_NAME = -3,	/* nothing is called that */
	TLS_TOO_LATE = -4	/* the handshake does not wait for it */
};

/*
 * Sets one of
 *
 *	alpn		text of 1 to 255 octets, offered or not; none: no ALPN
 *			in the answer.  No effect if the client sent no ALPN.
 *	min_version	TLSv1, TLSv1.1, TLSv1.2, TLSv1.3: a higher max_version
 *	max_version	(or lower min_version) moves with it.  Those before
 *			TLSv1.2 need @SECLEVEL=0 in ciphers.
 *	ciphers		OpenSSL's list, @SECLEVEL too, in which suites of
 *			TLS 1.3 may stand; a list without suites of a version
 *			leaves that version's as they are
 *	certificate	a PEM file with certificate and chain
 *	key		... and with its key; a ticket made with another
 *			certificate is not resumed
 *	leaf		both as tls_ca_leaf made them
 *	alert		a number or name (unknown_ca): sent as the answer to
 *			the ClientHello, fatal, and tls_handshake fails.  Only
 *			what OpenSSL can send there, from 1.1.1 on.
 *	delay		seconds before each flight of the handshake
 *	tickets		how many are sent, 0 to 255 (before TLS 1.3 and after
 *			a resumption at most one); with 0 none is accepted
 *	max_early_data	octets, said in tickets and accepted of those who have
 *			one with the same server name and ALPN, where that was
 *			set too; tls_read gives them first.  Replays are not
 *			noticed.
 *
 * It takes effect when the handshake goes on.  0, or an enum tls_refusal with
 * one line in err that names the value and what was expected.
 */
int tls_hello_set(struct tls *t, const char *name, const struct tls_value *v,
    char *err, size_t size);

struct tls_leaf {
	const char *const *names;	/* DNS names and addresses */
	size_t n_names;
	long days;		/* from now, -36500 to 36500; negative: expired */
	const char *key;	/* "ec" or "rsa" */
	const char *signed_by;	/* "ca", "self"; NULL: ca if there is one */
};

/*
 * A certificate for "leaf", to be freed.  An RSA key takes a while: this
 * touches nothing that changes, and needs no lock.  NULL: err says why.
 */
struct tlscert *tls_ca_leaf(const struct tls *t, const struct tls_leaf *leaf,
    char *err, size_t size);
void tls_ca_free(struct tlscert *leaf);

/*
 * Once the handshake is over: "renegotiation" (a HelloRequest), the client's
 * "certificate" after the handshake ("client_certificate"; that of any issuer
 * is accepted) or "key_update" (of both sides).  0: asked for, and it goes on in
 * tls_read and tls_write; a client may ignore it.  -1: err says why it is not
 * possible here.
 */
int tls_request(struct tls *t, const char *what, char *err, size_t size);

#endif

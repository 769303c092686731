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
 * Makes a context: TLS 1.2 and 1.3, cipher suites that RFC 9113 §9.2.2 allows,
 * ALPN h2 only (no_application_protocol if the client offers ALPN without it),
 * session tickets.  --cert and --key name PEM files (a chain may follow the
 * certificate); without them an ECDSA P-256 certificate for localhost,
 * 127.0.0.1 and ::1 is made in memory.  With --ca or --ca-out there is a CA, in
 * memory or in a file, and each connection has a certificate for the name that
 * its client asks for.  SSLKEYLOGFILE in the environment is honoured.  Returns
 * NULL with one line in err that names the file and what was expected of it.
 */
struct tls_ctx *tls_ctx_new(const struct options *o, char *err, size_t size);
void tls_ctx_free(struct tls_ctx *ctx);

/* In a child: gives it its own copies of what a handshake writes to. */
void tls_ctx_warm(struct tls_ctx *ctx);

/* Makes a connection on fd, which is non-blocking and not owned, or NULL. */
struct tls *tls_new(struct tls_ctx *ctx, int fd);
void tls_free(struct tls *t);

/* Returns 0 when the handshake is complete, else an enum tls_status. */
int tls_handshake(struct tls *t);

/* Returns when to go on after TLS_DELAY, on the clock of sys_now_ms. */
uint64_t tls_due_ms(const struct tls *t);

/*
 * tls_read and tls_write return the octets read or written (> 0; size and len
 * must be > 0 too), or an enum tls_status.  Octets may wait here and not in the
 * socket: read until TLS_AGAIN_READ before waiting.  A tls_write that returned
 * TLS_AGAIN_* may already have encrypted its octets: the next one must begin
 * with the same octets, and have as many or more.  Octets count as written when
 * the kernel has all of that call.  One call writes at most TLS_WRITE_MAX.
 */
#define TLS_WRITE_MAX (65 * 1024)

long tls_read(struct tls *t, void *dst, size_t size);

/*
 * Returns the number of messages without content, such as KeyUpdates, since the
 * last call.  If it is not 0, TLS_AGAIN_READ may have been returned too early.
 * t NULL: 0, as cleartext has none.
 */
unsigned tls_take_messages(struct tls *t);

long tls_write(struct tls *t, const void *src, size_t len);

/*
 * Sends close_notify.  Returns 0 when nothing is left to do, or TLS_AGAIN_WRITE
 * if it is to be called again.
 */
int tls_shutdown(struct tls *t);

/*
 * Returns the text of the last TLS_ERROR: "client sent TLS alert unknown_ca
 * (48)", or OpenSSL's, or that of errno.  After an error of tls_write, what the
 * client sent before can still be read.
 */
const char *tls_error(const struct tls *t);

/*
 * Returns whether the error was a lack of memory, not the peer's doing.
 * t NULL: false.
 */
bool tls_no_memory(const struct tls *t);

/* Returns whether a script's settings ended the handshake, as by an alert. */
bool tls_ended_by_script(const struct tls *t);

/* Returns whether close_notify has come; if not, TLS_EOF was a bare FIN. */
bool tls_got_close_notify(const struct tls *t);

struct tls_alert {
	bool fatal;		/* else a warning; close_notify is one */
	int number;		/* RFC 8446 §6 */
};

/*
 * Stores the client's next alert, in the order in which they came.  Returns
 * false if there is no other.  After TLS_EOF and TLS_ERROR, only the end of
 * what comes (FIN or RST) has a meaning; the caller learns of it by reading the
 * descriptor itself.
 */
bool tls_next_alert(struct tls *t, struct tls_alert *alert);

/* Writes an alert's name ("unknown_ca", or "unknown") to dst; returns dst. */
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
 * To be called before the first tls_handshake.  One tls_handshake then returns
 * TLS_HELLO, when the ClientHello has come and nothing has been sent, but not
 * again after HelloRetryRequest.  From then on tls_hello_get works.  Until the
 * next tls_handshake, which applies the settings, any thread may call
 * tls_hello_set under the lock that guards t.  Returns 0, or -1 if there is no
 * memory.
 */
int tls_hello_stop(struct tls *t);

struct tls_hello {
	const char *sni;	/* NULL: none */
	const uint8_t *alpn;	/* names, each after an octet, its length */
	size_t alpn_len;	/* 0: none */
	const uint8_t *versions;	/* two octets each, as offered */
	size_t n_versions;	/* TLS 1.2 and before: one, the highest */
};

/* Returns the ClientHello, valid for the life of t; NULL: it has not come. */
const struct tls_hello *tls_hello_get(const struct tls *t);

/* Returns a version's name ("TLSv1.3"), or else its number ("0x7a7a"). */
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
	const char *text;	/* NUL-terminated; may contain more NULs */
	size_t len;
	const struct tlscert *leaf;	/* the caller may free it afterwards */
};

enum tls_refusal {
	TLS_BAD_VALUE = -1,
	TLS_BAD_TYPE = -2,
	TLS_BAD_NAME = -3,	/* no setting has that name */
	TLS_TOO_LATE = -4	/* the handshake is not at TLS_HELLO */
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
 *	leaf		certificate and key that tls_ca_leaf has made
 *	alert		a number or name (unknown_ca): sent as the answer to
 *			the ClientHello, fatal, and tls_handshake fails.  Only
 *			what OpenSSL can send there, from 1.1.1 on.
 *	delay		seconds before each flight of the handshake
 *	tickets		how many are sent, 0 to 255 (before TLS 1.3 and after
 *			a resumption at most one); with 0 none is accepted
 *	max_early_data	octets, announced in tickets and accepted from clients
 *			with a ticket of the same server name and ALPN for
 *			which it was set too; tls_read returns early data
 *			first.  Replays are not noticed.
 *
 * It takes effect when the handshake goes on.  Returns 0, or an enum
 * tls_refusal with one line in err that names the value and what was expected.
 */
int tls_hello_set(struct tls *t, const char *name, const struct tls_value *v,
    char *err, size_t size);

struct tls_leaf {
	const char *const *names;	/* DNS names and addresses */
	size_t n_names;
	int days;		/* from now; negative: it has expired */
	bool rsa;		/* makes an RSA key; else ECDSA P-256 */
	bool self_signed;	/* else the CA signs it */
};

/*
 * Makes a certificate for the setting "leaf"; tls_ca_free frees it.  An RSA key
 * takes a while, but no lock is needed, since the function touches nothing that
 * changes.  Returns NULL with one line in err if it fails.
 */
struct tlscert *tls_ca_leaf(const struct tls *t, const struct tls_leaf *leaf,
    char *err, size_t size);
void tls_ca_free(struct tlscert *leaf);

/*
 * After the handshake: asks for "renegotiation" (a HelloRequest), the client's
 * certificate ("client_certificate"; that of any issuer is accepted) or
 * "key_update" (of both sides).  Returns 0 if it has asked: the rest happens in
 * tls_read and tls_write, and a client may ignore it.  Returns -1 with the
 * reason in err if it is not possible.
 */
int tls_request(struct tls *t, const char *what, char *err, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the files of TLS share.  Only tls*.c include this.
 */
#ifndef H2RIG_TLS_IMPL_H
#define H2RIG_TLS_IMPL_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "tls.h"
#include "tlscert.h"

#define TLS_ALERTS_KEPT 8	/* that have not been told yet */
#define TLS_NAME_MAX 255	/* octets of a protocol's name: RFC 7301 §3.1 */

struct tls_ctx {
	SSL_CTX *ssl;
	struct tlscert ca;	/* empty: there is none */
};

/* What a script has seen of a handshake, and what it wants of it. */
struct tls_plan {
	enum {
		PLAN_WAITS,	/* for the ClientHello */
		PLAN_STOPS,	/* tls_handshake has said TLS_HELLO */
		PLAN_RUNS
	} state;
	struct tls_hello hello;
	struct buf octets;	/* of hello */
	struct tlscert cert;	/* no key, no certificate: as the context's */
	bool sets_alpn;
	uint8_t alpn[TLS_NAME_MAX];
	size_t alpn_len;	/* 0: no answer */
	int alert;		/* to be sent; -1: none */
	char why[96];		/* it made the handshake fail; empty: it did not */
	uint64_t delay_ms;	/* of each flight */
	uint64_t due_ms;	/* of the flight in hand; 0: there is none */
	bool past_early;	/* no more of early data comes */
	struct buf early;	/* octets of it for tls_read */
	bool ended;		/* the handshake has, with end_status */
	int end_status;
};

struct tls {
	SSL *ssl;
	struct tls_ctx *ctx;
	struct tls_plan *plan;	/* owned; NULL: no script */
	int fd;
	BIO *buffer;		/* of ssl, on the socket; NULL: not yet */
	size_t n_held;		/* octets of content that it has; see tls_write */
	int write_error;	/* errno of a write that failed; 0: none */
	unsigned n_messages;	/* see tls_take_messages */
	bool paused;		/* reads say that there is nothing */
	bool broken;		/* no further use of ssl is allowed */
	bool no_memory;		/* ... since there was none left */
	bool established;
	bool close_notify;	/* the client's has come */
	int alert;		/* the client's fatal one; 0: none */
	struct tls_alert alerts[TLS_ALERTS_KEPT];	/* a ring */
	unsigned n_alerts, n_alerts_told;
	char alpn[TLS_NAME_MAX + 1];
	char sni[TLS_NAME_MAX + 1];
	char error[160];
};

/*
 * OpenSSL has asked for memory and there was none: in this thread, since it was
 * last set to false.
 */
extern _Thread_local bool tls_ctx_lacked_memory;

/* OpenSSL's callback for a ClientHello; user is a struct tls_ctx. */
int tls_hello_come(SSL *ssl, int *alert, void *user);

void tls_hello_free(struct tls_plan *p);

/*
 * The CA of the options; none is empty.  0, or -1 with one line in err, or with
 * an empty one and the reason in OpenSSL's queue.
 */
int tls_ca_open(struct tlscert *ca, const struct options *o, char *err,
    size_t size);

/* Sessions are good with that name, or that of the address: 0 or -1. */
int tls_ca_bind(SSL *ssl, const uint8_t *sni, size_t len);

/* OpenSSL's callback for a certificate; user is a struct tls_ctx with a CA. */
int tls_ca_certify(SSL *ssl, void *user);

#endif

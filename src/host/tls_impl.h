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

#define TLS_ALERTS_KEPT 8	/* most that wait to be told */
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
	struct buf octets;	/* what hello points to */
	struct tlscert cert;	/* empty: the context's is used */
	bool sets_alpn;
	uint8_t alpn[TLS_NAME_MAX];
	size_t alpn_len;	/* 0: no ALPN in the answer */
	int alert;		/* to be sent; -1: none */
	char why[96];		/* why it failed the handshake, or empty */
	uint64_t delay_ms;	/* of each flight */
	uint64_t due_ms;	/* of the present flight; 0: none */
	bool past_early;	/* no more early data comes */
	struct buf early;	/* early data for tls_read */
	bool ended;		/* the handshake has ended, with end_status */
	int end_status;
};

struct tls {
	SSL *ssl;
	struct tls_ctx *ctx;
	struct tls_plan *plan;	/* owned; NULL: no script */
	int fd;
	BIO *buffer;		/* between ssl and socket; NULL: not yet */
	size_t n_held;		/* octets of content in buffer; see tls_write */
	int write_error;	/* errno of a write that failed; 0: none */
	unsigned n_messages;	/* see tls_take_messages */
	bool paused;		/* reads pretend that there is nothing */
	bool broken;		/* no further use of ssl is allowed */
	bool no_memory;		/* broken because memory ran out */
	bool established;
	bool close_notify;	/* the client's close_notify has come */
	int alert;		/* the client's fatal alert; 0: none */
	struct tls_alert alerts[TLS_ALERTS_KEPT];	/* a ring */
	unsigned n_alerts, n_alerts_told;
	char alpn[TLS_NAME_MAX + 1];
	char sni[TLS_NAME_MAX + 1];
	char error[160];
};

/*
 * Whether OpenSSL has asked for memory in vain, in this thread, since this was
 * last set to false.
 */
extern _Thread_local bool tls_ctx_lacked_memory;

/* OpenSSL's callback for a ClientHello; user is a struct tls_ctx. */
int tls_hello_come(SSL *ssl, int *alert, void *user);

void tls_hello_free(struct tls_plan *p);

/*
 * Opens or makes the CA of the options; without one, ca stays empty.  Returns
 * 0, or -1 with one line in err, or with err empty and the reason in OpenSSL's
 * queue.
 */
int tls_ca_open(struct tlscert *ca, const struct options *o, char *err,
    size_t size);

/* Makes sessions good only with that name, or with the address: 0, or -1. */
int tls_ca_bind(SSL *ssl, const uint8_t *sni, size_t len);

/* OpenSSL's callback for a certificate; user is a struct tls_ctx with a CA. */
int tls_ca_certify(SSL *ssl, void *user);

#endif

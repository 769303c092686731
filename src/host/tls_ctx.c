/* SPDX-License-Identifier: MIT */
/*
 * Contexts of TLS: what is the same for all connections.  The parent makes one,
 * with the certificate, ticket keys and all that OpenSSL looks up once;
 * children make connections from it.  Ticket keys belong to the context, so a
 * ticket from one child resumes in another.  There is no session cache, since
 * children could not share it.
 *
 * No function here waits, logs or exits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/log.h"
#include "tls.h"
#include "tls_impl.h"
#include "tlscert.h"

/* RFC 9113 §9.2.2: ephemeral and AEAD, as all suites of TLS 1.3 are. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"

/*
 * Memory for OpenSSL.  When there is none, OpenSSL reports only what its upper
 * layers make of that: "internal error", or that the client has offered no
 * suitable algorithm.  So the lack is noted here, for each thread, since
 * scripts use the library too.
 */

_Thread_local bool tls_ctx_lacked_memory;

static void *
note_memory(void *p, size_t size)
{
	if (p == NULL && size > 0)
		tls_ctx_lacked_memory = true;
	return p;
}

static void *
memory_new(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return note_memory(malloc(size), size);
}

static void *
memory_resize(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size > 0)
		return note_memory(realloc(p, size), size);
	free(p);
	return NULL;
}

static void
memory_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

/* The context. */

/*
 * Selects what the script wants, or "h2".  A list without "h2" ends the
 * handshake with no_application_protocol (RFC 7301 §3.2).
 */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *user)
{
	static const unsigned char ours[] = "\2h2";
	const struct tls *t = SSL_get_app_data(ssl);
	unsigned char *selected;

	(void)user;
	if (t != NULL && t->plan->sets_alpn) {
		*out = t->plan->alpn;
		*out_len = (unsigned char)t->plan->alpn_len;
		return *out_len > 0 ? SSL_TLSEXT_ERR_OK :
		    SSL_TLSEXT_ERR_NOACK;
	}
	if (SSL_select_next_proto(&selected, out_len, ours, sizeof(ours) - 1,
	    in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

static void
on_keys(const SSL *ssl, const char *line)
{
	(void)ssl;
	log_keys(line);
}

static int
open_keylog(struct tls_ctx *ctx, char *err, size_t size)
{
	const char *path = getenv("SSLKEYLOGFILE");

	if (path == NULL || path[0] == '\0')
		return 0;
	if (log_set_keys_file(path) == -1) {
		snprintf(err, size, "SSLKEYLOGFILE: \"%s\": expected a file "
		    "to append to: %s", path, strerror(errno));
		return -1;
	}
	SSL_CTX_set_keylog_callback(ctx->ssl, on_keys);
	return 0;
}

static int
set_parameters(SSL_CTX *ssl)
{
	/* RFC 9113 §9.2.1: neither compression nor renegotiation. */
	SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
	/* As in OpenSSL 1.1.1, a client that just closes is no error. */
	SSL_CTX_set_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
	SSL_CTX_set_mode(ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/*
	 * The chain is what --cert has.  For a lone certificate OpenSSL would
	 * look for issuers in a store that is empty here, in each handshake.
	 */
	SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ssl, select_alpn, NULL);
	return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_cipher_list(ssl, TLS12_CIPHERS) == 1 &&
	    SSL_CTX_set_session_id_context(ssl,
	    (const unsigned char *)"h2rig", 5) == 1 ? 0 : -1;
}

/*
 * Sets the certificate of --cert, or a new one.  Returns 0, or -1 with one line
 * in err, which is empty if OpenSSL's queue has the reason.
 */
static int
set_certificate(struct tls_ctx *ctx, const struct options *o, char *err,
    size_t size)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "::1" };
	const struct tlscert_spec spec = { .names = names, .n_names = 3,
	    .days = TLSCERT_DAYS,
	    .issuer = ctx->ca.x != NULL ? &ctx->ca : NULL };
	struct tlscert c = { 0 };
	char why[128];
	int ret = -1;

	if (o->cert == NULL) {
		if (tlscert_make(&c, &spec) == -1)
			goto out;
	} else if (tlscert_read(&c, "--cert", o->cert, err, size) == -1 ||
	    tlscert_read_key(&c, "--key", o->key, err, size) == -1) {
		goto out;
	} else if (!tlscert_is_pair(&c)) {
		snprintf(err, size, "--key: \"%s\": expected the key of the "
		    "certificate in \"%s\"", o->key, o->cert);
		goto out;
	}
	if (SSL_CTX_use_cert_and_key(ctx->ssl, c.x, c.key, c.chain, 1) == 1)
		ret = 0;
	else if (o->cert != NULL) {
		tlscert_error_text(why, sizeof(why), 0);
		snprintf(err, size, "--cert: \"%s\": expected a certificate "
		    "and a key that can be used: %s", o->cert, why);
	}
out:
	tlscert_free(&c);
	return ret;
}

/* Handshakes with ourselves. */

/* The suites of TLS 1.3 that most clients prefer. */
static const char aes128[] = "TLS_AES_128_GCM_SHA256";
static const char aes256[] = "TLS_AES_256_GCM_SHA384";

/* Has two ends in memory shake hands and exchange some octets. */
static void
talk(SSL *server, SSL *client)
{
	char octets[16];
	int i;

	for (i = 0; i < 8; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
		if (SSL_is_init_finished(client) &&
		    SSL_is_init_finished(server))
			break;
	}
	if (SSL_write(client, "ping", 4) == 4 &&
	    SSL_read(server, octets, sizeof(octets)) == 4 &&
	    SSL_write(server, "pong", 4) == 4)
		SSL_read(client, octets, sizeof(octets));
}

/*
 * OpenSSL looks algorithms up and makes tables of them when they are first
 * used.  That is done here, so that children share the results.  Failures do
 * not matter, and random numbers are drawn anew after each fork.  The callbacks
 * of a CA run too: they need no struct tls.
 */
static void
rehearse(SSL_CTX *server_ctx, const char *suites)
{
	static const unsigned char h2[] = "\2h2";
	SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(server_ctx), *client = NULL;
	BIO *a = NULL, *b = NULL;

	if (client_ctx != NULL)
		client = SSL_new(client_ctx);
	if (client == NULL || server == NULL ||
	    BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		goto out;
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	SSL_set_alpn_protos(client, h2, sizeof(h2) - 1);
	if (SSL_set_ciphersuites(client, suites) == 1)
		talk(server, client);
out:
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_ctx);
	ERR_clear_error();
}

void
tls_ctx_warm(struct tls_ctx *ctx)
{
	SSL_CTX_keylog_cb_func log = SSL_CTX_get_keylog_callback(ctx->ssl);

	SSL_CTX_set_keylog_callback(ctx->ssl, NULL);
	rehearse(ctx->ssl, aes128);
	SSL_CTX_set_keylog_callback(ctx->ssl, log);
}

struct tls_ctx *
tls_ctx_new(const struct options *o, char *err, size_t err_size)
{
	struct tls_ctx *ctx;
	char why[128];

	err[0] = '\0';
	/* This has no effect once OpenSSL has allocated something. */
	CRYPTO_set_mem_functions(memory_new, memory_resize, memory_free);
	ERR_clear_error();
	ctx = calloc(1, sizeof(*ctx));
	if (ctx == NULL) {
		snprintf(err, err_size, "TLS: %s", strerror(errno));
		return NULL;
	}
	ctx->ssl = SSL_CTX_new(TLS_server_method());
	if (ctx->ssl != NULL && set_parameters(ctx->ssl) == 0 &&
	    tls_ca_open(&ctx->ca, o, err, err_size) == 0 &&
	    set_certificate(ctx, o, err, err_size) == 0) {
		if (ctx->ca.x != NULL) {
			SSL_CTX_set_cert_cb(ctx->ssl, tls_ca_certify, ctx);
			SSL_CTX_set_client_hello_cb(ctx->ssl, tls_hello_come,
			    ctx);
		}
		rehearse(ctx->ssl, aes128);
		rehearse(ctx->ssl, aes256);
		/* After the rehearsal, so that its keys are not logged. */
		if (open_keylog(ctx, err, err_size) == 0)
			return ctx;
	}
	if (err[0] == '\0') {
		tlscert_error_text(why, sizeof(why), 0);
		snprintf(err, err_size, "TLS: %s", why);
	}
	tls_ctx_free(ctx);
	return NULL;
}

void
tls_ctx_free(struct tls_ctx *ctx)
{
	if (ctx == NULL)
		return;
	SSL_CTX_free(ctx->ssl);
	tlscert_free(&ctx->ca);
	free(ctx);
}

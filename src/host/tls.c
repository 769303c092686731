/* SPDX-License-Identifier: MIT */
/*
 * TLS by OpenSSL 1.1.1 or later; but for certificates (tlscert.c) no other file
 * includes its headers.  Main makes the context, children make connections from
 * it.  Ticket keys belong to the context, so a ticket that one child gave
 * resumes in another; there is no session cache, which children could not
 * share.
 *
 * Below a connection is OpenSSL's buffer on its socket: a DATA frame of 16 KiB,
 * which is two records with its header, would otherwise wake its client twice,
 * and each record that is read would take two calls of the kernel.
 *
 * OpenSSL's error queue belongs to a thread, and several threads of a child
 * use one connection (one at a time): so the queue is cleared before each
 * call, and the text of an error is taken right after it.
 *
 * No function here waits, logs or exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/log.h"
#include "tls.h"
#include "tlscert.h"

/* RFC 9113 §9.2.2: ephemeral and AEAD; for TLS 1.3 all suites are. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"

#define RECORD_SIZE (16384 + 512)	/* on the wire: RFC 8446 §5.2 */

/*
 * One write takes four full records and, in a fifth, the frame headers of
 * 64 KiB, which would be a write of their own.  More is left for the next
 * write, which fills its records.
 */
#define FULL_CONTENT (4 * 16384)
#define LAST_CONTENT 1024

/* For one write, and what OpenSSL may have to say before that is sent. */
#define OUTPUT_SIZE (6 * RECORD_SIZE)
#define INPUT_SIZE (64 * 1024)	/* that is read at once */

#define MESSAGES_MAX 256	/* without content, that one read takes */

struct tls_ctx {
	SSL_CTX *ssl;
};

struct tls {
	SSL *ssl;
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
	char alpn[16];
	char error[160];
};

/*
 * Memory for OpenSSL.  When there is none, OpenSSL fails with what the layer
 * above makes of it: "internal error", or that the client has offered no
 * suitable algorithm.  So it is noted here, for each thread, since scripts use
 * the library too.
 */

static _Thread_local bool lacked_memory;

static void *
note_memory(void *p, size_t size)
{
	if (p == NULL && size > 0)
		lacked_memory = true;
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

/* RFC 7301 §3.2: a list without "h2" ends with no_application_protocol. */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *user)
{
	unsigned i;

	(void)ssl, (void)user;
	for (i = 0; i < in_len; i += 1u + in[i]) {
		if (in[i] == 2 && i + 2 < in_len &&
		    memcmp(in + i + 1, "h2", 2) == 0) {
			*out = in + i + 1;
			*out_len = 2;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
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
	/* As OpenSSL 1.1.1 did: clients that just close are no error. */
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

/* err is empty when OpenSSL's queue has the reason. */
static int
set_up(struct tls_ctx *ctx, const char *cert, const char *key, char *err,
    size_t size)
{
	if (set_parameters(ctx->ssl) == -1)
		return -1;
	if (cert == NULL)
		return tlscert_make(ctx->ssl);
	return tlscert_load(ctx->ssl, cert, key, err, size);
}

/* Handshakes with ourselves. */

struct rehearsal {
	const char *suites;	/* of TLS 1.3; NULL: TLS 1.2 */
	const char *groups;
};

/* Lets two ends in memory talk until both have what they want. */
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

static void
rehearse(SSL_CTX *server_ctx, const struct rehearsal *r)
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
	if ((r->suites != NULL ? SSL_set_ciphersuites(client, r->suites) :
	    SSL_set_max_proto_version(client, TLS1_2_VERSION)) == 1 &&
	    SSL_set1_groups_list(client, r->groups) == 1)
		talk(server, client);
out:
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_ctx);
	ERR_clear_error();
}

/*
 * OpenSSL looks algorithms up and makes tables of them when they are first
 * used: done once here, children share them.  Failures do not matter, and
 * random numbers are drawn anew after each fork.
 */
static void
rehearse_all(SSL_CTX *ssl)
{
	static const struct rehearsal all[] = {
		{ "TLS_AES_128_GCM_SHA256", "X25519" },
		{ "TLS_AES_256_GCM_SHA384", "P-256" },
		{ "TLS_CHACHA20_POLY1305_SHA256", "X25519" },
		{ NULL, "X25519" }
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		rehearse(ssl, &all[i]);
}

struct tls_ctx *
tls_ctx_new(const char *cert, const char *key, char *err, size_t err_size)
{
	struct tls_ctx *ctx;
	char why[128];

	err[0] = '\0';
	/* Once OpenSSL has allocated something this does nothing. */
	CRYPTO_set_mem_functions(memory_new, memory_resize, memory_free);
	ERR_clear_error();
	ctx = calloc(1, sizeof(*ctx));
	if (ctx == NULL) {
		snprintf(err, err_size, "TLS: %s", strerror(errno));
		return NULL;
	}
	ctx->ssl = SSL_CTX_new(TLS_server_method());
	if (ctx->ssl != NULL && set_up(ctx, cert, key, err, err_size) == 0) {
		rehearse_all(ctx->ssl);
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
	free(ctx);
}

/* Connections. */

/*
 * Called for each message of OpenSSL's own.  In the handshake there are few;
 * afterwards a KeyUpdate (RFC 8446 §4.6.3) or an attempt at renegotiation,
 * which is answered with an alert, costs the peer nothing, and SSL_read would
 * go on for as long as they come.  Alerts of the peer say how it ends.
 */
static void
note_message(int is_write, int version, int type, const void *p, size_t len,
    SSL *ssl, void *arg)
{
	struct tls *t = arg;
	const uint8_t *alert = p;

	(void)version, (void)ssl;
	if (type == SSL3_RT_ALERT && !is_write && len == 2) {
		if (alert[1] == SSL3_AD_CLOSE_NOTIFY)
			t->close_notify = true;
		else if (alert[0] == SSL3_AL_FATAL)
			t->alert = alert[1];
	}
	if (t->established && (type == SSL3_RT_ALERT ||
	    (type == SSL3_RT_HANDSHAKE && !is_write)))
		t->paused = ++t->n_messages >= MESSAGES_MAX;
}

unsigned
tls_take_messages(struct tls *t)
{
	unsigned n = t->n_messages;

	t->n_messages = 0;
	t->paused = false;
	return n;
}

/*
 * Called for both parts of `buffer`.  While reads pause it seems to be empty.
 * OpenSSL does not learn of a write that has failed, as it would read no more:
 * what the client has sent before can still be read.  Nor does it learn that
 * what is in the buffer cannot be sent yet: `flush` says so.
 */
static long
on_transport(BIO *b, int op, const char *p, size_t len, int i, long l,
    int ret, size_t *n)
{
	struct tls *t = (struct tls *)(void *)BIO_get_callback_arg(b);

	(void)p, (void)l;
	if (op == (BIO_CB_CTRL | BIO_CB_RETURN) && i == BIO_CTRL_FLUSH)
		return 1;
	if (op == BIO_CB_READ && t->paused) {
		BIO_clear_retry_flags(b);
		BIO_set_retry_read(b);
		return -1;
	}
	if (op == (BIO_CB_WRITE | BIO_CB_RETURN) && ret <= 0 &&
	    !BIO_should_retry(b)) {
		t->write_error = errno;
		*n = len;
		return 1;
	}
	return ret;
}

/* Puts ssl on the buffer, and that on the socket.  -1: no memory. */
static int
connect_buffer(struct tls *t)
{
	BIO *socket = BIO_new_socket(t->fd, BIO_NOCLOSE);
	BIO *buffer = BIO_new(BIO_f_buffer());

	if (socket == NULL || buffer == NULL ||
	    BIO_set_read_buffer_size(buffer, INPUT_SIZE) != 1 ||
	    BIO_set_write_buffer_size(buffer, OUTPUT_SIZE) != 1) {
		BIO_free(socket);
		BIO_free(buffer);
		return -1;
	}
	BIO_set_callback_ex(socket, on_transport);
	BIO_set_callback_arg(socket, (char *)t);
	BIO_set_callback_ex(buffer, on_transport);
	BIO_set_callback_arg(buffer, (char *)t);
	t->buffer = BIO_push(buffer, socket);
	SSL_set_bio(t->ssl, t->buffer, t->buffer);
	return 0;
}

struct tls *
tls_new(struct tls_ctx *ctx, int fd)
{
	struct tls *t;

	ERR_clear_error();
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->fd = fd;
	t->ssl = SSL_new(ctx->ssl);
	if (t->ssl == NULL) {
		tls_free(t);
		return NULL;
	}
	SSL_set_msg_callback(t->ssl, note_message);
	SSL_set_msg_callback_arg(t->ssl, t);
	SSL_set_accept_state(t->ssl);
	connect_buffer(t);	/* if there is memory: see tls_handshake */
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	free(t);
}

/* Before each call whose result `result` is to explain. */
static void
prepare(void)
{
	ERR_clear_error();
	lacked_memory = false;
	errno = 0;
}

/* "unknown_ca (48)", as RFC 8446 §6 has it; OpenSSL says "unknown CA". */
static void
alert_text(int alert, char *dst, size_t size)
{
	char *p;

	snprintf(dst, size, "client sent TLS alert %s (%d)",
	    SSL_alert_desc_string_long(alert), alert);
	for (p = dst + strlen("client sent TLS alert "); *p != '('; p++) {
		if (*p == ' ' && p[1] != '(')
			*p = '_';
		else if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
}

/* An error's text: the client's, OpenSSL's or that of err, which errno gets. */
static int
explain(struct tls *t, int err)
{
	if (t->no_memory)
		snprintf(t->error, sizeof(t->error), "out of memory");
	else if (t->alert != 0)
		alert_text(t->alert, t->error, sizeof(t->error));
	else
		tlscert_error_text(t->error, sizeof(t->error), err);
	ERR_clear_error();
	errno = err;
	return TLS_ERROR;
}

/* It fails for good. */
static int
fail(struct tls *t, int err)
{
	t->broken = true;
	t->no_memory = lacked_memory;
	return explain(t, err);
}

/* Offers the kernel what is in the buffer.  False: some is still there. */
static bool
flush(struct tls *t)
{
	BIO_flush(t->buffer);
	return BIO_wpending(t->buffer) == 0;
}

static int
result(struct tls *t, int ret)
{
	int err = errno;

	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		/* The client may wait for what OpenSSL itself has to say. */
		return t->n_held == 0 && !flush(t) ? TLS_AGAIN_WRITE :
		    TLS_AGAIN_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_AGAIN_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	case SSL_ERROR_SYSCALL:
		/* OpenSSL 1.1.1: end of file without close_notify. */
		if (err == 0 && ERR_peek_error() == 0 && !lacked_memory) {
			t->broken = true;
			return TLS_EOF;
		}
		break;
	}
	return fail(t, err);
}

/* After an error OpenSSL allows no further call. */
static int
refuse(const struct tls *t)
{
	errno = 0;
	return t->error[0] != '\0' ? TLS_ERROR : TLS_EOF;
}

int
tls_handshake(struct tls *t)
{
	int ret;

	if (t->broken)
		return refuse(t);
	prepare();
	/* tls_new cannot say that there is no memory. */
	if (t->buffer == NULL && connect_buffer(t) == -1)
		return fail(t, ENOMEM);
	ret = SSL_do_handshake(t->ssl);
	/* With tickets that cannot be sent it is complete none the less. */
	if (ret != 1)
		return t->write_error != 0 ? fail(t, t->write_error) :
		    result(t, ret);
	t->established = true;
	return 0;
}

long
tls_read(struct tls *t, void *dst, size_t size)
{
	size_t n = 0;
	int ret;

	if (t->broken)
		return refuse(t);
	prepare();
	ret = SSL_read_ex(t->ssl, dst, size, &n);
	return ret == 1 ? (long)n : result(t, ret);
}

long
tls_write(struct tls *t, const void *src, size_t len)
{
	size_t n = 0;
	int ret;

	if (t->broken)
		return refuse(t);
	prepare();
	if (t->n_held == 0) {
		if (len > FULL_CONTENT + LAST_CONTENT)
			len = FULL_CONTENT;
		if ((ret = SSL_write_ex(t->ssl, src, len, &n)) != 1)
			return result(t, ret);
		t->n_held = n;
	}
	if (!flush(t))
		return TLS_AGAIN_WRITE;
	if (t->write_error != 0)
		return explain(t, t->write_error);
	n = t->n_held;
	t->n_held = 0;
	return (long)n;
}

int
tls_shutdown(struct tls *t)
{
	if (t->broken || t->write_error != 0 || !t->established)
		return 0;
	prepare();
	if (!(SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN))
		SSL_shutdown(t->ssl);
	ERR_clear_error();
	return flush(t) ? 0 : TLS_AGAIN_WRITE;
}

bool
tls_got_close_notify(const struct tls *t)
{
	return t->close_notify;
}

const char *
tls_error(const struct tls *t)
{
	return t->error[0] != '\0' ? t->error : "no error";
}

bool
tls_no_memory(const struct tls *t)
{
	return t->no_memory;
}

void
tls_get_info(struct tls *t, struct tls_info *info)
{
	const unsigned char *alpn = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(t->ssl, &alpn, &len);
	snprintf(t->alpn, sizeof(t->alpn), "%.*s", (int)len,
	    alpn != NULL ? (const char *)alpn : "");
	info->version = SSL_get_version(t->ssl);
	info->cipher = SSL_get_cipher_name(t->ssl);
	info->alpn = len > 0 ? t->alpn : NULL;
	info->sni = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
	info->resumed = SSL_session_reused(t->ssl) == 1;
}

const char *
tls_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

/* SPDX-License-Identifier: MIT */
/*
 * A TLS connection by OpenSSL 1.1.1 or later, whose headers only tls*.c
 * include.
 *
 * Between the connection and its socket is a buffer of OpenSSL's.  Without it,
 * a DATA frame of 16 KiB, which with its header takes two records, would wake
 * its client twice, and each record that is read would take two system calls.
 *
 * OpenSSL's error queue belongs to a thread, and several threads of a child use
 * one connection (one at a time).  So the queue is cleared before each call,
 * and the text of an error is taken right after it.
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

#include "base/sys.h"
#include "tls.h"
#include "tls_impl.h"
#include "tlscert.h"

#define RECORD_SIZE (16384 + 512)	/* octets on the wire: RFC 8446 §5.2 */

/*
 * Octets of content.  One write takes four full records and, in a fifth, the
 * frame headers of 64 KiB, which would otherwise be a write of their own.  Of
 * longer content, all but four records is left for the next write, which fills
 * its records.
 */
#define FULL_CONTENT (4 * 16384)
#define LAST_CONTENT 1024

/* Octets for one write, and for OpenSSL's own messages before that is sent. */
#define OUTPUT_SIZE (6 * RECORD_SIZE)
#define INPUT_SIZE (64 * 1024)	/* octets that are read at once */

#define MESSAGES_MAX 256	/* messages without content, in one read */

/*
 * Notes an alert of the client's; if TLS_ALERTS_KEPT are waiting to be told, it
 * is dropped.  OpenSSL allows few in a row.
 */
static void
note_alert(struct tls *t, bool fatal, int number)
{
	if (number == SSL3_AD_CLOSE_NOTIFY)
		t->close_notify = true;
	else if (fatal)
		t->alert = number;
	if (t->n_alerts - t->n_alerts_told < TLS_ALERTS_KEPT)
		t->alerts[t->n_alerts++ % TLS_ALERTS_KEPT] =
		    (struct tls_alert){ .fatal = fatal, .number = number };
}

bool
tls_next_alert(struct tls *t, struct tls_alert *alert)
{
	if (t->n_alerts_told == t->n_alerts)
		return false;
	*alert = t->alerts[t->n_alerts_told++ % TLS_ALERTS_KEPT];
	return true;
}

/*
 * OpenSSL calls this for each message of its own.  In the handshake there are
 * few.  After it, a KeyUpdate (RFC 8446 §4.6.3) or an attempt at renegotiation,
 * which is answered with an alert, costs the peer nothing, and SSL_read would
 * go on for as long as they come; so they are counted, and reads pause.  The
 * peer's alerts are kept, since they tell how the connection ends.
 */
static void
note_message(int is_write, int version, int type, const void *p, size_t len,
    SSL *ssl, void *arg)
{
	struct tls *t = arg;
	const uint8_t *alert = p;

	(void)version, (void)ssl;
	if (type == SSL3_RT_ALERT && !is_write && len == 2)
		note_alert(t, alert[0] == SSL3_AL_FATAL, alert[1]);
	if (t->established && (type == SSL3_RT_ALERT ||
	    (type == SSL3_RT_HANDSHAKE && !is_write)))
		t->paused = ++t->n_messages >= MESSAGES_MAX;
}

unsigned
tls_take_messages(struct tls *t)
{
	unsigned n = t != NULL ? t->n_messages : 0;

	if (n == 0)
		return 0;
	t->n_messages = 0;
	t->paused = false;
	return n;
}

/*
 * Whether a write of OpenSSL's to the socket is earlier than the script's delay
 * allows.  A flight of the handshake begins with the first write after a read.
 */
static bool
is_too_early(struct tls *t, int op)
{
	struct tls_plan *p = t->plan;
	uint64_t now;

	if (op == BIO_CB_READ && BIO_wpending(t->buffer) == 0)
		p->due_ms = 0;
	if (op != BIO_CB_WRITE || t->established)
		return false;
	now = sys_now_ms();
	if (p->due_ms == 0)
		p->due_ms = now + p->delay_ms;
	return now < p->due_ms;
}

/*
 * OpenSSL calls this for the buffer and for the socket.  While reads pause,
 * there seems to be nothing to read.  OpenSSL does not learn that a write has
 * failed, since it would then read no more, and what the client has sent before
 * can still be read.  Nor does it learn that what is in the buffer cannot be
 * sent yet: our `flush` tells that.
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
	if (t->plan != NULL && t->plan->delay_ms > 0 && b != t->buffer &&
	    is_too_early(t, op)) {
		BIO_clear_retry_flags(b);
		BIO_set_retry_write(b);
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

/* Puts ssl on a buffer, and that on the socket.  Returns 0; -1: no memory. */
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
	t->ctx = ctx;
	t->ssl = SSL_new(ctx->ssl);
	if (t->ssl == NULL) {
		tls_free(t);
		return NULL;
	}
	SSL_set_msg_callback(t->ssl, note_message);
	SSL_set_msg_callback_arg(t->ssl, t);
	SSL_set_accept_state(t->ssl);
	connect_buffer(t);	/* if there is memory: see `shake` */
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	tls_hello_free(t->plan);
	free(t);
}

/* Comes before each call of OpenSSL's whose result `result` explains. */
static void
prepare(void)
{
	ERR_clear_error();
	tls_ctx_lacked_memory = false;
	errno = 0;
}

/*
 * Returns what OpenSSL's error means if the client is no HTTP/2 client, or "".
 */
static const char *
hint(unsigned long code)
{
	if (ERR_GET_LIB(code) != ERR_LIB_SSL)
		return "";
	switch (ERR_GET_REASON(code)) {
	case SSL_R_NO_APPLICATION_PROTOCOL:
		return ": expected the client to offer h2 by ALPN";
	case SSL_R_HTTP_REQUEST:
		return ": expected TLS (https), or --cleartext";
	default:
		return "";
	}
}

/*
 * Stores an error's text: that of the client's alert, the script's, OpenSSL's
 * or that of err, which becomes errno.  Returns TLS_ERROR.
 */
static int
explain(struct tls *t, int err)
{
	const char *why = t->plan != NULL ? t->plan->why : "";
	const char *means = hint(ERR_peek_error());
	char name[TLS_ALERT_NAME], said[sizeof(t->error) / 2];

	if (t->no_memory)
		snprintf(t->error, sizeof(t->error), "out of memory");
	else if (t->alert != 0)
		snprintf(t->error, sizeof(t->error), "client sent TLS alert "
		    "%s (%d)", tls_hello_alert_name(t->alert, name), t->alert);
	else if (why[0] != '\0')
		snprintf(t->error, sizeof(t->error), "%s", why);
	else {
		tlscert_error_text(said, sizeof(said), err);
		snprintf(t->error, sizeof(t->error), "%s%s", said, means);
	}
	ERR_clear_error();
	errno = err;
	return TLS_ERROR;
}

/* Ends all use of the connection, because of an error.  Returns TLS_ERROR. */
static int
fail(struct tls *t, int err)
{
	t->broken = true;
	t->no_memory = tls_ctx_lacked_memory;
	return explain(t, err);
}

/* Offers the kernel what is in the buffer.  Returns false if some is left. */
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
		/* The client may be waiting for a message of OpenSSL's own. */
		return t->n_held == 0 && !flush(t) ? TLS_AGAIN_WRITE :
		    TLS_AGAIN_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_AGAIN_WRITE;
	case SSL_ERROR_WANT_CLIENT_HELLO_CB:
		return TLS_HELLO;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	case SSL_ERROR_SYSCALL:
		/* OpenSSL 1.1.1: end of file without close_notify. */
		if (err == 0 && ERR_peek_error() == 0 &&
		    !tls_ctx_lacked_memory) {
			t->broken = true;
			return TLS_EOF;
		}
		break;
	}
	return fail(t, err);
}

/* The result of all further calls after an error: OpenSSL allows none. */
static int
refuse(const struct tls *t)
{
	errno = 0;
	return t->error[0] != '\0' ? TLS_ERROR : TLS_EOF;
}

/*
 * Does and returns what SSL_do_handshake does, but first takes early data until
 * there is no more, since OpenSSL does not count it as part of the handshake.
 * Without early data, OpenSSL says so when our first flight is out.
 */
static int
shake_by_plan(struct tls *t)
{
	struct tls_plan *p = t->plan;
	uint8_t octets[RECORD_SIZE];
	size_t n;
	int ret;

	while (!p->past_early) {
		ret = SSL_read_early_data(t->ssl, octets, sizeof(octets), &n);
		if (ret == SSL_READ_EARLY_DATA_ERROR)
			return 0;
		buf_add(&p->early, octets, n);
		p->past_early = ret == SSL_READ_EARLY_DATA_FINISH;
	}
	return SSL_do_handshake(t->ssl);
}

static int
shake(struct tls *t)
{
	int ret;

	/* tls_new cannot say that there was no memory. */
	if (t->buffer == NULL && connect_buffer(t) == -1)
		return fail(t, ENOMEM);
	ret = t->plan != NULL ? shake_by_plan(t) : SSL_do_handshake(t->ssl);
	if (t->plan != NULL && t->plan->early.failed) {
		tls_ctx_lacked_memory = true;
		return fail(t, ENOMEM);
	}
	/* If only its tickets cannot be sent, the handshake is complete. */
	if (ret == 1)
		return 0;
	return t->write_error != 0 ? fail(t, t->write_error) : result(t, ret);
}

/*
 * A handshake with delays.  Its end is told when the last flight, perhaps an
 * alert, is due.
 */
static int
keep_delays(struct tls *t)
{
	struct tls_plan *p = t->plan;

	if (p->ended)
		flush(t);
	else
		p->end_status = shake(t);
	p->ended = p->end_status == 0 || p->end_status == TLS_ERROR ||
	    p->end_status == TLS_EOF;
	if (p->due_ms > sys_now_ms() && BIO_wpending(t->buffer) > 0)
		return TLS_DELAY;
	return p->end_status;
}

int
tls_handshake(struct tls *t)
{
	int rc;

	if (t->broken && t->plan == NULL)
		return refuse(t);
	prepare();
	rc = t->plan != NULL ? keep_delays(t) : shake(t);
	t->established = rc == 0;
	return rc;
}

uint64_t
tls_due_ms(const struct tls *t)
{
	return t->plan != NULL ? t->plan->due_ms : 0;
}

static long
take_early(struct buf *early, void *dst, size_t size)
{
	size_t n = buf_len(early) < size ? buf_len(early) : size;

	memcpy(dst, buf_data(early), n);
	buf_consume(early, n);
	return (long)n;
}

long
tls_read(struct tls *t, void *dst, size_t size)
{
	size_t n = 0;
	int ret;

	if (t->plan != NULL && buf_len(&t->plan->early) > 0)
		return take_early(&t->plan->early, dst, size);
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
	return t != NULL && t->no_memory;
}

bool
tls_ended_by_script(const struct tls *t)
{
	return t->plan != NULL && t->plan->why[0] != '\0';
}

void
tls_get_info(struct tls *t, struct tls_info *info)
{
	const unsigned char *alpn = NULL;
	const char *name;
	unsigned len = 0;

	SSL_get0_alpn_selected(t->ssl, &alpn, &len);
	snprintf(t->alpn, sizeof(t->alpn), "%.*s", (int)len,
	    alpn != NULL ? (const char *)alpn : "");
	info->version = SSL_get_version(t->ssl);
	info->cipher = SSL_get_cipher_name(t->ssl);
	info->alpn = len > 0 ? t->alpn : NULL;
	/* A renegotiation frees OpenSSL's copy of the name. */
	name = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
	snprintf(t->sni, sizeof(t->sni), "%s", name != NULL ? name : "");
	info->sni = name != NULL ? t->sni : NULL;
	info->resumed = SSL_session_reused(t->ssl) == 1;
}

/* Accepts any certificate of a client, which is tested, not trusted. */
static int
accept_any(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

/*
 * Each begin_* returns NULL when it has begun, else why it cannot; "" means
 * that OpenSSL's queue has the reason.
 */
static const char *
begin_renegotiation(SSL *ssl)
{
	if (SSL_version(ssl) >= TLS1_3_VERSION)
		return "TLS 1.3 has none (RFC 8446 §4.1.2)";
	if (SSL_get_secure_renegotiation_support(ssl) != 1)
		return "the client has not offered RFC 5746";
	SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
	return SSL_renegotiate(ssl) == 1 ? NULL : "";
}

static const char *
begin_client_certificate(SSL *ssl)
{
	if (SSL_version(ssl) < TLS1_3_VERSION)
		return "after the handshake only TLS 1.3 has it";
	SSL_set_verify(ssl, SSL_VERIFY_PEER, accept_any);
	if (SSL_verify_client_post_handshake(ssl) == 1)
		return NULL;
	return ERR_GET_REASON(ERR_peek_error()) ==
	    SSL_R_EXTENSION_NOT_RECEIVED ?
	    "the client has not offered post_handshake_auth" : "";
}

static const char *
begin_key_update(SSL *ssl)
{
	if (SSL_version(ssl) < TLS1_3_VERSION)
		return "only TLS 1.3 has it";
	return SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 ? NULL : "";
}

static const struct {
	const char *what;
	const char *(*begin)(SSL *ssl);
} requests[] = {
	{ "renegotiation", begin_renegotiation },
	{ "client_certificate", begin_client_certificate },
	{ "key_update", begin_key_update }
};

#define N_REQUESTS (sizeof(requests) / sizeof(requests[0]))

int
tls_request(struct tls *t, const char *what, char *err, size_t size)
{
	const char *why = "expected renegotiation, client_certificate or "
	    "key_update";
	char reason[128];
	size_t i = 0;
	int ret;

	prepare();
	while (i < N_REQUESTS && strcmp(requests[i].what, what) != 0)
		i++;
	if (i < N_REQUESTS)
		why = t->broken || !t->established ? "TLS is not up" :
		    requests[i].begin(t->ssl);
	if (why == NULL) {
		/* Sends the request; reads and writes do what follows. */
		if ((ret = SSL_do_handshake(t->ssl)) == 1 ||
		    result(t, ret) != TLS_ERROR) {
			flush(t);
			return 0;
		}
		why = t->error;
	} else if (why[0] == '\0') {
		tlscert_error_text(reason, sizeof(reason), 0);
		why = reason;
	}
	snprintf(err, size, "%s: %s", what, why);
	return -1;
}

const char *
tls_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

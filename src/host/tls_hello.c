/* SPDX-License-Identifier: MIT */
/*
 * The ClientHello, and what a script wants of the handshake that follows.
 * OpenSSL calls tls_hello_come when it has read a ClientHello and not acted on
 * it.  The first call tells OpenSSL to try again later, and the script has its
 * turn.  What the script sets is checked at once; what depends on other values,
 * or ends the handshake, is applied when OpenSSL calls again.
 *
 * The callback belongs to the context and is set when a connection asks for it:
 * a child has no other connection.  Without a script or a CA there is no
 * callback.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "tls.h"
#include "tls_impl.h"
#include "tlscert.h"

#define DELAY_MAX 86400		/* seconds */
#define TICKETS_MAX 255
#define EARLY_MAX (1 << 20)	/* octets: they are held in memory */

/* ---- names ---- */

static const struct {
	const char *name;
	int number;
} versions[] = {
	{ "TLSv1", TLS1_VERSION },
	{ "TLSv1.1", TLS1_1_VERSION },
	{ "TLSv1.2", TLS1_2_VERSION },
	{ "TLSv1.3", TLS1_3_VERSION }
};

#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

const char *
tls_hello_version(const uint8_t octets[2], char dst[TLS_VERSION_NAME])
{
	int number = octets[0] << 8 | octets[1];
	size_t i;

	for (i = 0; i < N_VERSIONS; i++)
		if (versions[i].number == number)
			return versions[i].name;
	snprintf(dst, TLS_VERSION_NAME, "0x%04x", (unsigned)number);
	return dst;
}

/* As RFC 8446 §6 has it: OpenSSL says "unknown CA", and lacks some names. */
const char *
tls_hello_alert_name(int number, char dst[TLS_ALERT_NAME])
{
	const char *name = number == 86 ? "inappropriate_fallback" :
	    number == 109 ? "missing_extension" :
	    number == 116 ? "certificate_required" :
	    SSL_alert_desc_string_long(number);
	size_t i;

	for (i = 0; name[i] != '\0' && i < TLS_ALERT_NAME - 1; i++)
		dst[i] = name[i] == ' ' ? '_' :
		    name[i] >= 'A' && name[i] <= 'Z' ?
		    (char)(name[i] - 'A' + 'a') : name[i];
	dst[i] = '\0';
	return dst;
}

/* ---- what the ClientHello says ---- */

/*
 * Moves *p to the contents of the list there, which begins with n_length octets
 * of its length, and sets *len to that length.  Returns false if the list is
 * longer than *len.
 */
static bool
open_list(const uint8_t **p, size_t *len, unsigned n_length)
{
	size_t want = 0;
	unsigned i;

	if (*len < n_length)
		return false;
	for (i = 0; i < n_length; i++)
		want = want << 8 | (*p)[i];
	*p += n_length;
	*len -= n_length;
	if (want > *len)
		return false;
	*len = want;
	return true;
}

/*
 * Finds a list in an extension.  Returns false if there is none or if it is
 * malformed, which OpenSSL refuses later.
 */
static bool
find_list(SSL *ssl, unsigned type, unsigned n_length, const uint8_t **p,
    size_t *len)
{
	return SSL_client_hello_get0_ext(ssl, type, p, len) == 1 &&
	    open_list(p, len, n_length);
}

/*
 * Finds the server name (RFC 6066 §3): the first, since it has the only type.
 */
static bool
find_sni(SSL *ssl, const uint8_t **p, size_t *len)
{
	if (!find_list(ssl, TLSEXT_TYPE_server_name, 2, p, len) || *len < 1 ||
	    **p != TLSEXT_NAMETYPE_host_name)
		return false;
	(*p)++;
	(*len)--;
	return open_list(p, len, 2) && *len > 0 &&
	    memchr(*p, '\0', *len) == NULL;
}

/* Copies the ClientHello, which OpenSSL has during the callback only. */
static int
keep_hello(struct tls_plan *p, SSL *ssl)
{
	struct tls_hello *h = &p->hello;
	unsigned legacy = SSL_client_hello_get0_legacy_version(ssl);
	size_t sni_len = 0, versions_len = 0;
	const uint8_t *sni, *alpn, *offered;

	if (!find_sni(ssl, &sni, &sni_len))
		sni_len = 0;
	if (!find_list(ssl,
	    TLSEXT_TYPE_application_layer_protocol_negotiation, 2, &alpn,
	    &h->alpn_len))
		h->alpn_len = 0;
	if (!find_list(ssl, TLSEXT_TYPE_supported_versions, 1, &offered,
	    &versions_len))
		versions_len = 0;
	if (sni_len > 0) {
		buf_add(&p->octets, sni, sni_len);
		buf_add(&p->octets, "", 1);
	}
	if (h->alpn_len > 0)
		buf_add(&p->octets, alpn, h->alpn_len);
	if (versions_len > 1)
		buf_add(&p->octets, offered, versions_len);
	else
		buf_add_u16(&p->octets, (uint16_t)legacy);
	if (p->octets.failed)
		return -1;
	if (sni_len > 0)
		h->sni = (const char *)buf_data(&p->octets);
	h->alpn = buf_data(&p->octets) + (sni_len > 0 ? sni_len + 1 : 0);
	h->versions = h->alpn + h->alpn_len;
	h->n_versions = versions_len > 1 ? versions_len / 2 : 1;
	return 0;
}

/* ---- OpenSSL's callback ---- */

/* Uses the script's certificate, if any; tickets then need the same one. */
static int
use_certificate(struct tls_plan *p, SSL *ssl)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	if (p->cert.x == NULL && p->cert.key == NULL)
		return 0;
	if (!tlscert_is_pair(&p->cert)) {
		snprintf(p->why, sizeof(p->why), "the script has set a "
		    "certificate or a key without the other");
		return -1;
	}
	SSL_certs_clear(ssl);
	return SSL_use_cert_and_key(ssl, p->cert.x, p->cert.key, p->cert.chain,
	    1) == 1 && X509_digest(p->cert.x, EVP_sha256(), digest, &len) == 1
	    && SSL_set_session_id_context(ssl, digest, len) == 1 ? 0 : -1;
}

/* Applies the script's settings.  On entry *alert is internal_error. */
static int
go_on(struct tls_plan *p, SSL *ssl, int *alert)
{
	char name[TLS_ALERT_NAME];

	if (p->alert == -1)
		return use_certificate(p, ssl) == 0 ?
		    SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
	*alert = p->alert;
	snprintf(p->why, sizeof(p->why), "the script sent TLS alert %s (%d)",
	    tls_hello_alert_name(p->alert, name), p->alert);
	return SSL_CLIENT_HELLO_ERROR;
}

int
tls_hello_come(SSL *ssl, int *alert, void *user)
{
	const struct tls_ctx *ctx = user;
	const struct tls *t = SSL_get_app_data(ssl);
	struct tls_plan *p = t != NULL ? t->plan : NULL;
	const uint8_t *sni;
	size_t len;

	*alert = SSL_AD_INTERNAL_ERROR;
	if (ctx->ca.x != NULL && (p == NULL || p->cert.x == NULL)) {
		if (!find_sni(ssl, &sni, &len))
			sni = NULL;
		if (tls_ca_bind(ssl, sni, len) == -1)
			return SSL_CLIENT_HELLO_ERROR;
	}
	if (p == NULL)
		return SSL_CLIENT_HELLO_SUCCESS;
	switch (p->state) {
	case PLAN_WAITS:
		if (keep_hello(p, ssl) == -1)
			return SSL_CLIENT_HELLO_ERROR;
		p->state = PLAN_STOPS;
		return SSL_CLIENT_HELLO_RETRY;
	case PLAN_STOPS:
		p->state = PLAN_RUNS;
		return go_on(p, ssl, alert);
	default:	/* after HelloRetryRequest, or a renegotiation */
		return SSL_CLIENT_HELLO_SUCCESS;
	}
}

int
tls_hello_stop(struct tls *t)
{
	struct tls_plan *p = calloc(1, sizeof(*p));

	if (p == NULL || SSL_set_app_data(t->ssl, t) != 1) {
		free(p);
		return -1;
	}
	p->alert = -1;
	t->plan = p;
	SSL_CTX_set_client_hello_cb(t->ctx->ssl, tls_hello_come, t->ctx);
	return 0;
}

void
tls_hello_free(struct tls_plan *p)
{
	if (p == NULL)
		return;
	buf_free(&p->octets);
	buf_free(&p->early);
	tlscert_free(&p->cert);
	free(p);
}

const struct tls_hello *
tls_hello_get(const struct tls *t)
{
	return t->plan != NULL && t->plan->state != PLAN_WAITS ?
	    &t->plan->hello : NULL;
}

/* ---- what the script sets ---- */

/* Whether v is a whole number from 0 to max. */
static bool
is_whole(const struct tls_value *v, double max)
{
	return v->number >= 0 && v->number <= max &&
	    v->number == (double)(long)v->number;
}

static int
set_alpn(struct tls *t, const struct tls_value *v)
{
	if (v->kind == TLS_TEXT && (v->len == 0 || v->len > TLS_NAME_MAX))
		return -1;
	t->plan->sets_alpn = true;
	t->plan->alpn_len = v->kind == TLS_TEXT ? v->len : 0;
	if (t->plan->alpn_len > 0)
		memcpy(t->plan->alpn, v->text, v->len);
	return 0;
}

/* Returns the number of a version's name, or 0 if there is none. */
static int
version_number(const struct tls_value *v)
{
	size_t i;

	for (i = 0; i < N_VERSIONS; i++)
		if (strcmp(versions[i].name, v->text) == 0)
			return versions[i].number;
	return 0;
}

static int
set_min_version(struct tls *t, const struct tls_value *v)
{
	int number = version_number(v), max;

	if (number == 0 || SSL_set_min_proto_version(t->ssl, number) != 1)
		return -1;
	max = (int)SSL_get_max_proto_version(t->ssl);
	return max == 0 || max >= number ||
	    SSL_set_max_proto_version(t->ssl, number) == 1 ? 0 : -1;
}

static int
set_max_version(struct tls *t, const struct tls_value *v)
{
	int number = version_number(v);

	if (number == 0 || SSL_set_max_proto_version(t->ssl, number) != 1)
		return -1;
	return SSL_get_min_proto_version(t->ssl) <= number ||
	    SSL_set_min_proto_version(t->ssl, number) == 1 ? 0 : -1;
}

/* Suites of TLS 1.3 have a separate list, and names without "_WITH_". */
static int
set_ciphers(struct tls *t, const struct tls_value *v)
{
	struct buf lists[2] = { { 0 } };	/* before 1.3, from 1.3 on */
	const char *p = v->text;
	int i, ret = -1;

	while (*(p += strspn(p, ":, ")) != '\0') {
		size_t len = strcspn(p, ":, ");
		const char *with = strstr(p, "_WITH_");
		struct buf *list = &lists[strncmp(p, "TLS_", 4) == 0 &&
		    (with == NULL || with > p + len)];

		if (buf_len(list) > 0)
			buf_add(list, ":", 1);
		buf_add(list, p, len);
		p += len;
	}
	for (i = 0; i < 2; i++)
		if (buf_len(&lists[i]) > 0)
			buf_add(&lists[i], "", 1);
	if (buf_len(&lists[0]) + buf_len(&lists[1]) > 0 && !lists[0].failed &&
	    !lists[1].failed && (buf_len(&lists[0]) == 0 ||
	    SSL_set_cipher_list(t->ssl, (char *)buf_data(&lists[0])) == 1) &&
	    (buf_len(&lists[1]) == 0 ||
	    SSL_set_ciphersuites(t->ssl, (char *)buf_data(&lists[1])) == 1))
		ret = 0;
	SSL_set_dh_auto(t->ssl, 1);	/* otherwise there is no DHE */
	buf_free(&lists[0]);
	buf_free(&lists[1]);
	return ret;
}

/* Whether it is a regular file, or missing; reading a FIFO would wait. */
static bool
is_file(const struct tls_value *v)
{
	struct stat st;

	if (stat(v->text, &st) == -1)
		return true;	/* tlscert.c then says what is wrong */
	return S_ISREG(st.st_mode);
}

static int
set_certificate(struct tls *t, const struct tls_value *v, char *err,
    size_t size)
{
	struct tlscert *c = &t->plan->cert;

	if (!is_file(v) ||
	    tlscert_read(c, "certificate", v->text, err, size) == -1)
		return -1;
	if (c->key != NULL && !tlscert_is_pair(c)) {
		EVP_PKEY_free(c->key);	/* the right one is still to be set */
		c->key = NULL;
	}
	return 0;
}

static int
set_key(struct tls *t, const struct tls_value *v, char *err, size_t size)
{
	struct tlscert *c = &t->plan->cert;
	struct tlscert got = { .x = c->x };	/* borrowed */

	if (!is_file(v) ||
	    tlscert_read_key(&got, "key", v->text, err, size) == -1)
		return -1;
	if (c->x != NULL && !tlscert_is_pair(&got)) {
		snprintf(err, size, "key: \"%s\": expected the key of the "
		    "certificate", v->text);
		EVP_PKEY_free(got.key);
		return -1;
	}
	EVP_PKEY_free(c->key);
	c->key = got.key;
	return 0;
}

static int
set_leaf(struct tls *t, const struct tls_value *v)
{
	X509_up_ref(v->leaf->x);
	EVP_PKEY_up_ref(v->leaf->key);
	tlscert_free(&t->plan->cert);
	t->plan->cert.x = v->leaf->x;
	t->plan->cert.key = v->leaf->key;
	return 0;
}

/*
 * Alerts that OpenSSL can send in answer to a ClientHello.  It does not send
 * others, or sends handshake_failure in their place, since its version is not
 * settled yet.
 */
static const uint8_t sendable[] = { 0, 10, 20, 21, 22, 30, 40, 42, 43, 44, 45,
    46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 90, 100, 110, 111, 112, 113,
    114, 115, 120 };

static int
set_alert(struct tls *t, const struct tls_value *v)
{
	char name[TLS_ALERT_NAME];
	size_t i;

	for (i = 0; i < sizeof(sendable); i++) {
		if (v->kind == TLS_NUMBER ? v->number != sendable[i] :
		    strcmp(tls_hello_alert_name(sendable[i], name), v->text) !=
		    0)
			continue;
		t->plan->alert = sendable[i];
		return 0;
	}
	return -1;
}

static int
set_delay(struct tls *t, const struct tls_value *v)
{
	if (!(v->number >= 0 && v->number <= DELAY_MAX))
		return -1;
	t->plan->delay_ms = (uint64_t)(v->number * 1000 + 0.5);
	return 0;
}

static int
set_tickets(struct tls *t, const struct tls_value *v)
{
	if (!is_whole(v, TICKETS_MAX) ||
	    SSL_set_num_tickets(t->ssl, (size_t)v->number) != 1)
		return -1;
	if (v->number == 0)
		SSL_set_options(t->ssl, SSL_OP_NO_TICKET);
	else
		SSL_clear_options(t->ssl, SSL_OP_NO_TICKET);
	return 0;
}

/* Replays go unnoticed: processes share no memory of tickets that were used. */
static int
set_max_early_data(struct tls *t, const struct tls_value *v)
{
	if (!is_whole(v, EARLY_MAX) ||
	    SSL_set_max_early_data(t->ssl, (uint32_t)v->number) != 1 ||
	    SSL_set_recv_max_early_data(t->ssl, (uint32_t)v->number) != 1)
		return -1;
	SSL_set_options(t->ssl, SSL_OP_NO_ANTI_REPLAY);
	return 0;
}

/* Setters return 0 or -1; set_file also writes the reason to err. */
static const struct {
	const char *name;
	unsigned kinds;		/* 1 << enum tls_kind */
	int (*set)(struct tls *t, const struct tls_value *v);
	int (*set_file)(struct tls *t, const struct tls_value *v, char *err,
	    size_t size);
	const char *expected;
} settings[] = {
#define NONE (1 << TLS_NONE)
#define NUMBER (1 << TLS_NUMBER)
#define TEXT (1 << TLS_TEXT)
#define LEAF (1 << TLS_LEAF)
#define VERSION "TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3"
	{ "alert", NUMBER | TEXT, set_alert, NULL, "the number or name of an "
	    "alert that OpenSSL can send in answer to a ClientHello" },
	{ "alpn", NONE | TEXT, set_alpn, NULL,
	    "a protocol's name of 1 to 255 octets, or None" },
	{ "certificate", TEXT, NULL, set_certificate,
	    "a regular file with a certificate" },
	{ "ciphers", TEXT, set_ciphers, NULL,
	    "a list of cipher suites in OpenSSL's form" },
	{ "delay", NUMBER, set_delay, NULL, "seconds from 0 to 86400" },
	{ "key", TEXT, NULL, set_key, "a regular file with a key" },
	{ "leaf", LEAF, set_leaf, NULL, "a certificate that leaf() has made" },
	{ "max_early_data", NUMBER, set_max_early_data, NULL,
	    "octets from 0 to 1048576" },
	{ "max_version", TEXT, set_max_version, NULL, VERSION },
	{ "min_version", TEXT, set_min_version, NULL, VERSION },
	{ "tickets", NUMBER, set_tickets, NULL, "a number from 0 to 255" }
};

#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* Writes to err what is wrong, unless err says it already. */
static void
explain(const char *name, const struct tls_value *v, const char *expected,
    char *err, size_t size)
{
	static const char form[] = "%s: %s%.*s%s: expected %s%s%s";
	char number[32], why[128] = "";
	bool is_text = v->kind == TLS_TEXT;

	if (err[0] != '\0')
		return;
	if (ERR_peek_error() != 0)
		tlscert_error_text(why, sizeof(why), 0);
	if (v->kind == TLS_NUMBER)
		snprintf(number, sizeof(number), "%.12g", v->number);
	else
		snprintf(number, sizeof(number), v->kind == TLS_NONE ?
		    "None" : "a leaf");
	snprintf(err, size, form, name, is_text ? "\"" : "", is_text ?
	    (int)v->len : 32, is_text ? v->text : number, is_text ? "\"" : "",
	    expected, why[0] != '\0' ? ": " : "", why);
}

int
tls_hello_set(struct tls *t, const char *name, const struct tls_value *v,
    char *err, size_t size)
{
	int ret = TLS_BAD_VALUE;
	size_t i = 0;

	err[0] = '\0';
	while (i < N_SETTINGS && strcmp(settings[i].name, name) != 0)
		i++;
	if (i == N_SETTINGS) {
		snprintf(err, size, "%s: expected a name of TLS", name);
		return TLS_BAD_NAME;
	}
	if (t->plan == NULL || t->plan->state != PLAN_STOPS) {
		snprintf(err, size, "%s: expected to be set between "
		    "ClientHello and answer", name);
		return TLS_TOO_LATE;
	}
	ERR_clear_error();
	if (!(settings[i].kinds & 1u << v->kind))
		ret = TLS_BAD_TYPE;
	else if (v->kind == TLS_TEXT && settings[i].set != set_alpn &&
	    strlen(v->text) != v->len)
		ret = TLS_BAD_VALUE;
	else if (settings[i].set != NULL)
		ret = settings[i].set(t, v);
	else
		ret = settings[i].set_file(t, v, err, size);
	if (ret != 0)
		explain(name, v, settings[i].expected, err, size);
	ERR_clear_error();
	return ret;
}

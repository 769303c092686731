/* SPDX-License-Identifier: MIT */
/*
 * Tests host/tls_hello, host/tls_ca, and the parts of host/tls for scripts: the
 * handshake that stops at the ClientHello and goes on with a script's settings,
 * certificates, requests afterwards, alerts.  The client is OpenSSL alone.
 */
#include <check.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sys.h"
#include "host/tls.h"
#include "host/tls_impl.h"
#include "tap.h"

#define STEPS 40		/* most steps of both ends for one exchange */

static const struct tlscert_spec spec = { .days = 1 };
static struct tls_ctx *server_ctx;
static SSL_CTX *client_ctx;
static struct tls *server;
static SSL *client;
static SSL_SESSION *session;	/* the client's newest ticket */
static unsigned n_tickets;
static int fds[2];		/* the server's, the client's */

static int
keep_session(SSL *ssl, SSL_SESSION *s)
{
	(void)ssl;
	SSL_SESSION_free(session);
	session = s;
	n_tickets++;
	return 1;
}

/* Makes both ends; the server will stop at the ClientHello. */
static void
open_pair(void)
{
	int i;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	server = tls_new(server_ctx, fds[0]);
	ck_assert_int_eq(tls_hello_stop(server), 0);
	client = SSL_new(client_ctx);
	SSL_set_fd(client, fds[1]);
	SSL_set_connect_state(client);
	n_tickets = 0;
}

static void
close_pair(void)
{
	/* Else OpenSSL would not resume the client's session. */
	SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(client);
	tls_free(server);
	close(fds[0]);
	close(fds[1]);
}

static void
set_up_with(const struct options *o)
{
	char err[256];

	server_ctx = tls_ctx_new(o, err, sizeof(err));
	ck_assert_msg(server_ctx != NULL, "%s", err);
	client_ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(client_ctx, 0);
	SSL_CTX_set_min_proto_version(client_ctx, TLS1_VERSION);
	SSL_CTX_set_session_cache_mode(client_ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(client_ctx, keep_session);
	ck_assert_int_eq(SSL_CTX_set_alpn_protos(client_ctx,
	    (const unsigned char *)"\2h2\10http/1.1", 12), 0);
	open_pair();
}

static void
set_up(void)
{
	set_up_with(&(struct options){ 0 });
}

static void
set_up_ca(void)
{
	set_up_with(&(struct options){ .ca_out = "/dev/null" });
}

static void
tear_down(void)
{
	close_pair();
	SSL_SESSION_free(session);
	SSL_CTX_free(client_ctx);
	tls_ctx_free(server_ctx);
}

/* Runs the handshake up to the ClientHello, which is not answered yet. */
static void
stop(void)
{
	char octet;

	ck_assert_int_eq(SSL_do_handshake(client), -1);
	ck_assert_ptr_null(tls_hello_get(server));
	ck_assert_int_eq(tls_handshake(server), TLS_HELLO);
	ck_assert_int_eq(recv(fds[1], &octet, 1, MSG_PEEK), -1);
	ck_assert_ptr_nonnull(tls_hello_get(server));
}

/* Goes on, and waits for delays.  Returns the last tls_handshake's result. */
static int
go_on(void)
{
	struct pollfd p = { .fd = fds[0], .events = POLLIN };
	int i, rc = TLS_AGAIN_READ;

	for (i = 0; i < STEPS && rc < 0 && rc != TLS_ERROR && rc != TLS_EOF;
	    i++) {
		rc = tls_handshake(server);
		ck_assert_int_ne(rc, TLS_HELLO);
		if (rc == TLS_DELAY)
			poll(NULL, 0, (int)(tls_due_ms(server) - sys_now_ms()));
		else
			SSL_do_handshake(client);
		if (rc == TLS_AGAIN_READ)
			poll(&p, 1, 1000);
	}
	SSL_do_handshake(client);
	return rc;
}

static const struct tls_value none = { .kind = TLS_NONE };

static struct tls_value
number(double n)
{
	return (struct tls_value){ .kind = TLS_NUMBER, .number = n };
}

static struct tls_value
text(const char *s)
{
	return (struct tls_value){ .kind = TLS_TEXT, .text = s,
	    .len = strlen(s) };
}

static void
set(const char *name, struct tls_value v)
{
	char err[512];

	ck_assert_msg(tls_hello_set(server, name, &v, err, sizeof(err)) == 0,
	    "%s", err);
}

static void
refuse(const char *name, struct tls_value v, int rc, const char *want)
{
	char err[512] = "";

	ck_assert_int_eq(tls_hello_set(server, name, &v, err, sizeof(err)),
	    rc);
	ck_assert_msg(strstr(err, want) == err, "%s, expected %s", err, want);
}

/* Sends octets in both directions, which both ends must receive. */
static void
exchange(void)
{
	char octets[16];
	int i;

	ck_assert_int_eq(SSL_write(client, "ping", 4), 4);
	ck_assert_int_eq(tls_read(server, octets, sizeof(octets)), 4);
	ck_assert_int_eq(tls_write(server, "pong", 4), 4);
	for (i = 0; i < STEPS; i++)
		if (SSL_read(client, octets, sizeof(octets)) == 4)
			break;
	ck_assert_int_lt(i, STEPS);
}

static void
reads_nothing(void)
{
	char octets[16];

	ck_assert_int_eq(tls_read(server, octets, sizeof(octets)),
	    TLS_AGAIN_READ);
	SSL_read(client, octets, sizeof(octets));
	ck_assert_int_eq(tls_read(server, octets, sizeof(octets)),
	    TLS_AGAIN_READ);
}

/* ---- the ClientHello ---- */

START_TEST(test_hello)
{
	const struct tls_hello *h;
	char name[TLS_VERSION_NAME];

	SSL_set_tlsext_host_name(client, "test.example");
	stop();
	h = tls_hello_get(server);
	ck_assert_str_eq(h->sni, "test.example");
	ck_assert_uint_eq(h->alpn_len, 12);
	ck_assert_mem_eq(h->alpn, "\2h2\10http/1.1", 12);
	ck_assert_uint_eq(h->n_versions, 4);
	ck_assert_str_eq(tls_hello_version(h->versions, name), "TLSv1.3");
	ck_assert_str_eq(tls_hello_version(h->versions + 6, name), "TLSv1");
	ck_assert_str_eq(tls_hello_version((uint8_t[]){ 0x7a, 0x7a }, name),
	    "0x7a7a");
	ck_assert_int_eq(go_on(), 0);
	ck_assert_ptr_eq(tls_hello_get(server), h);
	exchange();
}
END_TEST

START_TEST(test_short_hello)
{
	const struct tls_hello *h;
	char name[TLS_VERSION_NAME];

	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	SSL_set_alpn_protos(client, NULL, 0);
	stop();
	h = tls_hello_get(server);
	ck_assert_ptr_null(h->sni);
	ck_assert_uint_eq(h->alpn_len, 0);
	ck_assert_uint_eq(h->n_versions, 1);
	ck_assert_str_eq(tls_hello_version(h->versions, name), "TLSv1.2");
	ck_assert_int_eq(go_on(), 0);
	exchange();
}
END_TEST

/* The server does not stop at the ClientHello after HelloRetryRequest. */
START_TEST(test_retry)
{
	SSL_set1_groups_list(server->ssl, "P-384");
	SSL_set1_groups_list(client, "P-256:P-384");
	stop();
	ck_assert_int_eq(go_on(), 0);
	exchange();
}
END_TEST

/* Another connection of the same context does not stop without being told. */
START_TEST(test_no_script)
{
	stop();
	ck_assert_int_eq(go_on(), 0);
	close_pair();
	open_pair();
	tls_free(server);
	server = tls_new(server_ctx, fds[0]);
	ck_assert_int_eq(go_on(), 0);
	exchange();
}
END_TEST

/* ---- settings ---- */

START_TEST(test_alpn)
{
	static const char *const want[] = { "h2", "", "http/1.1", "http/1.0" };
	const unsigned char *got;
	unsigned len;
	uint8_t flight[4096];
	int i;

	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	stop();
	if (_i == 1)
		set("alpn", none);
	else if (_i > 1)
		set("alpn", text(want[_i]));
	if (_i == 3) {
		/* New clients refuse a protocol that was not offered. */
		ck_assert_int_eq(tls_handshake(server), TLS_AGAIN_READ);
		ck_assert_int_gt(recv(fds[1], flight, sizeof(flight), 0), 200);
		for (i = 0; memcmp(flight + i, "\10http/1.0", 9) != 0; i++)
			ck_assert_int_lt(i, 200);
		return;
	}
	ck_assert_int_eq(go_on(), 0);
	SSL_get0_alpn_selected(client, &got, &len);
	ck_assert_uint_eq(len, strlen(want[_i]));
	if (len > 0)
		ck_assert_mem_eq(got, want[_i], len);
}
END_TEST

START_TEST(test_versions)
{
	static const struct {
		const char *min, *max, *want;
	} row[] = {
		{ NULL, NULL, "TLSv1.3" },
		{ NULL, "TLSv1.2", "TLSv1.2" },
		{ "TLSv1.3", NULL, "TLSv1.3" },
		{ NULL, "TLSv1.1", "TLSv1.1" },	/* lowers the minimum too */
		{ "TLSv1", "TLSv1", "TLSv1" },
		{ "TLSv1.3", "TLSv1.2", "TLSv1.3" }	/* the last counts */
	};

	stop();
	set("ciphers", text("ALL:@SECLEVEL=0"));
	if (row[_i].max != NULL)
		set("max_version", text(row[_i].max));
	if (row[_i].min != NULL)
		set("min_version", text(row[_i].min));
	ck_assert_int_eq(go_on(), 0);
	ck_assert_str_eq(SSL_get_version(client), row[_i].want);
	exchange();
}
END_TEST

/* Suites of RFC 9113 Appendix A are possible too. */
START_TEST(test_ciphers)
{
	static const char *const row[][2] = {
		{ "TLS_CHACHA20_POLY1305_SHA256",
		    "TLS_CHACHA20_POLY1305_SHA256" },
		{ "ECDHE-ECDSA-AES128-SHA:TLS_AES_128_GCM_SHA256",
		    "TLS_AES_128_GCM_SHA256" },
		{ "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA" },
		{ "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0",
		    "ECDHE-ECDSA-NULL-SHA" },
		{ "ADH-AES128-SHA @SECLEVEL=0", "ADH-AES128-SHA" },
		{ "DHE-RSA-AES256-SHA", "DHE-RSA-AES256-SHA" },
		{ "AES128-GCM-SHA256", "AES128-GCM-SHA256" }
	};
	const struct tls_leaf leaf = { .days = 1, .rsa = true,
	    .self_signed = server_ctx->ca.x == NULL };
	struct tls_value v = { .kind = TLS_LEAF };
	struct tlscert *made;
	char err[256];

	SSL_set_cipher_list(client, "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
	stop();
	set("ciphers", text(row[_i][0]));
	if (strncmp(row[_i][1], "TLS_", 4) != 0)
		set("max_version", text("TLSv1.2"));
	if (_i >= 5) {
		made = tls_ca_leaf(server, &leaf, err, sizeof(err));
		ck_assert_msg(made != NULL, "%s", err);
		v.leaf = made;
		set("leaf", v);
		tls_ca_free(made);
	}
	ck_assert_int_eq(go_on(), 0);
	ck_assert_str_eq(SSL_get_cipher_name(client), row[_i][1]);
	exchange();
}
END_TEST

/* Each number of an alert is sent as it is, or refused. */
START_TEST(test_alert)
{
	char err[256], want[256], name[TLS_ALERT_NAME], octets[16];
	struct tls_value v;
	int i, n_sent = 0;

	for (i = 0; i < 256; i++) {
		stop();
		v = number(i);
		if (tls_hello_set(server, "alert", &v, err, sizeof(err)) != 0) {
			snprintf(want, sizeof(want), "alert: %d: expected ", i);
			ck_assert_ptr_eq(strstr(err, want), err);
		} else {
			n_sent++;
			tls_hello_alert_name(i, name);
			set("alert", text(name));
			ck_assert_int_eq(tls_handshake(server), TLS_ERROR);
			snprintf(want, sizeof(want), "the script sent TLS "
			    "alert %s (%d)", name, i);
			ck_assert_str_eq(tls_error(server), want);
			ck_assert_int_eq(recv(fds[1], octets, sizeof(octets),
			    0), 7);
			ck_assert_int_eq(octets[0], 21);
			ck_assert_int_eq(octets[5], 2);
			ck_assert_int_eq(octets[6], i);
			ck_assert_int_eq(tls_handshake(server), TLS_ERROR);
			ck_assert_int_eq(recv(fds[1], octets, 1, 0), -1);
		}
		close_pair();
		open_pair();
	}
	ck_assert_int_eq(n_sent, 31);
}
END_TEST

/* No octet of a flight is sent before it is due; nor is an alert. */
START_TEST(test_delay)
{
	static const struct {
		int version;
		double tickets, alert;	/* -1: none */
		int flights;
	} row[] = {
		{ TLS1_2_VERSION, 1, -1, 2 },
		{ TLS1_3_VERSION, 1, -1, 2 },
		{ TLS1_3_VERSION, 0, -1, 1 },
		{ TLS1_3_VERSION, 1, 40, 1 }
	};
	int rc, i, flights = 0;
	char octet;

	SSL_set_max_proto_version(client, row[_i].version);
	stop();
	set("delay", number(0.05));
	set("tickets", number(row[_i].tickets));
	if (row[_i].alert > 0)
		set("alert", number(row[_i].alert));
	for (i = 0; i < STEPS; i++) {
		rc = tls_handshake(server);
		if (rc == 0 || rc == TLS_ERROR)
			break;
		if (rc != TLS_DELAY) {
			ck_assert_int_eq(rc, TLS_AGAIN_READ);
			SSL_do_handshake(client);
			continue;
		}
		flights++;
		/* A call that is too early returns TLS_DELAY again. */
		while (sys_now_ms() < tls_due_ms(server)) {
			ck_assert_int_eq(recv(fds[1], &octet, 1, MSG_PEEK),
			    -1);
			rc = tls_handshake(server);
			if (sys_now_ms() < tls_due_ms(server))
				ck_assert_int_eq(rc, TLS_DELAY);
			else if (rc != TLS_DELAY)
				break;
			poll(NULL, 0, 10);
		}
	}
	ck_assert_int_eq(rc, row[_i].alert > 0 ? TLS_ERROR : 0);
	ck_assert_int_eq(flights, row[_i].flights);
	ck_assert_int_eq(recv(fds[1], &octet, 1, MSG_PEEK),
	    row[_i].flights == 2 || rc != 0 ? 1 : -1);
	if (rc == 0) {
		ck_assert_int_eq(SSL_do_handshake(client), 1);
		exchange();
	}
}
END_TEST

START_TEST(test_tickets)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	unsigned n = (unsigned)_i / 2, i, want[2];

	want[0] = _i % 2 == 1 ? n : n > 0;
	want[1] = n > 0;	/* after a resumption */
	SSL_CTX_set_max_proto_version(client_ctx, versions[_i % 2]);
	close_pair();
	open_pair();
	for (i = 0; i < 2; i++) {
		stop();
		set("tickets", number(n));
		ck_assert_int_eq(go_on(), 0);
		exchange();
		ck_assert_int_eq(SSL_session_reused(client), i == 1 && n > 0);
		if (i == 0)
			ck_assert_uint_eq(n_tickets, want[0]);
		else
			ck_assert_uint_le(n_tickets, want[1]);
		close_pair();
		if (n > 0 || i > 0) {
			open_pair();
			SSL_set_session(client, session);
			continue;
		}
		/* With 0 tickets one of another connection is not accepted. */
		open_pair();
		stop();
		ck_assert_int_eq(go_on(), 0);
		exchange();
		close_pair();
		open_pair();
		ck_assert_ptr_nonnull(session);
		SSL_set_session(client, session);
	}
}
END_TEST

static char cert_path[] = "/tmp/h2rig-test-cert-XXXXXX";
static char key_path[] = "/tmp/h2rig-test-key-XXXXXX";

static void
write_pair(const struct tlscert *c)
{
	FILE *f;

	strcpy(cert_path + strlen(cert_path) - 6, "XXXXXX");
	strcpy(key_path + strlen(key_path) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(f = fdopen(mkstemp(cert_path), "w"));
	ck_assert_int_eq(PEM_write_X509(f, c->x), 1);
	fclose(f);
	ck_assert_ptr_nonnull(f = fdopen(mkstemp(key_path), "w"));
	ck_assert_int_eq(PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL,
	    NULL), 1);
	fclose(f);
}

/* A certificate and a key, set in any order; tickets belong to them. */
START_TEST(test_certificate)
{
	struct tlscert c = { 0 };
	X509 *got;
	int i;

	ck_assert_int_eq(tlscert_make(&c, &spec), 0);
	write_pair(&c);
	SSL_set_max_proto_version(client, _i == 0 ? TLS1_2_VERSION :
	    TLS1_3_VERSION);
	for (i = 0; i < 3; i++) {
		stop();
		if (i > 0)
			set(_i == 0 ? "certificate" : "key",
			    text(_i == 0 ? cert_path : key_path));
		if (i > 0)
			set(_i == 0 ? "key" : "certificate",
			    text(_i == 0 ? key_path : cert_path));
		ck_assert_int_eq(go_on(), 0);
		exchange();
		ck_assert_int_eq(SSL_session_reused(client), i == 2);
		got = SSL_get_peer_certificate(client);
		ck_assert_int_eq(X509_cmp(got, c.x) == 0, i > 0);
		X509_free(got);
		close_pair();
		open_pair();
		SSL_set_session(client, session);
	}
	unlink(cert_path);
	unlink(key_path);
	tlscert_free(&c);
}
END_TEST

START_TEST(test_certificate_alone)
{
	struct tlscert c = { 0 }, other = { 0 };
	char want[256];

	ck_assert_int_eq(tlscert_make(&c, &spec), 0);
	ck_assert_int_eq(tlscert_make(&other, &spec), 0);
	write_pair(&c);
	unlink(key_path);
	stop();
	set("certificate", text(cert_path));
	unlink(cert_path);
	write_pair(&other);
	unlink(cert_path);
	snprintf(want, sizeof(want), "key: \"%s\": expected the key of the "
	    "certificate", key_path);
	refuse("key", text(key_path), TLS_BAD_VALUE, want);
	unlink(key_path);
	ck_assert_int_eq(go_on(), TLS_ERROR);
	ck_assert_str_eq(tls_error(server), "the script has set a certificate "
	    "or a key without the other");
	tlscert_free(&c);
	tlscert_free(&other);
}
END_TEST

/* A script's leaf has the names, key, period and issuer that were asked for. */
START_TEST(test_leaf)
{
	static const char *const names[] = { "a.example", "*.b.example",
	    "127.0.0.9", "::9" };
	static const struct {
		bool rsa, self_signed;
		int days;
		int error;		/* for a client that trusts the CA */
	} row[] = {
		{ false, false, 10, X509_V_OK },
		{ true, false, 1, X509_V_OK },
		{ false, false, -1, X509_V_ERR_CERT_HAS_EXPIRED },
		{ false, false, 0, X509_V_ERR_CERT_HAS_EXPIRED },
		{ true, true, 10, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT }
	};
	const struct tls_leaf leaf = { .names = names, .n_names = 4,
	    .days = row[_i].days, .rsa = row[_i].rsa,
	    .self_signed = row[_i].self_signed };
	struct tls_value v = { .kind = TLS_LEAF };
	struct tlscert *made;
	char err[256];
	X509 *x;

	SSL_set_verify(client, SSL_VERIFY_NONE, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(client_ctx),
	    server_ctx->ca.x);
	stop();
	made = tls_ca_leaf(server, &leaf, err, sizeof(err));
	ck_assert_msg(made != NULL, "%s", err);
	v.leaf = made;
	set("leaf", v);
	tls_ca_free(made);
	refuse("delay", v, TLS_BAD_TYPE, "delay: a leaf: expected seconds");
	ck_assert_int_eq(go_on(), 0);
	exchange();
	ck_assert_int_eq(SSL_get_verify_result(client), row[_i].error);
	x = SSL_get_peer_certificate(client);
	ck_assert_int_eq(EVP_PKEY_base_id(X509_get0_pubkey(x)),
	    row[_i].rsa ? EVP_PKEY_RSA : EVP_PKEY_EC);
	ck_assert_int_eq(X509_check_host(x, "a.example", 0, 0, NULL), 1);
	ck_assert_int_eq(X509_check_host(x, "c.b.example", 0, 0, NULL), 1);
	ck_assert_int_eq(X509_check_host(x, "c.example", 0, 0, NULL), 0);
	ck_assert_int_eq(X509_check_ip_asc(x, "127.0.0.9", 0), 1);
	ck_assert_int_eq(X509_check_ip_asc(x, "::9", 0), 1);
	ck_assert_int_lt(ASN1_TIME_compare(X509_get0_notBefore(x),
	    X509_get0_notAfter(x)), 0);
	X509_free(x);
}
END_TEST

START_TEST(test_no_leaf)
{
	const struct tls_leaf leaf = { .days = 1 };
	char err[256];

	ck_assert_ptr_null(tls_ca_leaf(server, &leaf, err, sizeof(err)));
	ck_assert_str_eq(err, "signed_by: \"ca\": expected --ca or --ca-out, "
	    "by which the server has one");
}
END_TEST

/*
 * Each SNI, even an odd one, has a certificate of its own; a session is resumed
 * only with the same SNI.
 */
START_TEST(test_names)
{
	static const struct {
		const char *sni;
		bool same;	/* the SNI is that of the row before */
	} row[] = {
		{ "a.example", false }, { "a.example", true },
		{ "b.example", false }, { "DNS:c,IP:1.2.3.4", false },
		{ "\377\001%n", false }, { NULL, false }, { NULL, true }
	};
	X509 *x;
	size_t i;

	X509_STORE_add_cert(SSL_CTX_get_cert_store(client_ctx),
	    server_ctx->ca.x);
	SSL_CTX_set_max_proto_version(client_ctx, _i == 0 ? TLS1_2_VERSION :
	    TLS1_3_VERSION);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *name = row[i].sni;

		close_pair();
		open_pair();
		SSL_set_verify(client, SSL_VERIFY_PEER, NULL);
		if (name != NULL)
			SSL_set_tlsext_host_name(client, name);
		if (session != NULL)
			SSL_set_session(client, session);
		stop();
		ck_assert_int_eq(go_on(), 0);
		exchange();
		ck_assert_msg(SSL_session_reused(client) == row[i].same,
		    "%s", name != NULL ? name : "no name");
		x = SSL_get_peer_certificate(client);
		ck_assert_int_eq(X509_check_host(x, name != NULL ? name :
		    "localhost", 0, 0, NULL), 1);
		ck_assert_int_eq(X509_check_ip_asc(x, "1.2.3.4", 0), 0);
		X509_free(x);
	}
}
END_TEST

/* Early data is read first, if it was allowed; replays are read too. */
START_TEST(test_early_data)
{
	char octets[16];
	size_t n;
	int i;

	for (i = 0; i < 4; i++) {
		bool allowed = i != 3;

		if (session != NULL)
			SSL_set_session(client, session);
		if (i > 0)
			ck_assert_int_eq(SSL_write_early_data(client, "early",
			    5, &n), 1);
		else
			SSL_do_handshake(client);
		ck_assert_int_eq(tls_handshake(server), TLS_HELLO);
		if (allowed)
			set("max_early_data", number(1000));
		ck_assert_int_eq(go_on(), 0);
		if (i > 0 && allowed) {
			ck_assert_int_eq(SSL_get_early_data_status(client),
			    SSL_EARLY_DATA_ACCEPTED);
			ck_assert_int_eq(tls_read(server, octets, 2), 2);
			ck_assert_mem_eq(octets, "ea", 2);
			ck_assert_int_eq(tls_read(server, octets,
			    sizeof(octets)), 3);
			ck_assert_mem_eq(octets, "rly", 3);
		} else if (i > 0) {
			ck_assert_int_eq(SSL_get_early_data_status(client),
			    SSL_EARLY_DATA_REJECTED);
		}
		exchange();
		close_pair();
		open_pair();
	}
}
END_TEST

START_TEST(test_refused)
{
	char octets[] = "a\0b", what[300] = "";
	struct tls_value v = { .kind = TLS_TEXT, .text = octets, .len = 3 };

	refuse("alpn", text("h2"), TLS_TOO_LATE, "alpn: expected to be set ");
	stop();
	refuse("colour", text("h2"), TLS_BAD_NAME, "colour: expected ");
	refuse("alpn", number(2), TLS_BAD_TYPE, "alpn: 2: expected ");
	refuse("alpn", text(""), TLS_BAD_VALUE, "alpn: \"\": expected ");
	memset(what, 'x', 256);
	refuse("alpn", text(what), TLS_BAD_VALUE, "alpn: \"xxx");
	refuse("ciphers", none, TLS_BAD_TYPE, "ciphers: None: expected a ");
	refuse("ciphers", text("BOGUS"), TLS_BAD_VALUE,
	    "ciphers: \"BOGUS\": expected a list of cipher suites in OpenSSL's "
	    "form: no cipher match");
	refuse("ciphers", text("TLS_BOGUS"), TLS_BAD_VALUE,
	    "ciphers: \"TLS_BOGUS\": expected a list");
	refuse("ciphers", text(" :"), TLS_BAD_VALUE, "ciphers: \" :\"");
	refuse("ciphers", text("ALL:@SECLEVEL=9"), TLS_BAD_VALUE,
	    "ciphers: \"ALL:@SECLEVEL=9\"");
	refuse("min_version", text("SSLv3"), TLS_BAD_VALUE,
	    "min_version: \"SSLv3\": expected TLSv1, TLSv1.1");
	refuse("max_version", v, TLS_BAD_VALUE, "max_version: ");
	refuse("alert", text("unknown"), TLS_BAD_VALUE, "alert: \"unknown\"");
	refuse("alert", number(40.5), TLS_BAD_VALUE, "alert: 40.5: expected ");
	refuse("alert", number(-1), TLS_BAD_VALUE, "alert: -1: expected ");
	refuse("delay", number(-0.1), TLS_BAD_VALUE, "delay: -0.1: expected ");
	refuse("delay", number(1e300), TLS_BAD_VALUE, "delay: 1e+300");
	refuse("delay", number(0.0 / 0.0), TLS_BAD_VALUE, "delay: ");
	refuse("tickets", number(256), TLS_BAD_VALUE, "tickets: 256");
	refuse("tickets", number(1.5), TLS_BAD_VALUE, "tickets: 1.5");
	refuse("tickets", text("1"), TLS_BAD_TYPE, "tickets: \"1\": expected ");
	refuse("max_early_data", number(1 << 21), TLS_BAD_VALUE,
	    "max_early_data: 2097152: expected octets ");
	refuse("certificate", text("/nonexistent"), TLS_BAD_VALUE,
	    "certificate: \"/nonexistent\": expected a readable file: ");
	refuse("certificate", text("/dev/null"), TLS_BAD_VALUE,
	    "certificate: \"/dev/null\": expected a regular file");
	refuse("key", text("/etc/passwd"), TLS_BAD_VALUE,
	    "key: \"/etc/passwd\": expected a private key in PEM form");
	ck_assert_int_eq(go_on(), 0);
	exchange();
	refuse("delay", number(1), TLS_TOO_LATE, "delay: expected to be set ");
}
END_TEST

/* ---- when TLS is up ---- */

static void
request(const char *what, const char *want)
{
	char err[256] = "";
	int rc = tls_request(server, what, err, sizeof(err));

	ck_assert_msg(rc == (want == NULL ? 0 : -1), "%s", err);
	if (want != NULL)
		ck_assert_str_eq(err, want);
}

START_TEST(test_requests_of_13)
{
	int i;

	SSL_set_post_handshake_auth(client, _i);
	request("key_update", "key_update: TLS is not up");
	stop();
	ck_assert_int_eq(go_on(), 0);
	request("renegotiation", "renegotiation: TLS 1.3 has none (RFC 8446 "
	    "§4.1.2)");
	request("coffee", "coffee: expected renegotiation, client_certificate "
	    "or key_update");
	for (i = 0; i < 3; i++) {
		request("key_update", NULL);
		exchange();
		reads_nothing();
	}
	if (_i == 0) {
		request("client_certificate", "client_certificate: the client "
		    "has not offered post_handshake_auth");
	} else {
		request("client_certificate", NULL);
		request("client_certificate", "client_certificate: request "
		    "sent");
		reads_nothing();	/* an empty Certificate message */
	}
	exchange();
}
END_TEST

/* Records that the kernel has refused keep the keys of their encryption. */
START_TEST(test_request_of_full_socket)
{
	static char content[1 << 20], octets[65536];
	int size = 8192, i;
	size_t sent = 0, got = 0, n;
	long rc;

	stop();
	ck_assert_int_eq(go_on(), 0);
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	for (n = 0; n < sizeof(content); n++)
		content[n] = (char)(n ^ n >> 8 ^ n >> 16);
	for (i = 0; got < sizeof(content); i++) {
		ck_assert_int_lt(i, 10000);
		while (sent < sizeof(content)) {
			n = sizeof(content) - sent;
			rc = tls_write(server, content + sent, n < 40000 ? n :
			    40000);
			if (rc <= 0)
				break;
			sent += (size_t)rc;
		}
		request("key_update", NULL);
		while (SSL_read_ex(client, octets, sizeof(octets), &n) == 1) {
			ck_assert_mem_eq(octets, content + got, n);
			got += n;
		}
		ck_assert_int_eq(SSL_get_error(client, 0),
		    SSL_ERROR_WANT_READ);
	}
	exchange();
}
END_TEST

static unsigned n_handshakes;	/* handshakes that the client has begun */

static void
count_handshakes(const SSL *ssl, int where, int ret)
{
	(void)ssl, (void)ret;
	n_handshakes += (where & SSL_CB_HANDSHAKE_START) != 0;
}

START_TEST(test_requests_of_12)
{
	static char big[100000];
	char octets[16];
	int i;

	SSL_set_max_proto_version(client, TLS1_2_VERSION);
	SSL_set_info_callback(client, count_handshakes);
	stop();
	ck_assert_int_eq(go_on(), 0);
	request("key_update", "key_update: only TLS 1.3 has it");
	request("client_certificate", "client_certificate: after the "
	    "handshake only TLS 1.3 has it");
	ck_assert_uint_eq(n_handshakes, 1);
	request("renegotiation", NULL);
	/* Octets that the client sent before are read meanwhile. */
	ck_assert_int_eq(SSL_write(client, "ping", 4), 4);
	for (i = 0; i < STEPS && n_handshakes < 3; i++) {
		SSL_read(client, octets, sizeof(octets));
		tls_read(server, octets, sizeof(octets));
	}
	ck_assert_mem_eq(octets, "ping", 4);
	ck_assert_uint_gt(n_handshakes, 1);
	reads_nothing();
	exchange();
	/* A client that ignores HelloRequest goes on. */
	SSL_set_options(client, SSL_OP_NO_RENEGOTIATION);
	ck_assert_int_gt(tls_write(server, big, TLS_WRITE_MAX), 0);
}
END_TEST

/* The client's alerts come in order; its FIN is seen behind close_notify. */
START_TEST(test_alerts)
{
	struct tls_alert a;
	char octets[16];

	stop();
	ck_assert_int_eq(go_on(), 0);
	exchange();
	ck_assert(!tls_next_alert(server, &a));
	SSL_shutdown(client);
	ck_assert_int_eq(tls_read(server, octets, sizeof(octets)), TLS_EOF);
	ck_assert(tls_got_close_notify(server));
	ck_assert(tls_next_alert(server, &a));
	ck_assert(!a.fatal && a.number == SSL3_AD_CLOSE_NOTIFY);
	ck_assert(!tls_next_alert(server, &a));
	ck_assert_int_eq(recv(fds[0], octets, sizeof(octets), 0), -1);
	shutdown(fds[1], SHUT_WR);
	ck_assert_int_eq(recv(fds[0], octets, sizeof(octets), 0), 0);
	/* A fatal alert: the client does not trust the certificate. */
	close_pair();
	open_pair();
	SSL_set_verify(client, SSL_VERIFY_PEER, NULL);
	stop();
	ck_assert_int_eq(go_on(), TLS_ERROR);
	ck_assert(tls_next_alert(server, &a));
	ck_assert(a.fatal && a.number == 48);
	ck_assert(!tls_next_alert(server, &a));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tls_hello");
	TCase *tc = tcase_create("tls_hello");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_hello);
	tcase_add_test(tc, test_short_hello);
	tcase_add_test(tc, test_retry);
	tcase_add_test(tc, test_no_script);
	tcase_add_loop_test(tc, test_alpn, 0, 4);
	tcase_add_loop_test(tc, test_versions, 0, 6);
	tcase_add_loop_test(tc, test_ciphers, 0, 7);
	tcase_add_test(tc, test_alert);
	tcase_add_loop_test(tc, test_delay, 0, 4);
	tcase_add_loop_test(tc, test_tickets, 0, 6);
	tcase_add_loop_test(tc, test_certificate, 0, 2);
	tcase_add_test(tc, test_certificate_alone);
	tcase_add_test(tc, test_early_data);
	tcase_add_test(tc, test_refused);
	tcase_add_loop_test(tc, test_requests_of_13, 0, 2);
	tcase_add_test(tc, test_request_of_full_socket);
	tcase_add_test(tc, test_requests_of_12);
	tcase_add_test(tc, test_alerts);
	tcase_add_test(tc, test_no_leaf);
	suite_add_tcase(s, tc);
	tc = tcase_create("tls_ca");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up_ca, tear_down);
	tcase_add_loop_test(tc, test_leaf, 0, 5);
	tcase_add_loop_test(tc, test_names, 0, 2);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

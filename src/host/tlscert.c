/* SPDX-License-Identifier: MIT */
/*
 * Certificate and key of a TLS context: read from files, or made in memory.  It
 * says what is wrong with a file, and what was expected of it.  tls.c calls it,
 * in the parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tlscert.h"

#define CERT_DAYS 397L		/* no client refuses one for living longer */
#define DAY_SECONDS 86400L

void
tlscert_error_text(char *dst, size_t size, int err)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	if (reason != NULL)
		snprintf(dst, size, "%s", reason);
	else if (code != 0)
		snprintf(dst, size, "OpenSSL error %lx", code);
	else
		snprintf(dst, size, "%s",
		    err != 0 ? strerror(err) : "unknown error");
	ERR_clear_error();
}

static int
no_passphrase(char *dst, int size, int writing, void *user)
{
	/* OpenSSL would otherwise ask on the terminal. */
	(void)dst, (void)size, (void)writing, (void)user;
	return -1;
}

/* Whether the file can be read at all; err says why not. */
static int
check_readable(const char *option, const char *path, char *err, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		snprintf(err, size, "--%s: \"%s\": expected a readable file: "
		    "%s", option, path, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

static int
load_cert(SSL_CTX *ssl, const char *path, char *err, size_t size)
{
	char why[128];

	if (check_readable("cert", path, err, size) == -1)
		return -1;
	if (SSL_CTX_use_certificate_chain_file(ssl, path) == 1)
		return 0;
	tlscert_error_text(why, sizeof(why), 0);
	snprintf(err, size, "--cert: \"%s\": expected a certificate in PEM "
	    "form: %s", path, why);
	return -1;
}

static int
load_key(SSL_CTX *ssl, const char *path, const char *cert, char *err,
    size_t size)
{
	EVP_PKEY *key = NULL;
	char why[128];
	FILE *f = NULL;
	int ret = -1;

	if (check_readable("key", path, err, size) == -1)
		return -1;
	f = fopen(path, "r");
	if (f != NULL)
		key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	if (key == NULL) {
		tlscert_error_text(why, sizeof(why), errno);
		snprintf(err, size, "--key: \"%s\": expected a private key "
		    "in PEM form, not encrypted: %s", path, why);
	} else if (X509_check_private_key(SSL_CTX_get0_certificate(ssl),
	    key) != 1) {
		snprintf(err, size, "--key: \"%s\": expected the key of the "
		    "certificate in \"%s\"", path, cert);
	} else if (SSL_CTX_use_PrivateKey(ssl, key) != 1) {
		tlscert_error_text(why, sizeof(why), 0);
		snprintf(err, size, "--key: \"%s\": expected a usable key: "
		    "%s", path, why);
	} else
		ret = 0;
	ERR_clear_error();
	EVP_PKEY_free(key);
	if (f != NULL)
		fclose(f);
	return ret;
}

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) == 1)
		EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static const struct {
	int nid;
	const char *value;
} extensions[] = {
	{ NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1" },
	{ NID_basic_constraints, "critical,CA:FALSE" },
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_ext_key_usage, "serverAuth" }
};

static int
add_extensions(X509 *x)
{
	X509V3_CTX ctx;
	size_t i;
	int ok = 1;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	for (i = 0; ok && i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx,
		    extensions[i].nid, extensions[i].value);

		ok = e != NULL && X509_add_ext(x, e, -1) == 1;
		X509_EXTENSION_free(e);
	}
	return ok;
}

static int
add_names(X509 *x)
{
	X509_NAME *name = X509_NAME_new();
	int ok;

	ok = name != NULL && X509_NAME_add_entry_by_txt(name, "CN",
	    MBSTRING_ASC, (const unsigned char *)"h2rig test server", -1, -1,
	    0) == 1 && X509_set_subject_name(x, name) == 1 &&
	    X509_set_issuer_name(x, name) == 1;
	X509_NAME_free(name);
	return ok;
}

static int
add_serial(X509 *x)
{
	unsigned char octets[8];
	BIGNUM *n = NULL;
	int ok;

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return 0;
	/* Positive and of full length (RFC 5280 §4.1.2.2). */
	octets[0] = (unsigned char)((octets[0] & 0x3f) | 0x40);
	n = BN_bin2bn(octets, sizeof(octets), NULL);
	ok = n != NULL &&
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return ok;
}

static X509 *
make_cert(EVP_PKEY *key)
{
	X509 *x = X509_new();

	/* From an hour ago: clocks of a test's machines differ. */
	if (x != NULL && X509_set_version(x, 2) == 1 && add_serial(x) &&
	    add_names(x) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x),
	    CERT_DAYS * DAY_SECONDS) != NULL &&
	    X509_set_pubkey(x, key) == 1 && add_extensions(x) &&
	    X509_sign(x, key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

int
tlscert_make(SSL_CTX *ssl)
{
	EVP_PKEY *key = make_key();
	X509 *x = key != NULL ? make_cert(key) : NULL;
	int ok;

	ok = x != NULL && SSL_CTX_use_certificate(ssl, x) == 1 &&
	    SSL_CTX_use_PrivateKey(ssl, key) == 1;
	X509_free(x);
	EVP_PKEY_free(key);
	return ok ? 0 : -1;
}

int
tlscert_load(SSL_CTX *ssl, const char *cert, const char *key, char *err,
    size_t size)
{
	if (load_cert(ssl, cert, err, size) == -1)
		return -1;
	return load_key(ssl, key, cert, err, size);
}

/* SPDX-License-Identifier: MIT */
/*
 * Certificates with their keys: read from files, or made in memory.  Errors say
 * what is wrong with a file, and what was expected of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tlscert.h"

#define RSA_BITS 2048

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

/* Opens a file for reading.  Returns NULL with one line in err if it cannot. */
static FILE *
open_file(const char *what, const char *path, char *err, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	FILE *f = fd != -1 ? fdopen(fd, "r") : NULL;

	if (f != NULL)
		return f;
	snprintf(err, size, "%s: \"%s\": expected a readable file: %s", what,
	    path, strerror(errno));
	if (fd != -1)
		close(fd);
	return NULL;
}

void
tlscert_free(struct tlscert *c)
{
	X509_free(c->x);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	*c = (struct tlscert){ 0 };
}

bool
tlscert_is_pair(const struct tlscert *c)
{
	bool is = c->x != NULL && c->key != NULL &&
	    X509_check_private_key(c->x, c->key) == 1;

	ERR_clear_error();
	return is;
}

/*
 * Reads certificates up to the end of the file.  Returns 0, or -1 with the
 * reason in OpenSSL's queue.
 */
static int
read_chain(struct tlscert *c, FILE *f)
{
	X509 *x;

	c->x = PEM_read_X509_AUX(f, NULL, no_passphrase, NULL);
	if (c->x == NULL || (c->chain = sk_X509_new_null()) == NULL)
		return -1;
	while ((x = PEM_read_X509(f, NULL, no_passphrase, NULL)) != NULL)
		if (sk_X509_push(c->chain, x) == 0) {
			X509_free(x);
			return -1;
		}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return -1;
	ERR_clear_error();
	return 0;
}

int
tlscert_read(struct tlscert *c, const char *what, const char *path, char *err,
    size_t size)
{
	struct tlscert got = { 0 };
	FILE *f = open_file(what, path, err, size);
	char why[128];
	int ret;

	if (f == NULL)
		return -1;
	ERR_clear_error();
	ret = read_chain(&got, f);
	fclose(f);
	if (ret == -1) {
		tlscert_error_text(why, sizeof(why), 0);
		snprintf(err, size, "%s: \"%s\": expected a certificate in "
		    "PEM form: %s", what, path, why);
		tlscert_free(&got);
		return -1;
	}
	got.key = c->key;
	c->key = NULL;
	tlscert_free(c);
	*c = got;
	return 0;
}

int
tlscert_read_key(struct tlscert *c, const char *what, const char *path,
    char *err, size_t size)
{
	FILE *f = open_file(what, path, err, size);
	EVP_PKEY *key;
	char why[128];

	if (f == NULL)
		return -1;
	ERR_clear_error();
	key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	if (key == NULL) {
		tlscert_error_text(why, sizeof(why), errno);
		snprintf(err, size, "%s: \"%s\": expected a private key in "
		    "PEM form, not encrypted: %s", what, path, why);
	} else {
		EVP_PKEY_free(c->key);
		c->key = key;
	}
	fclose(f);
	return key != NULL ? 0 : -1;
}

static EVP_PKEY *
make_key(bool rsa)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(rsa ? EVP_PKEY_RSA :
	    EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 && (rsa ?
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, RSA_BITS) :
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1)) == 1)
		EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Adds names as objects: as text, a client's name could break the syntax. */
static int
add_alternatives(X509 *x, const struct tlscert_spec *s)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	size_t i;
	int ok = names != NULL;

	for (i = 0; ok && i < s->n_names; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_STRING *value = a2i_IPADDRESS(s->names[i]);
		int type = value != NULL ? GEN_IPADD : GEN_DNS;

		if (type == GEN_DNS && (value = ASN1_IA5STRING_new()) != NULL)
			ok = ASN1_STRING_set(value, s->names[i], -1);
		ok = ok && name != NULL && value != NULL;
		if (ok) {
			GENERAL_NAME_set0_value(name, type, value);
			ok = sk_GENERAL_NAME_push(names, name) > 0;
		} else
			ASN1_STRING_free(value);
		if (!ok)
			GENERAL_NAME_free(name);
	}
	ok = ok && (s->n_names == 0 || X509_add1_ext_i2d(x,
	    NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1);
	GENERAL_NAMES_free(names);
	return ok;
}

/* Adds extensions (RFC 5280 §4.2.1). */
static int
add_extensions(X509 *x, const struct tlscert_spec *s, const X509 *issuer,
    bool rsa)
{
	const struct {
		int nid;
		const char *value;	/* NULL: it has none */
	} list[] = {
		{ NID_basic_constraints, s->is_ca ? "critical,CA:TRUE" :
		    "critical,CA:FALSE" },
		{ NID_key_usage, s->is_ca ? "critical,keyCertSign,cRLSign" :
		    rsa ? "critical,digitalSignature,keyEncipherment" :
		    "critical,digitalSignature" },
		{ NID_ext_key_usage, s->is_ca ? NULL : "serverAuth" },
		{ NID_subject_key_identifier, s->is_ca ? "hash" : NULL },
		{ NID_authority_key_identifier, s->issuer != NULL &&
		    X509_get0_subject_key_id(s->issuer->x) != NULL ?
		    "keyid:always" : NULL }
	};
	X509V3_CTX ctx;
	size_t i;
	int ok = 1;

	X509V3_set_ctx(&ctx, (X509 *)issuer, x, NULL, NULL, 0);
	for (i = 0; ok && i < sizeof(list) / sizeof(list[0]); i++) {
		X509_EXTENSION *e;

		if (list[i].value == NULL)
			continue;
		e = X509V3_EXT_conf_nid(NULL, &ctx, list[i].nid,
		    list[i].value);
		ok = e != NULL && X509_add_ext(x, e, -1) == 1;
		X509_EXTENSION_free(e);
	}
	return ok && add_alternatives(x, s);
}

static int
add_subject(X509 *x, const char *text)
{
	X509_NAME *name = X509_NAME_new();
	int ok;

	ok = name != NULL && X509_NAME_add_entry_by_txt(name, "CN",
	    MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1 &&
	    X509_set_subject_name(x, name) == 1;
	X509_NAME_free(name);
	return ok;
}

/* Valid from an hour ago on, since clocks of a test's machines differ. */
static int
add_times(X509 *x, int days)
{
	return X509_time_adj_ex(X509_getm_notBefore(x), days > 0 ? 0 :
	    days - 1, -3600, NULL) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(x), days, 0, NULL) != NULL;
}

static int
add_serial(X509 *x)
{
	uint64_t n;

	if (RAND_bytes((unsigned char *)&n, sizeof(n)) != 1)
		return 0;
	/* The number is positive and of full length (RFC 5280 §4.1.2.2). */
	n = (n & INT64_MAX) | UINT64_C(1) << 62;
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), n);
}

/* Returns the digest for signing; NULL: the key has its own, like Ed25519. */
static const EVP_MD *
digest_of(EVP_PKEY *key)
{
	int nid;

	return EVP_PKEY_get_default_digest_nid(key, &nid) == 2 &&
	    nid == NID_undef ? NULL : EVP_sha256();
}

static X509 *
make_cert(EVP_PKEY *key, const struct tlscert_spec *s)
{
	const struct tlscert *by = s->issuer;
	EVP_PKEY *signer = by != NULL ? by->key : key;
	X509 *x = X509_new();
	const X509 *issuer = by != NULL ? by->x : x;

	if (x != NULL && X509_set_version(x, 2) == 1 && add_serial(x) &&
	    add_subject(x, s->subject != NULL ? s->subject :
	    "h2rig test server") && X509_set_issuer_name(x,
	    X509_get_subject_name(issuer)) == 1 &&
	    add_times(x, (int)s->days) && X509_set_pubkey(x, key) == 1 &&
	    add_extensions(x, s, issuer, EVP_PKEY_base_id(key) ==
	    EVP_PKEY_RSA) && X509_sign(x, signer, digest_of(signer)) > 0)
		return x;
	X509_free(x);
	return NULL;
}

int
tlscert_make(struct tlscert *c, const struct tlscert_spec *spec)
{
	if (c->key == NULL)
		c->key = make_key(spec->rsa);
	c->x = c->key != NULL ? make_cert(c->key, spec) : NULL;
	return c->x != NULL ? 0 : -1;
}

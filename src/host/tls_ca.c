/* SPDX-License-Identifier: MIT */
/*
 * The server's own CA (--ca, --ca-out) and what it signs.  With a CA, each
 * connection gets a certificate for the name that its client asks for, or for
 * the address that the client has connected to.  It is made during the
 * handshake and costs a signature only, since all certificates have the
 * context's key.  A session resumes under that name alone, since all that the
 * client knows of it is a certificate for the name (RFC 8446 §4.6.1).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/sys.h"
#include "tls.h"
#include "tls_impl.h"
#include "tlscert.h"

#define CA_DAYS 3650

/* ---- the CA's files ---- */

static int
make(struct tlscert *ca)
{
	const struct tlscert_spec spec = { .subject = "h2rig test CA",
	    .days = CA_DAYS, .is_ca = true };

	return tlscert_make(ca, &spec);
}

/*
 * Makes the CA's file, for its owner alone, and whole at once: another server
 * may be started with the same file at this moment, and may have made it first.
 * Returns 0, or -1 with errno set, which is 0 if OpenSSL's queue has the
 * reason.
 */
static int
make_file(const char *path)
{
	struct tlscert ca = { 0 };
	char temp[PATH_MAX];
	FILE *f = NULL;
	int fd = -1, ret = -1, saved;

	errno = ENAMETOOLONG;
	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >=
	    (int)sizeof(temp) || (fd = mkstemp(temp)) == -1)
		return -1;
	errno = 0;
	if ((f = fdopen(fd, "w")) != NULL && make(&ca) == 0 &&
	    PEM_write_X509(f, ca.x) == 1 &&
	    PEM_write_PrivateKey(f, ca.key, NULL, NULL, 0, NULL, NULL) == 1)
		ret = 0;
	if ((f != NULL ? fclose(f) : close(fd)) != 0)
		ret = -1;
	if (ret == 0 && link(temp, path) == -1 && errno != EEXIST)
		ret = -1;
	saved = errno;
	unlink(temp);
	errno = saved;
	tlscert_free(&ca);
	return ret;
}

static int
read_file(struct tlscert *ca, const char *path, char *err, size_t size)
{
	char why[128];

	ERR_clear_error();
	if (access(path, F_OK) == -1 && errno == ENOENT &&
	    make_file(path) == -1) {
		tlscert_error_text(why, sizeof(why), errno);
		snprintf(err, size, "--ca: \"%s\": expected a file, or a "
		    "directory to make it in: %s", path, why);
		return -1;
	}
	if (tlscert_read(ca, "--ca", path, err, size) == -1 ||
	    tlscert_read_key(ca, "--ca", path, err, size) == -1)
		return -1;
	if (tlscert_is_pair(ca) && X509_check_ca(ca->x) != 0)
		return 0;
	snprintf(err, size, "--ca: \"%s\": expected the certificate of a CA "
	    "with its key", path);
	return -1;
}

static int
write_certificate(const struct tlscert *ca, const char *path, char *err,
    size_t size)
{
	FILE *f = fopen(path, "w");
	bool ok = f != NULL && PEM_write_X509(f, ca->x) == 1;

	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok)
		snprintf(err, size, "--ca-out: \"%s\": expected a file to "
		    "write to: %s", path, strerror(errno));
	return ok ? 0 : -1;
}

int
tls_ca_open(struct tlscert *ca, const struct options *o, char *err,
    size_t size)
{
	if (o->ca != NULL) {
		if (read_file(ca, o->ca, err, size) == -1)
			return -1;
	} else if (o->ca_out != NULL && make(ca) == -1)
		return -1;
	return o->ca_out != NULL ?
	    write_certificate(ca, o->ca_out, err, size) : 0;
}

/* ---- certificates for the names that clients ask for ---- */

/* Returns the address that the client has connected to, or "localhost". */
static const char *
local_name(SSL *ssl, char dst[SYS_HOST_SIZE])
{
	struct sockaddr_storage ss;
	const char *colon;

	if (sys_local_addr(SSL_get_fd(ssl), &ss) == -1)
		return "localhost";
	sys_addr_host((const struct sockaddr *)&ss, dst, SYS_HOST_SIZE);
	/* A certificate's address has no scope. */
	dst[strcspn(dst, "%")] = '\0';
	/* Clients call "::ffff:127.0.0.1" by its IPv4 address. */
	colon = strchr(dst, '.') != NULL ? strrchr(dst, ':') : NULL;
	return colon != NULL ? colon + 1 : dst;
}

int
tls_ca_bind(SSL *ssl, const uint8_t *sni, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char address[SYS_HOST_SIZE];
	const char *name = (const char *)sni;
	unsigned n;

	if (name == NULL) {
		name = local_name(ssl, address);
		len = strlen(name);
	}
	return EVP_Digest(name, len, digest, &n, EVP_sha256(), NULL) == 1 &&
	    SSL_set_session_id_context(ssl, digest, n) == 1 ? 0 : -1;
}

int
tls_ca_certify(SSL *ssl, void *user)
{
	const struct tls_ctx *ctx = user;
	const struct tls *t = SSL_get_app_data(ssl);
	struct tlscert c = { .key = SSL_CTX_get0_privatekey(ctx->ssl) };
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct tlscert_spec spec = { .days = TLSCERT_DAYS, .names = &name,
	    .n_names = 1, .issuer = &ctx->ca };
	char address[SYS_HOST_SIZE];
	int ok;

	if (t != NULL && t->plan->cert.x != NULL)
		return 1;
	if (name == NULL)
		name = local_name(ssl, address);
	EVP_PKEY_up_ref(c.key);
	ok = tlscert_make(&c, &spec) == 0 &&
	    SSL_use_cert_and_key(ssl, c.x, c.key, NULL, 1) == 1;
	tlscert_free(&c);
	return ok;
}

/* ---- certificates for scripts ---- */

struct tlscert *
tls_ca_leaf(const struct tls *t, const struct tls_leaf *leaf, char *err,
    size_t size)
{
	struct tlscert_spec spec = { .days = leaf->days, .names = leaf->names,
	    .n_names = leaf->n_names, .rsa = leaf->rsa,
	    .issuer = leaf->self_signed ? NULL : &t->ctx->ca };
	struct tlscert *c;
	char why[128];

	if (!leaf->self_signed && t->ctx->ca.x == NULL) {
		snprintf(err, size, "signed_by: \"ca\": expected --ca or "
		    "--ca-out, by which the server has one");
		return NULL;
	}
	ERR_clear_error();
	c = calloc(1, sizeof(*c));
	if (c != NULL && tlscert_make(c, &spec) == 0)
		return c;
	tlscert_error_text(why, sizeof(why), errno);
	snprintf(err, size, "leaf: not made: %s", why);
	tls_ca_free(c);
	return NULL;
}

void
tls_ca_free(struct tlscert *leaf)
{
	if (leaf != NULL)
		tlscert_free(leaf);
	free(leaf);
}

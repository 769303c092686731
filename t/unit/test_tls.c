/* SPDX-License-Identifier: MIT */
/*
 * Tests host/tls: how much one write gives the kernel, what it returns if the
 * kernel takes less, and how much one read takes.  The client is OpenSSL alone.
 *
 * src/host/tls_ctx.c is compiled for this program with -Dmalloc=short_malloc
 * -Drealloc=short_realloc.
 */
#undef malloc
#undef realloc

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/tls.h"
#include "tap.h"

void *short_malloc(size_t size);
void *short_realloc(void *p, size_t size);

#define CONTENT (1 << 20)
#define READ_BUFFER (256 * 1024)
#define FRAME (16384 + 9)	/* DATA of 16,384 octets: two TLS records */

static const struct options options;	/* no files */
static struct tls_ctx *server_ctx;
static SSL_CTX *client_ctx;
static struct tls *server;
static SSL *client;
static int fds[2];		/* the server's, the client's */
static uint8_t content[CONTENT];
static size_t n_got;		/* octets that the client has checked */

static struct {
	bool armed;
	bool once;		/* then only one fails, else all fail */
	unsigned long left;	/* allocations that succeed from now on */
	unsigned failed;
} memory = { .left = ULONG_MAX };

static bool
runs_out(void)
{
	if (!memory.armed)
		return false;
	if (memory.left > 0) {
		memory.left--;
		return false;
	}
	if (memory.once && memory.failed > 0)
		return false;
	memory.failed++;
	return true;
}

void *
short_malloc(size_t size)
{
	return runs_out() ? NULL : malloc(size);
}

void *
short_realloc(void *p, size_t size)
{
	return runs_out() ? NULL : realloc(p, size);
}

/* Reads all that has come, which must be the next part of `content`. */
static void
client_reads(void)
{
	static uint8_t octets[65536];
	size_t n;

	while (SSL_read_ex(client, octets, sizeof(octets), &n) == 1) {
		ck_assert_uint_le(n, CONTENT - n_got);
		ck_assert_mem_eq(octets, content + n_got, n);
		n_got += n;
	}
	ck_assert_int_eq(SSL_get_error(client, 0), SSL_ERROR_WANT_READ);
}

static void
open_pair(int type, int version)
{
	BIO *buffer;
	char err[256];
	size_t i;

	for (i = 0; i < CONTENT; i++)
		content[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	n_got = 0;
	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	server_ctx = tls_ctx_new(&options, err, sizeof(err));
	ck_assert_msg(server_ctx != NULL, "%s", err);
	server = tls_new(server_ctx, fds[0]);
	client_ctx = SSL_CTX_new(TLS_client_method());
	ck_assert_ptr_nonnull(client_ctx);
	ck_assert_int_eq(SSL_CTX_set_max_proto_version(client_ctx, version), 1);
	client = SSL_new(client_ctx);
	/* A message of a SOCK_SEQPACKET socket must be read in one call. */
	buffer = BIO_new(BIO_f_buffer());
	ck_assert_int_eq(BIO_set_read_buffer_size(buffer, READ_BUFFER), 1);
	SSL_set_bio(client, BIO_push(buffer, BIO_new_socket(fds[1],
	    BIO_NOCLOSE)), BIO_new_socket(fds[1], BIO_NOCLOSE));
	SSL_set_connect_state(client);
}

/*
 * Returns the result of the server's last tls_handshake.  Only its allocations
 * may fail.
 */
static int
shake_hands(void)
{
	int i, rc = TLS_AGAIN_READ;

	for (i = 0; i < 10 && rc == TLS_AGAIN_READ; i++) {
		SSL_do_handshake(client);
		memory.armed = true;
		rc = tls_handshake(server);
		memory.armed = false;
	}
	return rc;
}

static void
connect_pair(int type, int version)
{
	open_pair(type, version);
	ck_assert_int_eq(shake_hands(), 0);
	ck_assert_int_eq(SSL_do_handshake(client), 1);
	client_reads();			/* session tickets */
}

static void
disconnect(void)
{
	SSL_free(client);
	SSL_CTX_free(client_ctx);
	tls_free(server);
	tls_ctx_free(server_ctx);
	close(fds[0]);
	close(fds[1]);
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

START_TEST(test_one_write)
{
	static uint8_t message[READ_BUFFER];
	static const long lengths[] = { 100, FRAME, 4L * FRAME };
	size_t i;

	connect_pair(SOCK_SEQPACKET, versions[_i]);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		ck_assert_int_eq(tls_write(server, content,
		    (size_t)lengths[i]), lengths[i]);
		ck_assert_int_gt(recv(fds[1], message, sizeof(message), 0),
		    lengths[i]);
		ck_assert_int_eq(recv(fds[1], message, sizeof(message), 0),
		    -1);
	}
	/* A longer write sends only full records. */
	ck_assert_int_eq(tls_write(server, content, 5L * 16384),
	    4L * 16384);
	disconnect();
}
END_TEST

/* Octets that tls_write reports as written are with the kernel. */
START_TEST(test_slow_reader)
{
	int size = 8192;
	size_t sent = 0, refused = 0;
	long n;

	connect_pair(SOCK_STREAM, versions[_i]);
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	while (sent < CONTENT) {
		size_t len = CONTENT - sent;

		n = tls_write(server, content + sent, len < TLS_WRITE_MAX ?
		    len : TLS_WRITE_MAX);
		if (n > 0) {
			sent += (size_t)n;
			if (refused % 3 != 0)
				continue;
		} else {
			ck_assert_int_eq(n, TLS_AGAIN_WRITE);
			ck_assert_uint_lt(refused++, 10000);
		}
		client_reads();
		ck_assert_uint_ge(n_got, sent);
	}
	client_reads();
	ck_assert_uint_eq(n_got, CONTENT);
	ck_assert_uint_gt(refused, 10);
	disconnect();
}
END_TEST

/* close_notify is sent behind all else, once the client has made room. */
START_TEST(test_shutdown_of_full_socket)
{
	int size = 8192;
	size_t sent = 0, n;
	uint8_t octet;

	connect_pair(SOCK_STREAM, versions[_i]);
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	while (tls_write(server, content + sent, 100) == 100)
		sent += 100;
	ck_assert_uint_gt(sent, 0);
	ck_assert_int_eq(tls_shutdown(server), TLS_AGAIN_WRITE);
	client_reads();
	ck_assert_int_eq(tls_shutdown(server), 0);
	while (SSL_read_ex(client, &octet, 1, &n) == 1)
		ck_assert_uint_eq(octet, content[n_got++]);
	ck_assert_int_eq(SSL_get_error(client, 0), SSL_ERROR_ZERO_RETURN);
	ck_assert_uint_eq(n_got, sent + 100);
	disconnect();
}
END_TEST

/*
 * The server reads the client's octets, in as many calls as a connection that
 * polls may make.  They must not be lost if the answer to a KeyUpdate has to be
 * written first.
 */
static void
server_reads(const char *want)
{
	char octets[64];
	long n = TLS_AGAIN_READ;
	int i;

	for (i = 0; i < 5 && (n == TLS_AGAIN_READ || n == TLS_AGAIN_WRITE);
	    i++) {
		n = tls_read(server, octets, sizeof(octets));
		if (n == TLS_AGAIN_WRITE)
			client_reads();
	}
	ck_assert_int_eq(n, (long)strlen(want));
	ck_assert_mem_eq(octets, want, strlen(want));
}

static const size_t pieces[] = { 40000, 1000 };	/* several records, one */

/*
 * The answer to a KeyUpdate (RFC 8446 §4.6.3) comes after the records that the
 * kernel has refused so far: those are encrypted with the old key.
 */
START_TEST(test_key_update)
{
	const size_t piece = pieces[_i];
	int size = 8192, i, j;
	size_t sent = 0;
	long n;

	connect_pair(SOCK_STREAM, TLS1_3_VERSION);
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	for (i = 0; i < 8; i++) {
		while ((n = tls_write(server, content + sent, piece)) > 0) {
			sent += (size_t)n;
			ck_assert_uint_lt(sent, CONTENT - piece);
		}
		ck_assert_int_eq(n, TLS_AGAIN_WRITE);
		/* The second one makes OpenSSL answer the first at once. */
		for (j = 0; j < 2; j++) {
			ck_assert_int_eq(SSL_key_update(client,
			    SSL_KEY_UPDATE_REQUESTED), 1);
			ck_assert_int_eq(SSL_write(client, "ping", 4), 4);
			server_reads("ping");
		}
		client_reads();
	}
	while (n_got < CONTENT - piece) {
		if ((n = tls_write(server, content + sent, piece)) > 0)
			sent += (size_t)n;
		client_reads();
	}
	disconnect();
}
END_TEST

/* After a read that emptied the socket, its end is still seen. */
START_TEST(test_end)
{
	char octets[16];
	int i;

	connect_pair(SOCK_STREAM, versions[_i]);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(SSL_write(client, "ping", 4), 4);
		server_reads("ping");
		ck_assert_int_eq(tls_read(server, octets, sizeof(octets)),
		    TLS_AGAIN_READ);
	}
	shutdown(fds[1], SHUT_WR);	/* without close_notify */
	ck_assert_int_eq(tls_read(server, octets, sizeof(octets)), TLS_EOF);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
	ck_assert_int_eq(tls_write(server, content, 100), 100);
#endif
	disconnect();
}
END_TEST

/* Records that begin in one read of the socket and end in the next one. */
START_TEST(test_many_records)
{
	static uint8_t octets[40000];
	size_t sent = 0, got = 0, reads = 0, piece, n;
	long rc;

	connect_pair(SOCK_STREAM, versions[_i]);
	while (got < CONTENT) {
		do {
			piece = CONTENT - sent < 50000 ? CONTENT - sent : 50000;
			if (piece == 0 || SSL_write_ex(client, content + sent,
			    piece, &n) != 1)
				break;
			sent += n;
		} while (sent < CONTENT);
		while ((rc = tls_read(server, octets, sizeof(octets))) > 0) {
			ck_assert_uint_le((size_t)rc, CONTENT - got);
			ck_assert_mem_eq(octets, content + got, (size_t)rc);
			got += (size_t)rc;
		}
		ck_assert_int_eq(rc, TLS_AGAIN_READ);
		ck_assert_uint_lt(reads++, 1000);
	}
	shutdown(fds[1], SHUT_WR);
	ck_assert_int_eq(tls_read(server, octets, sizeof(octets)), TLS_EOF);
	disconnect();
}
END_TEST

/*
 * Memory runs out at some allocation of the handshake, once or from there on.
 * Whatever OpenSSL does about that, the client must not be blamed.
 *
 * OpenSSL 3.5 reports some of these failures as something else: an algorithm
 * that it could not allocate is "unsupported".
 */
START_TEST(test_no_memory)
{
	unsigned long n, told = 0;
	int rc;

	for (n = 0; n < 100000; n += 23) {
		open_pair(SOCK_STREAM, versions[_i / 2]);
		memory.once = _i % 2;
		memory.left = n;
		memory.failed = 0;
		rc = shake_hands();
		told += rc == TLS_ERROR && tls_no_memory(server);
		ck_assert_msg(rc == 0 || (rc == TLS_ERROR &&
		    (OPENSSL_VERSION_NUMBER >= 0x30200000L ||
		    tls_no_memory(server))), "allocation %lu: %d, %s", n, rc,
		    tls_error(server));
		/* OpenSSL 3.5.9 stays without what it failed to allocate. */
		if (OPENSSL_VERSION_NUMBER >= 0x30500000L && rc != 0 &&
		    memory.failed == 0)
			break;
		ck_assert(rc == 0 || memory.failed > 0);
		disconnect();
		if (memory.failed == 0)
			break;
	}
	ck_assert_uint_gt(n, 100);
	ck_assert_uint_gt(told, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tls");
	TCase *tc = tcase_create("tls");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_one_write, 0, 2);
	tcase_add_loop_test(tc, test_slow_reader, 0, 2);
	tcase_add_loop_test(tc, test_shutdown_of_full_socket, 0, 2);
	tcase_add_loop_test(tc, test_key_update, 0, 2);
	tcase_add_loop_test(tc, test_end, 0, 2);
	tcase_add_loop_test(tc, test_many_records, 0, 2);
	tcase_add_loop_test(tc, test_no_memory, 0, 4);
	suite_add_tcase(s, tc);
	return tap_run(s);
}

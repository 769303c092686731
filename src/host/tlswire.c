/* SPDX-License-Identifier: MIT */
/*
 * The socket below a TLS connection.  Each record that OpenSSL makes is a
 * write to its BIO, and a write to a socket wakes who reads there: a DATA frame
 * of 16 KiB, which is two records with its header, would wake its client
 * twice.
 *
 * Each record that it reads is two reads, of its header and of what is in it:
 * they are served from octets read ahead.  OpenSSL can read ahead by itself,
 * but moves what it has to the front of its buffer for each record, so that of
 * four records six are copied.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "tlsmem.h"
#include "tlswire.h"

int
tlswire_hold(struct tlswire *w)
{
	if (w->held == NULL && (w->held = tlsmem_alloc(TLSWIRE_SIZE)) == NULL)
		return -1;
	w->holding = true;
	return 0;
}

int
tlswire_send(struct tlswire *w)
{
	ssize_t n;

	while (w->n_sent < w->n_held) {
		n = sys_write(w->fd, w->held + w->n_sent,
		    w->n_held - w->n_sent);
		if (n == -1)
			return -1;
		w->n_sent += (size_t)n;
	}
	w->n_held = w->n_sent = 0;
	return 0;
}

void
tlswire_free(struct tlswire *w)
{
	free(w->held);
	free(w->ahead);
	w->held = w->ahead = NULL;
}

/* ---- what OpenSSL calls ---- */

static int
failed(BIO *b, int retry)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		BIO_set_flags(b, retry | BIO_FLAGS_SHOULD_RETRY);
	return -1;
}

/* len octets were not taken: later, or (as if they had been) never. */
static int
unsent(BIO *b, int len)
{
	struct tlswire *w = BIO_get_data(b);

	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return failed(b, BIO_FLAGS_WRITE);
	w->error = errno;
	return len;
}

static int
wire_write(BIO *b, const char *src, int len)
{
	struct tlswire *w = BIO_get_data(b);
	ssize_t n;

	BIO_clear_retry_flags(b);
	if (w->error != 0)
		return len;
	if (w->holding) {
		if (TLSWIRE_SIZE - w->n_held < (size_t)len) {
			errno = EAGAIN;
			return failed(b, BIO_FLAGS_WRITE);
		}
		memcpy(w->held + w->n_held, src, (size_t)len);
		w->n_held += (size_t)len;
		return len;
	}
	/* A handshake message or an alert does not overtake what is held. */
	if (w->n_held > 0 && tlswire_send(w) == -1)
		return unsent(b, len);
	n = sys_write(w->fd, src, (size_t)len);
	return n == -1 ? unsent(b, len) : (int)n;
}

/* Octets, 0 at the end of file, or -1: errno. */
static ssize_t
read_ahead(struct tlswire *w)
{
	ssize_t n;

	if (w->emptied) {
		/* Whoever wants more waits for it first. */
		w->emptied = false;
		errno = EAGAIN;
		return -1;
	}
	if (w->ahead == NULL &&
	    (w->ahead = tlsmem_alloc(TLSWIRE_AHEAD)) == NULL)
		return -1;
	do
		n = read(w->fd, w->ahead, TLSWIRE_AHEAD);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	w->eof = n == 0;
	w->emptied = n < TLSWIRE_AHEAD;
	w->n_ahead = (size_t)n;
	w->n_taken = 0;
	return n;
}

static int
wire_read(BIO *b, char *dst, int size)
{
	struct tlswire *w = BIO_get_data(b);
	size_t n = w->n_ahead - w->n_taken;

	BIO_clear_retry_flags(b);
	if (w->paused) {
		errno = EAGAIN;
		return failed(b, BIO_FLAGS_READ);
	}
	if (n == 0) {
		switch (read_ahead(w)) {
		case -1:
			return failed(b, BIO_FLAGS_READ);
		case 0:
			return 0;
		}
		n = w->n_ahead;
	}
	if (n > (size_t)size)
		n = (size_t)size;
	memcpy(dst, w->ahead + w->n_taken, n);
	w->n_taken += n;
	return (int)n;
}

static long
wire_ctrl(BIO *b, int cmd, long num, void *arg)
{
	struct tlswire *w = BIO_get_data(b);

	(void)num, (void)arg;
	if (cmd == BIO_CTRL_EOF)
		return w->eof;
	return cmd == BIO_CTRL_FLUSH;	/* nothing is held while it is called */
}

BIO_METHOD *
tlswire_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");

	if (m != NULL && (BIO_meth_set_write(m, wire_write) != 1 ||
	    BIO_meth_set_read(m, wire_read) != 1 ||
	    BIO_meth_set_ctrl(m, wire_ctrl) != 1)) {
		BIO_meth_free(m);
		m = NULL;
	}
	return m;
}

BIO *
tlswire_bio(BIO_METHOD *method, struct tlswire *w)
{
	BIO *b = BIO_new(method);

	if (b != NULL) {
		BIO_set_data(b, w);
		BIO_set_init(b, 1);
	}
	return b;
}

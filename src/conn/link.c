/* SPDX-License-Identifier: MIT */
/*
 * The socket of a connection, with or without TLS.  conn.c calls it, under the
 * connection's mutex; nothing here waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "link.h"

/* The most octets of content in a TLS record (RFC 8446 §5.1). */
#define RECORD_MAX 16384

void
link_init(struct link *l, int fd, struct tls *t)
{
	*l = (struct link){ .fd = fd, .tls = t, .last_written = sys_now_ms(),
	    .unfetched = LONG_MAX };
}

void
link_close(struct link *l)
{
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}

/* Returns errno as an enum tls_status: `again` if the call may be repeated. */
static long
failed(struct link *l, enum tls_status again)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return again;
	l->error = errno;
	return TLS_ERROR;
}

static long
read_some(struct link *l, void *dst, size_t size)
{
	ssize_t n;

	if (l->tls != NULL)
		return tls_read(l->tls, dst, size);
	do
		n = read(l->fd, dst, size);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return TLS_EOF;
	return n == -1 ? failed(l, TLS_AGAIN_READ) : n;
}

static long
write_some(struct link *l, const void *src, size_t len)
{
	ssize_t n;

	if (len > TLS_WRITE_MAX)
		len = TLS_WRITE_MAX;
	if (l->tls != NULL)
		return tls_write(l->tls, src, len);
	n = sys_write(l->fd, src, len);
	return n == -1 ? failed(l, TLS_AGAIN_WRITE) : n;
}

static void
add_sign(struct link *l, int kind, int alert)
{
	unsigned i;

	for (i = 0; i < l->n_signs; i++)
		/* Every read repeats the end, and nothing follows a reset. */
		if ((kind != LINK_ALERT && l->sign[i].kind == (unsigned)kind) ||
		    l->sign[i].kind == LINK_RESET)
			return;
	if (l->n_signs < LINK_SIGNS)
		l->sign[l->n_signs++] = (struct link_sign){ .kind = kind,
		    .alert = alert, .ms = sys_now_ms() };
}

static void
add_alerts(struct link *l)
{
	struct tls_alert a;

	while (l->tls != NULL && tls_next_alert(l->tls, &a))
		add_sign(l, a.number == 0 ? LINK_NOTIFY : LINK_ALERT, a.number);
}

/*
 * Notes the end of the client's side, if a read or write tells of it.  EPIPE:
 * its reset came after its FIN, or another call has had ECONNRESET.
 */
static void
note_end(struct link *l, long status, int err)
{
	enum client_end end = CLIENT_END_NONE;

	add_alerts(l);
	if (status == TLS_ERROR && (err == ECONNRESET || err == EPIPE)) {
		end = CLIENT_END_RESET;
		add_sign(l, LINK_RESET, 0);
	} else if (status == TLS_EOF) {
		end = l->tls != NULL && tls_got_close_notify(l->tls) ?
		    CLIENT_END_NOTIFY : CLIENT_END_FIN;
	}
	if (end == CLIENT_END_FIN)
		add_sign(l, LINK_FIN, 0);
	if (l->end == CLIENT_END_NONE || end == CLIENT_END_NOTIFY)
		l->end = end;
}

int
link_handshake(struct link *l)
{
	int rc = l->tls != NULL ? tls_handshake(l->tls) : 0;

	if (rc == TLS_EOF || rc == TLS_ERROR)
		note_end(l, rc, errno);
	return rc;
}

bool
link_drop(struct link *l)
{
	char octets[4096];
	ssize_t n = read(l->fd, octets, sizeof(octets));

	if (n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR)))
		return true;
	add_sign(l, n == 0 ? LINK_FIN : LINK_RESET, 0);
	return false;
}

size_t
link_read(struct link *l, uint8_t *dst, size_t size, long *status)
{
	size_t have = 0;

	do {
		*status = read_some(l, dst + have, size - have);
		have += *status > 0 ? (size_t)*status : 0;
	} while (*status > 0 && size - have >= RECORD_MAX);
	l->read_blocked = *status == TLS_AGAIN_WRITE;
	note_end(l, *status, errno);
	if (l->trace != NULL && have > 0)
		trace_octets(l->trace, TRACE_IN, dst, have);
	return have;
}

enum link_room
link_push(struct link *l, struct session *s, size_t *taken)
{
	struct buf *out = session_output(s);
	size_t len;
	long n = 0;

	*taken = 0;
	while ((len = buf_len(out)) > 0) {
		n = write_some(l, buf_data(out), len);
		if (n == TLS_AGAIN_READ || n == TLS_AGAIN_WRITE)
			break;
		if (n <= 0) {
			note_end(l, TLS_ERROR, errno);
			return LINK_FAILED;
		}
		if (l->trace != NULL)
			trace_octets(l->trace, TRACE_OUT, buf_data(out),
			    (size_t)n);
		session_wrote(s, (size_t)n);
		*taken += (size_t)n;
	}
	/* A stall begins with the first refusal. */
	if (*taken > 0 || (len > 0 && !l->backlog))
		l->last_written = sys_now_ms();
	l->write_blocked = len > 0 && n == TLS_AGAIN_READ;
	l->backlog = len > 0;
	return len > 0 ? LINK_FULL : LINK_EMPTIED;
}

const char *
link_error(const struct link *l)
{
	return l->tls != NULL ? tls_error(l->tls) : strerror(l->error);
}

bool
link_is_open(const struct link *l)
{
	return fcntl(l->fd, F_GETFD) != -1 && !sys_is_shut(l->fd);
}

/*
 * Writes alone do not show whether a client moves: the kernel may hold
 * megabytes, and asks for more when a third of them is gone; windows may be as
 * large.
 */
bool
link_has_moved(struct link *l)
{
	long left = sys_unsent(l->fd);

	if (left >= l->unfetched)
		return false;
	l->unfetched = left;
	return true;
}

void
link_watch_again(struct link *l)
{
	l->unfetched = LONG_MAX;
}

/* SPDX-License-Identifier: MIT */
/*
 * How a connection ends on the wire: the last output, close_notify, FIN or
 * reset, and the wait for the client's own end.  child.c calls it, in the I/O
 * thread, when it has decided that the connection is over.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sys.h"
#include "closing.h"

/* Without a movement, milliseconds. */
#define FLUSH_MS 2000		/* to get rid of the last output */
#define LINGER_MS 1000		/* to see the client's FIN after ours */

/* Polls for the time left, which is short; false: it is over, nothing came. */
static bool
poll_until(int fd, short events, uint64_t due)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now = sys_now_ms();

	return now < due && poll(&p, 1, (int)(due - now)) > 0;
}

/*
 * Waits until the kernel has room for more.  A slow client that moves gets the
 * time it takes; false: it does not, or that was too long.
 */
static bool
wait_for_room(struct conn *c, uint64_t due)
{
	int fd = c->link.fd;
	long left = sys_unsent(fd), before = LONG_MAX;

	while (left < before && sys_now_ms() < due) {
		before = left;
		slot_beat(c->slot, c->options->silence_limit_ms, FLUSH_MS);
		if (poll_until(fd, POLLOUT, sys_now_ms() + FLUSH_MS))
			return true;
		left = sys_unsent(fd);
	}
	return false;
}

static void
flush_output(struct conn *c, uint64_t due)
{
	bool done;

	do {
		conn_lock(c);
		conn_push(c);
		done = c->gone || conn_queued(c) == 0;
		conn_unlock(c);
	} while (!done && wait_for_room(c, due));
}

/* The answer before it may have filled the kernel's buffer. */
static void
send_close_notify(struct conn *c, uint64_t due)
{
	int rc;

	do {
		conn_lock(c);
		rc = tls_shutdown(c->link.tls);
		conn_unlock(c);
	} while (rc == TLS_AGAIN_WRITE && wait_for_room(c, due));
}

static bool
hears_nothing(struct conn *c)
{
	int rc;

	conn_lock(c);
	rc = conn_hear(c);
	conn_unlock(c);
	return rc == -1;
}

/*
 * Reads for LINGER_MS: its last words, and when TLS has no more of them drops
 * the rest.  True: the client has ended its side.
 */
static bool
saw_end(struct conn *c, bool *deaf)
{
	uint64_t due = sys_now_ms() + LINGER_MS;
	char octets[4096];
	ssize_t n;

	while (poll_until(c->link.fd, POLLIN, due)) {
		if (!*deaf) {
			*deaf = hears_nothing(c);
			continue;
		}
		n = read(c->link.fd, octets, sizeof(octets));
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return true;
	}
	return false;
}

/*
 * Waits for the client's end of file: closing a socket with unread input, or
 * getting more of it later, makes the kernel send a reset and drop what the
 * client has yet to fetch.  A slow client that moves gets the time it takes.
 */
static void
wait_for_end(struct conn *c, uint64_t due)
{
	bool deaf = c->link.tls != NULL && c->link.info.version == NULL;
	int fd = c->link.fd;
	long left = sys_unsent(fd), before;

	do {
		before = left;
		slot_beat(c->slot, c->options->silence_limit_ms, LINGER_MS);
		if (saw_end(c, &deaf))
			return;
		left = sys_unsent(fd);
	} while (left > 0 && left < before && sys_now_ms() < due);
}

void
closing_run(struct conn *c, enum conn_close how, bool linger)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	uint64_t due = sys_now_ms() + c->options->stall_timeout_ms;

	/* Before the end of the handshake nothing can be said. */
	if (c->link.tls == NULL || c->link.info.version != NULL)
		flush_output(c, due);
	conn_lock(c);
	conn_set_gone(c);
	conn_unlock(c);
	if (how == CLOSE_TLS && c->link.tls != NULL)
		send_close_notify(c, due);
	if (how == CLOSE_RST) {
		setsockopt(c->link.fd, SOL_SOCKET, SO_LINGER, &reset,
		    sizeof(reset));
	} else {
		shutdown(c->link.fd, SHUT_WR);
		atomic_store(&c->slot->state, CHILD_GONE);
		if (linger)
			wait_for_end(c, due);
	}
	conn_lock(c);
	link_close(&c->link);
	atomic_store(&c->slot->state, CHILD_GONE);
	conn_unlock(c);
}

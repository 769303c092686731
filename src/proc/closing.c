/* SPDX-License-Identifier: MIT */
/*
 * How a connection ends: the decision, of which the first counts, and what the
 * I/O thread then does on the wire.  That is the last output, close_notify, FIN
 * or reset, and the wait for the client's own end.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sys.h"
#include "child_impl.h"

/* Milliseconds without progress: */
#define FLUSH_MS 2000		/* to get rid of the last output */
#define LINGER_MS 1000		/* to see the client's FIN after ours */
#define UNTOLD_MS 5000		/* in all, where progress cannot be seen */

const char closing_damaged[] = "it has closed descriptors of the server's";

static bool
blames_client(enum child_end end)
{
	return end == CHILD_END_CLIENT || end == CHILD_END_TIMEOUT ||
	    end == CHILD_END_VIOLATION || end == CHILD_END_TRANSPORT;
}

void
closing_set(struct child *ch, enum child_end end, enum conn_close how,
    const char *why)
{
	if (ch->end != CHILD_END_NONE)
		return;
	if (blames_client(end) && !link_is_open(&ch->c.link)) {
		end = CHILD_END_DAMAGED;
		how = CLOSE_FIN;
		why = closing_damaged;
	} else if (blames_client(end) && conn_no_memory(&ch->c)) {
		end = CHILD_END_MEMORY;
	}
	ch->end = end;
	ch->how = how;
	snprintf(ch->why, sizeof(ch->why), "%s", why);
}

void
closing_goaway(struct child *ch, enum child_end end, uint32_t code,
    const char *why)
{
	const char *unused;

	if (ch->end != CHILD_END_NONE)
		return;
	closing_set(ch, end, CLOSE_TLS, why);
	if (ch->end == end &&
	    session_automatic(ch->c.session) & SESSION_GOAWAY)
		send_goaway(ch->c.session, UINT32_MAX, code, why, strlen(why),
		    &unused);
}

/* ---- on the wire ---- */

/* Polls without the mutex until due.  False: nothing came. */
static bool
poll_until(struct conn *c, short events, uint64_t due)
{
	struct pollfd p = { .fd = c->link.fd, .events = events };
	uint64_t now = sys_now_ms();
	int n = 0;

	conn_unlock(c);
	if (now < due)
		n = poll(&p, 1, (int)(due - now));
	conn_lock(c);
	return n > 0;
}

/* Whether the client may have fetched octets since; left -1: not known. */
static bool
may_move(long left, long before)
{
	return left == -1 || left < before;
}

/*
 * Waits until the kernel has room for more output, while a slow client makes
 * progress.  False: it makes none, or due has passed.
 */
static bool
wait_for_room(struct conn *c, uint64_t due)
{
	long left = sys_unsent(c->link.fd), before = LONG_MAX;

	while (may_move(left, before) && sys_now_ms() < due) {
		before = left;
		slot_beat(c->slot, c->options->silence_limit_ms, FLUSH_MS);
		if (poll_until(c, c->link.write_blocked ? POLLIN : POLLOUT,
		    sys_now_ms() + FLUSH_MS))
			return true;
		left = sys_unsent(c->link.fd);
	}
	return false;
}

static void
flush_output(struct conn *c, uint64_t due)
{
	do
		conn_push(c);
	while (!c->gone && conn_queued(c) > 0 && wait_for_room(c, due));
}

/*
 * Reads for LINGER_MS: the client's last words and, when TLS has no more of
 * them, octets to drop.  True: the client has ended its side.
 */
static bool
saw_end(struct conn *c, bool *deaf)
{
	uint64_t due = sys_now_ms() + LINGER_MS;

	while (poll_until(c, POLLIN, due)) {
		if (!*deaf) {
			*deaf = !conn_hear(c);
			continue;
		}
		if (!link_drop(&c->link))
			return true;
	}
	return false;
}

/*
 * Waits for the client's end of file, while a slow client makes progress.  If a
 * socket is closed with unread input, or gets more of it later, the kernel
 * sends a reset and drops what the client has yet to fetch.
 */
static void
wait_for_end(struct conn *c, uint64_t due)
{
	bool deaf = c->link.tls != NULL && c->link.info.version == NULL;
	long left = sys_unsent(c->link.fd), before;

	do {
		before = left;
		slot_beat(c->slot, c->options->silence_limit_ms, LINGER_MS);
		if (saw_end(c, &deaf))
			return;
		left = sys_unsent(c->link.fd);
	} while (left != 0 && may_move(left, before) && sys_now_ms() < due);
}

void
closing_run(struct child *ch, bool linger)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct conn *c = &ch->c;
	uint64_t ms = c->options->stall_timeout_ms, due;
	struct link *l = &c->link;

	if (sys_unsent(l->fd) == -1 && ms > UNTOLD_MS)
		ms = UNTOLD_MS;
	due = sys_now_ms() + ms;
	/* Before the end of the handshake nothing can be sent. */
	if (l->tls == NULL || l->info.version != NULL)
		flush_output(c, due);
	conn_set_gone(c);
	/* The answer may have filled the kernel's buffer. */
	if (ch->how == CLOSE_TLS && l->tls != NULL)
		while (tls_shutdown(l->tls) == TLS_AGAIN_WRITE &&
		    wait_for_room(c, due))
			;
	if (ch->how == CLOSE_RST) {
		setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &reset,
		    sizeof(reset));
	} else {
		shutdown(l->fd, SHUT_WR);
		atomic_store(&c->slot->state, CHILD_GONE);
		if (linger)
			wait_for_end(c, due);
	}
	link_close(l);
	atomic_store(&c->slot->state, CHILD_GONE);
}

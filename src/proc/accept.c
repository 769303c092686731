/* SPDX-License-Identifier: MIT */
/*
 * How connections come in: accepted from the listening sockets as long as
 * there is room, and handed to a child that waits (spare.c) or is forked for
 * them (spawn.c).  The loop in parent.c calls it.
 *
 * A lack of descriptors, memory or processes is waited out: what was accepted
 * is kept, the listeners leave the set, and after a pause that doubles it is
 * tried again.  When the house is full the next client is kept likewise, until
 * another one makes room for it (room.c); those behind it the kernel queues.
 *
 * When the server stops, those that the kernel has queued are accepted, some at
 * a time beyond --max-children, and their children tell them.  What waits at an
 * inherited socket is the next server's.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "parent_impl.h"

#define ACCEPTS_PER_WAKE 16	/* on one listener, before others are asked */

/* For the ends of TCP's handshakes that the kernel has begun, milliseconds. */
#define LAST_WAIT_MS 20

/* Something is short (errno): waits before the next attempt to `what`. */
static void
pause_accepting(struct parent *p, const char *what)
{
	if (p->pause_ms == 0)
		log_warn("cannot %s, waiting", what);
	p->pause_ms = pause_after(p->pause_ms);
	p->resume_ms = sys_now_ms() + p->pause_ms;
}

static void
note_success(struct parent *p)
{
	if (p->pause_ms != 0)
		log_info("accepting again");
	p->pause_ms = 0;
	p->resume_ms = 0;
}

/*
 * Turns away the connection held back if its address has all that it may have.
 * True: it is gone.  A flood of them does not flood the log.
 */
static bool
refuse_held(struct parent *p)
{
	unsigned most = p->options->max_per_address;
	uint64_t now = sys_now_ms();
	char host[SYS_HOST_SIZE];

	if (most == 0)
		return false;
	sys_addr_host((const struct sockaddr *)&p->held_addr, host,
	    sizeof(host));
	if (scoreboard_count_host(&p->board, host) < most)
		return false;
	close(p->held_fd);
	p->held_fd = -1;
	if (p->refused_ms == 0 || now - p->refused_ms >= 1000) {
		log_warnx("refused %s: it has %u connections "
		    "(--max-per-address)", host, most);
		p->refused_ms = now;
	}
	return true;
}

/* Once for a client, and seldom if that is often. */
static void
log_full(struct parent *p, uint64_t now)
{
	if (p->full_logged || (p->full_ms != 0 && now - p->full_ms < 1000))
		return;
	log_warnx("all %u children are busy, further connections wait",
	    p->options->max_children);
	p->full_logged = true;
	p->full_ms = now;
}

/* A place for the connection held back; false: it has to wait. */
static bool
find_place(struct parent *p)
{
	uint64_t now = sys_now_ms();
	char client[SYS_ADDR_SIZE];

	if (room_is_free(p))
		return true;
	sys_format_addr((const struct sockaddr *)&p->held_addr, client,
	    sizeof(client));
	if (!p->stopping && !room_ask(p, client, now))
		log_full(p, now);
	return false;
}

/* A child for the connection held back, if there is one. */
static bool
spawn_held(struct parent *p)
{
	if (p->held_fd == -1 || refuse_held(p))
		return true;
	if (!find_place(p))
		return false;
	if (spare_take(p, p->held_fd, &p->held_addr)) {
		close(p->held_fd);
	} else if (spawn_child(p, p->held_fd, &p->held_addr) == -1) {
		pause_accepting(p, "fork");
		return false;
	}
	p->held_fd = -1;
	p->asked_ms = 0;
	p->full_logged = false;
	p->late += p->stopping;
	note_success(p);
	return true;
}

/* One connection from fd: true if another attempt is worth it. */
static bool
accept_one(struct parent *p, int fd)
{
	socklen_t len = sizeof(p->held_addr);
	int conn;

	memset(&p->held_addr, 0, sizeof(p->held_addr));
	conn = accept(fd, (struct sockaddr *)&p->held_addr, &len);
	if (conn != -1) {
		p->second_n++;
		p->held_fd = conn;
		return spawn_held(p);
	}
	switch (errno) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
		return false;
	case EINTR:
	case ECONNABORTED:	/* the client left while it was queued */
	case EPROTO:
		return true;
	default:
		pause_accepting(p, "accept");
		return false;
	}
}

/* Whether this second has seen all the new connections that it may. */
static bool
too_fast(struct parent *p, uint64_t now)
{
	if (p->options->max_per_second == 0 || p->stopping)
		return false;
	if (now - p->second_ms >= 1000) {
		p->second_ms = now;
		p->second_n = 0;
	}
	return p->second_n >= p->options->max_per_second;
}

void
accept_ready(struct parent *p, const struct pollfd *set)
{
	struct listeners *l = p->listeners;
	size_t i;
	int k;

	for (i = 0; i < l->n; i++) {
		if (set[i].revents == 0)
			continue;
		for (k = 0; k < ACCEPTS_PER_WAKE; k++)
			if (too_fast(p, sys_now_ms()) ||
			    !accept_one(p, l->fd[i]))
				break;
		if (p->held_fd != -1 || p->resume_ms != 0)
			break;
	}
}

bool
accept_may(struct parent *p, uint64_t now)
{
	if (p->accepted_all || now < p->dying_until_ms ||
	    (p->resume_ms != 0 && now < p->resume_ms))
		return false;
	p->resume_ms = 0;
	return !too_fast(p, now) && spawn_held(p);
}

void
accept_last(struct parent *p)
{
	size_t i;

	if (p->listeners->inherited)
		listen_close(p->listeners);
	for (i = 0; i < p->listeners->n; i++)
		if (sys_queue_no_more(p->listeners->fd[i]) == 0)
			p->last_wait_ms = LAST_WAIT_MS;
}

void
accept_end(struct parent *p)
{
	if (p->held_fd != -1)
		close(p->held_fd);
	p->held_fd = -1;
	p->resume_ms = 0;
	listen_close(p->listeners);
	p->accepted_all = true;
	if (p->late > 0)
		log_info("%u connections that had waited are told that "
		    "nothing was done for them", p->late);
}

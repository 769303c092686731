/* SPDX-License-Identifier: MIT */
/*
 * How connections come in: accepted from the listening sockets as long as there
 * is room, and given to a child (children.c).
 *
 * After a lack of descriptors, memory or processes the parent waits: it keeps
 * the connection that it has accepted, does not poll the listeners, and tries
 * again after a pause that doubles each time.  When all places are taken it
 * keeps the next client in the same way until another client makes room
 * (room.c); the kernel queues the clients behind it.
 *
 * When the server stops, the clients that the kernel has queued are accepted,
 * some at a time beyond --max-children, and their children tell them that it
 * stops.  Clients that wait at an inherited socket are left to the next server.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "child.h"
#include "parent_impl.h"

#define PAUSE_MIN_MS 100	/* first pause after a lack */
#define PAUSE_MAX_MS 2000
#define FULL_MS 10		/* between two looks for a place */
#define ACCEPTS_PER_WAKE 16	/* on one listener, before others are asked */

/* Time for TCP handshakes to end that the kernel has begun. */
#define LAST_WAIT_MS 20

/* Begins the next, longer pause.  True: it is the first. */
static bool
pause_begin(struct pause *p, uint64_t now)
{
	bool first = p->ms == 0;

	p->ms = first ? PAUSE_MIN_MS :
	    p->ms < PAUSE_MAX_MS / 2 ? 2 * p->ms : PAUSE_MAX_MS;
	p->until_ms = now + p->ms;
	return first;
}

/* Ends the pauses.  True: there was one. */
static bool
pause_end(struct pause *p)
{
	bool was = p->ms != 0;

	*p = (struct pause){ 0 };
	return was;
}

/* Logs that `what` failed (errno), unless it did before; begins a pause. */
static void
note_lack(struct parent *p, const char *what)
{
	int err = errno;
	bool first = pause_begin(&p->accept.lack, sys_now_ms());

	errno = err;
	if (first)
		log_warn("cannot %s, waiting", what);
}

/* Allows one record a second, so that a flood does not flood the log. */
static bool
is_news(uint64_t *last_ms)
{
	uint64_t now = sys_now_ms();

	if (*last_ms != 0 && now - *last_ms < 1000)
		return false;
	*last_ms = now;
	return true;
}

static void
close_held(struct accept *a)
{
	if (a->held_fd != -1)
		close(a->held_fd);
	a->held_fd = -1;
}

/*
 * Refuses the connection held back if its address has as many as it may have.
 * True: it is closed.
 */
static bool
refuse_held(struct parent *p)
{
	struct accept *a = &p->accept;
	char host[SYS_HOST_SIZE];
	size_t i;
	unsigned n = 0;

	sys_addr_host((const struct sockaddr *)&a->held_addr, host,
	    sizeof(host));
	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
		n += strcmp(p->seat[i].host, host) == 0;
	if (n < p->options->max_per_address)
		return false;
	close_held(a);
	if (is_news(&a->refused_ms))
		log_warnx("refused %s: it has %u connections "
		    "(--max-per-address)", host, n);
	return true;
}

/* Looks for a place for the connection held back.  False: it has to wait. */
static bool
find_place(struct parent *p)
{
	struct accept *a = &p->accept;
	enum room_found found = room_find(p,
	    (const struct sockaddr *)&a->held_addr, sys_now_ms());

	if (found == ROOM_NONE && !a->full_logged && is_news(&a->full_ms)) {
		log_warnx("all %u children are busy, further connections "
		    "wait", p->options->max_children);
		a->full_logged = true;
	}
	return found == ROOM_FREE;
}

/* Gives the connection held back, if any, to a child.  False: not yet. */
static bool
serve_held(struct parent *p)
{
	struct accept *a = &p->accept;

	if (a->held_fd == -1 ||
	    (p->options->max_per_address != 0 && refuse_held(p)))
		return true;
	if (!find_place(p) || children_free_soon(p))
		return false;
	if (children_serve(p, a->held_fd, &a->held_addr) == -1) {
		note_lack(p, "fork");
		return false;
	}
	close_held(a);
	a->full_logged = false;
	if (p->stopping) {
		a->late++;
		a->last_ms = sys_now_ms() + LAST_WAIT_MS;
	}
	if (pause_end(&a->lack))
		log_info("accepting again");
	return true;
}

/* Accepts one connection from fd.  True: another attempt is worth it. */
static bool
accept_one(struct parent *p, int fd)
{
	struct accept *a = &p->accept;
	socklen_t len = sizeof(a->held_addr);

	memset(&a->held_addr, 0, sizeof(a->held_addr));
	a->held_fd = accept(fd, (struct sockaddr *)&a->held_addr, &len);
	if (a->held_fd != -1) {
		a->second_n++;
		return serve_held(p);
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
		note_lack(p, "accept");
		return false;
	}
}

/*
 * When the present second is over, if it has seen --max-per-second connections;
 * 0: another one may come.
 */
static uint64_t
second_over_ms(struct parent *p, uint64_t now)
{
	unsigned most = p->options->max_per_second;
	struct accept *a = &p->accept;

	if (most == 0 || p->stopping)
		return 0;
	if (now - a->second_ms >= 1000) {
		a->second_ms = now;
		a->second_n = 0;
	}
	return a->second_n >= most ? a->second_ms + 1000 : 0;
}

bool
accept_wants_free(const struct parent *p)
{
	return p->accept.held_fd != -1 && children_free_soon(p);
}

size_t
accept_watch(const struct parent *p, struct pollfd *set)
{
	size_t i;

	for (i = 0; i < p->listeners->n; i++)
		set[i] = (struct pollfd){ .fd = p->listeners->fd[i],
		    .events = POLLIN };
	return i;
}

bool
accept_is_awaited(const struct parent *p)
{
	struct pollfd set[LISTEN_MAX];

	return poll(set, accept_watch(p, set), 0) > 0;
}

void
accept_ready(struct parent *p, const struct pollfd *set)
{
	size_t i, at, n = p->listeners->n, first = p->accept.first;
	int k;

	for (i = 0; i < n; i++) {
		at = (first + i) % n;
		if (set[at].revents == 0)
			continue;
		/* Next time begin behind it: it must not starve others. */
		p->accept.first = at + 1;
		for (k = 0; k < ACCEPTS_PER_WAKE; k++)
			if (second_over_ms(p, sys_now_ms()) != 0 ||
			    !accept_one(p, p->listeners->fd[at]))
				break;
		if (p->accept.held_fd != -1 || p->accept.lack.until_ms != 0)
			break;
	}
}

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t
accept_calm_ms(const struct parent *p)
{
	return p->accept.held_fd != -1 ? UINT64_MAX :
	    later(p->accept.lack.until_ms, p->accept.dying.until_ms);
}

bool
accept_may(struct parent *p, uint64_t now, uint64_t *again)
{
	struct accept *a = &p->accept;

	*again = a->over ? UINT64_MAX : later(second_over_ms(p, now),
	    later(a->lack.until_ms, a->dying.until_ms));
	if (now < *again)
		return false;
	a->lack.until_ms = 0;
	if (serve_held(p)) {
		*again = UINT64_MAX;
		return true;
	}
	*again = later(now + (accept_wants_free(p) ? 1 : FULL_MS),
	    a->lack.until_ms);
	return false;
}

/*
 * Whether a child failed before its first request by no fault of its client: a
 * crash, a fault of our own, or SIGKILL from outside (memory was short).  The
 * next children will probably fail too.
 */
static bool
died_early(const struct parent *p, const struct death *d)
{
	const struct slot *slot = &p->board.slot[d->i];

	if (p->seat[d->i].killed != NULL || atomic_load(&slot->streams) > 0)
		return false;
	return WIFSIGNALED(d->status) || atomic_load(&slot->end) ==
	    CHILD_END_NONE || WEXITSTATUS(d->status) == CHILD_EXIT_INTERNAL;
}

void
accept_note_death(struct parent *p, const struct death *d, uint64_t now)
{
	struct accept *a = &p->accept;

	/* What was lacking may be there again. */
	a->lack.until_ms = 0;
	if (died_early(p, d)) {
		if (pause_begin(&a->dying, now))
			log_warnx("children die before their first request, "
			    "accepting slowly");
		log_debug("waiting for %u ms", a->dying.ms);
	} else if (pause_end(&a->dying)) {
		log_info("children live again, accepting as before");
	}
}

void
accept_stop(struct parent *p)
{
	uint64_t now = sys_now_ms();
	size_t i;

	p->accept.last_ms = now;
	if (p->listeners->inherited)
		listen_close(p->listeners);
	for (i = 0; i < p->listeners->n; i++)
		if (sys_queue_no_more(p->listeners->fd[i]) == 0)
			p->accept.last_ms = now + LAST_WAIT_MS;
}

uint64_t
accept_last_due(const struct parent *p)
{
	return p->stopping && !p->accept.over ?
	    later(p->accept.last_ms, accept_calm_ms(p)) : UINT64_MAX;
}

void
accept_end(struct parent *p)
{
	close_held(&p->accept);
	listen_close(p->listeners);
	p->accept.over = true;
	if (p->accept.late > 0)
		log_info("%u connections that had waited are told that "
		    "nothing was done for them", p->accept.late);
}

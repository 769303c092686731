/* SPDX-License-Identifier: MIT */
/*
 * Children that are forked before their client comes (--spare): each waits,
 * its Python ready, until the parent hands it one connection, over a pair of
 * sockets of which each has an end.  From then on it is a child like others.
 * accept.c, reap.c, reload.c and the loop in parent.c call it.
 *
 * A spare has a seat and a slot, but is not among the children that are alive:
 * it takes no client's place.  Until it is dead it is counted; whether it can
 * be given a client is said by its seat's descriptor and its slot's state.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "child.h"
#include "ends.h"
#include "parent_impl.h"
#include "py/interp.h"

/* Between those that replace one which died without a client. */
#define DEATH_PAUSE_MS 1000

/*
 * Without a client or a child's end, before one is forked: it would take the
 * processor from those that serve who has just come.
 */
#define QUIET_MS 20

/* What carries a descriptor. */
union control {
	struct cmsghdr align;
	char octets[CMSG_SPACE(sizeof(int))];
};

/* ---- in the spare ---- */

static void
wait_warm(struct parent *p, long i)
{
	struct pollfd fds[2] = {
		{ .fd = p->board.seat[i].line_fd, .events = POLLIN },
		{ .fd = p->drain[0], .events = POLLIN }
	};

	interp_child_warm(p->options);
	atomic_store(&p->board.slot[i].state, CHILD_SPARE);
	while (poll(fds, 2, -1) == -1 && errno == EINTR)
		;
}

/* The connection, which may have come before the end did; -1: none has. */
static int
receive(int from, struct sockaddr_storage *ss)
{
	union control control;
	struct iovec data = { .iov_base = ss, .iov_len = sizeof(*ss) };
	struct msghdr m = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.octets,
		.msg_controllen = sizeof(control.octets)
	};
	const struct cmsghdr *c;
	int fd;

	memset(&control, 0, sizeof(control));
	if (recvmsg(from, &m, MSG_DONTWAIT) != (ssize_t)sizeof(*ss) ||
	    (c = CMSG_FIRSTHDR(&m)) == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Its end of the pair stands in its own copy of the seat. */
static void
be_spare(struct parent *p, long i)
{
	struct sockaddr_storage ss;
	int fd;

	spawn_become(p, i, NULL);
	wait_warm(p, i);
	if ((fd = receive(p->board.seat[i].line_fd, &ss)) == -1)
		_exit(CHILD_EXIT_OK);
	spawn_serve(p, i, fd, &ss);
}

/* ---- in the parent ---- */

/* Seat and slot i are those of nobody's child, as yet or again. */
static void
seat_nobody(struct parent *p, long i)
{
	struct seat *seat = &p->board.seat[i];

	seat->spare = true;
	seat->started_ms = sys_now_ms();
	snprintf(seat->client, sizeof(seat->client), "nobody");
	seat->host[0] = '\0';
	atomic_store(&p->board.slot[i].kill_at_ms, 0);
}

/* One that can take a client at once; -1: none. */
static long
find_ready(const struct parent *p)
{
	size_t i;

	for (i = 0; p->spares > 0 && i < p->board.n; i++)
		if (p->board.seat[i].spare && p->board.seat[i].line_fd != -1 &&
		    atomic_load(&p->board.slot[i].state) == CHILD_SPARE)
			return (long)i;
	return -1;
}

/* 0: it will find it, with the address. */
static int
send_client(int to, int fd, const struct sockaddr_storage *ss)
{
	union control control;
	struct iovec data = { .iov_base = (void *)ss, .iov_len = sizeof(*ss) };
	struct msghdr m = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.octets,
		.msg_controllen = sizeof(control.octets)
	};
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(to, &m, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)sizeof(*ss) ? 0 : -1;
}

/* No client for it: it leaves, and is killed if it cannot even do that. */
static void
dismiss(struct parent *p, long i)
{
	struct seat *seat = &p->board.seat[i];
	unsigned limit_ms = p->options->silence_limit_ms;

	if (seat->dismissed)
		return;
	seat->dismissed = true;
	p->leaving++;
	if (limit_ms != 0)
		atomic_store(&p->board.slot[i].kill_at_ms, sys_now_ms() +
		    limit_ms);
	spawn_cut(seat);
}

bool
spare_take(struct parent *p, int fd, const struct sockaddr_storage *ss)
{
	struct seat *seat;
	long i;

	if ((i = find_ready(p)) == -1)
		return false;
	seat = &p->board.seat[i];
	/* First: from when it has the client the slot is its own. */
	spawn_seat(p, i, ss);
	if (send_client(seat->line_fd, fd, ss) == -1) {
		seat_nobody(p, i);
		dismiss(p, i);
		return false;
	}
	seat->spare = false;
	p->spares--;
	p->alive++;
	log_debug("spare %ld serves %s", (long)seat->pid, seat->client);
	return true;
}

void
spare_dismiss(struct parent *p)
{
	size_t i;

	for (i = 0; p->spares > 0 && i < p->board.n; i++)
		if (p->board.seat[i].spare)
			dismiss(p, (long)i);
}

/* Whatever killed one will kill the next, perhaps. */
static void
pause_adding(struct parent *p)
{
	p->spare_after_ms = sys_now_ms() + DEATH_PAUSE_MS;
}

void
spare_died(struct parent *p, long i, int status, uint64_t cpu_us)
{
	struct seat *seat = &p->board.seat[i];

	spawn_cut(seat);
	if (!seat->dismissed || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != CHILD_EXIT_OK) {
		ends_log(p->options, seat, &p->board.slot[i], status, cpu_us);
		p->spare_deaths++;
		pause_adding(p);
	}
	if (seat->dismissed)
		p->leaving--;
	seat->spare = false;
	seat->pid = 0;
	p->spares--;
}

uint64_t
spare_due(const struct parent *p)
{
	uint64_t at = p->last_client_ms + QUIET_MS;

	if (p->spares >= p->options->spare || p->single || p->stopping ||
	    p->held_fd != -1 ||
	    p->alive - p->gone + p->spares >= p->options->max_children)
		return UINT64_MAX;
	if (p->spare_after_ms > at)
		at = p->spare_after_ms;
	if (p->resume_ms > at)
		at = p->resume_ms;
	return p->dying_until_ms > at ? p->dying_until_ms : at;
}

/* For want of something (errno), which may come back. */
static void
cannot_add(struct parent *p)
{
	if (!p->spare_failed)
		log_warn("no spare child");
	p->spare_failed = true;
	pause_adding(p);
}

void
spare_add(struct parent *p)
{
	long i = scoreboard_take(&p->board);
	struct seat *seat = &p->board.seat[i];
	pid_t pid;

	p->spare_after_ms = 0;
	if (p->spare_deaths > 0) {
		p->spare_deaths--;
		pause_adding(p);
	}
	seat_nobody(p, i);
	seat->dismissed = false;
	if ((pid = spawn_fork(p, i, true)) == 0)
		be_spare(p, i);
	if (pid == -1) {
		cannot_add(p);
		seat->spare = false;
		return;
	}
	p->spare_failed = false;
	p->spares++;
	log_debug("spare %ld waits for a client", (long)pid);
}

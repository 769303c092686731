/* SPDX-License-Identifier: MIT */
/*
 * What the files of the parent share: its state, and what each of them does
 * for the loop in parent.c.  Nobody else includes it.
 */
#ifndef H2RIG_PARENT_IMPL_H
#define H2RIG_PARENT_IMPL_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "host/listen.h"
#include "host/options.h"
#include "host/scoreboard.h"
#include "host/supervise.h"
#include "host/tls.h"
#include "py/probe.h"

#define PAUSE_MIN_MS 100	/* before something short is tried again */
#define PAUSE_MAX_MS 2000

/* The pause after one of ms milliseconds that did not help; 0: the first. */
static inline unsigned
pause_after(unsigned ms)
{
	if (ms == 0)
		return PAUSE_MIN_MS;
	return ms < PAUSE_MAX_MS / 2 ? 2 * ms : PAUSE_MAX_MS;
}

#define TICK_MS 1000		/* deadlines are looked at this often */

/* A reload is under way while the routes are tried. */
struct reload {
	bool running;
	bool again;		/* HUP came meanwhile */
	struct probe probe;
	struct tls_ctx *tls;	/* taken if the probe says yes; NULL: none */
};

struct parent {
	const struct options *options;
	struct listeners *listeners;
	struct tls_ctx **tls;	/* *tls is replaced by a reload */
	struct supervise *supervise;
	struct scoreboard board;
	size_t alive;		/* children that have, or have had, a client */
	size_t gone;		/* of these those whose client has left */
	uint64_t slow_ms;	/* a first request may take, as room.c says */
	uint64_t left_ms;	/* a client has left by itself; 0: none */
	uint64_t asked_ms;	/* one was asked to make room; 0: it is had */
	size_t spares;		/* ... without one, the leaving ones too */
	size_t leaving;		/* of these those that are told to leave */
	unsigned spare_deaths;	/* of those without a client, not replaced */
	uint64_t spare_after_ms; /* no further spare before; 0: any time */
	bool spare_failed;	/* logged that one could not be made */
	int drain[2];		/* children read; closed write end: stop */
	sigset_t wait_mask;	/* signals as sys_select has them */

	/* An accepted connection that could not be forked for yet; -1: none. */
	int held_fd;
	struct sockaddr_storage held_addr;
	unsigned pause_ms;	/* the latest pause; 0: all is well */
	uint64_t resume_ms;	/* accept nothing before; 0: no pause */
	/* Children die before their first request: likewise; 0: they do not. */
	unsigned dying_ms;
	uint64_t dying_until_ms;

	uint64_t last_client_ms;	/* there was one; for --idle-exit */
	bool single;		/* serves one connection, then ends */
	int single_status;	/* exit status of its child */
	bool log_held;		/* some is: the log's reader is slow */
	uint64_t log_held_ms;	/* since then */
	uint64_t feeds_ms;	/* when feeds are looked at next */
	struct pollfd *set;	/* room for all that the loop waits for */
	bool notices_held;	/* likewise the supervisor */
	bool full_logged;

	struct reload reload;
	bool stopping;
	unsigned late;		/* clients accepted since */
	unsigned last_wait_ms;	/* without one more, then there is none */
	bool accepted_all;
	bool killed_all;
	uint64_t grace_end_ms;

	uint64_t refresh_ms;	/* when files are kept from cleaners next */
	uint64_t looked_ms;	/* when deadlines were looked at last */
	uint64_t spare_until_ms; /* nobody is past a deadline before */
	uint64_t oom_ms;	/* when machine_oom is asked next */
	uint64_t count_ms;	/* when processes are counted next */
	uint64_t second_ms;	/* --max-per-second: the present second's */
	unsigned second_n;	/* begin, and connections since */
	uint64_t full_ms;	/* when it was logged that the house is full */
	uint64_t refused_ms;	/* when a refusal was logged last */
};

/* ---- parent.c ---- */

/* The child of seat i is dead: logs what it has said and was not yet read. */
void parent_finish_feed(struct parent *p, long i);

/* ---- spawn.c: children begin ---- */

/*
 * Forks for an accepted connection: 0 and fd is closed here, or -1 with errno
 * and fd still open.  There is a free slot.
 */
int spawn_child(struct parent *p, int fd, const struct sockaddr_storage *ss);

/* Whether the parent may keep fd and has descriptors left then. */
bool spawn_leaves_free(int fd);

/* For spare.c the steps of it, all of the child in slot i. */

/* Seat and slot become those of a client that has just been accepted. */
void spawn_seat(struct parent *p, long i, const struct sockaddr_storage *ss);

/* The child sees the end of its line; others may have inherited ours. */
void spawn_cut(struct seat *seat);

/*
 * As fork; the parent has the seat's pid and group then, what the child says,
 * and a line to it: a pair of sockets, of which each has its end in its copy of
 * the seat.  A spare gets its client by it, and the end of it wakes a child
 * that is asked for something.  Unless it is needed a child can be without, -1.
 */
pid_t spawn_fork(struct parent *p, long i, bool needs_line);

/*
 * In the new process: all that a child needs and a script expects, whoever its
 * client is, and of the parent's descriptors none but *fd (NULL: none yet),
 * whose number changes; then the connection, fd, and it does not return.
 */
void spawn_become(struct parent *p, long i, int *fd);
void spawn_serve(struct parent *p, long i, int fd,
    const struct sockaddr_storage *ss);

/* ---- spare.c: children that wait for a client ---- */

/* When one more is to be forked; UINT64_MAX: none is, as things are. */
uint64_t spare_due(const struct parent *p);

/* Forks one; there is a free slot, as one is due. */
void spare_add(struct parent *p);

/*
 * An accepted connection is given to one: true; the caller closes its copy of
 * fd.  False: none is ready.
 */
bool spare_take(struct parent *p, int fd, const struct sockaddr_storage *ss);

/* All that wait leave: what they have is out of date, or the server stops. */
void spare_dismiss(struct parent *p);

/* That of seat i is reaped; it had no client.  As ends_log. */
void spare_died(struct parent *p, long i, int status, uint64_t cpu_us);

/* ---- accept.c: connections come in ---- */

/* True: the listeners are to be watched.  Forks for who was held back. */
bool accept_may(struct parent *p, uint64_t now);

/* Accepts from listener i, for each i, if set[i] says that it is ready. */
void accept_ready(struct parent *p, const struct pollfd *set);

/* The server stops: none come from now on but those that are queued. */
void accept_last(struct parent *p);

/*
 * They have all been accepted, or must not be: closes the listeners, and the
 * connection that is held back.
 */
void accept_end(struct parent *p);

/* ---- room.c: who makes room when the house is full ---- */

/* How many children there can be, those without clients counted. */
size_t room_slots(const struct options *o);

/* Whether another client can have a place, and a child a slot. */
bool room_is_free(const struct parent *p);

/*
 * Nothing is free, and the client waits: asks a child to leave.  False: there
 * is none that has been without work for long enough.
 */
bool room_ask(struct parent *p, const char *client, uint64_t now);

/* The child in seat i, which had a client, is dead. */
void room_died(struct parent *p, size_t i);

/*
 * Finds those whose clients have left, ends the first of them when they are too
 * many, and those that have been asked to leave and stay.
 */
void room_look(struct parent *p, uint64_t now);

/* ---- reap.c: children end ---- */

/* Buries all that are dead. */
void reap_children(struct parent *p);

/* SIGKILL for that child, or for all, and the log will say why; not copied. */
void reap_kill(struct seat *seat, const char *why);
void reap_kill_all(struct parent *p, const char *why);

/*
 * Kills whose time is over: what said it would leave by now and has not, and
 * what gives no sign of life.  Called at least every TICK_MS.
 */
void reap_deadlines(struct parent *p, uint64_t now);

/* Kills children with too many processes, when it is time to look. */
void reap_processes(struct parent *p, uint64_t now);

/* ---- reload.c: HUP ---- */

/*
 * The log file anew, and routes, certificate and key, all of them or none.
 * Children that run keep what they have.  If there are routes to be tried it
 * goes on for a while; one that is asked for meanwhile comes after it.
 */
void reload_ask(struct parent *p);

/* The probe's process has died and is not yet reaped. */
void reload_probe_died(struct parent *p);

/* Kills the probe's process when its time is over. */
void reload_deadline(struct parent *p, uint64_t now);

/* Ends one that is under way, if there is one; nothing is taken. */
void reload_cancel(struct parent *p);

/* ---- status.c: USR1 ---- */

/* A line for each child. */
void status_log(const struct parent *p);

#endif

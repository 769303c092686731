/* SPDX-License-Identifier: MIT */
/*
 * What the files of the parent share: its state, and the functions that each
 * file has for the files after it in src/README.  Each part of the state
 * belongs to the file whose name it has.
 */
#ifndef H2RIG_PARENT_IMPL_H
#define H2RIG_PARENT_IMPL_H

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/feed.h"
#include "host/listen.h"
#include "host/options.h"
#include "host/slot.h"
#include "host/supervise.h"
#include "host/tls.h"

#define TRACES_NAME 120		/* octets of a trace's name, at most */

#define TICK_MS 1000		/* between two looks at children's deadlines */

enum seat_role {
	SEAT_FREE,
	SEAT_TRIAL,		/* a process that tries routes (reload.c) */
	SEAT_SPARE,		/* a child that waits for a client */
	SEAT_DISMISSED,		/* a child that leaves without one */
	SEAT_CLIENT,		/* a child that serves a client */
	SEAT_GONE,		/* a child whose client has left */
	SEAT_ROLES
};

/*
 * What the parent knows of the process in the slot of the same index.  It is
 * not shared, so that no script can change what the parent acts on.
 */
struct seat {
	enum seat_role role;
	pid_t pid;
	uint64_t started_ms;
	const char *killed;	/* why the parent killed it; NULL: it did not */
	struct feed feed;	/* its records and its output */
	/*
	 * A pair of sockets: the parent's end, and the child's until the fork;
	 * -1: closed.  The child gets its client over it.  The parent ends it
	 * to wake a child that it asks for something.
	 */
	int line[2];
	char client[64];	/* "127.0.0.1:50000", or "nobody" */
	char host[64];		/* the same without the port; "": nobody */
	char trace[TRACES_NAME];	/* the name of its trace; "": none */
	unsigned processes;	/* in its group, at the last count */
	unsigned connections;	/* that it has served, or serves */
	unsigned round;		/* children.round when it was made */
	struct {
		bool learned;	/* its first request is in slow_ms */
		uint64_t asked_ms;	/* when; 0: not asked to make room */
		uint64_t gone_ms;	/* when its client was seen to leave */
	} room;
};

/* A pause that doubles for as long as a fault lasts. */
struct pause {
	unsigned ms;		/* the latest one's; 0: no fault */
	uint64_t until_ms;
};

struct parent {
	const struct options *options;
	struct listeners *listeners;
	struct tls_ctx **tls;	/* *tls is replaced by a reload */
	struct supervise *supervise;
	int drain[2];		/* children poll [0]; closing [1]: stop */
	sigset_t wait_mask;	/* signal mask during sys_poll */
	struct pollfd *set;	/* room for all that the loop polls */

	/* parent.c */
	bool open;		/* has announced that it is ready */
	bool single;		/* serves one connection, then ends */
	int single_status;	/* exit status of its child */
	bool stopping;
	bool killed_all;
	uint64_t grace_end_ms;
	uint64_t refresh_ms;	/* when files are next kept from cleaners */
	uint64_t feeds_ms;	/* when children's feeds are read next */
	bool log_held;		/* records are held: its reader is slow */
	uint64_t log_held_ms;	/* since when */
	bool notices_held;	/* the supervisor's notices are held */

	/* seat.c */
	struct scoreboard board;
	struct seat *seat;	/* one for each slot */
	size_t end;		/* all taken seats have smaller indices */
	size_t count[SEAT_ROLES];	/* how many seats have that role */

	struct children {
		unsigned round;	/* calls of children_dismiss so far */
		uint64_t client_ms;	/* last client came, or child died */
		uint64_t free_ms;	/* a child was last made, or became
					 * free for another client */
		unsigned spare_deaths;	/* of spares, not yet replaced */
		uint64_t spare_after_ms;	/* no spare is made before */
		bool spare_failed;	/* logged that one could not be made */
		uint64_t looked_ms;	/* last check of deadlines; 0: none */
		uint64_t mercy_ms;	/* nobody is killed as late before */
		uint64_t count_ms;	/* when processes are counted next */
	} children;

	struct traces {
		int dir;	/* descriptor of their directory */
		DIR *pass;	/* over it, under way; NULL: none */
		bool passed;	/* a pass has been begun */
		uint64_t octets;	/* of the traces that have ended */
		uint64_t seen;	/* counted by the pass so far */
		char (*oldest)[TRACES_NAME];	/* names that a pass found */
		size_t n, next;	/* how many; the first still there */
		uint64_t look_ms;	/* when traces_look is due */
		uint64_t news_ms;	/* when a failure was logged last */
		unsigned unsaid;	/* failures since then */
		bool stuck;	/* logged that one cannot be removed */
	} traces;

	struct room {
		uint64_t slow_ms;	/* longest to a first request */
		uint64_t left_ms;	/* client last left by itself; 0: no */
		uint64_t asked_ms;	/* last asked a child to leave; 0: a
					 * place was free since */
	} room;

	struct accept {
		int held_fd;	/* accepted, and has no child yet; -1: none */
		struct sockaddr_storage held_addr;
		struct pause lack;	/* of descriptors, processes, memory */
		struct pause dying;	/* children die before a request */
		uint64_t second_ms;	/* --max-per-second: this second */
		unsigned second_n;	/* connections accepted in it */
		size_t first;	/* listener that is tried first */
		bool full_logged;	/* for the connection that is held */
		uint64_t full_ms;	/* when full was last logged */
		uint64_t refused_ms;	/* when a refusal was last logged */
		uint64_t last_ms;	/* queued clients have come by then */
		unsigned late;	/* accepted since the stop */
		bool over;	/* no more are accepted */
	} accept;

	struct reload {
		size_t i;	/* seat of the trial */
		uint64_t due_ms;	/* when it is killed; 0: no trial */
		bool again;	/* HUP came during the trial */
		struct tls_ctx *tls;	/* taken on success; NULL: none */
		bool loaded;	/* the first load is over */
	} reload;
};

/* ---- seat.c: processes that run users' code ---- */

/* A process that is dead, or whose connection is over. */
struct death {
	size_t i;		/* its seat; if dead, free but not cleared */
	enum seat_role role;	/* the seat's role until then */
	int status;		/* as waitpid gives it */
	uint64_t cpu_us;	/* processor time that it used */
	bool lives;		/* only its connection is over */
};

/* Makes n seats and their slots.  Returns 0, or -1 with errno. */
int seat_init(struct parent *p, size_t n);
void seat_free(struct parent *p);

/*
 * Takes a free seat, which must exist: clears it and its slot, and makes its
 * feed and line.  Returns its index, or -1 with errno, also if that would leave
 * the parent too few descriptors.  seat_fork or seat_close comes next.
 */
long seat_open(struct parent *p);
void seat_close(struct seat *seat);

/*
 * Forks for that seat.  The new process has all that scripts expect and nothing
 * of the parent's; it calls run, which does not return.  Returns 0, and the
 * seat has the role; or -1 with errno, and the seat is closed.
 */
int seat_fork(struct parent *p, size_t i, enum seat_role role,
    void (*run)(struct parent *p, size_t i));

void seat_set_role(struct parent *p, size_t i, enum seat_role role);

/* Clears the slot of a child without a client; its seat is a spare one's. */
void seat_renew(struct parent *p, size_t i);

/* A set of roles, for seat_next. */
#define SEAT_IS(role) (1U << (role))
#define SEAT_TAKEN (~SEAT_IS(SEAT_FREE))
#define SEAT_SERVES (SEAT_IS(SEAT_CLIENT) | SEAT_IS(SEAT_GONE))

/*
 * Moves *i on, if need be, to a seat with one of these roles.  False: there is
 * no more.  It looks at no seat above those that are taken, of which there may
 * be a thousand, nor at the slot of a free one, which may have no page yet.
 */
bool seat_next(const struct parent *p, size_t *i, unsigned roles);

/* How many seats are taken. */
size_t seat_taken(const struct parent *p);

/* Ends the line: the process sees it even if others have our end. */
void seat_cut_line(struct seat *seat);

/* Sends SIGKILL.  The log will give why as the reason; why is not copied. */
void seat_kill(struct seat *seat, const char *why);
void seat_kill_all(struct parent *p, const char *why);

/* Returns the index of the seat with that pid, or -1. */
long seat_find(const struct parent *p, pid_t pid);

/* Reaps a dead process and kills its group.  False: no process is dead. */
bool seat_bury(struct parent *p, struct death *d);

/* ---- report.c: what the log says of children ---- */

/* Logs how a child, or its connection, has ended: one record. */
void report_end(const struct parent *p, const struct death *d);

/* USR1: logs a record of all children, and one of each. */
void report_status(const struct parent *p);

/* ---- traces.c: files for what children write of connections ---- */

/* Opens their directory: 0, or -1 with err, one line that names the option. */
int traces_open(struct parent *p, const char *path, char *err, size_t size);
void traces_close(struct parent *p);

/* Makes a trace for the child in seat i: a descriptor, or -1 with a record. */
int traces_make(struct parent *p, size_t i);

/* The connection of seat i is over, and so is its trace. */
void traces_ended(struct parent *p, size_t i);

/* When traces_look is due, which removes one old trace at a time. */
uint64_t traces_due(const struct parent *p);
void traces_look(struct parent *p);

/* ---- children.c: children are made, and get their clients ---- */

/*
 * Gives an accepted connection to a child that waits for one, or to a new one.
 * Returns 0, or -1 with errno.  fd stays the caller's.  A seat must be free.
 */
int children_serve(struct parent *p, int fd,
    const struct sockaddr_storage *ss);

/*
 * Whether a client should wait for a child that will soon be free: several
 * connections may have one process, there are enough processes to keep the
 * machine busy, and their connections end one after the other.
 */
bool children_free_soon(const struct parent *p);

/* When a spare child is to be made; UINT64_MAX: not now. */
uint64_t children_spare_due(const struct parent *p);

/* Makes a spare child.  A seat is free when one is due. */
void children_add_spare(struct parent *p);

/* Makes spare children leave: what they have is out of date. */
void children_dismiss(struct parent *p);

/* Notes and logs that a child is dead, or that its connection is over. */
void children_died(struct parent *p, const struct death *d);

/* Next, if it lives: it waits for another client, or is told to leave. */
void children_again(struct parent *p, size_t i);

/* When spare children that are too many are to leave, by children_rest. */
uint64_t children_rest_due(const struct parent *p);
void children_rest(struct parent *p);

/* When children_look is due; UINT64_MAX: there is no child to look at. */
uint64_t children_look_due(const struct parent *p);

/*
 * Kills children whose time is over (they said that they would leave by now, or
 * they give no sign of life) and those with too many processes.
 */
void children_look(struct parent *p);

/* ---- room.c: which child makes room when all places are taken ---- */

/* How many seats the parent needs. */
size_t room_seats(const struct options *o);

enum room_found {
	ROOM_FREE,		/* a place and a seat, for that client */
	ROOM_SOON,		/* a child has been asked to leave */
	ROOM_NONE		/* no child was without work for long enough */
};

/* Looks for a place and a seat; if there is none, asks a child to leave. */
enum room_found room_find(struct parent *p, const struct sockaddr *client,
    uint64_t now);

/*
 * Finds children whose clients have left; kills some if they are too many.
 * Kills children that were asked to leave and stay.
 */
void room_look(struct parent *p, uint64_t now);

/* Notes the end of a child that had a client, or of its connection. */
void room_died(struct parent *p, const struct death *d, uint64_t now);

/* ---- accept.c: connections come in ---- */

/*
 * True: the listeners are to be watched.  First serves the connection that is
 * held back, if it can.  False: call it again when a child has died, or at
 * *again.
 */
bool accept_may(struct parent *p, uint64_t now, uint64_t *again);

/* Whether the connection that is held back waits for a child to become free. */
bool accept_wants_free(const struct parent *p);

/* Fills an entry for each listener, for sys_poll.  Returns how many. */
size_t accept_watch(const struct parent *p, struct pollfd *set);

/* Accepts from the listeners that are ready. */
void accept_ready(struct parent *p, const struct pollfd *set);

/* Whether a client waits that has not been accepted. */
bool accept_is_awaited(const struct parent *p);

/* Notes the end of a child that had a client, or of its connection. */
void accept_note_death(struct parent *p, const struct death *d, uint64_t now);

/* When accepting is no longer paused; UINT64_MAX: that is not known. */
uint64_t accept_calm_ms(const struct parent *p);

/* The server stops: from now on only clients that are queued are accepted. */
void accept_stop(struct parent *p);

/*
 * When all clients that were queued have been accepted, unless one is waiting
 * then; UINT64_MAX: that is not known.
 */
uint64_t accept_last_due(const struct parent *p);

/* Accepts no more: closes the listeners and the connection held back. */
void accept_end(struct parent *p);

/* ---- reload.c: routes, certificate and key, at the start and on HUP ---- */

/*
 * Opens the log file again, and loads routes, certificate and key: all of them
 * or none.  At the start it loads the routes only, and ends the program if that
 * fails.  Running children keep what they have.  The trial of routes takes a
 * while; a reload that is asked for meanwhile comes after it.
 */
void reload_ask(struct parent *p);

/* Ends the reload: the process that tried routes is dead. */
void reload_tried(struct parent *p, const struct death *d);

/* When that process is to be killed; UINT64_MAX: there is none. */
uint64_t reload_due(const struct parent *p);
void reload_kill(struct parent *p);

/* Cancels a reload that is under way, if any; nothing of it is taken. */
void reload_cancel(struct parent *p);

#endif

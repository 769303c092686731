/* SPDX-License-Identifier: MIT */
/*
 * What the files of the parent share: its state, of which each part is written
 * by the file that it is named after, and what each of them does for those
 * after it in src/README.
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
#include "host/scoreboard.h"
#include "host/supervise.h"
#include "host/tls.h"

#define TRACES_NAME 120		/* octets of a trace's name, at most */

#define TICK_MS 1000		/* between two looks at children's deadlines */

enum seat_role {
	SEAT_FREE,
	SEAT_TRIAL,		/* a process that tries routes (reload.c) */
	SEAT_SPARE,		/* a child that waits for a client */
	SEAT_DISMISSED,		/* a child that leaves without one */
	SEAT_CLIENT,		/* a child that serves one */
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
	struct feed feed;	/* what it says */
	/*
	 * A pair of sockets: the parent's end, and the child's until the fork;
	 * -1: closed.  A child gets its client by it, and its end wakes a child
	 * that is asked for something.
	 */
	int line[2];
	char client[64];	/* "127.0.0.1:50000" */
	char host[64];		/* the same without the port */
	char trace[TRACES_NAME];	/* the name of its trace; "": none */
	unsigned processes;	/* in its group, when they were counted */
	unsigned connections;	/* that it has had, or has */
	unsigned round;		/* of children that it is of */
	struct {
		bool learned;	/* when its first request came */
		uint64_t asked_ms;	/* to make room; 0: it was not */
		uint64_t gone_ms;	/* its client was seen to leave */
	} room;
};

/* Pauses that double for as long as something is amiss. */
struct pause {
	unsigned ms;		/* the latest; 0: all is well */
	uint64_t until_ms;
};

struct parent {
	const struct options *options;
	struct listeners *listeners;
	struct tls_ctx **tls;	/* *tls is replaced by a reload */
	struct supervise *supervise;
	int drain[2];		/* children read; closed write end: stop */
	sigset_t wait_mask;	/* signals as sys_poll has them */
	struct pollfd *set;	/* room for all that the loop waits for */

	/* parent.c */
	bool open;		/* ready, and says so */
	bool single;		/* serves one connection, then ends */
	int single_status;	/* exit status of its child */
	bool stopping;
	bool killed_all;
	uint64_t grace_end_ms;
	uint64_t refresh_ms;	/* files are kept from cleaners next */
	uint64_t feeds_ms;	/* what children say is looked at next */
	bool log_held;		/* some is: the log's reader is slow */
	uint64_t log_held_ms;	/* since then */
	bool notices_held;	/* likewise the supervisor */

	/* seat.c */
	struct scoreboard board;
	struct seat *seat;	/* one for each slot */
	size_t count[SEAT_ROLES];	/* how many have that role */

	struct children {
		unsigned round;	/* how often all became out of date */
		uint64_t client_ms;	/* a client came, or its child died */
		unsigned spare_deaths;	/* that are not yet replaced */
		uint64_t spare_after_ms;	/* none is made before */
		bool spare_failed;	/* logged that one could not be made */
		uint64_t looked_ms;	/* at deadlines; 0: of nobody */
		uint64_t mercy_ms;	/* nobody is past a deadline before */
		uint64_t count_ms;	/* processes are counted next */
	} children;

	struct traces {
		int dir;	/* their directory */
		DIR *pass;	/* ... is being read; NULL: it is not */
		bool passed;	/* it has been once */
		uint64_t octets;	/* of the traces that have ended */
		uint64_t seen;	/* likewise, in the pass so far */
		char (*oldest)[TRACES_NAME];	/* those that it has found */
		size_t n, next;	/* so many; the first that is still there */
		uint64_t look_ms;	/* when it is looked again */
		uint64_t news_ms;	/* when a failure was logged last */
		unsigned unsaid;	/* failures since then */
		bool stuck;	/* logged that one cannot be removed */
	} traces;

	struct room {
		uint64_t slow_ms;	/* a first request may take */
		uint64_t left_ms;	/* a client left by itself; 0: none */
		uint64_t asked_ms;	/* one was asked to leave; 0: it has */
	} room;

	struct accept {
		int held_fd;	/* accepted, and has no child yet; -1: none */
		struct sockaddr_storage held_addr;
		struct pause lack;	/* of descriptors, processes, memory */
		struct pause dying;	/* children die at once */
		uint64_t second_ms;	/* --max-per-second: the present */
		unsigned second_n;	/* second's begin, and connections */
		size_t first;	/* listener that is asked first */
		bool full_logged;	/* for this client */
		uint64_t full_ms;	/* when that was logged last */
		uint64_t refused_ms;	/* when a refusal was */
		uint64_t last_ms;	/* queued clients have come by then */
		unsigned late;	/* they are so many */
		bool over;	/* none come any more */
	} accept;

	struct reload {
		size_t i;	/* of the trial's seat */
		uint64_t due_ms;	/* it is killed; 0: there is none */
		bool again;	/* HUP came meanwhile */
		struct tls_ctx *tls;	/* taken if all is well; NULL: none */
		bool loaded;	/* once all was well */
	} reload;
};

/* ---- seat.c: processes that run users' code ---- */

/* A process that is dead. */
struct death {
	size_t i;		/* its seat, now free, keeps what it had */
	enum seat_role role;	/* that it had */
	int status;		/* as waitpid has it */
	uint64_t cpu_us;	/* processor time that it used */
	bool lives;		/* only its connection is over */
};

/* n seats: 0, or -1 with errno. */
int seat_init(struct parent *p, size_t n);
void seat_free(struct parent *p);

/*
 * A cleared seat, of which one is free, with feed and line: its index, or -1
 * with errno.  It fails too when that would not leave the parent descriptors
 * enough.  seat_fork or seat_close comes next.
 */
long seat_open(struct parent *p);
void seat_close(struct seat *seat);

/*
 * Forks for that seat: the new process has all that scripts expect and nothing
 * of the parent's, and calls run, which does not return.  The seat has the role
 * then: 0, or -1 with errno and it is closed.
 */
int seat_fork(struct parent *p, size_t i, enum seat_role role,
    void (*run)(struct parent *p, size_t i));

void seat_set_role(struct parent *p, size_t i, enum seat_role role);

/* Nothing is known of its process but that it waits for a client. */
void seat_renew(struct parent *p, size_t i);

/* How many are taken. */
size_t seat_taken(const struct parent *p);

/* The process sees the end of its line, also if others have inherited ours. */
void seat_cut_line(struct seat *seat);

/* SIGKILL for it; the log will say why, which is not copied. */
void seat_kill(struct seat *seat, const char *why);
void seat_kill_all(struct parent *p, const char *why);

/* The index by pid; -1: none. */
long seat_find(const struct parent *p, pid_t pid);

/* Reaps one that is dead and what it has left behind.  False: none is. */
bool seat_bury(struct parent *p, struct death *d);

/* ---- report.c: what the log says of children ---- */

/* One record of how a child has ended. */
void report_end(const struct parent *p, const struct death *d);

/* USR1: a record of all children, and one of each. */
void report_status(const struct parent *p);

/* ---- traces.c: files for what children write of connections ---- */

/* Opens their directory: 0, or -1 with err, one line that names the option. */
int traces_open(struct parent *p, const char *path, char *err, size_t size);
void traces_close(struct parent *p);

/* A new one, for the client and the process of a seat; -1: a record says why. */
int traces_make(struct parent *p, size_t i);

/* The process of the seat is dead. */
void traces_ended(struct parent *p, size_t i);

/* When traces_look is to be called, which removes the oldest. */
uint64_t traces_due(const struct parent *p);
void traces_look(struct parent *p);

/* ---- children.c: they are made, and get their clients ---- */

/*
 * Gives an accepted connection to a child that waits for one, or to a new one:
 * 0, or -1 with errno.  fd stays the caller's.  A seat is free.
 */
int children_serve(struct parent *p, int fd,
    const struct sockaddr_storage *ss);

/* When one is to be made that has no client; UINT64_MAX: not now. */
uint64_t children_spare_due(const struct parent *p);

/* Makes it.  A seat is free, as one is due. */
void children_add_spare(struct parent *p);

/* Those without clients leave: what they have is out of date. */
void children_dismiss(struct parent *p);

/* A child is dead, or its connection is over: its end is logged. */
void children_died(struct parent *p, const struct death *d);

/* Then, if it lives: it waits for another client, or is told to leave. */
void children_again(struct parent *p, size_t i);

/* When those that nobody needs are to leave, by children_rest. */
uint64_t children_rest_due(const struct parent *p);
void children_rest(struct parent *p);

/* When children_look is to be called; UINT64_MAX: there are none. */
uint64_t children_look_due(const struct parent *p);

/*
 * Kills those whose time is over (they said that they would leave by now, or
 * give no sign of life) and those with too many processes.
 */
void children_look(struct parent *p);

/* ---- room.c: who makes room when the house is full ---- */

/* How many seats there are to be. */
size_t room_seats(const struct options *o);

enum room_found {
	ROOM_FREE,		/* for that client */
	ROOM_SOON,		/* a child has been asked to leave */
	ROOM_NONE		/* none has been without work for long enough */
};

/* Looks for a place and a seat, and if there is none asks a child to leave. */
enum room_found room_find(struct parent *p, const struct sockaddr *client,
    uint64_t now);

/*
 * Finds those whose clients have left, ends the first of them when they are too
 * many, and those that have been asked to leave and stay.
 */
void room_look(struct parent *p, uint64_t now);

/* A child that had a client is dead. */
void room_died(struct parent *p, const struct death *d, uint64_t now);

/* ---- accept.c: connections come in ---- */

/*
 * True: the listeners are to be watched.  Serves the connection that is held
 * back, if it can.  False: it is to be called again when a child has died, or
 * at *again.
 */
bool accept_may(struct parent *p, uint64_t now, uint64_t *again);

/* How many entries it fills for sys_poll. */
size_t accept_watch(const struct parent *p, struct pollfd *set);

/* Accepts from those that are ready. */
void accept_ready(struct parent *p, const struct pollfd *set);

/* True: a client waits that has not been accepted. */
bool accept_is_awaited(const struct parent *p);

/* A child that had a client is dead. */
void accept_note_death(struct parent *p, const struct death *d, uint64_t now);

/* When nothing keeps from accepting; UINT64_MAX: that is not known. */
uint64_t accept_calm_ms(const struct parent *p);

/* The server stops: none come from now on but those that are queued. */
void accept_stop(struct parent *p);

/*
 * When all that were queued have been accepted, if none is awaited then;
 * UINT64_MAX: that is not known.
 */
uint64_t accept_last_due(const struct parent *p);

/* None come any more: closes the listeners and what is held back. */
void accept_end(struct parent *p);

/* ---- reload.c: routes, certificate and key, at the start and on HUP ---- */

/*
 * The log file anew, and routes, certificate and key, all of them or none; at
 * the start the routes only, and it ends the program if they are not to be had.
 * Children that run keep what they have.  Routes are tried for a while; what is
 * asked for meanwhile comes after that.
 */
void reload_ask(struct parent *p);

/* The process that tried routes is dead. */
void reload_tried(struct parent *p, const struct death *d);

/* When that process is to be killed; UINT64_MAX: there is none. */
uint64_t reload_due(const struct parent *p);
void reload_kill(struct parent *p);

/* Ends one that is under way, if there is one; nothing is taken. */
void reload_cancel(struct parent *p);

#endif

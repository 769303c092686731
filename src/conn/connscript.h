/* SPDX-License-Identifier: MIT */
/*
 * A connection's own script (--connection): the steps at which its functions
 * run, the frames that wait for them, and what it does to reading and writing.
 * It has two exchanges without a stream, one for its functions, which run one
 * after the other, and one for its main.
 *
 * Requests' scripts use a part of it, frames that are kept and the connection's
 * own exchange: so it may be there without --connection too.
 *
 * All of it wants the connection's mutex held.  The I/O thread alone gives the
 * session octets; what functions decide is left here for it.
 */
#ifndef H2RIG_CONNSCRIPT_H
#define H2RIG_CONNSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "framelog.h"

/* Octets that come after engine_off and wait to be read. */
#define CONNSCRIPT_OCTETS (1024 * 1024)

/*
 * Nothing is read while so many events wait for functions, in octets, or so
 * much of what came with them.
 */
#define CONNSCRIPT_EVENTS (1000 * sizeof(struct event))
#define CONNSCRIPT_DATA (1024 * 1024)

/* In this order; the names are connscript_steps. */
enum connscript_step {
	STEP_ACCEPT,
	STEP_CLIENT_HELLO,
	STEP_CONNECT,
	STEP_MAIN,		/* of the second exchange */
	STEP_CLOSE,
	N_STEPS
};

extern const char *const connscript_steps[N_STEPS];

/* Which functions there are: EXCHANGE_WANTS of frame types, and of these. */
enum {
	WANTS_ACCEPT = 11, WANTS_CLIENT_HELLO = 12, WANTS_CONNECT = 13,
	WANTS_MAIN = 14, WANTS_VIOLATION = 15, WANTS_CLOSE = 17
};

struct connscript {
	struct conn_hook hook;	/* frees it */
	struct framelog log;
	bool is_set;		/* by --connection */
	struct exchange *own;	/* of its functions; a reference */
	struct exchange *main;	/* likewise; NULL: none yet */
	bool queues;		/* the session has frames in its queue */
	uint64_t again;		/* number of the next in it, or an earlier one */

	/* What functions have decided, for the I/O thread. */
	bool awaits;		/* a step waits for its function */
	bool proceeds;		/* what waited goes on */
	bool taken;		/* ... a frame without effect */
	bool releases;		/* reading is to go on meanwhile */
	bool released;		/* it has been allowed to */
	bool paused;

	/* What the session starts with. */
	bool no_settings;
	bool own_settings;	/* `settings`, else those of the limits */
	struct buf settings;

	bool eof;		/* reading is over */
	struct buf octets;	/* after engine_off */
};

/* The connection's; made if it is not there yet.  NULL: memory. */
struct connscript *connscript_get(struct conn *c);

/* Frames that come are kept from now on. */
void connscript_watch(struct conn *c);

/* ---- the I/O thread ---- */

/* At the beginning of a connection with --connection: 0, or -1 with errno. */
int connscript_begin(struct conn *c);

/*
 * A step has come: false, there is no function for it; true: nothing is read
 * until connscript_awaits says false.
 */
bool connscript_step(struct conn *c, enum connscript_step step);
bool connscript_awaits(const struct conn *c);

/* Whether nothing is to be read at present. */
bool connscript_blocks(const struct conn *c);

/* Whether a function of its own, not main, runs or is due. */
bool connscript_is_busy(const struct conn *c);

/*
 * Reading is over.  Whether the connection's end waits for functions that have
 * yet to see what came: main too, if it reads octets by itself.
 */
bool connscript_keeps_end(struct conn *c);

/*
 * Whether what stopped the session goes on, as its function has said or, cut
 * short, has failed to say: then connscript_resume is due.
 */
bool connscript_is_due(const struct conn *c);

/* The socket has room for octets below TLS, and below the queue. */
void connscript_room(struct conn *c);

/* 0, or -1: the session has failed, as from conn_read. */
int connscript_resume(struct conn *c);

/* The session's first octets, and main, once the connect step is over. */
void connscript_start(struct conn *c);

/*
 * The connection is gone: what its functions have yet to see, and handle_close,
 * and no function of a request any more.
 */
void connscript_close(struct conn *c);

/* ---- any thread ---- */

/* Waits for a frame: see framelog_find.  entry is empty if time is over. */
struct connscript_wait {
	struct op op;
	uint64_t since;
	int64_t type, stream;
	struct buf entry;	/* a copy */
};
int connscript_next_frame(struct conn *c, struct op *op);

/* Waits for octets after engine_off, at most `most`. */
struct connscript_read {
	struct op op;
	size_t most;
	struct buf octets;	/* none if time is over */
	bool eof;
};
int connscript_read(struct conn *c, struct op *op);

/* Sends octets over and over: until limit (0: none) or op.due is reached. */
struct connscript_flood {
	struct op op;
	const uint8_t *octets;
	size_t len;
	uint64_t limit;		/* times */
	uint64_t times;		/* that they were queued */
};
int connscript_flood(struct conn *c, struct op *op);

/* Octets below TLS: an attempt that advances *sent. */
int connscript_transport(struct conn *c, const uint8_t *p, size_t len,
    size_t *sent);

/* What waits for a function goes on; taken: a frame without effect. */
void connscript_proceed(struct conn *c, bool taken);

/* Reading goes on meanwhile: an attempt; *why it cannot. */
int connscript_release(struct conn *c, const char **why);

/*
 * The SETTINGS that the session starts with (flags as writeop.c has them), and
 * whether anything is read.  NULL, or why it cannot be.
 */
const char *connscript_set_preface(struct conn *c, unsigned flags,
    const uint8_t *entries, size_t len);
void connscript_pause(struct conn *c, bool paused);

/* From now on octets that come are for read(), not for the session. */
void connscript_engine_off(struct conn *c);

#endif

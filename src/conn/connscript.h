/* SPDX-License-Identifier: MIT */
/*
 * A connection's own script (--connection): the steps at which its functions
 * run, the frames that wait for them, and what it does to reading and writing.
 * It has two exchanges without a stream, one for its functions, which run one
 * after the other, and one for its main.
 *
 * Scripts of requests use parts of it: the frames that are kept, and the
 * connection's own exchange.  So it may exist without --connection too.
 *
 * Callers hold the connection's mutex.  Only the I/O thread gives octets to the
 * session; functions leave here what they have decided, for that thread.
 */
#ifndef H2RIG_CONNSCRIPT_H
#define H2RIG_CONNSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "framelog.h"

/* Octets received after engine_off() that may wait for read(). */
#define CONNSCRIPT_OCTETS (1024 * 1024)

/*
 * Nothing is read while this much waits for functions: octets of events (1,000
 * of them), or octets of the data that came with events.
 */
#define CONNSCRIPT_EVENTS (1000 * sizeof(struct event))
#define CONNSCRIPT_DATA (1024 * 1024)

/*
 * A connection's steps, in this order, and what else has a function besides
 * frames.  Each number is that of a bit in `wanted` of an exchange, of which
 * frame types have the others: STEPS of python/h2rig/server/frametypes.py.
 */
enum connscript_step {
	STEP_ACCEPT = 11,
	STEP_CLIENT_HELLO,
	STEP_CONNECT,
	STEP_MAIN,		/* has an exchange of its own */
	STEP_CLOSE
};
#define WANTS_VIOLATION 17

/* The SETTINGS that the session starts with. */
enum connscript_preface {
	PREFACE_LIMITS,		/* those of the limits */
	PREFACE_OWN,		/* the script's */
	PREFACE_NONE		/* no SETTINGS frame at all */
};

struct connscript {
	struct framelog log;
	bool is_set;		/* by --connection */
	struct exchange *own;	/* of its functions, not main; a reference */
	struct exchange *main;	/* of its main; a reference; NULL: none */
	bool queues;		/* the session has frames in its queue */
	uint64_t again;		/* number of the next frame in that queue, or
				 * of an earlier frame */

	/* Decisions of functions, for the I/O thread. */
	bool awaits;		/* a step waits for its function */
	bool proceeds;		/* the step or frame that waited goes on */
	bool taken;		/* ... and the frame has no effect */
	bool releases;		/* a function lets reading go on */
	bool released;		/* reading goes on while the function runs */
	bool paused;

	enum connscript_preface preface;
	struct buf settings;	/* for PREFACE_OWN */

	bool eof;		/* reading is over */
	struct buf octets;	/* received after engine_off(), not yet read */
};

/* Returns the connection's, made if there is none.  NULL: out of memory. */
struct connscript *connscript_get(struct conn *c);

/* ---- the I/O thread ---- */

/* Begins a connection with --connection.  Returns 0, or -1 with errno. */
int connscript_begin(struct conn *c);

/*
 * connscript_step tells the script that a step has come.  Returns false if the
 * script has no function for it; else nothing is read until connscript_awaits
 * returns false.
 */
bool connscript_step(struct conn *c, enum connscript_step step);
bool connscript_awaits(const struct conn *c);

/* Whether nothing is to be read at present. */
bool connscript_blocks(const struct conn *c);

/* Whether a function of --connection's script, not main, runs or is due. */
bool connscript_is_busy(const struct conn *c);

/*
 * Notes that reading is over.  Returns whether the connection's end has to wait
 * for functions that have yet to see what came: main too, if it reads octets
 * itself.
 */
bool connscript_keeps_end(struct conn *c);

/*
 * Whether connscript_resume is due: a function has let a step, a frame or
 * reading go on, or was cut short before it could.
 */
bool connscript_is_due(const struct conn *c);

/* The socket has room: wakes calls that write to it past the queue. */
void connscript_room(struct conn *c);

/* Does what functions have decided.  0, or -1: the session has failed. */
int connscript_resume(struct conn *c);

/* Begins the session and main, once the connect step is over. */
void connscript_start(struct conn *c);

/*
 * The connection is gone.  Its own functions still run for what they have yet
 * to see, and for handle_close; no function of a request starts any more.
 */
void connscript_close(struct conn *c);

/*
 * ---- any thread: each of these is the fn of an op ----
 *
 * The first three end at op->due at the latest.
 *
 * connscript_next_frame waits for a frame (framelog_find) from `number` on, of
 * the type `value`, on stream frame_id.  got: its entry; empty if the time is
 * over.
 *
 * connscript_read waits for octets after engine_off(), and takes at most `len`.
 * got: none if the time is over.  result: 1 at the end of file, else 0.
 *
 * connscript_flood queues data over and over, `number` times at most (0: sends
 * nothing).  sent: how many times.
 */
int connscript_next_frame(struct conn *c, struct op *op);
int connscript_read(struct conn *c, struct op *op);
int connscript_flood(struct conn *c, struct op *op);

/* Writes data to the socket, below TLS.  sent: octets that the socket has. */
int connscript_transport(struct conn *c, struct op *op);

/*
 * Lets the step or frame that waits go on.  value: 1 if the frame is to have no
 * effect.
 */
int connscript_proceed(struct conn *c, struct op *op);

/* Lets reading go on while a function runs. */
int connscript_release(struct conn *c, struct op *op);

/*
 * Sets the SETTINGS that the session starts with.  value: an enum
 * connscript_preface; data: the entries.
 */
int connscript_preface(struct conn *c, struct op *op);

/*
 * value: 1 stops reading, 0 lets it go on.  result: 1 if it was stopped before.
 */
int connscript_pause(struct conn *c, struct op *op);

/* From now on octets received are for read(), not for the session. */
int connscript_engine_off(struct conn *c, struct op *op);

/* From now on received frames are kept in the log (framelog.h). */
int connscript_watch(struct conn *c, struct op *op);

#endif

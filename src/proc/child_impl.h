/* SPDX-License-Identifier: MIT */
/*
 * A connection's process as the files of its I/O thread share it: how it comes
 * to its end (ending.c), what is read (input.c), and the loop (child.c).  Nobody
 * else includes it.  Functions want the connection's mutex held.
 */
#ifndef H2RIG_CHILD_IMPL_H
#define H2RIG_CHILD_IMPL_H

#include "child.h"
#include "conn/connscript.h"

struct child {
	struct conn c;
	const struct child_args *a;
	uint64_t preface_due;	/* ms; and of the acknowledged SETTINGS */
	uint64_t looked;	/* ms; at the deadlines */
	bool blocked;		/* nothing has been read since */
	enum child_end end;	/* CHILD_END_NONE: goes on */
	enum conn_close how;	/* what the end looks like on the wire */
	char why[SCOREBOARD_WHY];
	const char *drain_why;	/* NULL: the server is stopping */
	bool begun;		/* the client's preface has come */
	enum connscript_step step;	/* the last that has come */
	uint64_t delayed_until;	/* ms; the handshake goes on then; 0: no */
	bool failing;		/* reading is over, functions are not */
	bool more;		/* there may be input already read */
	bool python;		/* Python's part has been started */
	bool freed;		/* c is, as the process may go on */
};

/* ---- ending.c ---- */

extern const char ending_damaged[];

/*
 * The connection ends, for this reason and in this way, unless it already does.
 * An end that reading or writing finds looks like the client's, but a script may
 * have closed the descriptor, or memory may have run out: that is set instead.
 */
void ending_set(struct child *ch, enum child_end end, enum conn_close how,
    const char *why);

/* Likewise, with a GOAWAY that says why. */
void ending_goaway(struct child *ch, enum child_end end, uint32_t code,
    const char *why);

/* ---- reuse.c ---- */

/*
 * Whether the process may serve another connection: its parent has been told
 * so.  Else the slot says what has been left in it, if that is why.  The
 * connection is over, and so is all that is said of it.
 */
bool reuse_may(struct child *ch);

/* ---- input.c ---- */

/* Whether anything may be read now. */
bool input_is_allowed(const struct child *ch);

/* What the socket may have: handshake, steps of a script, frames. */
void input_read(struct child *ch);

/* Nothing more will be read: ends the connection, once functions let it. */
void input_end(struct child *ch);

/* Functions of the connection's own script are over, or let reading go on. */
void input_follow_script(struct child *ch);

#endif

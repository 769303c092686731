/* SPDX-License-Identifier: MIT */
/*
 * A connection's process as the files of its I/O thread share it: how it ends
 * (closing.c, reuse.c), what is read (input.c), and the loop (child.c).  No
 * other file includes it.  Callers hold the connection's mutex, except for
 * reuse_may.
 */
#ifndef H2RIG_CHILD_IMPL_H
#define H2RIG_CHILD_IMPL_H

#include "child.h"
#include "conn/connscript.h"

struct child {
	struct conn c;
	const struct child_args *a;
	uint64_t preface_due;	/* ms; also of the SETTINGS acknowledgement */
	uint64_t looked;	/* ms; when deadlines were last checked */
	bool blocked;		/* a script has stopped reading since then */
	enum child_end end;	/* CHILD_END_NONE: not decided */
	enum conn_close how;	/* what the end looks like on the wire */
	char why[SCOREBOARD_WHY];
	const char *drain_why;	/* NULL: the server is stopping */
	bool begun;		/* the client's preface has come */
	enum connscript_step step;	/* the latest; 0: only STEP_ACCEPT */
	uint64_t delayed_until;	/* ms; handshake is delayed till then; 0: no */
	bool failing;		/* reading is over, but functions still run */
	bool more;		/* input may be there without a poll */
	bool python;		/* Python's part has been started */
	bool freed;		/* c has been freed: the process may go on */
};

/* ---- closing.c ---- */

extern const char closing_damaged[];

/*
 * Ends the connection for this reason and in this way, unless its end has been
 * decided already.  A failed read or write looks like the client's doing; if a
 * script has closed the descriptor, or memory has run out, that is recorded
 * instead.
 */
void closing_set(struct child *ch, enum child_end end, enum conn_close how,
    const char *why);

/* Also sends a GOAWAY that says why, if the session sends it by itself. */
void closing_goaway(struct child *ch, enum child_end end, uint32_t code,
    const char *why);

/*
 * Sends what is queued, ends the connection as was decided and closes it.  With
 * linger it first waits for the client's end of file.  It waits only while a
 * slow client makes progress, and not beyond the stall time; the mutex is
 * released during waits.
 */
void closing_run(struct child *ch, bool linger);

/* ---- reuse.c ---- */

/*
 * Whether the process may serve another connection; if so, its parent has been
 * told.  If something is left in the process, the slot says what.  The
 * connection is over, and its records have been written.
 */
bool reuse_may(struct child *ch);

/* ---- input.c ---- */

/* Whether anything may be read now. */
bool input_is_allowed(const struct child *ch);

/* Reads what the socket may have: handshake, steps of a script, frames. */
void input_read(struct child *ch);

/* Reading is over: ends the connection once its functions let it. */
void input_end(struct child *ch);

/* Reads on if a function of the connection's script is over or says so. */
void input_follow_script(struct child *ch);

#endif

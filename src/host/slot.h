/* SPDX-License-Identifier: MIT */
/*
 * A slot: memory shared by a child and the parent.  The child writes it without
 * locks; the parent reads it, after the child's death too, to say in the log
 * what ran and to enforce deadlines.
 *
 * A script can overwrite any slot.  So the parent treats the text in it as
 * untrusted and follows no index or length from it.
 */
#ifndef H2RIG_SLOT_H
#define H2RIG_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCOREBOARD_TEXT 128	/* octets of a path, cut at the front */
#define SCOREBOARD_RUNNING 16	/* functions of a child that are shown */
#define SCOREBOARD_RUN_TEXT (SCOREBOARD_TEXT + 80)	/* ... as text */
#define SCOREBOARD_WHY (SCOREBOARD_RUN_TEXT + 304)	/* why a child ended */

enum child_state {
	CHILD_FREE,
	CHILD_SPARE,		/* ready for a client, has none yet */
	CHILD_HANDSHAKE,	/* until the preface has come */
	CHILD_IDLE,		/* no stream */
	CHILD_WAITING,		/* for the client: has streams, runs nothing */
	CHILD_FINISHING,	/* runs functions of streams that have ended */
	CHILD_RUNNING,
	CHILD_GONE,		/* no client; functions may run */
	CHILD_LEAVING		/* at its end; nothing runs in it any more */
};

/* Why a child ended, as it says itself; CHILD_END_NONE: it did not say. */
enum child_end {
	CHILD_END_NONE,
	CHILD_END_LOADED,	/* it tried routes, and all is well */
	CHILD_END_CLIENT,	/* the client closed */
	CHILD_END_DRAINED,	/* the server is stopping */
	CHILD_END_TIMEOUT,	/* handshake, idle or stall: `why` */
	CHILD_END_VIOLATION,	/* the client broke a rule: `why` */
	CHILD_END_TRANSPORT,	/* TLS or TCP error: `why` */
	CHILD_END_SCRIPT,	/* a script closed the connection */
	CHILD_END_LIMIT,	/* a script passed a limit: `why` */
	CHILD_END_DAMAGED,	/* a script broke the child's parts: `why` */
	CHILD_END_MEMORY,	/* it ran out, or its limit was hit: `why` */
	CHILD_END_INTERNAL	/* a fault of our own: `why` */
};

/* A function that runs.  Its texts stay when it is over, for slot_last. */
struct running {
	atomic_uint stream;	/* 0: not in use; UINT_MAX: being filled */
	unsigned last_stream;	/* of the texts; 0: they are of no function */
	uint64_t since_ms;	/* when it began (sys_now_ms) */
	atomic_uint after;	/* 1: the function is over, its answer is not */
	char function[40];
	char script[SCOREBOARD_TEXT];
};

/* Stands for the stream in entries of the connection's own script. */
#define SLOT_CONNECTION UINT32_C(0x80000000)

struct slot {
	atomic_int pid;		/* for display; the seat's is what counts */
	atomic_int state;	/* enum child_state */
	atomic_int end;		/* enum child_end */
	uint64_t started_ms;
	atomic_uint_fast64_t first_ms;	/* first request came; 0: none yet */
	atomic_uint_fast64_t asked_ms;	/* parent asked for room; 0: no */
	atomic_uint_fast64_t moved_ms;	/* last work for a stream */
	atomic_uint_fast64_t kill_at_ms; /* parent SIGKILLs it then; 0: never */
	atomic_uint_fast64_t octets_in;
	atomic_uint_fast64_t octets_out;
	atomic_uint streams;
	atomic_uint quick;	/* of these: files, without Python */
	atomic_uint_fast64_t stored;	/* octets of content, in files */
	atomic_uint_fast64_t traced;	/* octets of its trace */
	atomic_int trace_error;	/* errno that ended the trace; 0: none */
	atomic_uint lost;	/* records that did not get to the parent */
	char client[64];	/* "127.0.0.1:50000" */
	char code[16];		/* HTTP/2 error code of the end; empty: none;
				 * written before slot_set_end */
	char why[SCOREBOARD_WHY];
	char left[128];		/* what a script has left in the process, which
				 * therefore serves no other client */
	struct running running[SCOREBOARD_RUNNING];
};

/* ---- the child's side ---- */

/*
 * Claims an entry for work that leads to a function.  Returns it, or NULL if
 * all are in use.  Any thread may call it.
 */
struct running *slot_running_begin(struct slot *s, uint32_t stream,
    const char *script, const char *function, uint64_t now_ms);

/* Makes the entry, which may be NULL, that of this function. */
void slot_running_change(struct running *r, const char *script,
    const char *function, uint64_t now_ms);

void slot_running_end(struct running *r);

/*
 * Gives a sign of life.  If limit_ms is not 0, the parent kills the process
 * limit_ms plus more_ms later unless another sign comes: a process that has
 * stopped itself or become another program gives none.  Returns within how many
 * milliseconds the next sign is due, or -1 without a limit.
 */
int slot_beat(struct slot *s, unsigned limit_ms, unsigned more_ms);

/*
 * Sets why the child ends; only the first call counts.  One thread at a time
 * may call it.  why may be NULL.
 */
void slot_set_end(struct slot *s, enum child_end end, const char *why);

/* ---- the parent's side: a slot may contain anything ---- */

/* A function of a child, as the parent sees it; texts are bounded. */
struct ran {
	char function[41];
	char script[SCOREBOARD_TEXT + 1];
	unsigned stream;
	/* "main in /x.py on stream 1"; "end of main ..." once that is over */
	char text[SCOREBOARD_RUN_TEXT];
};

/* Stores the function that runs in entry i.  Returns false if none does. */
bool slot_running(const struct slot *s, size_t i, struct ran *r);

/* Returns whether any function runs. */
bool slot_is_running(const struct slot *s);

/*
 * Stores the function that began last, whether or not it still runs: a thread
 * or process that it started may be what failed.  Returns false if there was
 * none.
 */
bool slot_last(const struct slot *s, struct ran *r);

/* Copies a text of the slot, at most src_size octets, to dst as a string. */
void slot_copy_text(char *dst, size_t size, const char *src, size_t src_size);

/* Returns the text of an enum child_end ("closed by client"), or else "?". */
const char *slot_end_text(int end);

/* ---- the scoreboard ---- */

/*
 * A slot for each child.  What the parent acts on (which slots are taken, which
 * process to signal) is in memory of its own (proc/seat.c).
 */
struct scoreboard {
	size_t n;
	struct slot *slot;	/* shared */
};

/* Makes n slots in shared memory.  Returns 0, or -1 with errno set. */
int slot_board_init(struct scoreboard *b, size_t n);

void slot_board_free(struct scoreboard *b);

/*
 * Returns the octets of content that all children have in files.  `most`
 * becomes a text about the one with most: "child 812 of 127.0.0.1:50000 with
 * 4096 octets".
 */
uint64_t slot_board_stored(const struct scoreboard *b, char *most,
    size_t size);

#endif

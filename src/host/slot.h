/* SPDX-License-Identifier: MIT */
/*
 * A slot: memory shared by a child and the parent.  The child writes it without
 * locks; the parent reads it, after the child's death too, to say in the log
 * what ran and to enforce deadlines.
 *
 * A script can scribble on any slot.  So the parent treats the text in it as
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
	CHILD_WAITING,		/* for the client: streams, no function runs */
	CHILD_FINISHING,	/* functions of streams that have ended run */
	CHILD_RUNNING,
	CHILD_GONE,		/* no client; functions may run */
	CHILD_LEAVING		/* at its end; nothing of it runs any more */
};

/* How a child says that it ended; CHILD_END_NONE in a dead one: it did not. */
enum child_end {
	CHILD_END_NONE,
	CHILD_END_LOADED,	/* it was to try routes, and all is well */
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

/* An entry keeps its texts when the function is over, for slot_last. */
struct running {
	atomic_uint stream;	/* 0: not in use; UINT_MAX: being filled */
	unsigned last_stream;	/* as `stream` was; 0: it was no function */
	uint64_t since_ms;	/* sys_now_ms */
	atomic_uint after;	/* 1: the function is over, its answer is not */
	char function[40];
	char script[SCOREBOARD_TEXT];
};

/* In the place of a stream: of the connection's own script. */
#define SLOT_CONNECTION UINT32_C(0x80000000)

struct slot {
	atomic_int pid;		/* for display; the seat's is what counts */
	atomic_int state;	/* enum child_state */
	atomic_int end;		/* enum child_end */
	uint64_t started_ms;
	atomic_uint_fast64_t first_ms;	/* its first request; 0: none yet */
	atomic_uint_fast64_t asked_ms;	/* parent: make room; 0: no */
	atomic_uint_fast64_t moved_ms;	/* last something done for a stream */
	atomic_uint_fast64_t kill_at_ms; /* parent SIGKILLs then; 0: no */
	atomic_uint_fast64_t octets_in;
	atomic_uint_fast64_t octets_out;
	atomic_uint streams;
	atomic_uint quick;	/* of them: files answered without Python */
	atomic_uint_fast64_t stored;	/* octets of content, in files */
	atomic_uint_fast64_t traced;	/* octets of its trace */
	atomic_int trace_error;	/* errno that has ended it; 0: none */
	atomic_uint lost;	/* records that did not get to the parent */
	char client[64];	/* "127.0.0.1:50000" */
	char code[16];		/* HTTP/2 error code of the end; empty: none */
	char why[SCOREBOARD_WHY];
	char left[128];		/* what a script has left in the process, which
				 * would have served another client */
	struct running running[SCOREBOARD_RUNNING];
};

/* ---- the child's side ---- */

/*
 * The entry of what leads to a function, or NULL: all are in use.  Any thread
 * may call it.
 */
struct running *slot_running_begin(struct slot *s, uint32_t stream,
    const char *script, const char *function, uint64_t now_ms);

/* The entry, which may be NULL, is that function's from now on. */
void slot_running_change(struct running *r, const char *script,
    const char *function, uint64_t now_ms);

void slot_running_end(struct running *r);

/*
 * A sign of life.  A process that has stopped itself or become another program
 * gives none, and the parent kills it limit_ms and more_ms later, if limit_ms
 * is not 0.  Returns how long the next one may take, milliseconds, or -1.
 */
int slot_beat(struct slot *s, unsigned limit_ms, unsigned more_ms);

/* Of several the first counts; one thread at a time calls it.  why may be NULL. */
void slot_set_end(struct slot *s, enum child_end end, const char *why);

/* The HTTP/2 error code that the connection ends with, before slot_set_end. */
void slot_set_code(struct slot *s, const char *code);

/* ---- the parent's side: whatever stands in the slot ---- */

/* A function of a child, as the parent sees it; texts are bounded. */
struct ran {
	char function[41];
	char script[SCOREBOARD_TEXT + 1];
	unsigned stream;
	/* "main in /x.py on stream 1"; "end of main ..." once that is over */
	char text[SCOREBOARD_RUN_TEXT];
};

/* The function running in entry i.  False: none is. */
bool slot_running(const struct slot *s, size_t i, struct ran *r);

/* Whether there is any. */
bool slot_is_running(const struct slot *s);

/*
 * Likewise the function that was begun last, whether or not it still runs: a
 * thread or process that it started may be what came to grief.
 */
bool slot_last(const struct slot *s, struct ran *r);

/* A text of the slot, at most src_size octets, as a string in dst. */
void slot_copy_text(char *dst, size_t size, const char *src, size_t src_size);

/* "closed by client"; "?" for what is not an enum child_end. */
const char *slot_end_text(int end);

#endif

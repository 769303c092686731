/* SPDX-License-Identifier: MIT */
/*
 * One connection as its threads share it: session, transport, output, and the
 * exchanges whose handlers have something to do.  One mutex guards it all.
 *
 * Rules (each was paid for by a measurement, see doc/design.md):
 *  - no thread waits for the GIL, allocates Python memory or runs Python while
 *    it holds the mutex;
 *  - a thread that has the GIL tries the mutex first and does only short,
 *    non-blocking C under it; if that fails it drops the GIL before it waits.
 *
 * Callers hold the mutex unless a comment says otherwise.
 */
#ifndef H2RIG_CONN_H
#define H2RIG_CONN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "clientlog.h"
#include "exchange.h"
#include "h2/send.h"
#include "h2/session.h"
#include "host/options.h"
#include "host/slot.h"
#include "host/tls.h"
#include "link.h"
#include "waiters.h"
#include "wake.h"

/* Writers wait while this many octets or more are queued. */
#define CONN_QUEUE_MAX (256 * 1024)

/* How long a raw header block may hold the output, milliseconds. */
#define CONN_HOLD_MS 1000

/* How the connection ends. */
enum conn_close {
	CLOSE_NONE,
	CLOSE_GOAWAY,		/* GOAWAY, then CLOSE_TLS after the streams */
	CLOSE_TLS,		/* close_notify, FIN */
	CLOSE_FIN,		/* FIN without close_notify */
	CLOSE_RST,		/* TCP reset */
	CLOSE_NOTIFY		/* only close_notify; reading goes on */
};

struct conn {
	/* Must be first: the session's `user` is used as both structs. */
	struct clientlog client_log;
	pthread_mutex_t mutex;
	struct session *session;
	struct session_callbacks callbacks;
	struct slot *slot;
	const struct scoreboard *board;	/* of all children; NULL: unknown */
	const struct options *options;
	const char *client_host;	/* numeric; borrowed */
	unsigned client_port, server_port;

	/* Each belongs to the file of its name. */
	struct link link;
	struct wake wake;
	struct waiters waiters;
	struct exchanges requests;

	/* For child.c, which runs the I/O thread. */
	bool quiet;		/* send nothing before the client's preface */
	bool reads;		/* there is no TLS, or its handshake is over */
	const char *ended_by;	/* "client", "server", "limit"; NULL: open */
	bool io_soon;		/* the I/O thread looks again within 1 ms */
	bool stopping;		/* no function is started any more */

	/* For conn.c. */
	bool gone;		/* nothing more can be sent */
	bool muted;		/* ... after close_notify, but input is read */
	bool no_memory;		/* ... because memory has run out */
	bool started;		/* the session may send its first octets */
	bool draining;
	enum conn_close close;	/* asked for, or caused, by a script */
	char why[256];		/* why the transport failed, or why a script's
				 * octets are the last ones */
	uint64_t held_since;	/* ms; a hold of the output began; 0: no hold */
	uint64_t last_work;	/* ms; when something was done for a stream */
	uint64_t last_moved;	/* ms; when answers moved (see stall_at) */
	size_t answers;		/* octets queued, up to the last of an answer */
	uint64_t lots;		/* number of times that octets were read */
	bool hook_answered;	/* a request in the octets read last */

	/*
	 * For quickfile.c, which registers its hook here.  The I/O thread calls
	 * `answer` for each new request; it returns true if it has answered the
	 * request and released s.  NULL: nothing was registered.
	 */
	bool (*answer)(struct conn *c, struct stream *s,
	    const struct fields *request, bool end_stream);
	void (*free_quickfiles)(struct conn *c);
	struct quickfiles *quickfiles;

	/* For connscript.c. */
	struct connscript *script;	/* owned; NULL: not needed so far */
	void (*free_script)(struct conn *c);
	bool closing;		/* only the connection's own script still runs,
				 * to its handle_close */
	/* Gets the octets that were read; NULL: the session does. */
	void (*take_octets)(struct conn *c, const uint8_t *p, size_t len);

	/* For py/calls.c. */
	bool expired;		/* a function has passed its run-time limit */

	/* For py/thread.c. */
	unsigned n_logging;	/* threads that write a request's record */
	uint64_t crowd_until;	/* us; until then a long queue starts no more
				 * threads: a new one had to wait for the GIL */

	/* Set, without the mutex, in a process that a script forked. */
	atomic_bool forked;
};

/*
 * Sets up a connection on fd (non-blocking), which it owns from now on, as it
 * owns t.  The calling thread is its I/O thread.  Returns 0, or -1 with errno.
 */
int conn_init(struct conn *c, int fd, struct tls *t, struct slot *slot,
    const struct options *o);

/* Frees all of it but the exchanges to which Python has a reference. */
void conn_free(struct conn *c);

static inline void
conn_lock(struct conn *c)
{
	pthread_mutex_lock(&c->mutex);
}

static inline bool
conn_trylock(struct conn *c)
{
	return pthread_mutex_trylock(&c->mutex) == 0;
}

/*
 * Releases the mutex, then wakes the handler threads that were called
 * meanwhile, as they will want it.
 */
static inline void
conn_unlock(struct conn *c)
{
	unsigned n = c->wake.to_ring;

	c->wake.to_ring = 0;
	pthread_mutex_unlock(&c->mutex);
	if (n > 0)
		wake_ring(&c->wake, n);
}

/*
 * I/O thread: reads what the socket has.  Returns 0 if it is empty, 1 if there
 * may be more, -1 if reading is over: session_error or c->why says why, or else
 * it was the end of file.
 */
int conn_read(struct conn *c);

/*
 * The same when nothing can be sent any more: reads the client's last words,
 * such as a GOAWAY.  Returns false if no more of them will come.
 */
bool conn_hear(struct conn *c);

/* Offers the queue to the kernel; the I/O thread sends what that refuses. */
void conn_push(struct conn *c);

/* Returns the octets that are queued and not yet with the kernel. */
size_t conn_queued(const struct conn *c);

/* Marks what was queued last as part of an answer, not a reply to a frame. */
static inline void
conn_note_answer(struct conn *c)
{
	c->answers = conn_queued(c);
}

/* Lets other output go on before a raw header block ends (send_release). */
void conn_release_hold(struct conn *c);

/* Whether nothing can be written any more: gone, or closed by a script. */
static inline bool
conn_is_over(const struct conn *c)
{
	return c->gone || c->close > CLOSE_GOAWAY;
}

/* Whether a function runs or is about to. */
static inline bool
conn_runs(const struct conn *c)
{
	return c->requests.n_busy > 0 || c->requests.ready != NULL;
}

/* Whether streams are open, or what was sent on them is still queued. */
bool conn_has_streams(const struct conn *c);

/*
 * conn_out_of_memory ends the connection because memory has run out;
 * conn_no_memory tells whether it has failed for that reason.
 */
void conn_out_of_memory(struct conn *c);
bool conn_no_memory(const struct conn *c);

/* Notes work for a stream, which PING, SETTINGS and the like are not. */
void conn_note_work(struct conn *c);

/*
 * Nothing more can be sent from now on: the client counts as having left all
 * streams, and all waits end.
 */
void conn_set_gone(struct conn *c);

/*
 * Sends GOAWAY.  Functions that run may finish; those of tunnels are told when
 * they next wait for their client.
 */
void conn_drain(struct conn *c);

/*
 * I/O thread: ends a hold of the output that has lasted too long, and wakes
 * waits whose time has come.  Returns the milliseconds until it must be called
 * again, or -1.
 */
int conn_tick(struct conn *c, uint64_t now);

/*
 * conn_try makes one attempt of a writer call, returns as op->fn does, and
 * offers the kernel what was queued, unless the output is batched.  conn_do
 * makes attempts until the call is done: 0, or an error such as CONN_EXPIRED.
 * It releases the mutex while it waits.
 */
int conn_try(struct conn *c, struct op *op);
int conn_do(struct conn *c, struct op *op);

/*
 * For the fn of an op that sends DATA: returns the length of the queue, in
 * octets, up to which it may add before it is another stream's turn.
 */
size_t conn_share(const struct conn *c, const struct op *op);

/*
 * exchange_take and exchange_put_back, for handler threads.  If conn_put_back
 * returns true, the caller gives *over to access_log, without the mutex.
 */
struct exchange *conn_take_ready(struct conn *c, const void *taker);
bool conn_put_back(struct conn *c, struct exchange *x, struct access *over);

/*
 * Logs all requests that are not over.  The I/O thread calls it at the end,
 * without the mutex.
 */
void conn_log_requests(struct conn *c);

#endif

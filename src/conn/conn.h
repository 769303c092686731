/* SPDX-License-Identifier: MIT */
/*
 * One connection as its threads share it: session, transport, output, and the
 * exchanges whose handlers have something to do.  One mutex guards it all.
 *
 * Rules (each was paid for by a measurement, see doc/design.md):
 *  - nobody waits for the GIL, allocates Python memory or runs Python while
 *    holding the mutex;
 *  - a thread that has the GIL tries the mutex first and does only short,
 *    non-blocking C under it; if that fails it drops the GIL before it waits.
 *
 * Functions here want the mutex held unless they say otherwise.
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
#include "host/scoreboard.h"
#include "host/tls.h"
#include "link.h"
#include "waiters.h"
#include "wake.h"

/* Writers wait while so much is queued, octets. */
#define CONN_QUEUE_MAX (256 * 1024)

/* How long a raw header block may hold the output, milliseconds. */
#define CONN_HOLD_MS 1000

/* How the connection ends. */
enum conn_close {
	CLOSE_NONE,
	CLOSE_GOAWAY,		/* GOAWAY, the streams finish, then TLS */
	CLOSE_TLS,		/* close_notify, FIN */
	CLOSE_FIN,		/* FIN without close_notify */
	CLOSE_RST,		/* TCP reset */
	CLOSE_NOTIFY		/* close_notify, and reading goes on */
};

/*
 * What only some connections need hangs on it: a hook embeds this and registers
 * it by conn_add_hook.
 */
struct conn_hook {
	struct conn_hook *next;
	/*
	 * I/O thread, for a request that has just come: true if it has been
	 * answered and s released.  NULL: it answers none.
	 */
	bool (*answer)(struct conn_hook *h, struct conn *c, struct stream *s,
	    const struct fields *request, bool end_stream);
	void (*free)(struct conn_hook *h);
};

struct conn {
	/* First: the session's user is a struct conn and one of these. */
	struct clientlog client_log;
	pthread_mutex_t mutex;
	struct session *session;
	struct session_callbacks callbacks;
	struct slot *slot;
	const struct scoreboard *board;	/* NULL: no other child's */
	const struct options *options;
	const char *client_host;	/* numeric; borrowed */
	unsigned client_port, server_port;

	/* Each is written by the file of its name. */
	struct link link;
	struct wake wake;
	struct waiters waiters;
	struct exchanges requests;

	/* child.c's, which runs the I/O thread. */
	bool quiet;		/* nothing goes before the client's preface */
	bool reads;		/* there is no TLS, or its handshake is over */
	const char *ended_by;	/* "client", "server", "limit"; NULL: not yet */
	bool io_soon;		/* it looks again within the ms */
	bool stopping;		/* no function is started any more */

	/* conn.c's. */
	bool gone;		/* nothing more can be sent */
	bool muted;		/* ... after close_notify, but received */
	bool no_memory;		/* ... since memory has run out */
	bool started;		/* the session's first octets are due */
	bool draining;
	enum conn_close close;	/* asked for by a script */
	char why[256];		/* why the transport failed, or a script's
				 * octets are the last */
	uint64_t held_since;	/* ms; a raw header block is open */
	uint64_t last_work;	/* ms; something was done for a stream */
	uint64_t last_moved;	/* ms; answers did, as stall_at says */
	size_t answers;		/* octets of the queue up to their last */
	uint64_t lots;		/* how often octets were read */
	bool hook_answered;	/* a request of the last lot */
	struct conn_hook *hooks;

	/* connscript.c's. */
	struct connscript *script;	/* owned; NULL: it has had no use */
	bool closing;		/* handle_close is due, and nothing else */
	/* NULL: octets are for the session. */
	void (*take_octets)(struct conn *c, const uint8_t *p, size_t len);

	/* py/calls.c's. */
	bool expired;		/* a function has passed its limit */

	/* py/thread.c's. */
	unsigned n_logging;	/* threads that write a request's record */
	uint64_t crowd_until;	/* us; more threads would be in each other's
				 * way, as one has seen */

	/* Set, without the mutex, in a process that a script forked. */
	atomic_bool forked;
};

/*
 * A connection on fd (non-blocking), which it owns from now on as it does t.
 * The calling thread is its I/O thread.  0, or -1 with errno.
 */
int conn_init(struct conn *c, int fd, struct tls *t, struct slot *slot,
    const struct options *o);

/* Frees what no exchange with a reference needs; the process ends after it. */
void conn_free(struct conn *c);

void conn_add_hook(struct conn *c, struct conn_hook *h);

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

/* A thread that was called meanwhile wants the mutex: it is woken after. */
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
 * I/O thread: reads what is there.  0: the socket is empty; 1: there may be
 * more; -1: reading is over: session_error or c->why tells, or end of file.
 */
int conn_read(struct conn *c);

/*
 * The same when nothing can be sent any more: for the client's last words.
 * False: there are no more of them.
 */
bool conn_hear(struct conn *c);

/* Offers the queue to the kernel; what is refused stays for the I/O thread. */
void conn_push(struct conn *c);

/* Octets not yet with the kernel. */
size_t conn_queued(const struct conn *c);

/* What has been queued last belongs to an answer: it is no reply to a frame. */
static inline void
conn_note_answer(struct conn *c)
{
	c->answers = conn_queued(c);
}

/* A raw header block need not end any more; see send_release. */
void conn_release_hold(struct conn *c);

/* Nothing can be written any more: gone, or a script has closed it. */
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

/* Memory has run out; and whether it has failed because of that. */
void conn_out_of_memory(struct conn *c);
bool conn_no_memory(const struct conn *c);

/* Something was done for a stream, which PING, SETTINGS and the like are not. */
void conn_note_work(struct conn *c);

/*
 * The connection can carry nothing more: all streams count as left, all waits
 * end.
 */
void conn_set_gone(struct conn *c);

/*
 * GOAWAY; what runs may finish, and tunnels are told when they next wait for
 * their client.
 */
void conn_drain(struct conn *c);

/*
 * I/O thread, now and then: lets go of a raw header block held too long.
 * Returns milliseconds until it wants to be called again, or -1.
 */
int conn_tick(struct conn *c, uint64_t now);

/*
 * One attempt of a writer call.  What it queued has been offered to the kernel.
 * conn_do: the same, waiting as long as it takes; the mutex is let go meanwhile.
 */
int conn_try(struct conn *c, struct op *op);
int conn_do(struct conn *c, struct op *op);

/*
 * For fn of an op that sends DATA: up to which length of the queue it may add
 * before it is another's turn, octets.
 */
size_t conn_share(const struct conn *c, const struct op *op);

/*
 * exchange_take and exchange_put_back, for handler threads.  True: *over is
 * for access_log, which is to be called without the mutex.
 */
struct exchange *conn_take_ready(struct conn *c, const void *taker);
bool conn_put_back(struct conn *c, struct exchange *x, struct access *over);

/*
 * I/O thread, without the mutex, at the end: logs all requests that are not
 * over.
 */
void conn_log_requests(struct conn *c);

#endif

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
#include <sys/types.h>

#include "access.h"
#include "base/buf.h"
#include "clientlog.h"
#include "h2/send.h"
#include "h2/session.h"
#include "host/options.h"
#include "host/scoreboard.h"
#include "host/tls.h"
#include "quickfile.h"

/* Writers wait while so much is queued, octets. */
#define CONN_QUEUE_MAX (256 * 1024)

/*
 * Content that an exchange gathers before its handler is to store it, octets.
 * An upload of 10 MiB took 640 hand-overs to Python's thread without, and 4 %
 * longer with half of it (median of 21 pairs of runs).
 */
#define CONN_GATHER_MAX (256 * 1024)

/*
 * Who took nothing for longer is at something long, microseconds.  The I/O
 * thread looks each millisecond.
 */
#define CONN_BUSY_US 600

/* Streams whose paths are kept when they are over. */
#define CONN_PAST 32

/* How long a raw header block may hold the output, milliseconds. */
#define CONN_HOLD_MS 1000

enum event_type {
	EVENT_HEADERS,
	EVENT_DATA,
	EVENT_TRAILERS,
	EVENT_CONTENT		/* several of DATA, as Python is given them */
};

/* What a stream's handlers have yet to see: one frame's worth. */
struct event {
	uint8_t type;		/* enum event_type */
	bool end_stream;	/* the request ends with it */
	uint32_t len;		/* DATA: octets of content */
	uint32_t flow_len;	/* DATA: with padding */
	uint32_t credit;	/* DATA: of that, still to be returned */
};

/*
 * Whose code runs for an exchange while a handler thread has it, and since when
 * (py/calls.c).  `since` is written by that thread and read by the I/O thread,
 * which says in `expired` which stretch of it is past the limit (the value of
 * `since`).  The last three belong to whoever has the GIL.
 */
struct call {
	atomic_uint_fast64_t since;	/* ms; 0: nothing that has a limit */
	atomic_uint_fast64_t expired;
	atomic_bool function;	/* one of the script's; else what is around */
	struct running *_Atomic running; /* in the slot; NULL: none free */
	pthread_t thread;
	void *state;		/* the thread's, as CPython has it */
	bool raised;		/* HandlerTimeout was, in this stretch */
};

/*
 * One request and its response.  It lives while the session has the stream
 * or anybody holds a reference; `refs` needs no mutex.
 */
struct exchange {
	struct conn *conn;
	struct stream *stream;	/* NULL once released */
	uint32_t id;
	atomic_uint refs;

	struct fields request;
	struct fields trailers;
	struct headers_frame frame;
	struct buf events;	/* of struct event, as they come */
	struct buf data;	/* content of the DATA events, in order */
	bool pressing;		/* among them is one that waits for no other */

	bool moved_all;		/* the event that ends the request too */
	bool awaited;		/* a thread waits for an event */

	bool queued;		/* in the ready queue */
	bool busy;		/* a handler thread has it */
	bool finished;		/* nothing more to run */
	bool gathers;		/* content is wanted when it is all there */
	bool recorded;		/* its record has been made */
	atomic_bool left;	/* the client has reset it or is gone */
	uint64_t left_since;	/* ms */
	uint64_t busy_since;	/* us */
	bool headers_sent;	/* as they stood when the stream was released */
	bool ended;
	uint64_t ready_since;	/* us; when queued */
	uint64_t since;		/* ms; its HEADERS came */
	struct exchange *next_ready;
	struct exchange *prev, *next;	/* all of the connection */

	struct call call;

	/*
	 * The handler layer's, which the GIL guards: events that were moved
	 * here in one go, so that each costs no lock.
	 */
	struct buf hand_events;
	struct buf hand_data;
	bool fetching;		/* a thread is just moving more here */
	bool received;		/* the event that ends the request was taken */
	bool over;		/* `finished` is to be when it is put back */
	void *app;		/* see pystream.c */
};

/* How the connection ends. */
enum conn_close {
	CLOSE_NONE,
	CLOSE_GOAWAY,		/* GOAWAY, the streams finish, then TLS */
	CLOSE_TLS,		/* close_notify, FIN */
	CLOSE_FIN,		/* FIN without close_notify */
	CLOSE_RST		/* TCP reset */
};

/* Results beside those of enum send_status. */
enum conn_status {
	CONN_AGAIN_SPACE = 3,	/* the queue is full */
	CONN_AGAIN_EVENT = 4,	/* no event yet */
	CONN_AGAIN_FLUSH = 5,	/* not all is with the kernel yet */
	CONN_AGAIN_TURN = 6,	/* it is another stream's turn */
	CONN_EXPIRED = -20,	/* the run-time limit ended the wait */
	CONN_FORKED = -21,	/* in a process that the script forked */
	CONN_DRAINED = -22	/* the connection ends, and a tunnel waits */
};

struct waiter;

struct conn {
	pthread_mutex_t mutex;
	int fd;			/* -1: closed */
	struct tls *tls;	/* NULL: cleartext; owned */
	struct session *session;
	struct slot *slot;
	const struct scoreboard *board;	/* NULL: no other child's */
	const struct options *options;
	struct tls_info info;
	const char *client_host;	/* numeric; borrowed */
	unsigned client_port;
	const char *client;	/* both: "127.0.0.1:50000"; borrowed */

	int wake[2];		/* a byte here ends the I/O thread's poll */
	bool wake_sent;
	pthread_t io_thread;

	bool gone;		/* nothing more can be sent */
	bool no_memory;		/* ... since memory has run out */
	bool quiet;		/* nothing goes before the client's preface */
	bool backlog;		/* the kernel has refused output */
	bool io_soon;		/* the I/O thread is back within the ms */
	bool read_blocked;	/* TLS has to write before it reads on */
	bool draining;
	enum conn_close close;	/* asked for by a script */
	char why[256];		/* why the transport failed, or a script's
				 * octets are the last */
	struct clientlog client_log;
	struct quickfiles *quick;	/* files served before; NULL: none */
	uint64_t held_since;	/* ms; a raw header block is open */
	uint64_t last_work;	/* ms; something was done for a stream */
	uint64_t last_written;	/* ms; the kernel took output, or had all */
	uint64_t last_moved;	/* ms; answers did, as conn_tick says */
	size_t answers;		/* octets of the queue up to their last */
	long unfetched;		/* octets, the least that the kernel was seen
				 * to have since it took some of them */

	struct exchange *exchanges;
	struct past {
		uint32_t id;
		uint32_t code;	/* of RST_STREAM */
		bool reset;
		char path[60];
	} past[CONN_PAST];	/* those that were over last, by n_past */
	unsigned n_past;
	struct exchange *ready;	/* first of the queue */
	struct exchange *ready_last;
	unsigned n_ready;
	unsigned n_busy;
	struct waiter *waiters;
	uint64_t turns;		/* given out to waiters so far */

	/* Handler threads (py/handler.c). */
	unsigned n_threads;
	unsigned n_idle;	/* of them: at rest until they are called */
	unsigned n_entering;	/* of them: called or new, nothing taken yet */
	unsigned n_logging;	/* of them: write a request's record */
	uint64_t last_taken;	/* us; one took an exchange from the queue */
	const void *last_taker;	/* which, as conn_take_ready was told */
	const struct exchange *last_busy;	/* what; NULL: put back since */
	uint64_t crowd_until;	/* us; more threads would be in each other's
				 * way, as one has seen */
	bool stopping;		/* no function is started any more */
	unsigned to_call;	/* threads, when the mutex is let go */
	/* Apart from the rest, so that who is called need not wait for it. */
	pthread_mutex_t call_mutex;
	pthread_cond_t call_cond;
	unsigned n_calls;	/* not yet answered */

	/* Set, without the mutex, in a process that a script forked. */
	atomic_bool forked;
};

/*
 * A connection on fd (non-blocking), which it owns from now on as it does t.
 * 0, or -1 with errno.
 */
int conn_init(struct conn *c, int fd, struct tls *t, struct slot *slot,
    const struct options *o);

/* Frees what no exchange with a reference needs; the process ends after it. */
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

/* Wakes n handler threads that rest; wants no mutex. */
void conn_ring(struct conn *c, unsigned n);

/* Who was called meanwhile will want the mutex, and so is woken without it. */
static inline void
conn_unlock(struct conn *c)
{
	unsigned n = c->to_call;

	c->to_call = 0;
	pthread_mutex_unlock(&c->mutex);
	if (n > 0)
		conn_ring(c, n);
}

/*
 * I/O thread: reads what is there.  0: the socket is empty; 1: there may be
 * more; -1: reading is over: session_error or c->why tells, or end of file.
 */
int conn_read(struct conn *c);

/*
 * The same when nothing can be sent any more: for the client's last words.  0:
 * more may come; -1: that was the end of what TLS has.
 */
int conn_hear(struct conn *c);

/* Offers the queue to the kernel; what is refused stays for the I/O thread. */
void conn_push(struct conn *c);

/* A raw header block need not end any more; see send_release. */
void conn_release_hold(struct conn *c);

/*
 * The exchange that holds the output is over: its header block is left as it
 * is, but nothing can follow part of a frame.  That ends the connection.
 */
void conn_end_hold(struct conn *c);

/* Nothing can be written any more: gone, or a script has closed it. */
static inline bool
conn_is_over(const struct conn *c)
{
	return c->gone || c->close > CLOSE_GOAWAY;
}

/* Octets not yet with the kernel. */
size_t conn_queued(const struct conn *c);

/*
 * GOAWAY; what runs may finish, and tunnels are told when they next wait for
 * their client.
 */
void conn_drain(struct conn *c);

/* Whether a function runs or is about to. */
static inline bool
conn_runs(const struct conn *c)
{
	return c->n_busy > 0 || c->ready != NULL;
}

/* Whether streams are open, or what was sent on them is still queued. */
bool conn_has_streams(const struct conn *c);

/*
 * Tells the parent how things are, by the slot; conn_note_work: after something
 * was done for a stream, which PING, SETTINGS and the like are not.
 */
void conn_publish(struct conn *c);
void conn_note_work(struct conn *c);

/* Ends the I/O thread's poll, when another thread calls. */
void conn_wake_io(struct conn *c);

/*
 * The connection can carry nothing more: all streams count as left, all waits
 * end.  With fd != -1 the descriptor is closed by conn_close_fd.
 */
void conn_set_gone(struct conn *c);
void conn_close_fd(struct conn *c);

/*
 * Before closing.c is at work.  False: a script has closed it, or shut it down.
 * Something else cannot have its number (confine_files).
 */
bool conn_has_socket(const struct conn *c);

/* Whether it has failed because memory ran out. */
bool conn_no_memory(const struct conn *c);

/* What has been queued last belongs to an answer: it is no reply to a frame. */
void conn_note_answer(struct conn *c);

/*
 * I/O thread, now and then: lets go of a raw header block held too long, and
 * looks for a stall.  Returns milliseconds until it wants to be called again,
 * or -1; *stalled is set when for the stall time answers have waited for
 * windows, and none has moved: the kernel took nothing of any, and the client's
 * system acknowledged nothing of what the kernel had.  Or when output has
 * waited for the kernel, and neither that nor this has moved.  To whoever waits
 * for windows, replies are no movement: a client may ask for them all the time.
 */
int conn_tick(struct conn *c, uint64_t now, bool *stalled);

/*
 * One attempt of a writer call: fn, with the session, under the mutex.  It
 * returns 0, an error of enum send_status, or why it must be made again
 * (SEND_AGAIN_*, CONN_AGAIN_*).  What it queued has been offered to the kernel.
 * `why` is then a
 * static text.
 */
struct op {
	struct exchange *x;	/* the exchange whose script asks */
	uint32_t id;		/* the stream it is about */
	int (*fn)(struct conn *c, struct op *op);
	bool writes;		/* subject to the queue's limit */
	bool shares;		/* DATA: the connection's window is shared, so
				 * streams take turns by urgency */
	bool batched;		/* may wait for what the next in the ready
				 * queue has to send */
	uint64_t turn;		/* conn.c's; 0 at first */
	const char *why;
	bool reset;		/* that is why: RST_STREAM with `code` */
	uint32_t code;
	uint64_t since;		/* ms; waits without progress since then.  fn
				 * clears it when it got something done */
};

int conn_try(struct conn *c, struct op *op);

/*
 * For fn of an op that sends DATA: up to which length of the queue it may add
 * before it is another's turn, octets; and whether it is that now.
 */
size_t conn_share(const struct conn *c, const struct op *op);
bool conn_must_yield(struct conn *c, const struct op *op);

/*
 * I/O thread, without the mutex, at the end: logs all requests that are not
 * over.
 */
void conn_log_requests(struct conn *c);

/* Whether anybody at all waits for a turn. */
bool conn_is_contended(const struct conn *c);

/* The same, waiting as long as it takes; the mutex is let go meanwhile. */
int conn_do(struct conn *c, struct op *op);

/* Moves what has come to events and data, which are empty. */
void exchange_move(struct exchange *x, struct buf *events, struct buf *data);

/* The path of stream id, cut, also of one that was over lately; or "?". */
void conn_path(const struct conn *c, uint32_t id, char *dst, size_t size);

/* Whether RST_STREAM closed it, and with which code. */
bool conn_was_reset(const struct conn *c, uint32_t id, uint32_t *code);

/* Has it served once more, though no event may have come. */
void exchange_press(struct conn *c, struct exchange *x);

/*
 * The next exchange with something to do, now busy; NULL: none.  taker tells
 * one thread from another.
 */
struct exchange *conn_take_ready(struct conn *c, const void *taker);

/*
 * Has a handler thread that rests come for something to do, unless one is on
 * its way.  False: all are at work.
 */
bool conn_call_thread(struct conn *c);

/*
 * Whether one of the threads at work has begun with what it does at most so
 * many microseconds before now: not so if all sleep in scripts, however many
 * requests others have had done meanwhile.
 */
bool conn_taken_within(const struct conn *c, uint64_t now, uint64_t us);

/*
 * The handler thread is back from it: it goes to the queue or, with x->over,
 * away.  True:
 * the request is over and such are logged: *over is for access_log, which is
 * to be called without the mutex.
 */
bool conn_put_back(struct conn *c, struct exchange *x, struct access *over);

/* A script has promised stream id: what it answers there has a record too. */
void exchange_note_push(struct conn *c, uint32_t id, const struct field *v,
    size_t n);

/* Without the mutex. */
void exchange_ref(struct exchange *x);
void exchange_unref(struct exchange *x);

/* Ends the waits of the call of x that began at since: past its limit. */
void conn_expire(struct conn *c, struct exchange *x, uint64_t since);

/* Whether the call that runs, if any, is past its limit. */
static inline bool
exchange_expired(struct exchange *x)
{
	uint64_t since = atomic_load(&x->call.since);

	return since != 0 && atomic_load(&x->call.expired) == since;
}

#endif

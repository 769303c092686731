/* SPDX-License-Identifier: MIT */
/*
 * Exchanges: a request with its response, the events that its handlers have yet
 * to see, and the queue of those that have something to do.
 *
 * All of it wants the connection's mutex held unless it says otherwise.
 */
#ifndef H2RIG_EXCHANGE_H
#define H2RIG_EXCHANGE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "base/buf.h"
#include "h2/session.h"
#include "host/slot.h"
#include "waiters.h"
#include "wake.h"

/*
 * A handler thread that took nothing from the queue for longer is at something
 * long, microseconds.  The I/O thread looks each millisecond.
 */
#define EXCHANGE_BUSY_US 600

/*
 * DATA frames of an octet cost the client little and Python, once they are
 * objects, 200 octets each.
 */
#define EXCHANGE_MOVE_MAX 256

/* Streams whose paths are kept when they are over. */
#define EXCHANGE_PAST 32

/*
 * Frames other than HEADERS and DATA that may wait for a stream's functions,
 * and their octets.
 */
#define EXCHANGE_FRAMES_MAX 1000
#define EXCHANGE_FRAMES_OCTETS (1024 * 1024)

enum event_type {
	EVENT_HEADERS,
	EVENT_DATA,
	EVENT_TRAILERS,
	EVENT_FRAME,		/* any other */
	/* Of a connection's own script (connscript.h): */
	EVENT_STEP,		/* frame_type: enum connscript_step */
	EVENT_RECEIVED,		/* data: a framelog_entry */
	EVENT_VIOLATION		/* frame_type: enum h2_level; data: code, length
				 * of text, text, and an entry or nothing */
};

/*
 * In the place of a stream's number: an exchange of the connection's own
 * script.  No stream has it.
 */
#define EXCHANGE_OWN SLOT_CONNECTION

/*
 * Frames that a stream's functions want, a bit for each type.  A type that is
 * not known has EXCHANGE_UNKNOWN's; HEADERS are those of trailers.
 */
#define EXCHANGE_WANTS(type) (UINT32_C(1) << (type))
#define EXCHANGE_UNKNOWN 31

/* What a stream's handlers have yet to see: one frame's worth. */
struct event {
	uint8_t type;		/* enum event_type */
	bool end_stream;	/* the request ends with it */
	uint8_t frame_type;	/* EVENT_FRAME: enum frame_type, or unknown */
	uint8_t flags;		/* EVENT_FRAME */
	uint32_t len;		/* octets of it in `data` */
	uint32_t flow_len;	/* DATA: with padding */
	uint32_t credit;	/* DATA: of that, still to be returned */
};

/*
 * Whose code runs for an exchange while a handler thread has it, and since when
 * (py/calls.c).  `since` is written by that thread and read by the I/O thread,
 * which says in `expired` which stretch of it is past the limit (the value of
 * `since`).  The last three belong to the thread that has the GIL.
 */
struct call {
	atomic_uint_fast64_t since;	/* ms; 0: nothing that has a limit */
	atomic_uint_fast64_t expired;
	atomic_bool function;	/* one of the script's; else what is around */
	const char *script;	/* of that, borrowed: what its trace says */
	const char *name;
	struct running *_Atomic running; /* in the slot; NULL: none free */
	pthread_t thread;
	void *state;		/* the thread's, as CPython has it */
	bool raised;		/* HandlerTimeout was, in this stretch */
};

enum exchange_phase {
	EXCHANGE_AT_REST,	/* until there is something to do */
	EXCHANGE_READY,		/* in the queue */
	EXCHANGE_BUSY,		/* a handler thread has it */
	EXCHANGE_OVER		/* nothing more to run */
};

/*
 * It lives while the session has the stream or anybody holds a reference;
 * `refs` needs no mutex.
 */
struct exchange {
	struct conn *conn;
	struct exchanges *all;
	struct exchange *prev, *next;	/* of them */
	atomic_uint refs;
	struct stream *stream;	/* NULL once released */
	uint32_t id;
	uint64_t since;		/* ms; its HEADERS came */

	struct fields request;
	struct fields trailers;
	struct frame frame;	/* its HEADERS; their payload is gone, but ... */
	struct buf block;	/* the header block */
	struct frame trailers_frame;	/* likewise */
	struct buf events;	/* of struct event, as they come */
	struct buf data;	/* content and payloads, in order of events */
	bool pressing;		/* there are some, or exchange_press was called */
	bool gathers;		/* content of several frames is wanted in one */
	bool complete;		/* the event that ends the request has come */
	bool moved_all;		/* ... and was moved */
	unsigned long n_moves;	/* times that there was something to move */
	bool awaited;		/* a thread waits for an event */
	bool known;		/* exchange_want was called; until then all
				 * frames are kept */
	uint32_t wanted;	/* EXCHANGE_WANTS of each */
	unsigned n_frames;	/* EVENT_FRAMEs whose functions have not begun */
	size_t frame_octets;	/* of these */

	enum exchange_phase phase;
	struct exchange *next_ready;
	uint64_t ready_since;	/* us; when queued */
	uint64_t busy_since;	/* us */
	bool recorded;		/* its record has been made */
	bool headers_sent;	/* as they stood when the stream was released */
	bool ended;
	atomic_bool left;	/* the client has reset it or is gone */
	atomic_bool reset_by_client;
	uint64_t left_since;	/* ms */

	struct call call;

	/* The handler layer's (py/), which the GIL guards. */
	bool over;		/* nothing more is to run when it is put back */
	void *app;		/* see pyexchange.c */
};

/* All of a connection. */
struct exchanges {
	struct session *session;
	struct waiters *waiters;
	struct wake *wake;

	struct exchange *first;
	struct exchange *ready;	/* first of the queue */
	struct exchange *ready_last;
	unsigned n_ready;
	unsigned n_busy;
	unsigned n_own;		/* of these: the connection's own */
	uint64_t last_taken;	/* us; a thread took one from the queue */
	const void *last_taker;	/* which, as exchange_take was told */
	const struct exchange *last_busy;	/* what; NULL: put back since */

	struct past {
		uint32_t id;
		uint32_t code;	/* of RST_STREAM */
		bool reset;
		char path[60];
	} past[EXCHANGE_PAST];	/* those that were over last, by n_past */
	unsigned n_past;
};

/* For s, whose `user` it is from now on, in the list; NULL: no memory. */
struct exchange *exchange_new(struct exchanges *all, struct conn *c,
    struct stream *s);

/* Likewise without a stream, for the connection's own script. */
struct exchange *exchange_new_own(struct exchanges *all, struct conn *c);

/* Without the mutex. */
void exchange_ref(struct exchange *x);
void exchange_unref(struct exchange *x);

/* Drops what nobody else has a reference to: the process ends. */
void exchange_free_all(struct exchanges *all);

/*
 * An event has come, with ev->len octets of data.  One that is kept waits
 * for the next that is added.
 */
void exchange_add_event(struct exchange *x, const struct event *ev,
    const uint8_t *data);
void exchange_keep_event(struct exchange *x, const struct event *ev,
    const uint8_t *data);

/*
 * session_callbacks.frame: keeps it as an event if the stream's functions want
 * it, or if it is not known whether they do.
 */
const char *exchange_frame_came(void *user, struct stream *s,
    const struct frame *f, const uint8_t *payload);

/* Which ones they want is known: others that wait are dropped. */
void exchange_want(struct exchange *x, uint32_t wanted);

/* A frame of so many octets waits no more. */
void exchange_frame_begun(struct exchange *x, size_t len);

/*
 * Moves what has come to events and data, which are empty: EXCHANGE_MOVE_MAX
 * events at most, unless content is gathered.
 */
void exchange_move(struct exchange *x, struct buf *events, struct buf *data);

/* Has it served once more, though no event may have come. */
void exchange_press(struct exchange *x);

/* Its client has reset it, or the connection is gone. */
void exchange_client_left(struct exchange *x);

/*
 * Its stream is closed: ends its waits, and serves it if it was reset, or was
 * left open by its functions.
 */
void exchange_closed(struct exchange *x);

/*
 * The next exchange with something to do, now busy; NULL: none.  taker tells
 * one thread from another.  own: of the connection's own script alone.
 */
struct exchange *exchange_take(struct exchanges *all, const void *taker,
    bool own);

/* It is back from its thread: false if nothing more runs for it (x->over). */
bool exchange_put_back(struct exchange *x);

/* It is over, and forgotten: what was asked for of it later is kept. */
void exchange_end(struct exchange *x);

/*
 * Whether one of the threads at work has begun with what it does at most so
 * many microseconds before now: not so if all sleep in scripts, however many
 * requests others have had done meanwhile.
 */
bool exchange_taken_within(const struct exchanges *all, uint64_t now,
    uint64_t us);

/* A script has promised stream id: what it answers there has a record too. */
void exchange_note_push(struct exchanges *all, struct conn *c, uint32_t id,
    const struct field *v, size_t n);

/* What the access log is to say of it; false: nothing, or it has done. */
bool exchange_describe(struct exchange *x, struct access *a);

/* The path of stream id, cut, also of one that was over lately; or "?". */
void exchange_path(const struct exchanges *all, uint32_t id, char *dst,
    size_t size);

/* Whether RST_STREAM closed it, and with which code. */
bool exchange_was_reset(const struct exchanges *all, uint32_t id,
    uint32_t *code);

/* Ends the waits of the call of x that began at since: past its limit. */
void exchange_expire(struct exchange *x, uint64_t since);

/* Whether the call that runs, if any, is past its limit. */
bool exchange_expired(struct exchange *x);

#endif

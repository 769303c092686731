/* SPDX-License-Identifier: MIT */
/*
 * Exchanges: a request with its response, the events that its handlers have yet
 * to see, and the queue of exchanges that have something to do.
 *
 * Callers hold the connection's mutex unless a comment says otherwise.
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
 * Microseconds.  A handler thread that has taken nothing from the queue for
 * longer is assumed to run something long.  The I/O thread looks every
 * millisecond.
 */
#define EXCHANGE_BUSY_US 600

/*
 * Most events that Python gets at a time.  A DATA frame of one octet costs the
 * client little, but as a Python object it takes 200 octets.
 */
#define EXCHANGE_MOVE_MAX 256

/* Number of ended streams whose paths and reset codes are kept. */
#define EXCHANGE_PAST 32

/*
 * Bounds on frames other than HEADERS and DATA that wait for a stream's
 * functions: their number, and the octets of their payloads.
 */
#define EXCHANGE_FRAMES_MAX 1000
#define EXCHANGE_FRAMES_OCTETS (1024 * 1024)

enum event_type {
	EVENT_HEADERS,
	EVENT_DATA,
	EVENT_TRAILERS,
	EVENT_FRAME,		/* any other frame */
	/* Of a connection's own script (connscript.h): */
	EVENT_STEP,		/* frame_type: enum connscript_step */
	EVENT_RECEIVED,		/* data: a framelog_entry */
	EVENT_VIOLATION		/* frame_type: enum h2_level; data: code, length
				 * of text, text, perhaps a framelog_entry */
};

/*
 * The id of exchanges of the connection's own script.  No stream has this
 * number.
 */
#define EXCHANGE_OWN SLOT_CONNECTION

/*
 * Frames that a stream's functions want: a mask with a bit for each type.
 * Unknown types have the bit EXCHANGE_UNKNOWN; the bit of HEADERS is for
 * trailers.
 */
#define EXCHANGE_WANTS(type) (UINT32_C(1) << (type))
#define EXCHANGE_UNKNOWN 31

/* Returns the bit of a received frame's type, perhaps an unknown one. */
uint32_t exchange_bit(unsigned type);

/* What a stream's handlers have yet to see: one frame's worth. */
struct event {
	uint8_t type;		/* enum event_type */
	bool end_stream;	/* the request ends with it */
	uint8_t frame_type;	/* EVENT_FRAME: its type, perhaps unknown */
	uint8_t flags;		/* EVENT_FRAME: the frame's flags */
	uint32_t len;		/* its octets in `data` of the exchange */
	uint32_t flow_len;	/* DATA: octets with padding */
	uint32_t credit;	/* DATA: octets of these still to be returned */
};

/*
 * What runs for an exchange while a handler thread has it, and since when
 * (py/calls.c).  That thread writes `since`; the I/O thread reads it, and
 * copies it to `expired` when the stretch (calls.h) that began then is past the
 * run-time limit.  The last three belong to the thread that has the GIL.
 */
struct call {
	atomic_uint_fast64_t since;	/* ms; 0: nothing with a limit runs */
	atomic_uint_fast64_t expired;
	atomic_bool function;	/* a function runs, not the code around it */
	const char *script;	/* of that function, for the trace; borrowed */
	const char *name;	/* of that function; borrowed */
	struct running *_Atomic running; /* in the slot; NULL: none was free */
	pthread_t thread;
	void *state;		/* the thread's PyThreadState */
	bool raised;		/* HandlerTimeout was raised in this stretch */
};

enum exchange_phase {
	EXCHANGE_AT_REST,	/* it has nothing to do */
	EXCHANGE_READY,		/* in the queue */
	EXCHANGE_BUSY,		/* a handler thread has it */
	EXCHANGE_OVER		/* nothing more is to run */
};

/*
 * It exists while it is in the connection's list or somebody has a reference;
 * `refs` needs no mutex.
 */
struct exchange {
	struct conn *conn;
	struct exchanges *all;
	struct exchange *prev, *next;	/* in the list */
	atomic_uint refs;
	struct stream *stream;	/* NULL once released */
	uint32_t id;
	uint64_t since;		/* ms; when its HEADERS came */

	struct fields request;
	struct fields trailers;
	struct frame frame;	/* its HEADERS; the payload is gone */
	struct buf block;	/* the header block of its HEADERS */
	struct frame trailers_frame;	/* its payload is gone */
	struct buf events;	/* of struct event, in the order received */
	struct buf data;	/* content and payloads, in order of events */
	bool pressing;		/* events added, or exchange_press was called */
	bool gathers;		/* wants the content of several frames in one */
	bool complete;		/* the event that ends the request has come */
	bool moved_all;		/* ... and was moved (exchange_move) */
	unsigned long n_moves;	/* times that there was something to move */
	bool awaited;		/* a thread waits for an event */
	bool known;		/* exchange_want was called; until then all
				 * frames are kept */
	uint32_t wanted;	/* mask of EXCHANGE_WANTS */
	unsigned n_frames;	/* EVENT_FRAMEs whose function has not begun */
	size_t frame_octets;	/* of their payloads */

	enum exchange_phase phase;
	struct exchange *next_ready;
	uint64_t ready_since;	/* us; when queued */
	uint64_t busy_since;	/* us; when a thread took it */
	bool recorded;		/* its log record has been made */
	bool headers_sent;	/* of the stream, when it was released */
	bool ended;		/* ... and whether our side had ended it */
	atomic_bool left;	/* stream was reset, or the client is gone */
	atomic_bool reset_by_client;
	uint64_t left_since;	/* ms; when `left` was set */

	struct call call;

	/* For the handler layer (py/); guarded by the GIL. */
	bool over;		/* nothing more is to run when it is put back */
	void *app;		/* its Python object (pyexchange.c) */
};

/* All exchanges of a connection. */
struct exchanges {
	struct session *session;
	struct waiters *waiters;
	struct wake *wake;

	struct exchange *first;	/* of the list */
	struct exchange *ready;	/* first of the queue */
	struct exchange *ready_last;
	unsigned n_ready;
	unsigned n_busy;
	unsigned n_own;		/* of n_busy: of the connection's own script */
	uint64_t last_taken;	/* us; when one was taken from the queue */
	const void *last_taker;	/* `taker` of that call of exchange_take */
	const struct exchange *last_busy;	/* what that call took;
						 * NULL: put back since */

	struct past {
		uint32_t id;
		uint32_t code;	/* of RST_STREAM */
		bool reset;
		char path[60];
	} past[EXCHANGE_PAST];	/* the streams that ended last, as a ring */
	unsigned n_past;	/* index of the next in `past` */
};

/*
 * Makes an exchange in the list: for s, as its `user`, or, if s is NULL, for
 * the connection's own script.  Returns NULL if out of memory.
 */
struct exchange *exchange_new(struct exchanges *all, struct conn *c,
    struct stream *s);

/* These two need no mutex. */
void exchange_ref(struct exchange *x);
void exchange_unref(struct exchange *x);

/* At the connection's end: drops exchanges that have no Python object. */
void exchange_free_all(struct exchanges *all);

/*
 * exchange_add_event adds an event with ev->len octets of data, and has the
 * exchange served.  exchange_keep_event only adds it, to wait for the next one.
 */
void exchange_add_event(struct exchange *x, const struct event *ev,
    const uint8_t *data);
void exchange_keep_event(struct exchange *x, const struct event *ev,
    const uint8_t *data);

/*
 * session_callbacks.frame: keeps it as an event if the stream's functions want
 * it, or if it is not known whether they do.  Returns NULL, or the text of the
 * bound that it has passed.
 */
const char *exchange_frame_came(void *user, struct stream *s,
    const struct frame *f, const uint8_t *payload);

/* Sets which frames functions want (a mask); drops others that wait. */
void exchange_want(struct exchange *x, uint32_t wanted);

/* A frame with len octets of payload no longer waits for its function. */
void exchange_frame_begun(struct exchange *x, size_t len);

/*
 * Moves the exchange's events, with their data, to events and data, which are
 * empty: at most EXCHANGE_MOVE_MAX events, unless content is gathered.
 */
void exchange_move(struct exchange *x, struct buf *events, struct buf *data);

/* Has x served once more, even if no event has come. */
void exchange_press(struct exchange *x);

/* Notes that the stream was reset, or that the connection is gone. */
void exchange_client_left(struct exchange *x);

/*
 * Its stream is closed: ends its waits, and has it served if the stream was
 * reset, or if its functions have seen all events (they may have left the
 * stream open).
 */
void exchange_closed(struct exchange *x);

/*
 * Takes the next exchange from the queue and marks it busy.  NULL: none.  taker
 * tells one thread from another.  own: takes only exchanges of the connection's
 * own script.
 */
struct exchange *exchange_take(struct exchanges *all, const void *taker,
    bool own);

/* Takes x back from its thread.  False: nothing more runs for it (x->over). */
bool exchange_put_back(struct exchange *x);

/* Releases x, which is over; its path and reset code are kept for a while. */
void exchange_end(struct exchange *x);

/*
 * Whether a thread that is at work took its exchange at most us microseconds
 * before now (in microseconds).  False if all such threads sleep in scripts,
 * however many requests other threads have finished meanwhile.
 */
bool exchange_taken_within(const struct exchanges *all, uint64_t now,
    uint64_t us);

/*
 * A script has promised stream id, with the request's fields v: makes an
 * exchange, so that the answer gets a record in the access log.
 */
void exchange_note_push(struct exchanges *all, struct conn *c, uint32_t id,
    const struct field *v, size_t n);

/* Fills in *a as the log record of x.  False: none is due, or it was made. */
bool exchange_describe(struct exchange *x, struct access *a);

/* Copies the path of stream id, open or lately ended, to dst, cut; or "?". */
void exchange_path(const struct exchanges *all, uint32_t id, char *dst,
    size_t size);

/* Whether RST_STREAM closed stream id; *code: its error code. */
bool exchange_was_reset(const struct exchanges *all, uint32_t id,
    uint32_t *code);

/* The stretch of x that began at since is past its limit: ends its waits. */
void exchange_expire(struct exchange *x, uint64_t since);

/* Whether the stretch that runs for x, if any, is past its limit. */
bool exchange_expired(struct exchange *x);

#endif

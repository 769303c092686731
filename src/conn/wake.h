/* SPDX-License-Identifier: MIT */
/*
 * How the threads of a connection wake each other: the I/O thread, which polls,
 * by a pipe, and handler threads that rest by a condition.  All but wake_ring
 * wants the connection's mutex held.
 */
#ifndef H2RIG_WAKE_H
#define H2RIG_WAKE_H

#include <pthread.h>
#include <stdbool.h>

struct wake {
	int pipe[2];		/* an octet here ends the I/O thread's poll */
	bool sent;		/* there is one */
	pthread_t io_thread;

	/* Handler threads, as py/thread.c counts them too. */
	unsigned n_threads;
	unsigned n_idle;	/* of them: at rest until they are called */
	unsigned n_entering;	/* of them: called or new, nothing taken yet */
	unsigned to_ring;	/* threads, when the mutex is let go */
	pthread_t ended;	/* the last that has ended by wake_end */
	bool has_ended;

	/* A thread that is called need not wait for the connection's mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned n_calls;	/* not yet answered */
	bool over;		/* nobody calls any more */
};

/* The calling thread is the I/O thread: 0, or -1 with errno. */
int wake_init(struct wake *w);
void wake_close(struct wake *w);

/* Ends the I/O thread's poll, when another thread calls. */
void wake_io(struct wake *w);

/* I/O thread: it is awake, and takes what is in the pipe. */
void wake_take(struct wake *w);

/*
 * Has a handler thread that rests come for something to do, unless one is on
 * its way.  False: all are at work.
 */
bool wake_handler(struct wake *w);

/*
 * Wakes those for whom wake_handler was called: they will want the
 * connection's mutex, and so the caller has let it go, or is about to.
 */
void wake_ring(struct wake *w, unsigned n);

/* Without the connection's mutex: those that rest end. */
void wake_end(struct wake *w);

#endif

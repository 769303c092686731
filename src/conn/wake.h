/* SPDX-License-Identifier: MIT */
/*
 * How the threads of a connection wake each other: a pipe wakes the I/O thread,
 * which polls, and a condition variable wakes handler threads that rest.
 * Callers hold the connection's mutex, except for wake_ring and wake_end.
 */
#ifndef H2RIG_WAKE_H
#define H2RIG_WAKE_H

#include <pthread.h>
#include <stdbool.h>

struct wake {
	int pipe[2];		/* an octet here ends the I/O thread's poll */
	bool sent;		/* the pipe has an octet */
	pthread_t io_thread;

	/* Numbers of handler threads; py/thread.c counts them too. */
	unsigned n_threads;
	unsigned n_idle;	/* of them: at rest until they are called */
	unsigned n_entering;	/* of them: called or new, nothing taken yet */
	unsigned to_ring;	/* threads to wake at the mutex's release */
	pthread_t ended;	/* the last thread that wake_end has ended */
	bool has_ended;

	/* Called threads wait for these, not for the connection's mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned n_calls;	/* not yet answered */
	bool over;		/* handler threads are to end */
};

/* The calling thread is the I/O thread.  Returns 0, or -1 with errno. */
int wake_init(struct wake *w);
void wake_close(struct wake *w);

/* Ends the I/O thread's poll, unless that thread itself calls this. */
void wake_io(struct wake *w);

/* I/O thread: empties the pipe, as the thread is awake. */
void wake_take(struct wake *w);

/*
 * Calls a handler thread that rests, unless one is on its way; wake_ring wakes
 * it.  False: all are at work.
 */
bool wake_handler(struct wake *w);

/*
 * Wakes n threads that wake_handler has called.  They will want the
 * connection's mutex, so the caller has released it or is about to.
 */
void wake_ring(struct wake *w, unsigned n);

/* Without the connection's mutex: has handler threads end when they rest. */
void wake_end(struct wake *w);

#endif

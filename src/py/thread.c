/* SPDX-License-Identifier: MIT */
/*
 * Handler threads: the pool that drains the connection's ready queue.  This
 * file starts and retires threads; pyexchange_serve works on an exchange.
 *
 * The I/O thread calls thread_balance with the mutex held and never waits for
 * Python.
 */
#include <Python.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/log.h"
#include "base/sys.h"
#include "calls.h"
#include "py_impl.h"
#include "thread.h"

/* What a thread takes from, and gives back to, the connection in one go. */
struct turn {
	struct exchange *done;	/* given back; NULL: nothing */
	struct exchange *next;	/* taken; NULL: nothing for it to do */
	bool entering;		/* it is new, or was just called */
	bool gil_was_free;	/* ... and no other thread computed then */
	bool over;		/* done's request is over: its record is due */
	bool last;		/* all threads end, and this one does */
	struct access access;
};

static void *thread_main(void *arg);

/* Calls or starts a thread for what is ready: 0, or -1 if none could start. */
static int
add_thread(struct conn *c)
{
	/* As many streams as the session admits, ended ones included. */
	uint64_t most = 2 * (uint64_t)c->options->limits.max_concurrent_streams;
	static bool warned;

	if (wake_handler(&c->wake) || c->wake.n_threads >= most)
		return 0;
	if (sys_start_thread(thread_main, c, CALLS_STACK) == -1) {
		if (!warned)
			log_warn("cannot start a handler thread");
		warned = true;
		return -1;
	}
	c->wake.n_threads++;
	c->wake.n_entering++;
	return 0;
}

/*
 * Quick functions are work for one thread: two that pass the GIL to and fro do
 * less.  So a thread that comes back leaves the queue to another one that has
 * just taken the next exchange.
 */
static bool
is_spare(const struct conn *c, const struct turn *t)
{
	return !t->entering && c->requests.n_busy > 0 &&
	    c->requests.last_taker != t &&
	    sys_now_us() - c->requests.last_taken <= EXCHANGE_BUSY_US;
}

static int
take_turn(struct conn *c, void *arg)
{
	struct turn *t = arg;

	if (t->over) {
		c->n_logging--;
		if (c->stopping)
			wake_io(&c->wake);
	}
	t->over = t->done != NULL && conn_put_back(c, t->done, &t->access);
	t->done = NULL;
	t->next = NULL;
	/*
	 * The record comes first, as the log may be slow.  Meanwhile the thread
	 * does not rest, and has nothing that others could do.
	 */
	if (t->over) {
		c->n_logging++;
		return 0;
	}
	if (t->entering)
		c->wake.n_entering--;
	if (t->entering && !t->gil_was_free)
		c->crowd_until = sys_now_us() + THREAD_CROWD_US;
	if (!is_spare(c, t))
		t->next = conn_take_ready(c, t);
	if (t->next == NULL) {
		c->wake.n_idle++;
	} else if (t->entering && t->gil_was_free &&
	    c->requests.ready != NULL && c->requests.n_busy > 1) {
		/* Those at work wait for something; this one may too. */
		add_thread(c);
	}
	t->entering = false;
	return 0;
}

/* Ends a rested thread, unless it is the last: most connections need one. */
static bool
retire(struct conn *c)
{
	bool leaves;

	conn_lock(c);
	leaves = c->wake.n_idle > 1;
	if (leaves) {
		c->wake.n_idle--;
		c->wake.n_threads--;
		pthread_detach(pthread_self());
		wake_io(&c->wake);	/* thread_end may wait for it */
	}
	conn_unlock(c);
	return leaves;
}

/*
 * Rests, without the GIL and the mutex, until it is called.  False: it retires,
 * or all threads end.
 */
static bool
rest(struct conn *c, struct turn *t)
{
	struct timespec until;
	bool called, stays = false;
	int rc;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += THREAD_RETIRE_S;
	for (;;) {
		rc = 0;
		pthread_mutex_lock(&c->wake.mutex);
		while (c->wake.n_calls == 0 && !c->wake.over && rc == 0)
			rc = stays ?
			    pthread_cond_wait(&c->wake.cond, &c->wake.mutex) :
			    pthread_cond_timedwait(&c->wake.cond,
			    &c->wake.mutex, &until);
		called = c->wake.n_calls > 0;
		t->last = c->wake.over;
		if (called)
			c->wake.n_calls--;
		pthread_mutex_unlock(&c->wake.mutex);
		if (called)
			return true;
		if (t->last || retire(c))
			return false;
		stays = true;
	}
}

/*
 * Takes the GIL, and notes whether it was free.  To wrest it from another
 * thread takes the switch interval.
 */
static void
enter(struct turn *t, PyThreadState *state)
{
	uint64_t since = sys_now_us();

	PyEval_RestoreThread(state);
	t->entering = true;
	t->gil_was_free = sys_now_us() - since < THREAD_SWITCH_US;
}

static struct exchange *
next_exchange(struct conn *c, struct turn *t)
{
	PyThreadState *state;
	bool called;

	for (;;) {
		gil_locked(c, take_turn, t);
		if (t->over) {
			/* The log may be a pipe that nobody empties. */
			Py_BEGIN_ALLOW_THREADS
			access_log(&t->access, c->client_log.client);
			Py_END_ALLOW_THREADS
			continue;
		}
		if (t->next != NULL)
			return t->next;
		state = PyEval_SaveThread();
		called = rest(c, t);
		enter(t, state);
		if (!called)
			return NULL;
	}
}

/* Waits for the thread that ended before; thread_end waits for the last. */
static void
hand_on(struct conn *c)
{
	pthread_t before;
	bool has_before;

	conn_lock(c);
	before = c->wake.ended;
	has_before = c->wake.has_ended;
	c->wake.ended = pthread_self();
	c->wake.has_ended = true;
	c->wake.n_threads--;
	wake_io(&c->wake);
	conn_unlock(c);
	if (has_before)
		pthread_join(before, NULL);
}

bool
thread_end(struct conn *c, unsigned ms)
{
	struct pollfd p = { .fd = c->wake.pipe[0], .events = POLLIN };
	uint64_t now, due = sys_now_ms() + ms;
	bool all;

	wake_end(&c->wake);
	for (;;) {
		conn_lock(c);
		wake_take(&c->wake);
		all = c->wake.n_threads == 0;
		conn_unlock(c);
		now = sys_now_ms();
		if (all || now >= due)
			break;
		poll(&p, 1, (int)(due - now));
	}
	if (all && c->wake.has_ended)
		pthread_join(c->wake.ended, NULL);
	return all;
}

static void *
thread_main(void *arg)
{
	struct conn *c = arg;
	struct turn t = { .entering = true };
	struct exchange *x;
	PyGILState_STATE gil;
	uint64_t since;
	stack_t alt = { .ss_size = 64 * 1024 };
	sigset_t set;

	/* The first inherits the I/O thread's mask (interp_child_start). */
	sigemptyset(&set);
	sigaddset(&set, SIGABRT);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	/* So that faulthandler can report a stack overflow. */
	if ((alt.ss_sp = malloc(alt.ss_size)) != NULL)
		sigaltstack(&alt, NULL);
	since = sys_now_us();
	gil = PyGILState_Ensure();
	t.gil_was_free = sys_now_us() - since < THREAD_SWITCH_US;
	while ((x = next_exchange(c, &t)) != NULL) {
		pyexchange_serve(x);
		t.done = x;
	}
	/* A finalizer of a script's data for this thread may fork. */
	PyGILState_Release(gil);
	if (atomic_load(&c->forked))
		_exit(0);
	if (alt.ss_sp != NULL) {
		void *stack = alt.ss_sp;

		alt.ss_flags = SS_DISABLE;
		sigaltstack(&alt, NULL);
		free(stack);
	}
	if (t.last)
		hand_on(c);
	return NULL;
}

/*
 * Whether what is ready needs another thread.  It does if nothing has been
 * taken for a while, or if all threads at work have been for long, so that they
 * are at something long.  It also does if the first exchange has waited for
 * very long and those before it do not compute: each may have slept for less
 * than that while.
 */
static bool
needs_thread(const struct conn *c)
{
	uint64_t now = sys_now_us(), since = c->requests.ready->ready_since;

	if (now - since >= THREAD_LATE_US && now >= c->crowd_until)
		return true;
	if (!exchange_taken_within(&c->requests, now, THREAD_LATE_US))
		return true;
	if (since < c->requests.last_taken)
		since = c->requests.last_taken;
	return now - since > EXCHANGE_BUSY_US;
}

int
thread_balance(struct conn *c, bool *hopeless)
{
	*hopeless = false;
	if (c->requests.ready == NULL || (c->stopping && !c->closing))
		return -1;
	if ((c->wake.n_threads == 0 || needs_thread(c)) && add_thread(c) < 0) {
		*hopeless = c->wake.n_threads == 0 && sys_now_us() -
		    c->requests.ready->ready_since >= THREAD_START_US;
		return 100;	/* try again; running threads go on */
	}
	return THREAD_LOOK_MS;
}

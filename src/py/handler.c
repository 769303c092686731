/* SPDX-License-Identifier: MIT */
/*
 * Handler threads: the pool that drains the connection's ready queue, and the
 * transient watchdog threads that raise HandlerTimeout.  Starts and retires
 * threads; what a thread does with an exchange is module_serve's.
 *
 * The I/O thread calls handler_balance and handler_check_limit with the mutex
 * held and never waits for Python: that is why a watchdog is a thread.
 */
#include <Python.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../log.h"
#include "../sys.h"
#include "handler.h"
#include "module.h"

/* What a thread takes from, and gives back to, the connection in one go. */
struct turn {
	struct exchange *done;	/* given back; NULL: nothing */
	struct exchange *next;	/* taken; NULL: nothing ready */
	bool first;		/* the thread's first turn */
	bool over;		/* done's request is, with what to log of it */
	struct access access;
};

static int
take_turn(struct conn *c, void *arg)
{
	struct turn *t = arg;

	t->over = t->done != NULL && conn_put_back(c, t->done, &t->access);
	if (t->first)
		c->n_starting--;
	t->first = false;
	t->done = NULL;
	t->next = c->stopping ? NULL : conn_take_ready(c);
	if (c->n_busy == 0)
		atomic_store(&c->slot->state, CHILD_IDLE);
	return 0;
}

/* Waits, without the GIL, until something is ready; NULL: retire. */
static struct exchange *
wait_ready(struct conn *c)
{
	struct exchange *x = NULL;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += HANDLER_RETIRE_S;
	conn_lock(c);
	c->n_idle++;
	while (!c->stopping && (x = conn_take_ready(c)) == NULL) {
		/* The last one stays: most connections need one. */
		if (rc == ETIMEDOUT && c->n_idle > 1)
			break;
		rc = c->n_idle > 1 ? pthread_cond_timedwait(&c->ready_cond,
		    &c->mutex, &until) :
		    pthread_cond_wait(&c->ready_cond, &c->mutex);
	}
	c->n_idle--;
	if (x == NULL) {
		c->n_threads--;
		conn_wake_io(c);
	}
	conn_unlock(c);
	return x;
}

static struct exchange *
next_exchange(struct conn *c, struct turn *t)
{
	struct exchange *x;

	module_locked(c, take_turn, t);
	if (t->over) {
		/* The log may be a pipe that nobody empties. */
		Py_BEGIN_ALLOW_THREADS
		access_log(&t->access, c->client_host, c->client_port);
		Py_END_ALLOW_THREADS
	}
	if (t->next != NULL)
		return t->next;
	Py_BEGIN_ALLOW_THREADS
	x = wait_ready(c);
	Py_END_ALLOW_THREADS
	return x;
}

static void *
handler_main(void *arg)
{
	struct conn *c = arg;
	struct turn t = { .first = true };
	struct exchange *x;
	PyGILState_STATE gil;
	stack_t alt = { .ss_size = 64 * 1024 };

	/* So that faulthandler can report a stack overflow. */
	if ((alt.ss_sp = malloc(alt.ss_size)) != NULL)
		sigaltstack(&alt, NULL);
	gil = PyGILState_Ensure();
	while ((x = next_exchange(c, &t)) != NULL) {
		module_serve(x);
		t.done = x;
	}
	PyGILState_Release(gil);
	if (alt.ss_sp != NULL) {
		void *stack = alt.ss_sp;

		alt.ss_flags = SS_DISABLE;
		sigaltstack(&alt, NULL);
		free(stack);
	}
	return NULL;
}

static int
start_thread(void *(*fn)(void *), void *arg)
{
	static bool warned;	/* only the I/O thread calls */
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, HANDLER_STACK);
	rc = pthread_create(&thread, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		if (!warned) {
			errno = rc;
			log_warn("cannot start a handler thread");
		}
		warned = true;
		return -1;
	}
	return 0;
}

int
handler_balance(struct conn *c, uint64_t now)
{
	/* As many streams as the session admits, ended ones included. */
	uint64_t most = 2 * (uint64_t)c->options->limits.max_concurrent_streams;
	unsigned i;

	if (c->ready == NULL || c->stopping)
		return -1;
	if (c->n_threads > 0 && now - c->ready->ready_since < HANDLER_WAIT_MS)
		return HANDLER_WAIT_MS;
	for (i = 0; i < c->n_ready && i < c->n_idle; i++)
		pthread_cond_signal(&c->ready_cond);
	while (c->n_ready > c->n_idle + c->n_starting && c->n_threads < most) {
		if (start_thread(handler_main, c) < 0)
			return 100;	/* try again; those that run go on */
		c->n_threads++;
		c->n_starting++;
	}
	/* All that may run do: who comes back takes the next. */
	return c->n_threads >= most && c->n_idle == 0 ? -1 : HANDLER_WAIT_MS;
}

/* ---- run-time limit ---- */

struct watch {
	struct exchange *x;	/* a reference */
	uint64_t since;		/* which call: when it began */
};

/*
 * The call is checked again with the GIL held: only its own thread, with the
 * GIL, ends it, so that the exception cannot reach a later one.
 */
static void *
watchdog_main(void *arg)
{
	struct watch *w = arg;
	PyGILState_STATE gil = PyGILState_Ensure();

	if (atomic_load(&w->x->call_since) == w->since && !w->x->call_raised) {
		w->x->call_raised = true;
		PyThreadState_SetAsyncExc(w->x->call_thread,
		    module_timeout_class());
	}
	PyGILState_Release(gil);
	exchange_unref(w->x);
	free(w);
	return NULL;
}

static void
expire(struct conn *c, struct exchange *x, uint64_t since)
{
	struct watch *w;

	conn_expire(c, x, since);
	if ((w = malloc(sizeof(*w))) == NULL)
		return;		/* the grace time is left */
	*w = (struct watch){ .x = x, .since = since };
	exchange_ref(x);
	if (start_thread(watchdog_main, w) < 0) {
		exchange_unref(x);
		free(w);
	}
}

/*
 * Since when the limit counts for x, ms, or 0: it does not.  A tunnel may run
 * as long as its client is there.  Outside of a script's function only what
 * keeps the process from ending counts: a finalizer, say.
 */
static uint64_t
limited_since(const struct conn *c, const struct exchange *x, uint64_t since)
{
	if (since == 0)
		return c->gone && x->busy ? (x->busy_since > x->left_since ?
		    x->busy_since : x->left_since) : 0;
	if (x->stream == NULL || !x->stream->tunnel)
		return since;
	if (!atomic_load(&x->left))
		return 0;
	return since > x->left_since ? since : x->left_since;
}

int
handler_check_limit(struct conn *c, uint64_t now, struct exchange **stuck)
{
	uint64_t limit = (uint64_t)c->options->run_limit_s * 1000;
	uint64_t since, from, due, next = now + 1000;
	struct exchange *x;

	*stuck = NULL;
	if (c->n_busy == 0)
		return -1;
	/* Whatever begins later than now has its time looked at by then. */
	for (x = c->exchanges; x != NULL && limit != 0; x = x->next) {
		since = atomic_load(&x->call_since);
		if ((from = limited_since(c, x, since)) == 0)
			continue;
		due = from + limit;
		if (now >= due + HANDLER_GRACE_MS)
			*stuck = x;
		if (now >= due) {
			if (since != 0 &&
			    atomic_load(&x->call_expired) != since)
				expire(c, x, since);
			due += HANDLER_GRACE_MS;
		}
		if (due < next)
			next = due;
	}
	return next <= now ? 1 : (int)(next - now);
}

/* SPDX-License-Identifier: MIT */
/*
 * The record of whose code runs, and the run-time limit on it.  This file keeps
 * the exchange's struct call and its entry in the slot; pyexchange.c runs the
 * code.
 *
 * The I/O thread never waits for Python, so a watchdog raises HandlerTimeout: a
 * thread that lasts as long as the stretch that is past its limit.
 */
#include <Python.h>

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sys.h"
#include "calls.h"
#include "py_impl.h"

/* Milliseconds of a wait between looks whether its client has left. */
#define WAIT_MS 100

/* h2rig.errors.HandlerTimeout; owned. */
static PyObject *timeout;

/* The exchange that this thread serves; NULL: none. */
static _Thread_local struct exchange *current;

int
calls_bind(void)
{
	timeout = gil_import("h2rig.errors", "HandlerTimeout");
	return timeout != NULL ? 0 : -1;
}

static void
set_pending(PyThreadState *state, PyObject *class)
{
	PyObject *old = state->async_exc;

	Py_XINCREF(class);
	state->async_exc = class;
	Py_XDECREF(old);
}

/*
 * Raises HandlerTimeout in a thread, which finds it when it next takes the GIL.
 * Before 3.12 PyThreadState_SetAsyncExc finds a thread by its number, and a
 * thread that was just started has the number of its starter until it runs.
 */
static void
raise_in(PyThreadState *state)
{
#if PY_VERSION_HEX >= 0x030C0000
	PyThreadState_SetAsyncExc(state->thread_id, timeout);
#else
	set_pending(state, timeout);
#endif
}

/*
 * Only this thread changes `since`, with the GIL, and a watchdog reads it with
 * the GIL, so that what was raised for the last stretch does not reach this
 * one.
 */
static void
begin_stretch(struct exchange *x, bool function, uint64_t now)
{
	if (x->call.raised)
		set_pending(x->call.state, NULL);
	x->call.raised = false;
	atomic_store(&x->call.function, function);
	atomic_store(&x->call.since, now);
}

void
calls_begin(struct exchange *x, const char *script, const char *function)
{
	uint64_t now = sys_now_ms();

	atomic_store(&x->call.running, slot_running_begin(x->conn->slot,
	    x->id, script, function, now));
	x->call.state = PyThreadState_Get();
	x->call.thread = pthread_self();
	current = x;
	begin_stretch(x, false, now);
}

void
calls_end(struct exchange *x)
{
	begin_stretch(x, false, 0);
	current = NULL;
	slot_running_end(atomic_exchange(&x->call.running, NULL));
}

struct exchange *
calls_current(void)
{
	return current;
}

void
calls_enter(struct exchange *x, const char *script, const char *function)
{
	uint64_t now = sys_now_ms();

	slot_running_change(atomic_load(&x->call.running), script, function,
	    now);
	x->call.script = script;
	x->call.name = function;
	trace_function(x->conn->link.trace, "begin",
	    x->id & FRAME_STREAM_ID_MASK, script, function, NULL);
	begin_stretch(x, true, now);
}

void
calls_leave(struct exchange *x)
{
	struct running *r = atomic_load(&x->call.running);
	PyObject *raised = PyErr_Occurred();	/* borrowed: its class */

	if (r != NULL)
		atomic_store(&r->after, 1);
	begin_stretch(x, false, sys_now_ms());
	trace_function(x->conn->link.trace, "end",
	    x->id & FRAME_STREAM_ID_MASK, x->call.script, x->call.name,
	    raised != NULL ? ((PyTypeObject *)raised)->tp_name : NULL);
}

/*
 * A wait of the server's, in this thread and outside of functions, does not
 * count.  pause_limit returns what resume_limit needs.
 */
static uint64_t
pause_limit(const struct exchange *x)
{
	uint64_t since = atomic_load(&x->call.since);

	if (x != current || since == 0 || atomic_load(&x->call.function))
		return UINT64_MAX;
	atomic_store(&current->call.since, 0);
	return sys_now_ms() - since;
}

static void
resume_limit(struct exchange *x, uint64_t used)
{
	if (used != UINT64_MAX)
		atomic_store(&x->call.since, sys_now_ms() - used);
}

void
calls_wait(struct exchange *x, long ms)
{
	uint64_t used = pause_limit(x);

	Py_BEGIN_ALLOW_THREADS
	for (; ms > 0 && !atomic_load(&x->left); ms -= WAIT_MS)
		poll(NULL, 0, ms < WAIT_MS ? (int)ms : WAIT_MS);
	Py_END_ALLOW_THREADS
	resume_limit(x, used);
}

void
calls_leave_forked(void *result)
{
	PyObject *type, *value = NULL, *traceback, *leave;

	if (result == NULL) {
		PyErr_Fetch(&type, &value, &traceback);
		PyErr_NormalizeException(&type, &value, &traceback);
		if (traceback != NULL)
			PyException_SetTraceback(value, traceback);
	}
	if ((leave = gil_import("h2rig.server.forking", "leave")) != NULL)
		PyObject_CallOneArg(leave, value != NULL ? value : Py_None);
	_exit(1);		/* not even that was possible */
}

/*
 * The limit has ended a wait: sets HandlerTimeout.  In the call's own thread it
 * need not be raised a second time.
 */
static int
raise_expired(struct exchange *x)
{
	if (x == current) {
		set_pending(x->call.state, NULL);
		x->call.raised = true;
	}
	PyErr_SetString(timeout, "the function passed its run-time limit");
	return -1;
}

int
calls_do(struct op *op)
{
	struct conn *c = op->x->conn;
	uint64_t used;
	int rc = 1;

	if (atomic_load(&c->forked)) {
		rc = CONN_FORKED;
	} else if (conn_trylock(c)) {
		rc = conn_try(c, op);
		conn_unlock(c);
	}
	if (rc > 0) {
		used = pause_limit(op->x);
		Py_BEGIN_ALLOW_THREADS
		conn_lock(c);
		rc = conn_do(c, op);
		conn_unlock(c);
		Py_END_ALLOW_THREADS
		resume_limit(op->x, used);
	}
	if (rc == CONN_EXPIRED)
		return raise_expired(op->x);
	if (rc < 0)
		gil_raise(op, rc);
	return rc < 0 ? -1 : 0;
}

void
calls_swallowed(void *class)
{
	if (current == NULL || !current->call.raised ||
	    !PyErr_GivenExceptionMatches(class, timeout))
		return;
	raise_in(current->call.state);
	/* CPython notices it when the GIL is taken. */
	Py_BEGIN_ALLOW_THREADS
	Py_END_ALLOW_THREADS
}

/* ---- the limit ---- */

struct watch {
	struct exchange *x;	/* a reference */
	uint64_t since;		/* of the stretch */
};

/*
 * Raises HandlerTimeout until the stretch ends, since code may swallow it:
 * CPython ignores an exception that leaves a finalizer, for one.  The first
 * time is left out if the thread's own wait has raised it.
 */
static void *
watchdog_main(void *arg)
{
	struct watch *w = arg;
	struct call *call = &w->x->call;
	PyGILState_STATE gil = PyGILState_Ensure();
	bool again = false;

	pthread_detach(pthread_self());
	while (atomic_load(&call->since) == w->since) {
		if (again || !call->raised)
			raise_in(call->state);
		call->raised = again = true;
		Py_BEGIN_ALLOW_THREADS
		poll(NULL, 0, CALLS_AGAIN_MS);
		Py_END_ALLOW_THREADS
	}
	PyGILState_Release(gil);
	exchange_unref(w->x);
	free(w);
	return NULL;
}

static void
expire(struct exchange *x, uint64_t since)
{
	struct watch *w;

	x->conn->expired = true;
	exchange_expire(x, since);
	if ((w = malloc(sizeof(*w))) == NULL)
		return;		/* the grace time still limits it */
	*w = (struct watch){ .x = x, .since = since };
	exchange_ref(x);
	if (sys_start_thread(watchdog_main, w, CALLS_STACK) == -1) {
		exchange_unref(x);
		free(w);
	}
}

/*
 * Since when the limit counts for x, ms; 0: it does not.  The function of a
 * tunnel may run as long as its client is there.
 */
static uint64_t
limited_since(const struct exchange *x, uint64_t since)
{
	if (since == 0 || x->stream == NULL || !x->stream->tunnel ||
	    !atomic_load(&x->call.function))
		return since;
	if (!atomic_load(&x->left))
		return 0;
	return since > x->left_since ? since : x->left_since;
}

int
calls_check_limit(struct conn *c, uint64_t now, struct exchange **stuck)
{
	uint64_t limit = c->options->run_limit_ms;
	uint64_t from, due, since, next = now + 1000;
	struct exchange *x;

	*stuck = NULL;
	if (c->requests.n_busy == 0)
		return -1;
	/* A stretch that begins after now is looked at by `next`. */
	for (x = c->requests.first; x != NULL && limit != 0; x = x->next) {
		since = atomic_load(&x->call.since);
		if ((from = limited_since(x, since)) == 0)
			continue;
		due = from + limit;
		if (now >= due + CALLS_GRACE_MS)
			*stuck = x;
		if (now >= due) {
			if (atomic_load(&x->call.expired) != since)
				expire(x, since);
			due += CALLS_GRACE_MS;
		}
		if (due < next)
			next = due;
	}
	return next <= now ? 1 : (int)(next - now);
}

/* SPDX-License-Identifier: MIT */
/*
 * The I/O thread of a child: one connection, from an accepted descriptor to an
 * exit code.  After the handshake a poll loop feeds the session and writes what
 * the kernel refused before; then comes an orderly end.  The thread never takes
 * the GIL before that end, so that a script cannot delay a PING.
 *
 * Each deadline is a row of a table, which is checked once in each turn of the
 * loop.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "base/channel.h"
#include "base/log.h"
#include "base/sys.h"
#include "child_impl.h"
#include "conn/stall.h"
#include "host/confine.h"
#include "py/calls.h"
#include "py/interp.h"
#include "py/thread.h"

#ifdef H2RIG_SANITIZERS
#include <sanitizer/lsan_interface.h>

#define LEAKS_MS 60000		/* for the leak check on a loaded machine */
#endif

/* Limits on the end of a connection, after it is closed, milliseconds. */
#define LOG_MS 2000		/* to write the last records of requests */
#define LEAVE_MS 5000		/* for the rest; then the parent kills */

/* Milliseconds between checks whether stalled output moves again. */
#define STALL_LOOK_MS 1000

/* Milliseconds that handshake and preface still get when the server stops. */
#define LAST_MS 1000

static const char full[] = "the server is full: this connection, which had "
    "no work, makes room (--max-children)";

/* Gives a sign of life.  Returns how long poll may wait, ms, or -1. */
static int
beat(const struct child *ch)
{
	return slot_beat(ch->c.slot, ch->c.options->silence_limit_ms, 0);
}

static void
sooner(int *timeout, int candidate)
{
	if (candidate != -1 && (*timeout == -1 || candidate < *timeout))
		*timeout = candidate;
}

static int
until(uint64_t due, uint64_t now)
{
	return due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
}

/* ---- one turn of the loop; the mutex is held ---- */

/* Sends GOAWAY; what runs may finish.  why: NULL if the server stops. */
static void
begin_drain(struct child *ch, const char *why)
{
	if (ch->c.draining)
		return;
	ch->drain_why = why;
	ch->more = true;	/* look again at once */
	conn_drain(&ch->c);
}

/*
 * The parent wants the place of a connection without work.  If a request has
 * come, or gone on, since the parent asked, it is served first.
 */
static void
check_asked(struct child *ch)
{
	struct conn *c = &ch->c;
	uint64_t asked = atomic_load(&c->slot->asked_ms);

	if (asked == 0 || ch->more)
		return;
	if ((conn_has_streams(c) && (conn_runs(c) || c->last_work >= asked)) ||
	    c->requests.n_own > 0)
		begin_drain(ch, full);
	else
		closing_goaway(ch, CHILD_END_DRAINED, H2_NO_ERROR, full);
}

/*
 * Whether a connection that ends gracefully has nothing left to do.  Streams
 * that nobody is going to end (a promise that no script keeps, an upload after
 * its answer) do not count.
 */
static bool
is_done(const struct child *ch)
{
	const struct conn *c = &ch->c;
	const struct exchange *x;

	if (conn_runs(c))
		return false;
	if (session_done(c->session) || c->muted)
		return true;
	if (c->quiet)
		return sys_now_ms() >= ch->preface_due;
	for (x = c->requests.first; x != NULL; x = x->next)
		if (x->stream != NULL && !x->stream->pushed &&
		    stream_can_send(x->stream))
			return false;
	return conn_queued(c) == 0;
}

/* Acts on what scripts, the drain or a failed write have decided. */
static void
check_state(struct child *ch)
{
	struct conn *c = &ch->c;

	if (c->gone) {
		conn_hear(c);	/* the client may have said why */
		closing_set(ch, CHILD_END_TRANSPORT, CLOSE_FIN, c->why);
	}
	if (ch->failing)
		input_end(ch);
	/* The frames that functions wait for cannot come any more. */
	if (c->draining && !conn_has_streams(c))
		waiters_wake(&c->waiters, CONN_AGAIN_FRAME, 0);
	if (c->close > CLOSE_GOAWAY)
		closing_set(ch, CHILD_END_SCRIPT, c->close, c->why);
	if ((c->draining || c->close == CLOSE_GOAWAY) && is_done(ch))
		closing_set(ch, c->draining ? CHILD_END_DRAINED :
		    CHILD_END_SCRIPT, CLOSE_TLS,
		    ch->drain_why != NULL ? ch->drain_why : "");
}

/* Writes to dst which function is stuck; its stack goes to the log. */
static void
stuck_text(const struct child *ch, const struct exchange *x, char *dst,
    size_t size)
{
	const struct running *r = atomic_load(&x->call.running);
	const struct slot *slot = ch->c.slot;
	struct ran run;

	if (r == NULL || !slot_running(slot, (size_t)(r - slot->running), &run))
		snprintf(run.text, sizeof(run.text), "a script on stream %lu",
		    (unsigned long)x->id);
	interp_show_stack(x->call.thread);
	snprintf(dst, size, "%s ran for more than %g s and did not heed "
	    "HandlerTimeout", run.text, ch->c.options->run_limit_ms / 1000.0);
}

/*
 * Starts Python for the first request, with the mutex, which no other thread
 * can want yet.  A connection without a request needs no Python, and no copies
 * of Python's pages.
 */
static void
start_python(struct child *ch)
{
	if (!ch->python)
		interp_child_start(&ch->c);
	ch->python = true;
}

/* ---- deadlines ---- */

#define NEVER UINT64_MAX

enum deadline {
	REQUESTS, LIFETIME, STALL, HANDSHAKE, PREFACE, SETTINGS, IDLE,
	N_DEADLINES
};

/* At a deadline the connection is drained (drain_why) or ends with GOAWAY. */
static const struct {
	const char *drain_why;
	const char *what, *option;	/* "WHAT 5 s (--OPTION)" */
	size_t ms;		/* offset of the option in struct options */
	uint32_t code;
} deadlines[N_DEADLINES] = {
	[REQUESTS] = { .drain_why = "served its requests (--max-requests)" },
	[LIFETIME] = { .drain_why = "lived its time (--max-lifetime)" },
	[STALL] = { NULL, "no progress on output for", "stall-timeout",
	    offsetof(struct options, stall_timeout_ms),
	    H2_ENHANCE_YOUR_CALM },
	[HANDSHAKE] = { NULL, "no TLS handshake within",
	    "handshake-timeout", offsetof(struct options,
	    handshake_timeout_ms), H2_NO_ERROR },
	[PREFACE] = { NULL, "no connection preface within",
	    "handshake-timeout", offsetof(struct options,
	    handshake_timeout_ms), H2_PROTOCOL_ERROR },
	[SETTINGS] = { NULL, "no acknowledgement of SETTINGS within",
	    "handshake-timeout", offsetof(struct options,
	    handshake_timeout_ms), H2_SETTINGS_TIMEOUT },
	[IDLE] = { NULL, "idle for", "idle-timeout",
	    offsetof(struct options, idle_timeout_ms), H2_NO_ERROR }
};

/* Time in which a script stops reading does not count against the client. */
static void
leave_time(struct child *ch, uint64_t now)
{
	struct conn *c = &ch->c;

	if (ch->blocked && (!c->draining || conn_runs(c)))
		ch->preface_due += now - ch->looked;
	ch->blocked = connscript_blocks(c);
	ch->looked = now;
}

/* Sets the time of each deadline, ms. */
static void
set_deadlines(struct child *ch, uint64_t now, uint64_t due[N_DEADLINES])
{
	struct conn *c = &ch->c;
	const struct options *o = c->options;
	bool begun = session_established(c->session) ||
	    c->take_octets != NULL;
	uint64_t preface = ch->blocked ? NEVER : ch->preface_due;

	due[REQUESTS] = c->draining || o->max_requests == 0 ||
	    atomic_load(&c->slot->streams) < o->max_requests ? NEVER : now;
	due[LIFETIME] = c->draining || o->max_lifetime_ms == 0 ? NEVER :
	    c->slot->started_ms + o->max_lifetime_ms;
	due[STALL] = stall_at(c, now);
	due[HANDSHAKE] = c->reads ? NEVER : preface;
	due[PREFACE] = begun ? NEVER : preface;
	due[SETTINGS] = begun && c->take_octets == NULL &&
	    !session_settings_acked(c->session) ? preface : NEVER;
	due[IDLE] = o->idle_timeout_ms == 0 || conn_runs(c) ||
	    !c->reads ? NEVER : c->last_work + o->idle_timeout_ms;
}

static void
pass_deadline(struct child *ch, enum deadline i)
{
	char why[SCOREBOARD_WHY];
	unsigned ms;

	if (deadlines[i].drain_why != NULL) {
		begin_drain(ch, deadlines[i].drain_why);
		return;
	}
	memcpy(&ms, (const char *)ch->c.options + deadlines[i].ms,
	    sizeof(ms));
	snprintf(why, sizeof(why), "%s %g s (--%s)", deadlines[i].what,
	    ms / 1000.0, deadlines[i].option);
	closing_goaway(ch, CHILD_END_TIMEOUT, deadlines[i].code, why);
}

/* Acts on past deadlines.  Returns how long poll may wait, ms, or -1. */
static int
check_deadlines(struct child *ch, uint64_t now)
{
	uint64_t due[N_DEADLINES];
	int i, timeout = -1;

	leave_time(ch, now);
	set_deadlines(ch, now, due);
	for (i = 0; i < N_DEADLINES; i++) {
		if (due[i] == NEVER)
			continue;
		if (due[i] <= now)
			pass_deadline(ch, (enum deadline)i);
		sooner(&timeout, until(due[i], now));
	}
	/* Nothing tells when the client's system acknowledges output. */
	if (due[STALL] != NEVER)
		sooner(&timeout, STALL_LOOK_MS);
	return timeout;
}

/* Does what is due.  Returns how long poll may wait, milliseconds, or -1. */
static int
look_around(struct child *ch, uint64_t now)
{
	struct conn *c = &ch->c;
	struct exchange *stuck;
	char text[SCOREBOARD_WHY];
	int timeout = beat(ch);
	bool hopeless;

	if (ch->delayed_until != 0) {
		sooner(&timeout, until(ch->delayed_until, now));
		ch->more |= ch->delayed_until <= now;
		if (ch->delayed_until <= now)
			ch->delayed_until = 0;
	}
	check_asked(ch);
	if (c->requests.ready != NULL)
		start_python(ch);
	sooner(&timeout, thread_balance(c, &hopeless));
	sooner(&timeout, calls_check_limit(c, now, &stuck));
	sooner(&timeout, conn_tick(c, now));
	if (stuck != NULL) {
		stuck_text(ch, stuck, text, sizeof(text));
		closing_goaway(ch, CHILD_END_LIMIT, H2_INTERNAL_ERROR, text);
	}
	if (hopeless)
		closing_goaway(ch, CHILD_END_INTERNAL, H2_INTERNAL_ERROR,
		    "no handler thread could be started");
	sooner(&timeout, check_deadlines(ch, now));
	return timeout;
}

/*
 * Events to wait for on the client's socket.  While the answer to a client's
 * KeyUpdate waits for room (RFC 8446 §4.6.3), input cannot be read and must not
 * wake the thread.  While TLS has to hear from the client first, room for
 * output must not wake it either.
 */
static short
input_events(const struct child *ch)
{
	const struct link *l = &ch->c.link;
	short in = input_is_allowed(ch) ? POLLIN : 0;

	if (l->read_blocked && in != 0)
		return POLLOUT;
	if (l->write_blocked)		/* during a renegotiation */
		return POLLIN;
	return (short)(l->backlog || l->below ? in | POLLOUT : in);
}

/* Notes that the client's preface has come: it may have streams from now on. */
static void
begin(struct child *ch)
{
	if (ch->begun || !session_established(ch->c.session))
		return;
	ch->begun = true;
	ch->c.quiet = false;
	conn_note_work(&ch->c);
}

/* What the I/O thread polls. */
enum { CLIENT, WAKE, DRAIN, LINE, LOG, N_POLLED };

/*
 * Handles the descriptors other than the client's; error: poll's, or 0.  If
 * one is not open any more, or the pipe that wakes this thread has lost its
 * other end, a script has done that, and poll would report it for ever.
 */
static void
look_at_own(struct child *ch, struct pollfd *p, int error)
{
	uint64_t soon = sys_now_ms() + LAST_MS;
	short all = 0;
	char why[64];
	int i;

	/* EINVAL: a script has lowered RLIMIT_NOFILE below N_POLLED. */
	if (error != 0 && error != EINTR && error != EAGAIN) {
		snprintf(why, sizeof(why), "poll: %s", strerror(error));
		closing_set(ch, CHILD_END_DAMAGED, CLOSE_FIN, why);
	}
	for (i = 0; i < N_POLLED; i++) {
		if (error != 0)
			p[i].revents = 0;
		all |= p[i].revents;
	}
	if (all & POLLNVAL || p[WAKE].revents & POLLHUP ||
	    channel_is_closed())
		closing_set(ch, CHILD_END_DAMAGED, CLOSE_FIN, closing_damaged);
	if (p[WAKE].revents != 0)
		wake_take(&ch->c.wake);
	if (p[DRAIN].revents != 0) {
		begin_drain(ch, NULL);
		/* The client can be told so only after its preface. */
		if (!ch->begun)
			ch->preface_due = soon < ch->preface_due ? soon :
			    ch->preface_due;
		p[DRAIN].fd = -1;
	}
	if (p[LINE].revents != 0)	/* check_asked looks at the slot */
		p[LINE].fd = -1;
	if (p[LOG].revents != 0)
		channel_flush();
}

static void
serve(struct child *ch)
{
	struct conn *c = &ch->c;
	struct pollfd p[N_POLLED] = {
		[WAKE] = { .fd = c->wake.pipe[0], .events = POLLIN },
		[DRAIN] = { .fd = ch->a->drain_fd, .events = POLLIN },
		[LINE] = { .fd = ch->a->line_fd, .events = POLLIN },
		[LOG] = { .events = POLLOUT }
	};
	int error, timeout;

	conn_lock(c);
	/* Without ALPN it may be HTTP/1: our preface waits for the client's. */
	c->quiet = ch->more = true;
	for (;;) {
		check_state(ch);
		timeout = look_around(ch, sys_now_ms());
		if (ch->end != CHILD_END_NONE)
			break;
		p[CLIENT].events = input_events(ch);
		p[CLIENT].fd = p[CLIENT].events != 0 ? c->link.fd : -1;
		p[LOG].fd = channel_pends() ? channel_fd() : -1;
		if (ch->more && input_is_allowed(ch))
			timeout = 0;
		c->io_soon = timeout >= 0 && timeout <= THREAD_LOOK_MS;
		conn_unlock(c);
		error = poll(p, N_POLLED, timeout) == -1 ? errno : 0;
		conn_lock(c);
		c->io_soon = false;
		look_at_own(ch, p, error);
		if (p[CLIENT].revents & ~POLLIN)
			connscript_room(c);
		input_follow_script(ch);
		if (p[CLIENT].revents & ~POLLOUT || timeout == 0 ||
		    (p[CLIENT].revents != 0 && c->link.read_blocked))
			input_read(ch);
		begin(ch);
		conn_push(c);
	}
	conn_unlock(c);
}

/* ---- the end ---- */

/* Who ended the connection, for handle_close of its own script. */
static const char *
ended_by(const struct child *ch)
{
	uint32_t code = H2_NO_ERROR;

	session_error(ch->c.session, &code);
	if (ch->end == CHILD_END_CLIENT || ch->end == CHILD_END_TRANSPORT)
		return "client";
	return ch->end == CHILD_END_TIMEOUT || ch->end == CHILD_END_LIMIT ||
	    ch->end == CHILD_END_MEMORY || code == H2_ENHANCE_YOUR_CALM ?
	    "limit" : "server";
}

static void
close_connection(struct child *ch)
{
	struct conn *c = &ch->c;

	conn_lock(c);
	c->ended_by = ended_by(ch);
	c->stopping = true;	/* no further function is started */
	c->quiet = false;
	if (ch->end != CHILD_END_SCRIPT && send_held_by(c->session) != 0)
		conn_release_hold(c);
	/* Without a complete handshake the client has nothing to fetch. */
	closing_run(ch, ch->end == CHILD_END_DRAINED ? c->reads :
	    ch->end != CHILD_END_CLIENT || c->options->connection != NULL);
	conn_unlock(c);
}

/*
 * Waits until functions that run have ended, within their run-time limit, and
 * requests have their records, unless the log takes none for too long.
 */
static void
wait_for_functions(struct child *ch)
{
	struct conn *c = &ch->c;
	struct pollfd p = { .fd = c->wake.pipe[0], .events = POLLIN };
	struct exchange *stuck = NULL;
	uint64_t now = sys_now_ms(), log_due = now + LOG_MS;
	bool hopeless;
	int timeout;

	conn_lock(c);
	connscript_close(c);
	for (; (c->requests.n_busy > 0 || connscript_is_busy(c) ||
	    (c->n_logging > 0 && now < log_due)) &&
	    ch->end != CHILD_END_LIMIT; now = sys_now_ms()) {
		if (c->requests.n_busy > 0)
			log_due = now + LOG_MS;
		timeout = calls_check_limit(c, now, &stuck);
		if (connscript_is_busy(c))
			start_python(ch);
		sooner(&timeout, thread_balance(c, &hopeless));
		if (hopeless)
			break;
		sooner(&timeout, until(log_due, now));
		if (stuck != NULL) {
			ch->end = CHILD_END_LIMIT;
			stuck_text(ch, stuck, ch->why, sizeof(ch->why));
			break;
		}
		sooner(&timeout, beat(ch));
		conn_unlock(c);
		/* If a script has closed the pipe, look now and then. */
		if (poll(&p, 1, timeout) > 0 && p.revents & POLLNVAL)
			poll(NULL, 0, 100);
		conn_lock(c);
		wake_take(&c->wake);
	}
	conn_unlock(c);
}

/* Adds what the client said of the end, and the code, to the end's record. */
static void
add_client_log(struct child *ch)
{
	const struct clientlog *l = &ch->c.client_log;
	size_t len = strlen(ch->why);
	char text[256], number[FRAME_CODE_TEXT];
	uint32_t code = l->code;

	clientlog_text(l, ch->c.link.end, text, sizeof(text));
	if (text[0] != '\0')
		snprintf(ch->why + len, sizeof(ch->why) - len, "%s%s",
		    len > 0 ? "; " : "", text);
	if (l->n_goaways > 0 || (ch->end == CHILD_END_VIOLATION &&
	    session_error(ch->c.session, &code) != NULL))
		snprintf(ch->c.slot->code, sizeof(ch->c.slot->code), "%s",
		    frame_code_text(code, number));
}

/* Writes all records of the connection and its end. */
static void
tell_end(struct child *ch)
{
	atomic_store(&ch->c.slot->state, CHILD_LEAVING);
	atomic_store(&ch->c.slot->kill_at_ms, sys_now_ms() + LEAVE_MS);
	conn_log_requests(&ch->c);
	/* A function that is stuck may have the GIL. */
	if (ch->end == CHILD_END_LIMIT)
		interp_await_stack();
	else if (ch->python)
		interp_child_flush();
	add_client_log(ch);
	channel_finish(LOG_MS);
	trace_close(ch->c.link.trace, slot_end_text(ch->end), ch->why);
	slot_set_end(ch->c.slot, ch->end, ch->why);
}

static void
leave(struct child *ch)
{
	static const int codes[] = {	/* else CHILD_EXIT_OK */
		[CHILD_END_TIMEOUT] = CHILD_EXIT_CLIENT,
		[CHILD_END_VIOLATION] = CHILD_EXIT_CLIENT,
		[CHILD_END_TRANSPORT] = CHILD_EXIT_CLIENT,
		[CHILD_END_LIMIT] = CHILD_EXIT_SCRIPT,
		[CHILD_END_DAMAGED] = CHILD_EXIT_SCRIPT,
		[CHILD_END_MEMORY] = CHILD_EXIT_INTERNAL,
		[CHILD_END_INTERNAL] = CHILD_EXIT_INTERNAL
	};

#ifdef H2RIG_SANITIZERS
	if (ch->end != CHILD_END_LIMIT) {
		atomic_store(&ch->c.slot->kill_at_ms, sys_now_ms() + LEAKS_MS);
		if (!ch->freed)
			conn_free(&ch->c);
		__lsan_do_leak_check();
	}
#endif
	_exit(codes[ch->end]);
}

void
child_fail(struct slot *slot, const char *why)
{
	char text[SCOREBOARD_WHY];

	snprintf(text, sizeof(text), "%s: %s", why, strerror(errno));
	slot_set_end(slot, CHILD_END_INTERNAL, text);
	_exit(CHILD_EXIT_INTERNAL);
}

void
child_run(const struct child_args *a)
{
	static struct child ch;	/* handler threads outlive this frame */
	struct tls *t = NULL;
	int i;

	ch = (struct child){ .a = a };
	channel_hurry(true);
	if (a->tls != NULL && (t = tls_new(a->tls, a->fd)) == NULL)
		child_fail(a->slot, "out of memory for TLS");
	if (conn_init(&ch.c, a->fd, t, a->slot, a->options) == -1)
		child_fail(a->slot, "cannot set up a connection");
	if (a->trace_fd != -1)
		ch.c.link.trace = ch.c.client_log.trace = trace_new(a->trace_fd,
		    a->options, t != NULL ? &ch.c.link.info : NULL, a->slot);
	ch.c.board = a->board;
	for (i = 0; i < 2; i++)
		ch.c.wake.pipe[i] = sys_move(ch.c.wake.pipe[i],
		    confine_own_files(a->options));
	if (ch.c.wake.pipe[0] == -1 || ch.c.wake.pipe[1] == -1 ||
	    confine_files(a->options) == -1)
		child_fail(a->slot, "descriptors");
	ch.c.client_host = a->client_host;
	ch.c.client_port = a->client_port;
	ch.c.server_port = a->server_port;
	ch.c.client_log.client = a->client;
	if (a->options->connection != NULL) {
		if (connscript_begin(&ch.c) == -1)
			child_fail(a->slot, "cannot begin --connection");
		if (t != NULL)
			tls_hello_stop(t);
	} else {
		session_start(ch.c.session, true, NULL, 0);
		ch.c.started = true;
	}
	ch.preface_due = sys_now_ms() + a->options->handshake_timeout_ms;
	serve(&ch);
	close_connection(&ch);
	wait_for_functions(&ch);
	tell_end(&ch);
	if (!reuse_may(&ch))
		leave(&ch);
}

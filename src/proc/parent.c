/* SPDX-License-Identifier: MIT */
/*
 * The parent: a pselect loop over the listening sockets, which does what
 * signals and the clock call for; the files before this one do the work.  The
 * parent reads nothing from a client and runs no script, so that neither can
 * take it down.  main calls it.
 *
 * Signals are blocked except inside sys_poll.  Handlers set flags, which are
 * looked at before the loop sleeps again, so that no wake-up is lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "base/log.h"
#include "base/sys.h"
#include "host/confine.h"
#include "host/machine.h"
#include "host/memory.h"
#include "parent.h"
#include "parent_impl.h"
#include "py/interp.h"

#define REFRESH_MS 600000	/* between refreshes against cleaners */
#define RETRY_MS 100		/* between tries of held records, notices */
#define FEEDS_MS 5		/* between two looks at what children say */
#define PATIENCE_MS 30000	/* children wait for a log, at most */
#define LIMIT_PARTS 10		/* ... or this part of the run-time limit */
#define LOG_LAST_TRIES 10	/* tries to write held records at the end */

/* What signals ask for.  got: how often, up to 2, since it was last done. */
enum { STOP, CHILD, RELOAD, STATUS, N_GOT };

static volatile sig_atomic_t got[N_GOT];

static const struct {
	int sig;
	int what;
} signals[] = {
	{ SIGTERM, STOP }, { SIGINT, STOP }, { SIGHUP, RELOAD },
	{ SIGUSR1, STATUS }, { SIGCHLD, CHILD }
};

#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static void
on_signal(int sig)
{
	size_t i;

	for (i = 0; i < N_SIGNALS; i++)
		if (signals[i].sig == sig && got[signals[i].what] < 2)
			got[signals[i].what] = got[signals[i].what] + 1;
}

static void
set_signals(struct parent *p)
{
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < N_SIGNALS; i++)
		sigaddset(&mask, signals[i].sig);
	sigprocmask(SIG_BLOCK, &mask, &p->wait_mask);
	for (i = 0; i < N_SIGNALS; i++) {
		sigdelset(&p->wait_mask, signals[i].sig);
		sys_set_handler(signals[i].sig, on_signal,
		    signals[i].sig == SIGCHLD ? SA_NOCLDSTOP : 0);
	}
}

/* ---- the server opens ---- */

/* Writes the URL of each listening socket to text, between before and after. */
static void
list_urls(const struct parent *p, const char *before, const char *after,
    char *text, size_t size)
{
	char name[SYS_ADDR_SIZE];
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < p->listeners->n; i++)
		len += (size_t)snprintf(text + len, size - len,
		    "%s%s://%s%s", before,
		    p->options->cleartext ? "http" : "https",
		    listen_name(p->listeners, i, name, sizeof(name)), after);
}

/* Logs what serves where, within which limits: one record. */
static void
log_start(const struct parent *p)
{
	const struct options *o = p->options;
	char text[LISTEN_MAX * (SYS_ADDR_SIZE + 16)], name[SYS_ADDR_SIZE];

	list_urls(p, " ", "", text, sizeof(text));
	if (p->single)
		snprintf(text, sizeof(text), " one connection, of %s",
		    sys_format_addr((const struct sockaddr *)
		    &p->accept.held_addr, name, sizeof(name)));
	/* The addresses are last: they may be too many for one record. */
	log_info("h2rig %s, Python %s, %s; at most %u children, %" PRIu32
	    " streams each, functions %g s, memory %" PRIu64
	    " MiB; serving %s on%s",
	    PACKAGE_VERSION, interp_version(), tls_library_version(),
	    o->max_children, o->limits.max_concurrent_streams,
	    o->run_limit_ms / 1000.0, o->max_memory >> 20, o->doc_root, text);
	if (o->max_memory != 0 && o->max_memory < MACHINE_NEED)
		log_warnx("--max-memory: expected at least %" PRIu64 " MiB, "
		    "which a child with a script takes", MACHINE_NEED >> 20);
}

/* Prints all ready lines by one write, so that they come together. */
static void
announce(const struct parent *p)
{
	char text[LISTEN_MAX * (SYS_ADDR_SIZE + 40)];

	if (p->options->inetd_wait)	/* standard output is the log */
		return;
	list_urls(p, "h2rig: listening on ", "\n", text, sizeof(text));
	if (dprintf(STDOUT_FILENO, "%s", text) < 0)
		log_warn("standard output");
}

static void
open_house(struct parent *p)
{
	p->open = true;
	log_start(p);
	confine_parent(p->options);
	announce(p);
	supervise_ready(p->supervise);
	if (!p->single) {	/* meanwhile clients queue */
		interp_settle(p->options);
		memory_settle();
		interp_learn(p->options);
	}
	p->children.client_ms = sys_now_ms();
	p->refresh_ms = p->children.client_ms + REFRESH_MS;
}

/* ---- the server stops ---- */

/* Stops accepting and tells the children to finish. */
static void
begin_stop(struct parent *p)
{
	p->stopping = true;
	supervise_stopping(p->supervise);
	reload_cancel(p);
	p->grace_end_ms = sys_now_ms() + p->options->grace_ms;
	log_info("stopping, %zu children have %g s to finish",
	    p->count[SEAT_CLIENT] + p->count[SEAT_GONE],
	    p->options->grace_ms / 1000.0);
	if (p->open)
		accept_stop(p);
	else
		accept_end(p);
	children_dismiss(p);
	close(p->drain[1]);
}

static void
kill_all(struct parent *p, const char *why)
{
	if (p->killed_all)
		return;
	p->killed_all = true;
	seat_kill_all(p, why);
	if (!p->accept.over)
		accept_end(p);
}

static bool
nobody_is_served(const struct parent *p)
{
	return p->count[SEAT_CLIENT] + p->count[SEAT_GONE] == 0 &&
	    p->accept.held_fd == -1;
}

static bool
is_over(const struct parent *p)
{
	return (p->stopping && p->accept.over && seat_taken(p) == 0) ||
	    (p->single && nobody_is_served(p));
}

/* ---- what the clock calls for ---- */

static uint64_t
grace_due(const struct parent *p)
{
	return p->stopping && !p->killed_all ? p->grace_end_ms : UINT64_MAX;
}

static void
end_grace(struct parent *p)
{
	kill_all(p, "not finished when the grace time was over");
}

static void
end_accept(struct parent *p)
{
	if (!accept_is_awaited(p))
		accept_end(p);
}

static uint64_t
refresh_due(const struct parent *p)
{
	return p->refresh_ms;
}

static void
refresh(struct parent *p)
{
	interp_refresh();
	p->refresh_ms = sys_now_ms() + REFRESH_MS;
}

static uint64_t
idle_due(const struct parent *p)
{
	uint64_t calm = accept_calm_ms(p);
	uint64_t at = p->children.client_ms + p->options->idle_exit_ms;

	if (p->options->idle_exit_ms == 0 || p->stopping || !p->open ||
	    !nobody_is_served(p))
		return UINT64_MAX;
	return at > calm ? at : calm;
}

/* A client may have come while this process did not run. */
static void
end_idle(struct parent *p)
{
	if (accept_is_awaited(p))
		return;
	log_info("no client for %g s (--idle-exit)",
	    p->options->idle_exit_ms / 1000.0);
	begin_stop(p);
}

static uint64_t
spare_due(const struct parent *p)
{
	uint64_t calm = accept_calm_ms(p), at = children_spare_due(p);

	if (p->single || p->stopping || !p->open)
		return UINT64_MAX;
	return at > calm ? at : calm;
}

static const struct {
	uint64_t (*due)(const struct parent *p);
	void (*act)(struct parent *p);
} clock_rows[] = {
	{ children_look_due, children_look },
	{ grace_due, end_grace },
	{ reload_due, reload_kill },
	{ accept_last_due, end_accept },
	{ refresh_due, refresh },
	{ idle_due, end_idle },
	{ children_rest_due, children_rest },
	{ traces_due, traces_look },
	{ spare_due, children_add_spare }	/* one in each turn, and last */
};

#define N_CLOCK_ROWS (sizeof(clock_rows) / sizeof(clock_rows[0]))

/* ---- what signals call for ---- */

/* Clears the flag first: a signal during its work counts again. */
static bool
take(int what)
{
	bool asked = got[what] > 0;

	got[what] = 0;
	return asked;
}

/* While listeners are ready, Linux's pselect lets no signal in: let them in. */
static void
let_signals_in(const struct parent *p)
{
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, &p->wait_mask, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* Notes that a child is dead, or that its connection is over. */
static void
note_end(struct parent *p, const struct death *d, uint64_t now)
{
	children_died(p, d);
	if (d->role != SEAT_CLIENT && d->role != SEAT_GONE)
		return;
	room_died(p, d, now);
	accept_note_death(p, d, now);
}

static void
bury_dead(struct parent *p, uint64_t now)
{
	struct death d;

	while (seat_bury(p, &d)) {
		if (d.role == SEAT_TRIAL) {
			reload_tried(p, &d);
			continue;
		}
		note_end(p, &d, now);
		if (d.role != SEAT_CLIENT && d.role != SEAT_GONE)
			continue;
		p->single_status = WIFEXITED(d.status) ?
		    WEXITSTATUS(d.status) :
		    128 + WTERMSIG(d.status);	/* as shells report it */
	}
}

static void
retry_held(struct parent *p, uint64_t now)
{
	bool held = log_retry();

	if (held && !p->log_held)
		p->log_held_ms = now;
	p->log_held = held;
	p->notices_held = supervise_retry(p->supervise);
}

/* Does what flags and the clock call for.  False: all is over. */
static bool
act(struct parent *p)
{
	uint64_t now = sys_now_ms();
	size_t i;

	let_signals_in(p);
	if (take(CHILD))
		bury_dead(p, now);
	if (p->reload.loaded && !p->open)
		open_house(p);
	room_look(p, now);
	if (take(STATUS))
		report_status(p);
	if (take(RELOAD) && !p->stopping) {
		p->refresh_ms = now;
		reload_ask(p);
	}
	if (got[STOP] > 0 && !p->stopping)
		begin_stop(p);
	if (got[STOP] > 1)
		kill_all(p, "second signal to stop");
	for (i = 0; i < N_CLOCK_ROWS; i++)
		if (now >= clock_rows[i].due(p))
			clock_rows[i].act(p);
	retry_held(p, now);
	return !is_over(p);
}

/* ---- what children say ---- */

/*
 * While nobody reads the log, children wait for it, so that nothing is lost,
 * but not so long that a script would seem to be stuck.  True: that time is
 * over.
 */
static bool
lost_patience(const struct parent *p, uint64_t now)
{
	uint64_t limit = p->options->run_limit_ms;
	uint64_t patience = limit != 0 && limit < PATIENCE_MS * LIMIT_PARTS ?
	    limit / LIMIT_PARTS : PATIENCE_MS;

	return now - p->log_held_ms >= patience;
}

/* Drops input; at its end the server stops (--stop-on-eof). */
static void
read_leash(struct parent *p)
{
	char dropped[1024];
	ssize_t n = read(p->supervise->leash, dropped, sizeof(dropped));

	if (n > 0 || (n == -1 && (errno == EINTR || errno == EAGAIN)))
		return;
	close(p->supervise->leash);
	p->supervise->leash = -1;
	log_info("standard input has ended (--stop-on-eof)");
	if (!p->stopping)
		begin_stop(p);
}

static size_t
watch_feeds(const struct parent *p, struct pollfd *set)
{
	size_t i, n = feed_watch_all(set);

	if (n == 0)
		for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
			n += feed_watch(&p->seat[i].feed, set + n);
	return n;
}

/*
 * A child, or a script in it, says that its connection is over: if it may, it
 * waits for another one.
 */
static void
note_over(struct parent *p, size_t i)
{
	struct seat *seat = &p->seat[i];
	struct death d = { .i = i, .role = seat->role, .lives = true };

	feed_over(&seat->feed, seat->pid);
	if ((d.role != SEAT_CLIENT && d.role != SEAT_GONE) ||
	    seat->killed != NULL ||
	    seat->connections >= p->options->per_process)
		return;
	note_end(p, &d, sys_now_ms());
	children_again(p, i);
}

/* Reads what a child says.  True: there may be more. */
static bool
read_feed(struct parent *p, size_t i)
{
	struct seat *seat = &p->seat[i];
	bool more;

	log_add_lost(atomic_exchange(&p->board.slot[i].lost, 0));
	more = feed_read(&seat->feed, seat->pid, p->log_held);
	if (seat->feed.over)
		note_over(p, i);
	return more;
}

/*
 * Feeds are not read again at once, unless there is more: a wake-up for each
 * record costs more than the records do.
 */
static void
read_feeds(struct parent *p, const struct pollfd *set)
{
	size_t i, ready[FEED_READY], n;
	struct pollfd all;
	bool more = false;

	if (feed_watch_all(&all)) {
		n = set->revents != 0 ? feed_ready(ready) : 0;
		more = n == FEED_READY;
		for (i = 0; i < n; i++)
			more |= read_feed(p, ready[i]);
	} else {
		for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
			if (feed_is_ready(&p->seat[i].feed, &set))
				more |= read_feed(p, i);
	}
	p->feeds_ms = more ? 0 : sys_now_ms() + FEEDS_MS;
}

/* A client has come or waits: looks for children that can take another one. */
static void
read_free(struct parent *p)
{
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_SERVES); i++)
		if (atomic_load(&p->board.slot[i].state) == CHILD_SPARE)
			read_feed(p, i);
}

/* ---- the loop's only wait ---- */

static bool
any_ready(const struct pollfd *set, size_t n)
{
	while (n > 0 && set[n - 1].revents == 0)
		n--;
	return n > 0;
}

static void
sooner(uint64_t *at, uint64_t other)
{
	if (other < *at)
		*at = other;
}

/* Milliseconds until the loop must run; at: when accept wants to be called. */
static long
next_wake(const struct parent *p, uint64_t now, uint64_t at)
{
	size_t i;

	for (i = 0; i < N_CLOCK_ROWS; i++)
		sooner(&at, clock_rows[i].due(p));
	if (now < p->feeds_ms)
		sooner(&at, p->feeds_ms);
	if (p->log_held || p->notices_held)
		sooner(&at, now + RETRY_MS);
	return at > now ? (long)(at - now) : 0;
}

static void
wait_and_accept(struct parent *p)
{
	uint64_t now = sys_now_ms(), again = UINT64_MAX;
	bool accepting, reading;
	struct pollfd *leash;
	size_t feeds, end;

	if (accept_wants_free(p))
		read_free(p);
	accepting = p->open && accept_may(p, now, &again);
	/* A child says there that it is free for the client that waits. */
	reading = (now >= p->feeds_ms || accept_wants_free(p)) &&
	    (!p->log_held || lost_patience(p, now));
	feeds = end = accepting ? accept_watch(p, p->set) : 0;
	if (reading)
		end += watch_feeds(p, p->set + end);
	leash = p->set + end++;
	*leash = (struct pollfd){ .fd = p->supervise->leash,
	    .events = POLLIN };
	if (p->log_held)
		p->set[end++] = (struct pollfd){ .fd = log_room_fd(),
		    .events = POLLOUT };
	if (sys_poll(p->set, end, next_wake(p, now, again),
	    &p->wait_mask) <= 0)
		return;
	if (reading)
		read_feeds(p, p->set + feeds);
	if (accepting && p->options->per_process > 1 &&
	    any_ready(p->set, feeds))
		read_free(p);
	if (accepting)
		accept_ready(p, p->set);
	if (leash->revents != 0)
		read_leash(p);
}

/* Gives the reader of the log a moment for the last records. */
static void
finish_log(void)
{
	int i;

	for (i = 0; i < LOG_LAST_TRIES && log_retry(); i++)
		poll(NULL, 0, RETRY_MS);
}

size_t
parent_seats(const struct options *o)
{
	return room_seats(o);
}

int
parent_run(const struct options *o, struct listeners *l, struct tls_ctx **tls,
    struct supervise *s)
{
	struct parent p = { .options = o, .listeners = l, .tls = tls,
	    .supervise = s, .refresh_ms = UINT64_MAX };
	char err[1024];

	/* A connection that we were given waits for its child. */
	p.single = s->conn != -1;
	p.accept.held_fd = s->conn;
	p.accept.held_addr = s->client;
	if (seat_init(&p, room_seats(o)) == -1 ||
	    sys_pipe(p.drain, 0) == -1 || (p.set = calloc(LISTEN_MAX + 2 +
	    p.board.n * FEED_FDS, sizeof(*p.set))) == NULL)
		fatal(EXIT_SYSTEM, "start");
	if (o->trace != NULL &&
	    traces_open(&p, o->trace, err, sizeof(err)) == -1)
		fatalx(EXIT_CONFIG, "%s", err);
	set_signals(&p);
	feed_begin();
	reload_ask(&p);
	while (act(&p))
		wait_and_accept(&p);
	reload_cancel(&p);
	log_info("stopped");
	finish_log();
	close(p.drain[0]);
	seat_free(&p);
	traces_close(&p);
	free(p.set);
	return p.single ? p.single_status : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
/*
 * The parent: a pselect loop over the listening sockets, and what flags and
 * clock call for; the work is done in accept.c, spawn.c, spare.c, reap.c,
 * reload.c and status.c.  It reads nothing from a client and runs no script, so
 * that nothing of theirs can take it down; main calls it.
 *
 * Signals are blocked except inside sys_select; handlers set flags that are
 * looked at before it sleeps again, so that no wake-up is lost.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "host/confine.h"
#include "host/memory.h"
#include "parent.h"
#include "parent_impl.h"
#include "py/interp.h"

#define REFRESH_MS 600000	/* files are kept from cleaners so often */
#define FULL_MS 10		/* somebody waits for a place: again */
#define RETRY_MS 100		/* records, notices that are held: again */
#define FEEDS_MS 5		/* between two looks at what children say */
#define PATIENCE_MS 30000	/* children wait so long for a log, at most */
#define LIMIT_PARTS 10		/* ... and such a part of a run-time limit */
#define LOG_LAST_TRIES 10	/* ... and at the end so often */

static volatile sig_atomic_t got_stop;	/* number of TERM and INT */
static volatile sig_atomic_t got_child;
static volatile sig_atomic_t got_reload;	/* HUP */
static volatile sig_atomic_t got_status;	/* USR1 */

static void
on_stop(int sig)
{
	(void)sig;
	if (got_stop < 2)
		got_stop = got_stop + 1;
}

static void
on_child(int sig)
{
	(void)sig;
	got_child = 1;
}

static void
on_reload(int sig)
{
	(void)sig;
	got_reload = 1;
}

static void
on_status(int sig)
{
	(void)sig;
	got_status = 1;
}

static void
set_signals(struct parent *p)
{
	static const struct {
		int sig;
		void (*handler)(int);
	} ours[] = {
		{ SIGTERM, on_stop }, { SIGINT, on_stop },
		{ SIGHUP, on_reload }, { SIGUSR1, on_status },
		{ SIGCHLD, on_child }
	};
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigaddset(&mask, ours[i].sig);
	sigprocmask(SIG_BLOCK, &mask, &p->wait_mask);
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		sigdelset(&p->wait_mask, ours[i].sig);
		sys_set_handler(ours[i].sig, ours[i].handler,
		    ours[i].sig == SIGCHLD ? SA_NOCLDSTOP : 0);
	}
}

/* ---- ready lines ---- */

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* All lines by one write: who waits for the first finds the others too. */
static void
announce(const struct parent *p)
{
	char text[LISTEN_MAX * (SYS_ADDR_SIZE + 40)], name[SYS_ADDR_SIZE];
	size_t i, len = 0;

	if (p->options->inetd_wait)	/* standard output is the log */
		return;
	for (i = 0; i < p->listeners->n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "h2rig: listening on %s://%s\n",
		    p->options->cleartext ? "http" : "https",
		    listen_name(p->listeners, i, name, sizeof(name)));
	if (write_all(STDOUT_FILENO, text, len) == -1)
		log_warn("standard output");
}

/* ---- the loop ---- */

/* Stops accepting and tells the children to finish. */
static void
begin_stop(struct parent *p, uint64_t now)
{
	p->stopping = true;
	supervise_stopping(p->supervise);
	reload_cancel(p);
	p->grace_end_ms = now + p->options->grace_ms;
	log_info("stopping, %zu children have %g s to finish", p->alive,
	    p->options->grace_ms / 1000.0);
	accept_last(p);
	spare_dismiss(p);
	close(p->drain[1]);
	p->drain[1] = -1;
}

/* --idle-exit: ms when it is due; UINT64_MAX: it is not. */
static uint64_t
idle_exit_due(const struct parent *p)
{
	if (p->options->idle_exit_ms == 0 || p->stopping || p->alive > 0 ||
	    p->held_fd != -1)
		return UINT64_MAX;
	return p->last_client_ms + p->options->idle_exit_ms;
}

/* Listeners are the first in each set; how many there are. */
static size_t
add_listeners(const struct parent *p, struct pollfd *set)
{
	size_t i;

	for (i = 0; i < p->listeners->n; i++)
		set[i] = (struct pollfd){ .fd = p->listeners->fd[i],
		    .events = POLLIN };
	return i;
}

/* Who has come while this process did not run, or may not accept yet. */
static bool
client_waits(const struct parent *p)
{
	struct pollfd set[LISTEN_MAX];

	return poll(set, add_listeners(p, set), 0) > 0;
}

/* The only connection is over, or will never be. */
static bool
single_over(const struct parent *p)
{
	return p->single && p->alive == 0 && p->held_fd == -1;
}

/* A flag is taken down before what it asks for is done. */
static bool
take(volatile sig_atomic_t *flag)
{
	bool up = *flag != 0;

	*flag = 0;
	return up;
}

static void
retry_log(struct parent *p)
{
	bool held = log_retry();

	if (held && !p->log_held)
		p->log_held_ms = sys_now_ms();
	p->log_held = held;
}

/* What flags and clock call for.  False: all is over. */
static bool
act(struct parent *p)
{
	uint64_t now = sys_now_ms();
	sigset_t blocked;

	/* While listeners are ready Linux's pselect lets no signal in. */
	sigprocmask(SIG_SETMASK, &p->wait_mask, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (take(&got_child))
		reap_children(p);
	room_look(p, now);
	if (take(&got_status))
		status_log(p);
	if (take(&got_reload) && !p->stopping)
		reload_ask(p);
	if (got_stop > 0 && !p->stopping)
		begin_stop(p, now);
	if (got_stop > 1 && !p->killed_all)
		reap_kill_all(p, "second signal to stop");
	if (p->stopping && !p->killed_all && now >= p->grace_end_ms)
		reap_kill_all(p, "not finished when the grace time was over");
	if (p->killed_all && !p->accepted_all)
		accept_end(p);
	reap_deadlines(p, now);
	reap_processes(p, now);
	reload_deadline(p, now);
	if (now >= p->refresh_ms) {
		interp_refresh();
		p->refresh_ms = now + REFRESH_MS;
	}
	if (now >= idle_exit_due(p) && !client_waits(p)) {
		log_info("no client for %g s (--idle-exit)",
		    p->options->idle_exit_ms / 1000.0);
		begin_stop(p, now);
	}
	retry_log(p);
	p->notices_held = supervise_retry(p->supervise);
	return (!p->stopping || !p->accepted_all ||
	    p->alive + p->spares > 0) && !single_over(p);
}

/* Milliseconds until the loop must look at the clock. */
static long
next_wake(const struct parent *p, uint64_t now, bool accepting)
{
	uint64_t at = p->refresh_ms;

	if (p->alive + p->leaving > 0 && now + TICK_MS < at)
		at = now + TICK_MS;
	if (p->held_fd != -1 && !room_is_free(p))
		at = now + FULL_MS;
	if (now < p->feeds_ms && p->feeds_ms < at)
		at = p->feeds_ms;
	if (p->resume_ms != 0 && p->resume_ms < at)
		at = p->resume_ms;
	if (accepting && p->stopping)
		at = now + p->last_wait_ms;
	if (p->stopping && !p->killed_all && p->grace_end_ms < at)
		at = p->grace_end_ms;
	if (p->reload.running && p->reload.probe.due_ms < at)
		at = p->reload.probe.due_ms;
	if ((p->log_held || p->notices_held) && now + RETRY_MS < at)
		at = now + RETRY_MS;
	if (now < p->dying_until_ms && p->dying_until_ms < at)
		at = p->dying_until_ms;
	if (accepting && idle_exit_due(p) < at)
		at = idle_exit_due(p);
	if (p->options->max_per_second != 0 && p->second_ms + 1000 > now &&
	    p->second_ms + 1000 < at)
		at = p->second_ms + 1000;
	if (spare_due(p) < at)
		at = spare_due(p);
	return at > now ? (long)(at - now) : 0;
}

/* ---- what children say ---- */

static void
note_lost(struct parent *p, size_t i)
{
	log_add_lost(atomic_exchange(&p->board.slot[i].lost, 0));
}

void
parent_finish_feed(struct parent *p, long i)
{
	feed_finish(&p->board.seat[i].feed, p->board.seat[i].pid);
	note_lost(p, (size_t)i);
}

/*
 * While nobody reads the log children wait for it, so that nothing is lost, but
 * not for so long that a script would seem to be stuck.
 */
static bool
lost_patience(const struct parent *p, uint64_t now)
{
	uint64_t limit = p->options->run_limit_ms;
	uint64_t patience = limit != 0 && limit < PATIENCE_MS * LIMIT_PARTS ?
	    limit / LIMIT_PARTS : PATIENCE_MS;

	return now - p->log_held_ms >= patience;
}

/* All that are open, that of a routes file's process first: so many entries. */
static size_t
add_feeds(const struct parent *p, struct pollfd *set)
{
	size_t i, n = feed_watch(&p->reload.probe.feed, set);

	for (i = 0; i < p->board.n; i++)
		n += feed_watch(&p->board.seat[i].feed, set + n);
	return n;
}

/*
 * They are not looked at again at once, unless there is more: a wake-up for
 * each record costs more than the records do.
 */
static void
read_feeds(struct parent *p, const struct pollfd *set)
{
	struct probe *probe = &p->reload.probe;
	bool loses = p->log_held;
	bool more = feed_read_ready(&probe->feed, probe->pid, loses, &set);
	size_t i;

	for (i = 0; i < p->board.n; i++) {
		struct seat *seat = &p->board.seat[i];

		more |= feed_read_ready(&seat->feed, seat->pid, loses,
		    &set);
		if (seat->feed.open)
			note_lost(p, i);
	}
	p->feeds_ms = more ? 0 : sys_now_ms() + FEEDS_MS;
}

/* ---- the loop's only wait ---- */

static void
wait_and_accept(struct parent *p)
{
	uint64_t now = sys_now_ms();
	bool accepting = accept_may(p, now);
	bool last = accepting && p->stopping;	/* who had come before that */
	bool reading = !last && now >= p->feeds_ms &&
	    (!p->log_held || lost_patience(p, now));
	size_t feeds, end;
	int n;

	feeds = end = accepting ? add_listeners(p, p->set) : 0;
	if (reading)
		end += add_feeds(p, p->set + end);
	if (p->log_held && !last)
		p->set[end++] = (struct pollfd){ .fd = log_room_fd(),
		    .events = POLLOUT };
	n = sys_select(p->set, end, next_wake(p, now, accepting),
	    &p->wait_mask);
	if (n > 0 && reading)
		read_feeds(p, p->set + feeds);
	if (n > 0 && accepting)
		accept_ready(p, p->set);
	else if (n == 0 && last)
		accept_end(p);
	/* One at a time, when nobody waits for what we do. */
	else if (n == 0 && spare_due(p) <= sys_now_ms())
		spare_add(p);
}

/* Whoever reads the log gets a moment for the last records. */
static void
finish_log(void)
{
	int i;

	for (i = 0; i < LOG_LAST_TRIES && log_retry(); i++)
		poll(NULL, 0, RETRY_MS);
}

size_t
parent_slots(const struct options *o)
{
	return room_slots(o);
}

int
parent_run(const struct options *o, struct listeners *l, struct tls_ctx **tls,
    struct supervise *s)
{
	struct parent p = { 0 };

	p.options = o;
	p.listeners = l;
	p.tls = tls;
	p.supervise = s;
	/* A connection that we were given is one that waits for its child. */
	p.single = s->conn != -1;
	p.held_fd = s->conn;
	p.held_addr = s->client;
	p.last_client_ms = sys_now_ms();
	p.refresh_ms = p.last_client_ms + REFRESH_MS;
	if (scoreboard_init(&p.board, parent_slots(o)) == -1 ||
	    sys_pipe(p.drain, 0) == -1 ||
	    (p.set = calloc(LISTEN_MAX + 1 + (p.board.n + 1) * FEED_FDS,
	    sizeof(*p.set))) == NULL)
		fatal(EXIT_SYSTEM, "start");
	set_signals(&p);
	log_never_wait();
	confine_parent(o);
	announce(&p);
	supervise_ready(s);
	if (!p.single) {	/* meanwhile clients queue */
		interp_settle(o);
		memory_settle();
	}
	while (act(&p))
		wait_and_accept(&p);
	reload_cancel(&p);
	log_info("stopped");
	finish_log();
	close(p.drain[0]);
	scoreboard_free(&p.board);
	free(p.set);
	return p.single ? p.single_status : EXIT_SUCCESS;
}

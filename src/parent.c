/* SPDX-License-Identifier: MIT */
/*
 * The parent: a pselect loop over the listening sockets that accepts, forks,
 * reaps, and kills what is past its time.  It reads nothing from a client and
 * runs no script, so that nothing of theirs can take it down; main calls it.
 *
 * Signals are blocked except inside pselect; handlers set flags that are
 * looked at before it sleeps again, so that no wake-up is lost.
 *
 * A lack of descriptors, memory or processes is waited out: what was accepted
 * is kept, the listeners leave the set, and after a pause that doubles it is
 * tried again.  The same when the house is full: the kernel queues.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "confine.h"
#include "ends.h"
#include "log.h"
#include "parent.h"
#include "py/interp.h"
#include "scoreboard.h"
#include "sys.h"

#define ACCEPTS_PER_WAKE 16	/* on one listener, before others are asked */
#define CRASH_SPARE 16		/* descriptors that crash files leave free */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000
#define TICK_MS 1000		/* deadlines are looked at this often */
#define COUNT_MAX_MS 4000	/* ... processes are counted, at least */

struct parent {
	const struct options *options;
	struct listeners *listeners;
	struct tls_ctx **tls;	/* *tls is replaced by a reload */
	struct supervise *supervise;
	struct scoreboard board;
	size_t alive;		/* children */
	int drain[2];		/* children read; closed write end: stop */
	sigset_t wait_mask;	/* signals as pselect and children have them */

	/* An accepted connection that could not be forked for yet; -1: none. */
	int held_fd;
	struct sockaddr_storage held_addr;
	unsigned pause_ms;	/* the latest pause; 0: all is well */
	uint64_t resume_ms;	/* accept nothing before; 0: no pause */
	/* Children die before their first request: likewise; 0: they do not. */
	unsigned dying_ms;
	uint64_t dying_until_ms;

	uint64_t last_client_ms;	/* there was one; for --idle-exit */
	bool single;		/* serves one connection, then ends */
	int single_status;	/* exit status of its child */
	bool full_logged;
	bool no_crash_file;	/* logged that there is none */

	bool stopping;
	bool killed_all;
	uint64_t grace_end_ms;

	uint64_t looked_ms;	/* when deadlines were looked at last */
	uint64_t spare_until_ms; /* nobody is past a deadline before */
	uint64_t count_ms;	/* when processes are counted next */
	uint64_t second_ms;	/* --max-per-second: the present second's */
	unsigned second_n;	/* begin, and connections since */
	uint64_t refused_ms;	/* when a refusal was logged last */
};

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
on_nothing(int sig)
{
	(void)sig;
}

static void
set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { 0 };

	sa.sa_handler = handler;
	sa.sa_flags = flags;
	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
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
		/* Whoever started us may have had them blocked. */
		sigdelset(&p->wait_mask, ours[i].sig);
		set_handler(ours[i].sig, ours[i].handler,
		    ours[i].sig == SIGCHLD ? SA_NOCLDSTOP : 0);
	}
	set_handler(SIGPIPE, SIG_IGN, 0);
}

/* Ready lines. */

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

/* Crash files. */

/*
 * The slot's file for faulthandler, made when it is first needed.  The server
 * does without when it cannot be made; crashes are then logged without stack.
 */
static int
crash_file(struct parent *p, struct seat *seat)
{
	struct rlimit most;

	if (seat->crash_fd == -1)
		seat->crash_fd = sys_temp_file();
	/* Some are left for the rest of what the parent does. */
	if (seat->crash_fd != -1 && getrlimit(RLIMIT_NOFILE, &most) == 0 &&
	    (rlim_t)seat->crash_fd + CRASH_SPARE >= most.rlim_cur) {
		close(seat->crash_fd);
		seat->crash_fd = -1;
		errno = EMFILE;
	}
	if (seat->crash_fd == -1 && !p->no_crash_file) {
		log_warn("no file for stacks of crashes");
		p->no_crash_file = true;
	}
	return seat->crash_fd;
}

/* Ends of children. */

/*
 * A child that failed before its first request, by no fault of the client's,
 * will not be the last one: a crash, a fault of our own, or SIGKILL from
 * outside (memory was short).  Then the next ones are made slowly.
 */
static bool
died_early(const struct seat *seat, const struct slot *slot, int status)
{
	if (seat->killed != NULL || atomic_load(&slot->streams) > 0)
		return false;
	return WIFSIGNALED(status) || atomic_load(&slot->end) ==
	    CHILD_END_NONE || WEXITSTATUS(status) == CHILD_EXIT_INTERNAL;
}

static void
note_death(struct parent *p, long i, int status)
{
	uint64_t now = sys_now_ms();

	p->last_client_ms = now;
	p->single_status = WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);	/* as shells say it */
	if (died_early(&p->board.seat[i], &p->board.slot[i], status)) {
		if (p->dying_ms == 0)
			log_warnx("children die before their first request, "
			    "accepting slowly");
		p->dying_ms = p->dying_ms == 0 ? PAUSE_MIN_MS :
		    p->dying_ms < PAUSE_MAX_MS ? p->dying_ms * 2 :
		    p->dying_ms;
		p->dying_until_ms = now + p->dying_ms;
		log_debug("waiting for %u ms", p->dying_ms);
	} else if (p->dying_ms != 0) {
		log_info("children live again, accepting as before");
		p->dying_ms = 0;
		p->dying_until_ms = 0;
	}
}

/*
 * The child is dead and not yet reaped, so its pid, and with it the group's
 * number, cannot belong to anyone else: what it left behind goes with it.
 */
static void
bury(struct parent *p, pid_t pid)
{
	long i = scoreboard_find(&p->board, pid);
	uint64_t cpu_us = ends_cpu_us();
	int status = 0;

	if (i != -1)
		kill(-pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || i == -1)
		return;
	ends_log(p->options, &p->board.seat[i], &p->board.slot[i], status,
	    ends_cpu_us() - cpu_us);
	p->board.seat[i].pid = 0;
	p->alive--;
	note_death(p, i, status);
	if (p->alive <= p->board.n / 2)
		p->full_logged = false;
	/* There is room again for what was short, perhaps. */
	p->resume_ms = 0;
}

static void
reap(struct parent *p)
{
	siginfo_t info;

	got_child = 0;
	for (;;) {
		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ==
		    -1 || info.si_pid == 0)
			return;
		bury(p, info.si_pid);
	}
}

static void
kill_child(struct seat *seat, const char *why)
{
	if (seat->killed == NULL)
		seat->killed = why;
	kill(-seat->pid, SIGKILL);
	/* It may have left its group; not yet reaped, the number is its own. */
	kill(seat->pid, SIGKILL);
}

static void
kill_all(struct parent *p, const char *why)
{
	size_t i;

	p->killed_all = true;
	for (i = 0; i < p->board.n; i++)
		if (p->board.seat[i].pid != 0)
			kill_child(&p->board.seat[i], why);
}

/*
 * Kills whose time is over: what said it would leave by now and has not, and
 * what gives no sign of life.  Not if this process did not run for a while:
 * then the whole machine may have stood still, and children are given time to
 * say that they live.
 */
static void
enforce_deadlines(struct parent *p, uint64_t now)
{
	size_t i;

	if (p->looked_ms != 0 && now - p->looked_ms > 3 * TICK_MS)
		p->spare_until_ms = now + 3 * TICK_MS;
	p->looked_ms = p->alive > 0 ? now : 0;
	for (i = 0; now >= p->spare_until_ms && i < p->board.n; i++) {
		const struct slot *slot = &p->board.slot[i];
		uint64_t at = atomic_load(&slot->kill_at_ms);

		if (p->board.seat[i].pid == 0 || at == 0 || at > now)
			continue;
		kill_child(&p->board.seat[i],
		    atomic_load(&slot->state) == CHILD_LEAVING ?
		    "past its deadline" :
		    "limit hit: no sign of life (--silence-limit)");
	}
}

/*
 * Kills children with too many processes.  Looking costs time for each process
 * of the machine: the longer it takes, the more seldom it is done.
 */
static void
enforce_processes(struct parent *p, uint64_t now)
{
	uint64_t took;
	size_t i;

	if (p->options->max_processes == 0 || p->alive == 0 ||
	    now < p->count_ms)
		return;
	if (confine_count(&p->board) == -1) {
		p->count_ms = UINT64_MAX;
		log_debug("cannot count processes (--max-processes)");
		return;
	}
	for (i = 0; i < p->board.n; i++)
		if (p->board.seat[i].pid != 0 &&
		    p->board.seat[i].processes > p->options->max_processes)
			kill_child(&p->board.seat[i],
			    "limit hit: processes (--max-processes)");
	took = sys_now_ms() - now;
	p->count_ms = now + TICK_MS +
	    (took < COUNT_MAX_MS / 50 ? 50 * took : COUNT_MAX_MS);
}

/* Births. */

/* What the parent has and a child must not. */
static void
shed(struct parent *p, long self)
{
	size_t i;

	listen_close(p->listeners);
	close(p->drain[1]);
	for (i = 0; i < p->board.n; i++)
		if ((long)i != self && p->board.seat[i].crash_fd != -1)
			close(p->board.seat[i].crash_fd);
}

static void
restore_signals(const struct parent *p)
{
	set_handler(SIGCHLD, SIG_DFL, 0);
	/*
	 * A write fails with EPIPE or EFBIG instead.  TERM and INT do nothing
	 * (the drain pipe is how children learn), by a handler: ignored ones
	 * would stay ignored in programs that a script starts.
	 */
	set_handler(SIGPIPE, SIG_IGN, 0);
	set_handler(SIGXFSZ, SIG_IGN, 0);
	set_handler(SIGTERM, on_nothing, SA_RESTART);
	set_handler(SIGINT, on_nothing, SA_RESTART);
	set_handler(SIGHUP, on_nothing, SA_RESTART);
	set_handler(SIGUSR1, on_nothing, SA_RESTART);
	sigprocmask(SIG_SETMASK, &p->wait_mask, NULL);
}

/* In the new process: prepares it and runs the connection. */
static void
become_child(struct parent *p, long i, int fd,
    const struct sockaddr_storage *ss)
{
	const struct sockaddr *sa = (const struct sockaddr *)ss;
	struct slot *slot = &p->board.slot[i];
	struct child_args a = { 0 };
	const char *what;
	int on = 1;

	setpgid(0, 0);
	shed(p, i);
	restore_signals(p);
	/* Frames are small and each matters; failure only costs time. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	atomic_store(&slot->pid, (int)getpid());
	if (sys_set_nonblock(fd) == -1 || sys_set_cloexec(fd) == -1)
		child_fail(slot, "client socket");
	if (confine_child(p->options, &what) == -1)
		child_fail(slot, what);
	a.fd = fd;
	a.drain_fd = p->drain[0];
	a.crash_fd = p->board.seat[i].crash_fd;
	a.tls = *p->tls;
	a.options = p->options;
	a.slot = slot;
	sys_addr_host(sa, a.client_host, sizeof(a.client_host));
	a.client_port = sys_addr_port(sa);
	child_run(&a);
	_exit(CHILD_EXIT_INTERNAL);
}

/* Forks for an accepted connection: 0, or -1 with errno and fd still open. */
static int
spawn(struct parent *p, int fd, const struct sockaddr_storage *ss)
{
	long i = scoreboard_take(&p->board);
	struct seat *seat = &p->board.seat[i];
	struct slot *slot = &p->board.slot[i];
	pid_t pid;

	crash_file(p, seat);
	seat->started_ms = sys_now_ms();
	sys_format_addr((const struct sockaddr *)ss, seat->client,
	    sizeof(seat->client));
	slot->started_ms = seat->started_ms;
	memcpy(slot->client, seat->client, sizeof(slot->client));
	atomic_store(&slot->state, CHILD_HANDSHAKE);
	sys_addr_host((const struct sockaddr *)ss, seat->host,
	    sizeof(seat->host));
	/* Until its own first sign of life. */
	if (p->options->silence_limit_s != 0)
		atomic_store(&slot->kill_at_ms, seat->started_ms +
		    (uint64_t)p->options->silence_limit_s * 1000);
	pid = interp_fork();
	if (pid == -1)
		return -1;
	if (pid == 0)
		become_child(p, i, fd, ss);
	/* Here too: whoever comes first, its group exists from now on. */
	setpgid(pid, pid);
	p->last_client_ms = seat->started_ms;
	seat->pid = pid;
	atomic_store(&slot->pid, (int)pid);
	p->alive++;
	close(fd);
	log_debug("child %ld serves %s", (long)pid, seat->client);
	return 0;
}

/* Something is short (errno): waits before the next attempt to `what`. */
static void
pause_accepting(struct parent *p, const char *what)
{
	if (p->pause_ms == 0) {
		log_warn("cannot %s, waiting", what);
		p->pause_ms = PAUSE_MIN_MS;
	} else if (p->pause_ms < PAUSE_MAX_MS)
		p->pause_ms *= 2;
	p->resume_ms = sys_now_ms() + p->pause_ms;
}

static void
note_success(struct parent *p)
{
	if (p->pause_ms != 0)
		log_info("accepting again");
	p->pause_ms = 0;
	p->resume_ms = 0;
}

/*
 * Turns away the connection held back if its address has all that it may have.
 * True: it is gone.  A flood of them does not flood the log.
 */
static bool
refuse_held(struct parent *p)
{
	unsigned most = p->options->max_per_address;
	uint64_t now = sys_now_ms();
	char host[SYS_HOST_SIZE];

	if (most == 0)
		return false;
	sys_addr_host((const struct sockaddr *)&p->held_addr, host,
	    sizeof(host));
	if (scoreboard_count_host(&p->board, host) < most)
		return false;
	close(p->held_fd);
	p->held_fd = -1;
	if (p->refused_ms == 0 || now - p->refused_ms >= 1000) {
		log_warnx("refused %s: it has %u connections "
		    "(--max-per-address)", host, most);
		p->refused_ms = now;
	}
	return true;
}

/* Tries again to fork for the connection held back, if there is one. */
static bool
spawn_held(struct parent *p)
{
	if (p->held_fd == -1 || refuse_held(p))
		return true;
	if (spawn(p, p->held_fd, &p->held_addr) == -1) {
		pause_accepting(p, "fork");
		return false;
	}
	p->held_fd = -1;
	note_success(p);
	return true;
}

/* One connection from fd: true if another attempt is worth it. */
static bool
accept_one(struct parent *p, int fd)
{
	socklen_t len = sizeof(p->held_addr);
	int conn;

	memset(&p->held_addr, 0, sizeof(p->held_addr));
	conn = accept(fd, (struct sockaddr *)&p->held_addr, &len);
	if (conn != -1) {
		p->second_n++;
		p->held_fd = conn;
		return spawn_held(p);
	}
	switch (errno) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
		return false;
	case EINTR:
	case ECONNABORTED:	/* the client left while it was queued */
	case EPROTO:
		return true;
	default:
		pause_accepting(p, "accept");
		return false;
	}
}

/* Whether this second has seen all the new connections that it may. */
static bool
too_fast(struct parent *p, uint64_t now)
{
	if (p->options->max_per_second == 0)
		return false;
	if (now - p->second_ms >= 1000) {
		p->second_ms = now;
		p->second_n = 0;
	}
	return p->second_n >= p->options->max_per_second;
}

static bool
has_room(struct parent *p)
{
	if (too_fast(p, sys_now_ms()))
		return false;
	if (p->alive < p->board.n)
		return true;
	if (!p->full_logged)
		log_warnx("all %zu children are busy, further connections "
		    "wait", p->board.n);
	p->full_logged = true;
	return false;
}

static void
accept_ready(struct parent *p, const fd_set *set)
{
	struct listeners *l = p->listeners;
	size_t i;
	int k;

	for (i = 0; i < l->n; i++) {
		if (!FD_ISSET(l->fd[i], set))
			continue;
		for (k = 0; k < ACCEPTS_PER_WAKE; k++)
			if (!has_room(p) || !accept_one(p, l->fd[i]))
				break;
		if (p->resume_ms != 0)
			break;
	}
}

/* The loop. */

/* Stops accepting and tells the children to finish. */
static void
begin_stop(struct parent *p, uint64_t now)
{
	p->stopping = true;
	supervise_stopping(p->supervise);
	p->grace_end_ms = now + (uint64_t)p->options->grace_s * 1000;
	log_info("stopping, %zu children have %u s to finish", p->alive,
	    p->options->grace_s);
	listen_close(p->listeners);
	if (p->held_fd != -1)
		close(p->held_fd);
	p->held_fd = -1;
	p->resume_ms = 0;
	close(p->drain[1]);
	p->drain[1] = -1;
}

/*
 * HUP: routes, certificate and key anew, all of them or none, and the log
 * file.  Children that run keep what they have.
 */
static void
reload(struct parent *p)
{
	const struct options *o = p->options;
	struct tls_ctx *tls = NULL;
	char err[1024];

	got_reload = 0;
	supervise_reloading(p->supervise);
	if (log_reopen() == -1)
		log_warn("--log-file: \"%s\": not opened again, going on "
		    "with the old one", o->log_file);
	/* Without --cert the one in memory stays: clients may trust it. */
	if ((o->cert != NULL &&
	    (tls = tls_ctx_new(o->cert, o->key, err, sizeof(err))) == NULL) ||
	    interp_probe(o, err, sizeof(err)) != 0) {
		log_errorx("not reloaded, going on as before: %s", err);
		tls_ctx_free(tls);
	} else {
		if (tls != NULL) {
			tls_ctx_free(*p->tls);
			*p->tls = tls;
		}
		log_info("reloaded");
	}
	supervise_reloaded(p->supervise);
}

static const char *
state_text(int state)
{
	static const char *const text[] = {
		[CHILD_FREE] = "starting", [CHILD_HANDSHAKE] = "handshake",
		[CHILD_IDLE] = "idle", [CHILD_RUNNING] = "running",
		[CHILD_LEAVING] = "leaving"
	};
	size_t i = (size_t)state;	/* of an untrusted slot */

	return i < sizeof(text) / sizeof(text[0]) ? text[i] : "?";
}

/* USR1: a line for each child. */
static void
log_status(struct parent *p)
{
	char text[4096], run[SCOREBOARD_TEXT + 64];
	size_t i, k;

	got_status = 0;
	log_info("%zu children of at most %zu%s", p->alive, p->board.n,
	    p->stopping ? ", stopping" : "");
	for (i = 0; i < p->board.n; i++) {
		const struct seat *seat = &p->board.seat[i];
		const struct slot *slot = &p->board.slot[i];
		uint64_t ms = sys_now_ms() - seat->started_ms;

		if (seat->pid == 0)
			continue;
		snprintf(text, sizeof(text), "%s",
		    state_text(atomic_load(&slot->state)));
		for (k = 0; k < SCOREBOARD_RUNNING; k++)
			if (slot_running_text(slot, k, run, sizeof(run)))
				ends_append(text, sizeof(text), ", running ", run);
		log_info("child %ld of %s: %s; %" PRIu64 ".%03u s, "
		    "%u streams, %" PRIuFAST64 " octets in, %" PRIuFAST64
		    " out", (long)seat->pid, seat->client, text, ms / 1000,
		    (unsigned)(ms % 1000), atomic_load(&slot->streams),
		    atomic_load(&slot->octets_in),
		    atomic_load(&slot->octets_out));
	}
}

/* --idle-exit: ms when it is due; UINT64_MAX: it is not. */
static uint64_t
idle_exit_due(const struct parent *p)
{
	if (p->options->idle_exit_s == 0 || p->stopping || p->alive > 0 ||
	    p->held_fd != -1)
		return UINT64_MAX;
	return p->last_client_ms + (uint64_t)p->options->idle_exit_s * 1000;
}

/* The only connection is over, or will never be. */
static bool
single_over(const struct parent *p)
{
	return p->single && p->alive == 0 && p->held_fd == -1;
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
	if (got_child)
		reap(p);
	if (got_status)
		log_status(p);
	if (got_reload && !p->stopping)
		reload(p);
	if (got_stop > 0 && !p->stopping)
		begin_stop(p, now);
	if (got_stop > 1 && !p->killed_all)
		kill_all(p, "second signal to stop");
	if (p->stopping && !p->killed_all && now >= p->grace_end_ms)
		kill_all(p, "not finished when the grace time was over");
	enforce_deadlines(p, now);
	enforce_processes(p, now);
	if (now >= idle_exit_due(p)) {
		log_info("no client for %u s (--idle-exit)",
		    p->options->idle_exit_s);
		begin_stop(p, now);
	}
	return (!p->stopping || p->alive > 0) && !single_over(p);
}

/* True: the listeners are to be watched. */
static bool
may_accept(struct parent *p, uint64_t now)
{
	if (p->stopping || now < p->dying_until_ms ||
	    (p->resume_ms != 0 && now < p->resume_ms))
		return false;
	p->resume_ms = 0;
	return has_room(p) && spawn_held(p) && has_room(p);
}

/* Milliseconds until the loop must look at the clock; -1: no need. */
static long
next_wake(const struct parent *p, uint64_t now)
{
	uint64_t at = UINT64_MAX;

	if (p->alive > 0)
		at = now + TICK_MS;
	if (p->resume_ms != 0 && p->resume_ms < at)
		at = p->resume_ms;
	if (p->stopping && !p->killed_all && p->grace_end_ms < at)
		at = p->grace_end_ms;
	if (now < p->dying_until_ms && p->dying_until_ms < at)
		at = p->dying_until_ms;
	if (idle_exit_due(p) < at)
		at = idle_exit_due(p);
	if (p->options->max_per_second != 0 && p->second_ms + 1000 > now &&
	    p->second_ms + 1000 < at)
		at = p->second_ms + 1000;
	if (at == UINT64_MAX)
		return -1;
	return at > now ? (long)(at - now) : 0;
}

static void
wait_and_accept(struct parent *p)
{
	uint64_t now = sys_now_ms();
	bool accepting = may_accept(p, now);
	long ms = next_wake(p, now);
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
	int max = -1;
	fd_set set;
	size_t i;

	FD_ZERO(&set);
	for (i = 0; accepting && i < p->listeners->n; i++) {
		FD_SET(p->listeners->fd[i], &set);
		if (p->listeners->fd[i] > max)
			max = p->listeners->fd[i];
	}
	if (pselect(max + 1, &set, NULL, NULL, ms == -1 ? NULL : &ts,
	    &p->wait_mask) > 0)
		accept_ready(p, &set);
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
	if (scoreboard_init(&p.board, o->max_children) == -1 ||
	    sys_pipe(p.drain, 0) == -1)
		fatal(EXIT_SYSTEM, "start");
	set_signals(&p);
	confine_parent(o);
	announce(&p);
	supervise_ready(s);
	while (act(&p))
		wait_and_accept(&p);
	log_info("stopped");
	close(p.drain[0]);
	scoreboard_free(&p.board);
	return p.single ? p.single_status : EXIT_SUCCESS;
}

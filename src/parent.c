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
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "parent.h"
#include "py/interp.h"
#include "scoreboard.h"
#include "sys.h"

#define ACCEPTS_PER_WAKE 16	/* on one listener, before others are asked */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000
#define TICK_MS 1000		/* deadlines are looked at this often */
#define CRASH_MAX (64 * 1024)	/* octets of a crash file that are logged */

struct parent {
	const struct options *options;
	struct listeners *listeners;
	struct tls_ctx *tls;
	struct scoreboard board;
	size_t alive;		/* children */
	int drain[2];		/* children read; closed write end: stop */
	sigset_t wait_mask;	/* signals as pselect and children have them */

	/* An accepted connection that could not be forked for yet; -1: none. */
	int held_fd;
	struct sockaddr_storage held_addr;
	unsigned pause_ms;	/* the latest pause; 0: all is well */
	uint64_t resume_ms;	/* accept nothing before; 0: no pause */
	bool full_logged;
	bool no_crash_file;	/* logged that there is none */

	bool stopping;
	bool killed_all;
	uint64_t grace_end_ms;
};

static volatile sig_atomic_t got_stop;	/* number of TERM and INT */
static volatile sig_atomic_t got_child;

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
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &p->wait_mask);
	/* Whoever started us may have had them blocked. */
	sigdelset(&p->wait_mask, SIGTERM);
	sigdelset(&p->wait_mask, SIGINT);
	sigdelset(&p->wait_mask, SIGCHLD);
	set_handler(SIGTERM, on_stop, 0);
	set_handler(SIGINT, on_stop, 0);
	set_handler(SIGCHLD, on_child, SA_NOCLDSTOP);
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
	if (seat->crash_fd == -1)
		seat->crash_fd = sys_temp_file();
	if (seat->crash_fd == -1 && !p->no_crash_file) {
		log_warn("no file for stacks of crashes");
		p->no_crash_file = true;
	}
	return seat->crash_fd;
}

/* Logs what a dead child left in its crash file, and empties that. */
static void
log_crash_file(const struct seat *seat, pid_t pid)
{
	static char text[CRASH_MAX];
	char prefix[32];
	ssize_t n;

	if (seat->crash_fd == -1)
		return;
	n = pread(seat->crash_fd, text, sizeof(text), 0);
	if (n <= 0)
		return;
	snprintf(prefix, sizeof(prefix), "child %ld", (long)pid);
	log_lines(LOG_L_WARN, prefix, text, (size_t)n);
	/* The next child's writes begin where the shared offset stands. */
	if (ftruncate(seat->crash_fd, 0) == -1 ||
	    lseek(seat->crash_fd, 0, SEEK_SET) == -1)
		log_warn("crash file");
}

/* Ends of children. */

/* Appends to text of size octets; what does not fit is cut. */
static void
append(char *text, size_t size, const char *before, const char *what)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", before, what);
}

/* How the child ended, in words; whether that calls for a warning. */
static bool
describe_end(const struct seat *seat, const struct slot *slot, int status,
    char *dst, size_t size)
{
	int end = atomic_load(&slot->end);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	char why[sizeof(slot->why) + 1];

	slot_why_text(slot, why, sizeof(why));
	if (WIFSIGNALED(status) && seat->killed != NULL) {
		snprintf(dst, size, "killed: %s", seat->killed);
	} else if (WIFSIGNALED(status)) {
		snprintf(dst, size, "killed by %s",
		    sys_signal_name(WTERMSIG(status)));
	} else if (end == CHILD_END_NONE) {
		snprintf(dst, size, code == CHILD_EXIT_INTERNAL
		    ? "exit code %d, unexpected" : "exit by a script, code %d",
		    code);
	} else {
		snprintf(dst, size, "%s", child_end_text(end));
		if (why[0] != '\0')
			append(dst, size, ": ", why);
		if (code == CHILD_EXIT_INTERNAL)
			append(dst, size, ", ", "internal error");
		return end == CHILD_END_LIMIT || code == CHILD_EXIT_INTERNAL;
	}
	/* It said something before it was stopped. */
	if (end != CHILD_END_NONE && why[0] != '\0')
		append(dst, size, "; ", why);
	return true;
}

static void
log_end(const struct seat *seat, const struct slot *slot, pid_t pid,
    int status)
{
	uint64_t ms = sys_now_ms() - seat->started_ms;
	char text[4096], run[SCOREBOARD_TEXT + 64], tail[160];
	bool warn;
	size_t i;

	warn = describe_end(seat, slot, status, text, sizeof(text));
	for (i = 0; warn && i < SCOREBOARD_RUNNING; i++)
		if (slot_running_text(slot, i, run, sizeof(run)))
			append(text, sizeof(text), ", running ", run);
	snprintf(tail, sizeof(tail), "%" PRIu64 ".%03u s, %u streams, "
	    "%" PRIuFAST64 " octets in, %" PRIuFAST64 " out",
	    ms / 1000, (unsigned)(ms % 1000), atomic_load(&slot->streams),
	    atomic_load(&slot->octets_in), atomic_load(&slot->octets_out));
	(warn ? log_warnx : log_info)("child %ld of %s ended: %s; %s",
	    (long)pid, seat->client, text, tail);
}

/*
 * The child is dead and not yet reaped, so its pid, and with it the group's
 * number, cannot belong to anyone else: what it left behind goes with it.
 */
static void
bury(struct parent *p, pid_t pid)
{
	long i = scoreboard_find(&p->board, pid);
	int status = 0;

	if (i != -1)
		kill(-pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || i == -1)
		return;
	log_end(&p->board.seat[i], &p->board.slot[i], pid, status);
	log_crash_file(&p->board.seat[i], pid);
	p->board.seat[i].pid = 0;
	p->alive--;
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

/* Kills what asked to be killed by now and is still there. */
static void
enforce_deadlines(struct parent *p, uint64_t now)
{
	size_t i;

	for (i = 0; i < p->board.n; i++) {
		uint64_t at = atomic_load(&p->board.slot[i].kill_at_ms);

		if (p->board.seat[i].pid != 0 && at != 0 && at <= now)
			kill_child(&p->board.seat[i], "past its deadline");
	}
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
	sigprocmask(SIG_SETMASK, &p->wait_mask, NULL);
}

/* In the new process: prepares it and runs the connection. */
static void
become_child(struct parent *p, long i, int fd,
    const struct sockaddr_storage *ss)
{
	const struct sockaddr *sa = (const struct sockaddr *)ss;
	struct child_args a = { 0 };
	int on = 1;

	setpgid(0, 0);
	shed(p, i);
	restore_signals(p);
	/* Frames are small and each matters; failure only costs time. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (sys_set_nonblock(fd) == -1 || sys_set_cloexec(fd) == -1) {
		log_error("client socket");
		_exit(CHILD_EXIT_INTERNAL);
	}
	atomic_store(&p->board.slot[i].pid, (int)getpid());
	a.fd = fd;
	a.drain_fd = p->drain[0];
	a.crash_fd = p->board.seat[i].crash_fd;
	a.tls = p->tls;
	a.options = p->options;
	a.slot = &p->board.slot[i];
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
	pid = interp_fork();
	if (pid == -1)
		return -1;
	if (pid == 0)
		become_child(p, i, fd, ss);
	/* Here too: whoever comes first, its group exists from now on. */
	setpgid(pid, pid);
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

/* Tries again to fork for the connection held back, if there is one. */
static bool
spawn_held(struct parent *p)
{
	if (p->held_fd == -1)
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

static bool
has_room(struct parent *p)
{
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

/* What flags and clock call for.  False: all is over. */
static bool
act(struct parent *p)
{
	uint64_t now = sys_now_ms();

	if (got_child)
		reap(p);
	if (got_stop > 0 && !p->stopping)
		begin_stop(p, now);
	if (got_stop > 1 && !p->killed_all)
		kill_all(p, "second signal to stop");
	if (p->stopping && !p->killed_all && now >= p->grace_end_ms)
		kill_all(p, "not finished when the grace time was over");
	enforce_deadlines(p, now);
	return !p->stopping || p->alive > 0;
}

/* True: the listeners are to be watched. */
static bool
may_accept(struct parent *p, uint64_t now)
{
	if (p->stopping || (p->resume_ms != 0 && now < p->resume_ms))
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
parent_run(const struct options *o, struct listeners *l, struct tls_ctx *tls)
{
	struct parent p = { 0 };

	p.options = o;
	p.listeners = l;
	p.tls = tls;
	p.held_fd = -1;
	if (scoreboard_init(&p.board, o->max_children) == -1 ||
	    sys_pipe(p.drain, 0) == -1)
		fatal(EXIT_SYSTEM, "start");
	set_signals(&p);
	announce(&p);
	while (act(&p))
		wait_and_accept(&p);
	log_info("stopped");
	close(p.drain[0]);
	scoreboard_free(&p.board);
	return EXIT_SUCCESS;
}

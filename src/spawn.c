/* SPDX-License-Identifier: MIT */
/*
 * How children begin: a slot of the scoreboard, a fork, and in the new process
 * all that comes between the parent's state and child_run: what it must not
 * have is closed, signals are as scripts expect them, rights are given up.
 * accept.c calls it, and spare.c for those that wait for a client.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "confine.h"
#include "guard.h"
#include "log.h"
#include "parent_impl.h"
#include "py/interp.h"
#include "sys.h"

#define LEFT_FREE 16		/* descriptors, for the rest of what we do */

bool
spawn_leaves_free(int fd)
{
	struct rlimit most;

	return getrlimit(RLIMIT_NOFILE, &most) == -1 ||
	    (rlim_t)fd + LEFT_FREE < most.rlim_cur;
}

/*
 * The slot's file for faulthandler, made when it is first needed.  The server
 * does without when it cannot be made; crashes are then logged without stack.
 */
static int
crash_file(struct parent *p, struct seat *seat)
{
	if (seat->crash_fd == -1)
		seat->crash_fd = sys_temp_file();
	if (seat->crash_fd != -1 && !spawn_leaves_free(seat->crash_fd)) {
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

/* What the parent has and a child must not. */
static void
shed(struct parent *p, long self)
{
	size_t i;

	listen_close(p->listeners);
	close(p->drain[1]);
	if (p->reload.running)
		probe_forget(&p->reload.probe);
	for (i = 0; i < p->board.n; i++) {
		if ((long)i == self)
			continue;
		if (p->board.seat[i].crash_fd != -1)
			close(p->board.seat[i].crash_fd);
		if (p->board.seat[i].line_fd != -1)
			close(p->board.seat[i].line_fd);
	}
}

static void
on_nothing(int sig)
{
	(void)sig;
}

static void
restore_signals(void)
{
	sigset_t none;

	sys_set_handler(SIGCHLD, SIG_DFL, 0);
	/*
	 * TERM and INT do nothing (the drain pipe is how children learn), by a
	 * handler: ignored ones would stay ignored in programs that a script
	 * starts.
	 */
	sys_set_handler(SIGTERM, on_nothing, SA_RESTART);
	sys_set_handler(SIGINT, on_nothing, SA_RESTART);
	sys_set_handler(SIGHUP, on_nothing, SA_RESTART);
	sys_set_handler(SIGUSR1, on_nothing, SA_RESTART);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
spawn_become(struct parent *p, long i)
{
	struct slot *slot = &p->board.slot[i];
	const char *what;

	setpgid(0, 0);
	guard_enter(GUARD_CHILD((size_t)i));
	log_set_waits(true);
	shed(p, i);
	restore_signals();
	atomic_store(&slot->pid, (int)getpid());
	if (confine_child(p->options, &what) == -1)
		child_fail(slot, what);
}

void
spawn_serve(struct parent *p, long i, int fd,
    const struct sockaddr_storage *ss)
{
	const struct sockaddr *sa = (const struct sockaddr *)ss;
	struct slot *slot = &p->board.slot[i];
	struct child_args a = { 0 };
	int on = 1;

	/* Frames are small and each matters; failure only costs time. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (sys_set_nonblock(fd) == -1 || sys_set_cloexec(fd) == -1)
		child_fail(slot, "client socket");
	a.fd = fd;
	a.drain_fd = p->drain[0];
	a.line_fd = p->board.seat[i].line_fd;
	a.crash_fd = p->board.seat[i].crash_fd;
	a.tls = *p->tls;
	a.options = p->options;
	a.slot = slot;
	a.board = &p->board;
	sys_addr_host(sa, a.client_host, sizeof(a.client_host));
	a.client_port = sys_addr_port(sa);
	child_run(&a);
	_exit(CHILD_EXIT_INTERNAL);
}

void
spawn_seat(struct parent *p, long i, const struct sockaddr_storage *ss)
{
	const struct sockaddr *sa = (const struct sockaddr *)ss;
	struct seat *seat = &p->board.seat[i];
	struct slot *slot = &p->board.slot[i];

	seat->started_ms = slot->started_ms = sys_now_ms();
	p->last_client_ms = seat->started_ms;
	sys_format_addr(sa, seat->client, sizeof(seat->client));
	memcpy(slot->client, seat->client, sizeof(slot->client));
	sys_addr_host(sa, seat->host, sizeof(seat->host));
	atomic_store(&slot->state, CHILD_HANDSHAKE);
	/* Until its own first sign of life. */
	if (p->options->silence_limit_ms != 0)
		atomic_store(&slot->kill_at_ms, seat->started_ms +
		    p->options->silence_limit_ms);
}

int
spawn_line(int ends[2])
{
	if (sys_socketpair(ends) == -1)
		return -1;
	if (spawn_leaves_free(ends[0]) && spawn_leaves_free(ends[1]))
		return 0;
	close(ends[0]);
	close(ends[1]);
	errno = EMFILE;
	return -1;
}

void
spawn_cut(struct seat *seat)
{
	if (seat->line_fd == -1)
		return;
	shutdown(seat->line_fd, SHUT_RDWR);
	close(seat->line_fd);
	seat->line_fd = -1;
}

/* Keeps the end of the line that is `mine`. */
static void
take_line(struct seat *seat, const int ends[2], int mine)
{
	int err = errno;

	seat->line_fd = mine;
	if (ends[0] != mine)
		close(ends[0]);
	if (ends[1] != mine)
		close(ends[1]);
	errno = err;
}

pid_t
spawn_fork(struct parent *p, long i, const int ends[2])
{
	struct seat *seat = &p->board.seat[i];
	pid_t pid;

	crash_file(p, seat);
	pid = interp_fork();
	take_line(seat, ends, pid == -1 ? -1 : ends[pid == 0]);
	if (pid <= 0)
		return pid;
	/* Here too: whoever comes first, its group exists from now on. */
	setpgid(pid, pid);
	seat->pid = pid;
	atomic_store(&p->board.slot[i].pid, (int)pid);
	return pid;
}

int
spawn_child(struct parent *p, int fd, const struct sockaddr_storage *ss)
{
	long i = scoreboard_take(&p->board);
	struct seat *seat = &p->board.seat[i];
	int ends[2];
	pid_t pid;

	if (spawn_line(ends) == -1)
		ends[0] = ends[1] = -1;
	spawn_seat(p, i, ss);
	pid = spawn_fork(p, i, ends);
	if (pid == -1)
		return -1;
	if (pid == 0) {
		spawn_become(p, i);
		spawn_serve(p, i, fd, ss);
	}
	p->alive++;
	close(fd);
	log_debug("child %ld serves %s", (long)pid, seat->client);
	return 0;
}

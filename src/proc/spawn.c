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

#include "base/log.h"
#include "base/sys.h"
#include "child.h"
#include "host/confine.h"
#include "host/guard.h"
#include "parent_impl.h"
#include "py/interp.h"

#define LEFT_FREE 16		/* descriptors, for the rest of what we do */

bool
spawn_leaves_free(int fd)
{
	struct rlimit most;

	return getrlimit(RLIMIT_NOFILE, &most) == -1 ||
	    (rlim_t)fd + LEFT_FREE < most.rlim_cur;
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
	sys_set_handler(SIGALRM, SIG_DFL, 0);
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
spawn_become(struct parent *p, long i, int *fd)
{
	struct slot *slot = &p->board.slot[i];
	struct seat *seat = &p->board.seat[i];
	int *own[] = { &p->drain[0], &seat->line_fd, fd };
	const char *what;

	setpgid(0, 0);
	guard_enter(GUARD_CHILD((size_t)i));
	atomic_store(&slot->pid, (int)getpid());
	if (confine_descriptors(p->options, &seat->feed, &slot->lost,
	    interp_descriptors(), own, fd != NULL ? 3 : 2) == -1)
		child_fail(slot, "descriptors");
	restore_signals();
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
	if (sys_set_nonblock(fd) == -1 || (a.fd = sys_move(fd,
	    confine_own_files(p->options))) == -1)
		child_fail(slot, "client socket");
	a.drain_fd = p->drain[0];
	a.line_fd = p->board.seat[i].line_fd;
	a.tls = *p->tls;
	a.options = p->options;
	a.slot = slot;
	a.board = &p->board;
	sys_addr_host(sa, a.client_host, sizeof(a.client_host));
	a.client_port = sys_addr_port(sa);
	sys_format_addr(sa, a.client, sizeof(a.client));
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

/* A pair that leaves descriptors for clients: 0, or -1 with errno. */
static int
open_line(int ends[2])
{
	if (sys_socketpair(ends, SOCK_STREAM) == -1)
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

/* One that leaves descriptors likewise. */
static int
open_feed(struct feed *f)
{
	if (feed_open(f) == -1)
		return -1;
	if (spawn_leaves_free(f->theirs[FEED_FDS - 1]))
		return 0;
	feed_close(f);
	errno = EMFILE;
	return -1;
}

pid_t
spawn_fork(struct parent *p, long i, bool needs_line)
{
	struct seat *seat = &p->board.seat[i];
	int ends[2];
	pid_t pid;

	if (open_feed(&seat->feed) == -1)
		return -1;
	if (open_line(ends) == -1) {
		if (needs_line) {
			feed_close(&seat->feed);
			return -1;
		}
		ends[0] = ends[1] = -1;
	}
	pid = interp_fork();
	take_line(seat, ends, pid == -1 ? -1 : ends[pid == 0]);
	if (pid == 0)
		return 0;
	feed_forked(&seat->feed);
	if (pid == -1) {
		feed_close(&seat->feed);
		return -1;
	}
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
	pid_t pid;

	spawn_seat(p, i, ss);
	pid = spawn_fork(p, i, false);
	if (pid == -1)
		return -1;
	if (pid == 0) {
		spawn_become(p, i, &fd);
		spawn_serve(p, i, fd, ss);
	}
	p->alive++;
	close(fd);
	log_debug("child %ld serves %s", (long)pid, seat->client);
	return 0;
}

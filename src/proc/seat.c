/* SPDX-License-Identifier: MIT */
/*
 * A seat: one process that runs users' code, be it a child or a trial of
 * routes, from its fork to its end.  In the new process this file comes between
 * the parent's state and that code: it closes what the process must not have,
 * sets signals as scripts expect them, and gives up rights.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "child.h"
#include "host/confine.h"
#include "host/guard.h"
#include "parent_impl.h"
#include "py/interp.h"

#define LEFT_FREE 16		/* descriptors that stay for the parent */

int
seat_init(struct parent *p, size_t n)
{
	p->count[SEAT_FREE] = n;
	p->seat = calloc(n, sizeof(*p->seat));
	return p->seat != NULL ? slot_board_init(&p->board, n) : -1;
}

void
seat_free(struct parent *p)
{
	slot_board_free(&p->board);
	free(p->seat);
}

void
seat_set_role(struct parent *p, size_t i, enum seat_role role)
{
	p->count[p->seat[i].role]--;
	p->count[role]++;
	p->seat[i].role = role;
	if (i >= p->end)
		p->end = i + 1;
	while (p->end > 0 && p->seat[p->end - 1].role == SEAT_FREE)
		p->end--;
}

bool
seat_next(const struct parent *p, size_t *i, unsigned roles)
{
	while (*i < p->end && (SEAT_IS(p->seat[*i].role) & roles) == 0)
		++*i;
	return *i < p->end;
}

size_t
seat_taken(const struct parent *p)
{
	return p->board.n - p->count[SEAT_FREE];
}

long
seat_find(const struct parent *p, pid_t pid)
{
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
		if (p->seat[i].pid == pid)
			return (long)i;
	return -1;
}

/* ---- it begins ---- */

void
seat_close(struct seat *seat)
{
	int err = errno;

	feed_close(&seat->feed);
	sys_close_end(&seat->line[0]);
	sys_close_end(&seat->line[1]);
	errno = err;
}

static bool
leaves_free(int fd)
{
	struct rlimit most;

	return getrlimit(RLIMIT_NOFILE, &most) == -1 ||
	    (rlim_t)fd + LEFT_FREE < most.rlim_cur;
}

static int
open_both(struct seat *seat)
{
	int ends[2];

	if (feed_open(&seat->feed) == -1 ||
	    sys_socketpair(ends, SOCK_STREAM) == -1)
		return -1;
	memcpy(seat->line, ends, sizeof(ends));
	if (sys_set_nonblock(seat->line[0]) == -1)
		return -1;
	if (leaves_free(seat->feed.theirs[FEED_FDS - 1]) &&
	    leaves_free(ends[0]) && leaves_free(ends[1]))
		return 0;
	errno = EMFILE;
	return -1;
}

/* Clears the slot and what the seat has of a client: it has none, as yet. */
static void
clear(struct parent *p, size_t i)
{
	struct slot *slot = &p->board.slot[i];
	struct seat *seat = &p->seat[i];

	/* All atomics are integers, so zero octets make them zero. */
	memset(slot, 0, sizeof(*slot));
	memset(&seat->room, 0, sizeof(seat->room));
	seat->started_ms = slot->started_ms = sys_now_ms();
	seat->host[0] = '\0';
	snprintf(seat->client, sizeof(seat->client), "nobody");
}

long
seat_open(struct parent *p)
{
	size_t i = 0;

	while (p->seat[i].role != SEAT_FREE)
		i++;
	p->seat[i] = (struct seat){ .line = { -1, -1 } };
	clear(p, i);
	if (open_both(&p->seat[i]) == 0)
		return (long)i;
	seat_close(&p->seat[i]);
	return -1;
}

void
seat_renew(struct parent *p, size_t i)
{
	struct slot *slot = &p->board.slot[i];

	log_add_lost(atomic_exchange(&slot->lost, 0));
	clear(p, i);
	atomic_store(&slot->pid, (int)p->seat[i].pid);
	atomic_store(&slot->state, CHILD_SPARE);
	seat_set_role(p, i, SEAT_SPARE);
}

static void
on_nothing(int sig)
{
	(void)sig;
}

/*
 * Makes TERM and the like do nothing (children learn of a stop by the drain
 * pipe).  That takes a handler: ignored signals would stay ignored in programs
 * that a script starts.
 */
static void
restore_signals(void)
{
	static const int without_effect[] = {
		SIGTERM, SIGINT, SIGHUP, SIGUSR1
	};
	sigset_t none;
	size_t i;

	sys_set_handler(SIGCHLD, SIG_DFL, 0);
	sys_set_handler(SIGALRM, SIG_DFL, 0);
	for (i = 0; i < sizeof(without_effect) / sizeof(int); i++)
		sys_set_handler(without_effect[i], on_nothing, SA_RESTART);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Gives up what is the parent's, in the new process. */
static void
confine(struct parent *p, size_t i)
{
	struct slot *slot = &p->board.slot[i];
	struct seat *seat = &p->seat[i];
	int *own[] = { &p->drain[0], &seat->line[1] };
	const char *what;

	setpgid(0, 0);
	guard_enter(i);
	atomic_store(&slot->pid, (int)getpid());
	if (confine_descriptors(p->options, &seat->feed, &slot->lost,
	    interp_descriptors(), own, 2) == -1)
		child_fail(slot, "descriptors");
	restore_signals();
	if (confine_child(p->options, &what) == -1)
		child_fail(slot, what);
}

int
seat_fork(struct parent *p, size_t i, enum seat_role role,
    void (*run)(struct parent *p, size_t i))
{
	struct seat *seat = &p->seat[i];

	if ((seat->pid = interp_fork()) == 0) {
		confine(p, i);
		run(p, i);
	}
	if (seat->pid == -1) {
		seat_close(seat);
		return -1;
	}
	feed_forked(&seat->feed, i);
	sys_close_end(&seat->line[1]);
	/* Both sides call it, so the group exists whichever runs first. */
	setpgid(seat->pid, seat->pid);
	atomic_store(&p->board.slot[i].pid, (int)seat->pid);
	seat_set_role(p, i, role);
	return 0;
}

/* ---- it ends ---- */

void
seat_cut_line(struct seat *seat)
{
	if (seat->line[0] != -1)
		shutdown(seat->line[0], SHUT_RDWR);
	sys_close_end(&seat->line[0]);
}

void
seat_kill(struct seat *seat, const char *why)
{
	if (seat->killed == NULL)
		seat->killed = why;
	kill(-seat->pid, SIGKILL);
	/* It may have left its group.  Until reaped, its pid is its own. */
	kill(seat->pid, SIGKILL);
}

void
seat_kill_all(struct parent *p, const char *why)
{
	size_t i;

	for (i = 0; seat_next(p, &i, SEAT_TAKEN); i++)
		seat_kill(&p->seat[i], why);
}

/* Processor time of all processes that were reaped, microseconds. */
static uint64_t
waited_cpu_us(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_CHILDREN, &u) == -1)
		return 0;
	return ((uint64_t)u.ru_utime.tv_sec + (uint64_t)u.ru_stime.tv_sec) *
	    1000000 + (uint64_t)u.ru_utime.tv_usec +
	    (uint64_t)u.ru_stime.tv_usec;
}

/*
 * Kills the group of a dead process and reaps it.  Before it is reaped, its
 * pid, and so the group's number, cannot belong to anyone else.  False: it had
 * no seat.
 */
static bool
bury(struct parent *p, pid_t pid, struct death *d)
{
	long i = seat_find(p, pid);
	uint64_t before = waited_cpu_us();
	int status;

	if (i != -1)
		kill(-pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || i == -1)
		return false;
	*d = (struct death){ .i = (size_t)i, .role = p->seat[i].role,
	    .status = status, .cpu_us = waited_cpu_us() - before };
	guard_forget(d->i);
	feed_over(&p->seat[i].feed, pid);
	log_add_lost(atomic_exchange(&p->board.slot[i].lost, 0));
	seat_close(&p->seat[i]);
	/* Its files are gone, with the content in them. */
	atomic_store(&p->board.slot[i].stored, 0);
	seat_set_role(p, d->i, SEAT_FREE);
	return true;
}

bool
seat_bury(struct parent *p, struct death *d)
{
	siginfo_t info;

	do {
		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ==
		    -1 || info.si_pid == 0)
			return false;
	} while (!bury(p, info.si_pid, d));
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Lines of a process that waits for nobody.  The log is often a pipe, which is
 * full when its reader is slow or has stopped.  Its descriptor is shared with
 * those who started us, so it cannot be made non-blocking: it is written to
 * when poll says so, and a timer's signal ends a write that blocks even then.
 * After that, or an error that may pass, there is no attempt for a while.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "loghold.h"
#include "sys.h"

#define HOLD_SIZE (512 * 1024)	/* octets that are held */
#define ENOUGH_SIZE (64 * 1024)	/* beyond that, who can wait is to wait */
#define WRITE_US 10000		/* a write may block so long */
#define REST_MS 100		/* after one that has, no attempt */

#ifndef PIPE_BUF
#define PIPE_BUF _POSIX_PIPE_BUF
#endif

static char held[HOLD_SIZE];	/* whole lines; the first may lack its front */
static size_t held_from, held_to;
static unsigned long lost;	/* since there was no room here */
static unsigned long lost_elsewhere;
static uint64_t rest_until_ms;

static void
on_alarm(int sig)
{
	(void)sig;	/* that it comes is enough */
}

void
loghold_begin(void)
{
	sigset_t alarms;

	sys_set_handler(SIGALRM, on_alarm, 0);	/* and no SA_RESTART */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
}

/* The timer goes on, lest it be over before the write has begun. */
static void
set_timer(long us)
{
	struct itimerval t = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* What may pass: there is no room, or none on the disk. */
static bool
may_pass(int err)
{
	return err == EINTR || err == EAGAIN || err == EWOULDBLOCK ||
	    err == ENOBUFS || err == ENOSPC || err == EDQUOT || err == EFBIG;
}

/* How many octets were taken; fewer, or an error that may pass: a rest. */
static ssize_t
write_soon(loghold_write_fn *write_fn, int fd, const char *p, size_t len,
    bool file)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	if (!file && poll(&pfd, 1, 0) <= 0)
		return 0;
	if (!file)
		set_timer(WRITE_US);
	n = write_fn(fd, p, len);
	if (!file)
		set_timer(0);
	if (n == -1 && may_pass(errno))
		n = 0;
	if (n >= 0 && (size_t)n < len)
		rest_until_ms = sys_now_ms() + REST_MS;
	return n;
}

/* Octets of the first line, and of as many more as `most` has room for. */
static size_t
lines_within(size_t most)
{
	const char *p = held + held_from, *end = p;
	const char *stop = held + held_to, *nl;

	do {
		nl = memchr(end, '\n', (size_t)(stop - end));
		if (end > p && (size_t)(nl + 1 - p) > most)
			break;
		end = nl + 1;
	} while (end < stop);
	return (size_t)(end - p);
}

bool
loghold_flush(loghold_write_fn *write_fn, int fd, bool one_each)
{
	bool file = is_file(fd);
	size_t len;
	ssize_t n;

	while (held_from < held_to && loghold_polls()) {
		len = lines_within(one_each ? 0 : file ? HOLD_SIZE : PIPE_BUF);
		n = write_soon(write_fn, fd, held + held_from, len, file);
		if (n == -1)	/* nobody will ever read it */
			n = (ssize_t)len;
		held_from += (size_t)n;
		if ((size_t)n < len)
			break;
	}
	return held_from < held_to;
}

bool
loghold_polls(void)
{
	return rest_until_ms == 0 || sys_now_ms() >= rest_until_ms;
}

bool
loghold_is_enough(void)
{
	return held_to - held_from >= ENOUGH_SIZE;
}

void
loghold_add(const char *line, size_t len)
{
	/* Once one is lost, so are others until that can be said. */
	if (len > sizeof(held) - (held_to - held_from) ||
	    (lost > 0 && held_from < held_to)) {
		lost++;
		return;
	}
	if (len > sizeof(held) - held_to) {
		held_to -= held_from;
		memmove(held, held + held_from, held_to);
		held_from = 0;
	}
	memcpy(held + held_to, line, len);
	held_to += len;
}

void
loghold_add_lost(unsigned long n)
{
	lost_elsewhere += n;
}

unsigned long
loghold_lost(void)
{
	unsigned long n = lost + lost_elsewhere;

	if (held_from < held_to)
		return 0;
	lost = lost_elsewhere = 0;
	return n;
}

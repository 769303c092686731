/* SPDX-License-Identifier: MIT */
/*
 * Records of a process that waits for nobody.  The log is often a pipe, which
 * is full when its reader is slow or has stopped, and what fills it are the
 * scripts, which may wait.  The descriptor is shared with them and with who
 * started us, so it cannot be made non-blocking: it is written to when poll
 * says so, and a timer's signal ends a write that blocks even then, as others
 * have written meanwhile.  After that there is no attempt for a while.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "loghold.h"
#include "sys.h"

#define HOLD_SIZE (64 * 1024)	/* octets that are held */
#define WRITE_US 10000		/* a write may block so long */
#define REST_MS 100		/* after one that has, no attempt */

static char held[HOLD_SIZE];	/* whole lines; the first may lack its front */
static size_t held_len;
static unsigned long lost;
static uint64_t rest_until_ms;
static struct sigaction old_alarm;
static sigset_t old_mask;

static void
on_alarm(int sig)
{
	(void)sig;	/* that it comes is enough */
}

void
loghold_begin(void)
{
	struct sigaction sa = { 0 };
	sigset_t alarms;

	sa.sa_handler = on_alarm;	/* and no SA_RESTART */
	sigemptyset(&sa.sa_mask);
	sigaction(SIGALRM, &sa, &old_alarm);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, &old_mask);
}

void
loghold_end(void)
{
	sigset_t alarms;

	held_len = 0;
	lost = 0;
	rest_until_ms = 0;
	sigaction(SIGALRM, &old_alarm, NULL);
	if (sigismember(&old_mask, SIGALRM) == 1) {
		sigemptyset(&alarms);
		sigaddset(&alarms, SIGALRM);
		sigprocmask(SIG_BLOCK, &alarms, NULL);
	}
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

/* How many octets were taken without waiting for long; -1: it failed. */
static ssize_t
write_soon(loghold_write_fn *write_fn, int fd, const char *p, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	uint64_t now = sys_now_ms();
	bool file = is_file(fd);
	ssize_t n;

	if (now < rest_until_ms)
		return 0;
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
		rest_until_ms = now + REST_MS;
	return n;
}

bool
loghold_retry(loghold_write_fn *write_fn, int fd)
{
	while (held_len > 0) {
		const char *nl = memchr(held, '\n', held_len);
		size_t len = (size_t)(nl - held) + 1;
		ssize_t n = write_soon(write_fn, fd, held, len);

		if (n == -1)	/* nobody will ever read it */
			n = (ssize_t)len;
		held_len -= (size_t)n;
		memmove(held, held + n, held_len);
		if ((size_t)n < len)
			break;
	}
	return held_len > 0;
}

static void
hold(const char *p, size_t len)
{
	if (len > sizeof(held) - held_len) {
		lost++;
		return;
	}
	memcpy(held + held_len, p, len);
	held_len += len;
}

void
loghold_record(loghold_write_fn *write_fn, int fd, const char *line,
    size_t len)
{
	ssize_t n = 0;

	/* Once one is lost, so are others until that can be said. */
	if (lost > 0 && held_len > 0) {
		lost++;
		return;
	}
	if (!loghold_retry(write_fn, fd))
		n = write_soon(write_fn, fd, line, len);
	if (n >= 0 && (size_t)n < len)
		hold(line + n, len - (size_t)n);
}

unsigned long
loghold_lost(void)
{
	unsigned long n = lost;

	if (held_len > 0)
		return 0;
	lost = 0;
	return n;
}

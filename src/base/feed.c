/* SPDX-License-Identifier: MIT */
/*
 * The parent's ends of the pipes of its children (feed.h).  The loop in
 * parent.c reads feeds that are ready; seat.c reads what dead children have
 * left.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#ifdef HAVE_SYS_EPOLL_H
#include <sys/epoll.h>
#endif
#include <unistd.h>

#include "feed.h"
#include "log.h"
#include "sys.h"

#define LINE_SIZE 4000		/* octets; a longer line becomes several */
#define READ_SIZE 16384
#define READS_MAX 8		/* of a descriptor, in one call of read_all */
#define LEFT_MAX 16		/* calls of read_all for what a child left */

enum { RECORDS, OUT, ERR };

/* ---- which feeds are ready ---- */

/* The descriptor of epoll, which spares poll a look at each feed; or -1. */
static int watched = -1;

void
feed_begin(void)
{
#ifdef HAVE_SYS_EPOLL_H
	watched = epoll_create1(EPOLL_CLOEXEC);
#endif
}

static void
watch(const struct feed *f, size_t number)
{
#ifdef HAVE_SYS_EPOLL_H
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = number };
	int i;

	for (i = 0; i < FEED_FDS && watched != -1; i++)
		if (epoll_ctl(watched, EPOLL_CTL_ADD, f->fd[i], &e) == -1) {
			close(watched);
			watched = -1;
		}
#else
	(void)f, (void)number;
#endif
}

/* Closing fd is not enough: a process that is being forked has a copy. */
static void
unwatch(int fd)
{
#ifdef HAVE_SYS_EPOLL_H
	if (watched != -1)
		epoll_ctl(watched, EPOLL_CTL_DEL, fd, NULL);
#else
	(void)fd;
#endif
}

size_t
feed_ready(size_t numbers[FEED_READY])
{
#ifdef HAVE_SYS_EPOLL_H
	struct epoll_event e[FEED_READY];
	int i, n = watched == -1 ? 0 :
	    epoll_wait(watched, e, FEED_READY, 0);

	for (i = 0; i < n; i++)
		numbers[i] = (size_t)e[i].data.u64;
	return n > 0 ? (size_t)n : 0;
#else
	(void)numbers;
	return 0;
#endif
}

size_t
feed_watch_all(struct pollfd *set)
{
	*set = (struct pollfd){ .fd = watched, .events = POLLIN };
	return watched != -1;
}

/* ---- one feed ---- */

static void
close_theirs(struct feed *f)
{
	int i;

	for (i = 0; i < FEED_FDS; i++)
		sys_close_end(&f->theirs[i]);
}

static void
close_ours(struct feed *f, int i)
{
	if (f->fd[i] != -1)
		unwatch(f->fd[i]);
	sys_close_end(&f->fd[i]);
}

int
feed_open(struct feed *f)
{
	int i, ends[2], err, rc = 0;

	*f = (struct feed){ .open = true, .fd = { -1, -1, -1 },
	    .theirs = { -1, -1, -1 } };
	for (i = 0; i < FEED_FDS && rc == 0; i++) {
		rc = i == RECORDS ? sys_message_pipe(ends, LOGLINE_SIZE) :
		    sys_pipe(ends, 0);
		if (rc == -1)
			break;
		f->fd[i] = ends[0];
		f->theirs[i] = ends[1];
		rc = sys_set_nonblock(ends[0]);
	}
	err = errno;
	if (rc == -1)
		feed_close(f);
	errno = err;
	return rc;
}

void
feed_forked(struct feed *f, size_t number)
{
	close_theirs(f);
	watch(f, number);
}

int
feed_enter(struct feed *f)
{
	if (dup2(f->theirs[OUT], STDOUT_FILENO) == -1 ||
	    dup2(f->theirs[ERR], STDERR_FILENO) == -1)
		return -1;
	return f->theirs[RECORDS];
}

size_t
feed_watch(const struct feed *f, struct pollfd *set)
{
	size_t i;

	for (i = 0; f->open && i < FEED_FDS; i++)
		set[i] = (struct pollfd){ .fd = f->fd[i], .events = POLLIN };
	return i;
}

/*
 * Takes all complete messages.  If the octets are no message, all of them are
 * dropped, since nobody can tell where the next message begins.
 */
static void
take_messages(struct feed *f, pid_t pid)
{
	struct buf *b = &f->left[RECORDS];
	struct logline l;
	int n;

	while ((n = logline_take(&l, buf_data(b), buf_len(b))) > 0) {
		if (l.kind == LOGLINE_OVER)
			f->over = true;
		else
			log_of_child((long)pid, &l, f->loses);
		buf_consume(b, (size_t)n);
	}
	if (n == -1)
		buf_clear(b);
}

static void
log_output(const struct feed *f, int i, pid_t pid, const void *text,
    size_t len)
{
	static const char prefix[] = "script output: ";
	struct logline l;

	logline_begin(&l, i == OUT ? LOG_L_INFO : LOG_L_WARN);
	logline_add(&l, prefix, sizeof(prefix) - 1);
	logline_add(&l, text, len);
	log_of_child((long)pid, &l, f->loses);
}

/* Logs all complete lines and, if `all`, the incomplete one after them. */
static void
take_lines(struct feed *f, int i, pid_t pid, bool all)
{
	struct buf *b = &f->left[i];
	const uint8_t *p, *end;
	size_t len;

	while ((len = buf_len(b)) > 0) {
		p = buf_data(b);
		end = memchr(p, '\n', len < LINE_SIZE ? len : LINE_SIZE);
		if (end == NULL && len < LINE_SIZE && !all)
			return;
		len = end != NULL ? (size_t)(end - p) :
		    len < LINE_SIZE ? len : LINE_SIZE;
		log_output(f, i, pid, p, len);
		buf_consume(b, len + (end != NULL));
	}
}

/*
 * Reads once and takes what is complete.  Returns the octets read, 0 at end of
 * file, or -1 with errno set.
 */
static ssize_t
read_some(struct feed *f, int i, pid_t pid)
{
	struct buf *b = &f->left[i];
	uint8_t octets[READ_SIZE];
	ssize_t n;

	do
		n = read(f->fd[i], octets, sizeof(octets));
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return n;
	buf_add(b, octets, (size_t)n);
	if (i == RECORDS)
		take_messages(f, pid);
	else
		take_lines(f, i, pid, false);
	if (buf_len(b) == 0)
		buf_free(b);
	return n;
}

static bool
read_all(struct feed *f, pid_t pid, bool whole)
{
	bool more = false;
	ssize_t n;
	int i, k;

	for (i = 0; f->open && i < FEED_FDS; i++) {
		for (k = 0; f->fd[i] != -1 && k < READS_MAX; k++) {
			if (!whole && !log_takes_more())
				return true;
			if ((n = read_some(f, i, pid)) == -1)
				break;
			if (n == 0)	/* a script has closed its end */
				close_ours(f, i);
		}
		more |= k == READS_MAX;
	}
	return more;
}

bool
feed_is_ready(const struct feed *f, const struct pollfd **set)
{
	bool ready = false;
	int i;

	for (i = 0; f->open && i < FEED_FDS; i++)
		ready |= (*set)++->revents != 0;
	return ready;
}

bool
feed_read(struct feed *f, pid_t pid, bool loses)
{
	f->loses = loses;
	return read_all(f, pid, loses);
}

void
feed_over(struct feed *f, pid_t pid)
{
	int i;

	/* Bounded: a process that has left the group may still write. */
	f->loses = false;
	for (i = 0; i < LEFT_MAX && read_all(f, pid, true); i++)
		;
	for (i = OUT; f->open && i < FEED_FDS; i++)
		take_lines(f, i, pid, true);
	f->over = false;
}

void
feed_close(struct feed *f)
{
	int i;

	if (!f->open)
		return;
	f->open = false;
	close_theirs(f);
	for (i = 0; i < FEED_FDS; i++) {
		close_ours(f, i);
		buf_free(&f->left[i]);
	}
}

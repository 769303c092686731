/* SPDX-License-Identifier: MIT */
/*
 * The log.  The parent makes lines of records and alone writes them.  A child
 * sends its records to the parent, each by one system call (channel.h), so that
 * a crash loses no record that was made.  Scripts can write to a child's pipe
 * too, so the parent alone decides whose a record is, and where it begins and
 * ends.
 *
 * The functions that scripts reach take no lock and allocate nothing: a script
 * may fork while several threads run, and the new process must not wait for a
 * lock whose holder does not exist there.  They preserve errno.
 */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "channel.h"
#include "log.h"
#include "sys.h"

#define KEYS_SIZE 512		/* a line of SSLKEYLOGFILE, newline counted */
#define SYSLOG_PATH "/dev/log"
#define HOLD_SIZE (512 * 1024)	/* most octets that are held */
#define ENOUGH_SIZE (64 * 1024)	/* octets held when children should wait */
#define WRITE_US 10000		/* longest that a write may block */
#define REST_MS 100		/* pause after a write that was cut short */

#ifndef PIPE_BUF
#define PIPE_BUF _POSIX_PIPE_BUF
#endif

static enum log_level threshold = LOG_L_INFO;
static enum log_format format = LOG_FORMAT_TEXT;
static int log_fd = STDERR_FILENO;
static const char *log_path;	/* of log_fd, which we then own; NULL: none */
static int syslog_fd = -1;	/* a socket; not -1: records go there */
static int keys_fd = -1;	/* SSLKEYLOGFILE; -1: none */

static struct buf held;		/* lines; the first may lack its beginning */
static unsigned long lost;	/* lost records that no record has told of */
static uint64_t rest_until_ms;

void
log_set_level(enum log_level level)
{
	threshold = level;
}

enum log_level
log_get_level(void)
{
	return threshold;
}

void
log_set_format(enum log_format f)
{
	format = f;
}

/* ---- files ---- */

int
log_get_fd(void)
{
	return syslog_fd == -1 ? log_fd : -1;
}

/*
 * Opens a file to append to.  With O_NONBLOCK it fails for a FIFO without a
 * reader instead of waiting for one.
 */
static int
open_file(const char *path, int nonblock, mode_t mode)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY |
	    O_CLOEXEC | nonblock, mode);
}

static int
set_file(const char *path, int nonblock)
{
	int fd = open_file(path, nonblock, 0640);

	if (fd == -1)
		return -1;
	if (log_path != NULL)
		close(log_fd);
	if (syslog_fd != -1)
		close(syslog_fd);
	syslog_fd = -1;
	log_fd = fd;
	log_path = path;
	return 0;
}

int
log_set_file(const char *path)
{
	return set_file(path, 0);
}

int
log_reopen(void)
{
	return log_path != NULL ? set_file(log_path, O_NONBLOCK) : 0;
}

int
log_set_keys_file(const char *path)
{
	int fd = open_file(path, O_NONBLOCK, 0600);

	if (fd == -1)
		return -1;
	if (keys_fd != -1)
		close(keys_fd);
	keys_fd = fd;
	return 0;
}

/* Not by syslog(3), which takes locks and waits. */
int
log_set_syslog(void)
{
	if (syslog_fd == -1 &&
	    (syslog_fd = socket(AF_UNIX, SOCK_DGRAM, 0)) != -1)
		sys_set_cloexec(syslog_fd);
	return syslog_fd != -1 ? 0 : -1;
}

/*
 * Sends a record without its newline.  The address is given each time, since
 * the daemon may have been started again.
 */
static ssize_t
write_syslog(const uint8_t *p, size_t len)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	strcpy(to.sun_path, SYSLOG_PATH);
	return sendto(syslog_fd, p, len - 1, MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, sizeof(to)) == -1 ? -1 :
	    (ssize_t)len;
}

/* ---- lines that are held ---- */

/*
 * The log is often a pipe, which is full when its reader is slow or has
 * stopped.  Its descriptor is shared with the programs that started us, so it
 * must stay blocking.  It is written to when poll says so.  Since others write
 * there too, a write may block even then; a timer's signal ends it.  After
 * that, or after a temporary error, nothing is written for a while.
 */

static void
on_alarm(int sig)
{
	(void)sig;	/* its arrival ends the write */
}

/*
 * us 0: stops the timer.  It repeats, in case it fires before the write has
 * begun.
 */
static void
set_timer(long us)
{
	struct itimerval t = { { 0, us }, { 0, us } };
	static bool ready;
	sigset_t alarms;

	if (!ready) {
		sys_set_handler(SIGALRM, on_alarm, 0);	/* no SA_RESTART */
		sigemptyset(&alarms);
		sigaddset(&alarms, SIGALRM);
		sigprocmask(SIG_UNBLOCK, &alarms, NULL);
		ready = true;
	}
	setitimer(ITIMER_REAL, &t, NULL);
}

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Whether an error is temporary: there is no room now, or none on the disk. */
static bool
may_pass(int err)
{
	return err == EINTR || err == EAGAIN || err == EWOULDBLOCK ||
	    err == ENOBUFS || err == ENOSPC || err == EDQUOT || err == EFBIG;
}

/*
 * Writes the first len held octets.  Returns how many need no further write:
 * those that were written, or all of them after a permanent error.
 */
static size_t
write_held(size_t len, bool file)
{
	struct pollfd pfd = { .events = POLLOUT,
	    .fd = syslog_fd != -1 ? syslog_fd : log_fd };
	ssize_t n;

	if (!file && poll(&pfd, 1, 0) <= 0)
		return 0;
	if (!file)
		set_timer(WRITE_US);
	n = syslog_fd != -1 ? write_syslog(buf_data(&held), len) :
	    write(log_fd, buf_data(&held), len);
	if (!file)
		set_timer(0);
	if (n == -1)
		n = may_pass(errno) ? 0 : (ssize_t)len;
	if ((size_t)n < len)
		rest_until_ms = sys_now_ms() + REST_MS;
	return (size_t)n;
}

/*
 * Returns the octets of the first line and of the next ones, as far as they fit
 * in `most` octets together with it.
 */
static size_t
lines_within(size_t most)
{
	const char *p = (const char *)buf_data(&held), *end = p;
	const char *stop = p + buf_len(&held), *nl;

	do {
		nl = memchr(end, '\n', (size_t)(stop - end));
		if (end > p && (size_t)(nl + 1 - p) > most)
			break;
		end = nl + 1;
	} while (end < stop);
	return (size_t)(end - p);
}

/*
 * Writes held lines, several at a time (but one in each datagram to the
 * system's log).  Takes some milliseconds at most.  Returns true if some are
 * still held.
 */
static bool
flush(void)
{
	bool file = syslog_fd == -1 && is_file(log_fd);
	size_t len, n, most = syslog_fd != -1 ? 0 : file ? HOLD_SIZE :
	    PIPE_BUF;

	while (buf_len(&held) > 0 && sys_now_ms() >= rest_until_ms) {
		len = lines_within(most);
		n = write_held(len, file);
		buf_consume(&held, n);
		if (n < len)
			break;
	}
	return buf_len(&held) > 0;
}

static void
hold(const char *line, size_t len)
{
	if (buf_len(&held) + len <= HOLD_SIZE)
		buf_add(&held, line, len);
	else
		lost++;
	if (held.failed) {	/* no memory */
		held.failed = false;
		lost++;
	}
}

void
log_add_lost(unsigned long n)
{
	lost += n;
}

bool
log_takes_more(void)
{
	if (buf_len(&held) >= ENOUGH_SIZE)
		flush();
	return buf_len(&held) < ENOUGH_SIZE;
}

bool
log_retry(void)
{
	unsigned long n = lost;
	bool more = flush();

	if (!more && n > 0) {
		lost = 0;
		log_warnx("%lu records before this one were lost: the log had "
		    "no room, or its reader was too slow", n);
	}
	return more;
}

int
log_room_fd(void)
{
	return syslog_fd == -1 && sys_now_ms() >= rest_until_ms ? log_fd : -1;
}

/* ---- records ---- */

/*
 * Writes a line of TLS secrets, if it is like OpenSSL's: words of letters and
 * digits.
 */
static void
write_keys(const struct logline *l)
{
	char line[KEYS_SIZE];
	size_t i;

	if (keys_fd == -1 || l->text_len >= sizeof(line))
		return;
	for (i = 0; i < l->text_len; i++) {
		line[i] = l->octets[i];
		if (!isalnum((unsigned char)line[i]) && line[i] != ' ' &&
		    line[i] != '_')
			return;
	}
	line[i] = '\n';
	sys_write(keys_fd, line, i + 1);	/* a full FIFO loses the line */
}

/* Takes a record of process pid, to be written by the next flush. */
static void
take(long pid, const struct logline *l)
{
	char line[LOGLINE_TEXT];

	if (l->kind == LOGLINE_KEYS)
		write_keys(l);
	else if (l->kind <= (unsigned)threshold)
		hold(line, logline_print(l, pid, format, syslog_fd != -1 ?
		    LOGLINE_SYSLOG : LOGLINE_FILE, line));
}

void
log_of_child(long pid, const struct logline *l, bool loses)
{
	if (!loses || log_takes_more())
		take(pid, l);
	else
		lost++;
}

static void
finish(const struct logline *l)
{
	int err = errno;

	if (channel_fd() != -1) {
		channel_send(l, logline_size(l));
	} else {
		take((long)getpid(), l);
		log_retry();
	}
	errno = err;
}

/* Adds the text; if err is not 0, also ": " and strerror(err). */
static void
format_text(struct logline *l, int err, const char *fmt, va_list ap)
{
	char text[LOGLINE_SIZE];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	logline_add(l, text, strlen(text));
	if (err != 0) {
		logline_add(l, ": ", 2);
		logline_add(l, strerror(err), strlen(strerror(err)));
	}
}

void
log_printf(enum log_level level, int err, const char *fmt, ...)
{
	struct logline l;
	va_list ap;

	if (level > threshold)
		return;
	logline_begin(&l, level);
	va_start(ap, fmt);
	format_text(&l, err, fmt, ap);
	va_end(ap);
	finish(&l);
}

void
log_lines(enum log_level level, const char *prefix, const char *text,
    size_t len)
{
	const char *end = text + len, *nl;
	struct logline l;

	for (; level <= threshold && text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		logline_begin(&l, level);
		logline_add(&l, prefix, strlen(prefix));
		logline_add(&l, ": ", 2);
		logline_add(&l, text, (size_t)(nl - text));
		finish(&l);
	}
}

void
log_fields(enum log_level level, const char *text, const struct log_field *f,
    size_t n)
{
	struct logline l;
	size_t i;

	if (level > threshold)
		return;
	logline_begin(&l, level);
	logline_add(&l, text, strlen(text));
	for (i = 0; i < n; i++)
		logline_add_field(&l, &f[i]);
	finish(&l);
}

void
log_members(enum log_level level, const char *text, const struct log_field *f,
    size_t n)
{
	log_fields(level, text, f, format == LOG_FORMAT_JSON ? n : 0);
}

void
log_keys(const char *line)
{
	struct logline l;

	logline_begin(&l, LOGLINE_KEYS);
	logline_add(&l, line, strlen(line));
	finish(&l);
}

void
log_over(void)
{
	struct logline l;

	logline_begin(&l, LOGLINE_OVER);
	finish(&l);
}

void
log_fatal(int status, int err, const char *fmt, ...)
{
	char line[LOGLINE_TEXT];
	struct logline l;
	va_list ap;

	logline_begin(&l, LOG_L_ERROR);
	va_start(ap, fmt);
	format_text(&l, err, fmt, ap);
	va_end(ap);
	sys_write(STDERR_FILENO, line, logline_print(&l, 0, LOG_FORMAT_TEXT,
	    LOGLINE_STDERR, line));
	/* Under inetd standard error may lead nowhere. */
	if (syslog_fd != -1)
		finish(&l);
	exit(status);
}

/* SPDX-License-Identifier: MIT */
/*
 * The log.  The parent makes lines of records and alone writes them; children
 * send it theirs, each by one system call (channel.h), so that a crash loses
 * none that was logged.  What children say is what scripts can say, too:
 * whose it is and where a record begins and ends is the parent's to decide.
 *
 * No lock is held and nothing is allocated, because scripts fork processes
 * with several threads running and what they log there must not wait for a
 * lock whose holder is gone.  That is why the system's log is spoken to here:
 * syslog(3) locks.  errno is preserved.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel.h"
#include "log.h"
#include "loghold.h"
#include "logline.h"
#include "logmsg.h"
#include "sys.h"

#define TEXT_SIZE LOGMSG_SIZE	/* a record's text before it is escaped */
#define KEYS_SIZE 512		/* a line of SSLKEYLOGFILE, newline counted */
#define SYSLOG_PATH "/dev/log"

static const char *const level_names[] = {
	[LOG_L_ERROR] = "error",
	[LOG_L_WARN] = "warn",
	[LOG_L_INFO] = "info",
	[LOG_L_DEBUG] = "debug"
};

#define N_LEVELS (sizeof(level_names) / sizeof(level_names[0]))

static const char *const format_names[] = {
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JSON] = "json"
};

#define N_FORMATS (sizeof(format_names) / sizeof(format_names[0]))

static enum log_level threshold = LOG_L_INFO;
static enum log_format format = LOG_FORMAT_TEXT;
static int log_fd = STDERR_FILENO;
static const char *log_path;	/* of log_fd, which is then ours; NULL: none */
static int syslog_fd = -1;	/* a socket; not -1: records go there */
static int keys_fd = -1;		/* SSLKEYLOGFILE; -1: none */
static bool waits = true;	/* for the log's reader */

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

int
log_level_from_name(const char *name)
{
	size_t i;

	for (i = 0; i < N_LEVELS; i++)
		if (strcmp(name, level_names[i]) == 0)
			return (int)i;
	return -1;
}

const char *
log_level_name(enum log_level level)
{
	return (size_t)level < N_LEVELS ? level_names[level] : "?";
}

int
log_format_from_name(const char *name)
{
	size_t i;

	for (i = 0; i < N_FORMATS; i++)
		if (strcmp(name, format_names[i]) == 0)
			return (int)i;
	return -1;
}

void
log_set_format(enum log_format f)
{
	format = f;
}

void
log_set_fd(int fd)
{
	log_fd = fd;
}

int
log_get_fd(void)
{
	return syslog_fd == -1 ? log_fd : -1;
}

/* To append to; with O_NONBLOCK a pipe that nobody reads is not waited for. */
static int
open_file(const char *path, int nonblock, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | nonblock,
	    mode);

	if (fd != -1)
		sys_set_cloexec(fd);
	return fd;
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
log_set_syslog(void)
{
	int fd;

	if (syslog_fd != -1)
		return 0;
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1)
		return -1;
	sys_set_cloexec(fd);
	syslog_fd = fd;
	return 0;
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

/*
 * Waits as long as it takes.  A log that cannot be written has nowhere to
 * complain.
 */
static void
write_all(int fd, const char *p, size_t len)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = write(fd, p, len);
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return;
		if (n == -1 && errno == EAGAIN)
			poll(&room, 1, -1);
		n = n > 0 ? n : 0;
	}
}

/*
 * A record goes without its newline, to the address each time: the daemon may
 * have been started again.
 */
static ssize_t
write_syslog(int fd, const char *p, size_t len)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	strcpy(to.sun_path, SYSLOG_PATH);
	return sendto(fd, p, len - 1, MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, sizeof(to)) == -1 ? -1 :
	    (ssize_t)len;
}

static ssize_t
write_fd(int fd, const char *p, size_t len)
{
	return write(fd, p, len);
}

void
log_never_wait(void)
{
	waits = false;
	loghold_begin();
}

void
log_to_parent(int fd, atomic_uint *lost)
{
	channel_open(fd, lost);
}

void
log_add_lost(unsigned long n)
{
	loghold_add_lost(n);
}

static bool
flush(void)
{
	return syslog_fd != -1 ?
	    loghold_flush(write_syslog, syslog_fd, true) :
	    loghold_flush(write_fd, log_fd, false);
}

bool
log_retry(void)
{
	unsigned long lost;
	bool held = flush();

	if (!held && (lost = loghold_lost()) > 0)
		log_warnx("%lu records before this one were lost: the log had "
		    "no room, or its reader was too slow", lost);
	return held;
}

int
log_room_fd(void)
{
	return syslog_fd == -1 && loghold_polls() ? log_fd : -1;
}

/* ---- lines ---- */

static void
write_line(const struct logline *l)
{
	if (!waits) {
		loghold_add(l->text, l->len);
	} else if (syslog_fd == -1) {
		write_all(log_fd, l->text, l->len);
	} else {
		while (write_syslog(syslog_fd, l->text, l->len) == -1 &&
		    errno == EINTR)
			;
	}
}

/* A line of secrets, as OpenSSL has it: words of letters and digits. */
static void
write_keys(const struct logmsg *r)
{
	char line[KEYS_SIZE];
	ssize_t n;
	size_t i;

	if (keys_fd == -1 || r->head.text_len >= sizeof(line))
		return;
	for (i = 0; i < r->head.text_len; i++) {
		line[i] = r->octets[i];
		if (!isalnum((unsigned char)line[i]) && line[i] != ' ' &&
		    line[i] != '_')
			return;
	}
	line[i] = '\n';
	do	/* a FIFO that is full does without */
		n = write(keys_fd, line, i + 1);
	while (n == -1 && errno == EINTR);
}

/* Of that process; it is written with the next flush if nothing waits. */
static void
put(long pid, const struct logmsg *r)
{
	struct logline l;

	if (r->head.kind == LOGMSG_KEYS) {
		write_keys(r);
	} else if (r->head.kind <= (unsigned)threshold) {
		logmsg_line(r, pid, format, syslog_fd != -1, &l);
		write_line(&l);
	}
}

bool
log_takes_more(void)
{
	if (!waits && loghold_is_enough())
		flush();
	return waits || !loghold_is_enough();
}

void
log_message(long pid, const struct logmsg *m, bool last)
{
	if (last || log_takes_more())
		put(pid, m);
	else
		loghold_add_lost(1);
}

static void
finish(const struct logmsg *r)
{
	if (channel_fd() != -1) {
		channel_send(r, logmsg_size(r));
		return;
	}
	put((long)getpid(), r);
	if (!waits)
		log_retry();
}

/* err > 0 adds its text. */
static void
format_text(struct logmsg *r, int err, const char *fmt, va_list ap)
{
	char text[TEXT_SIZE];
	int n;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text)) {
		logmsg_add(r, text, sizeof(text) - 1);
		r->head.cut = 1;
		return;
	}
	logmsg_add(r, text, (size_t)n);
	if (err > 0) {
		logmsg_add(r, ": ", 2);
		logmsg_add(r, strerror(err), strlen(strerror(err)));
	}
}

static void
log_record(enum log_level level, int err, const char *fmt, va_list ap)
{
	int saved = errno;
	struct logmsg r;

	if (level > threshold)
		return;
	logmsg_begin(&r, level);
	format_text(&r, err, fmt, ap);
	finish(&r);
	errno = saved;
}

/* The body of the functions that differ by level and errno only. */
#define RECORD(level, err) do {					\
	va_list ap;						\
								\
	va_start(ap, fmt);					\
	log_record(level, err, fmt, ap);			\
	va_end(ap);						\
} while (0)

void
log_errorx(const char *fmt, ...)
{
	RECORD(LOG_L_ERROR, 0);
}

void
log_warn(const char *fmt, ...)
{
	RECORD(LOG_L_WARN, errno);
}

void
log_warnx(const char *fmt, ...)
{
	RECORD(LOG_L_WARN, 0);
}

void
log_info(const char *fmt, ...)
{
	RECORD(LOG_L_INFO, 0);
}

void
log_debug(const char *fmt, ...)
{
	RECORD(LOG_L_DEBUG, 0);
}

void
log_lines(enum log_level level, const char *prefix, const char *text,
    size_t len)
{
	int saved = errno;
	const char *end = text + len;
	struct logmsg r;

	if (level > threshold)
		return;
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl != NULL ? nl : end;

		logmsg_begin(&r, level);
		logmsg_add(&r, prefix, strlen(prefix));
		logmsg_add(&r, ": ", 2);
		logmsg_add(&r, text, (size_t)(stop - text));
		finish(&r);
		text = nl != NULL ? nl + 1 : end;
	}
	errno = saved;
}

static void
log_text(enum log_level level, const char *text, const struct log_field *f,
    size_t n)
{
	int saved = errno;
	struct logmsg r;
	size_t i;

	if (level > threshold)
		return;
	logmsg_begin(&r, level);
	logmsg_add(&r, text, strlen(text));
	for (i = 0; i < n; i++)
		logmsg_field(&r, &f[i]);
	finish(&r);
	errno = saved;
}

void
log_fields(enum log_level level, const char *text, const struct log_field *f,
    size_t n)
{
	log_text(level, text, f, n);
}

void
log_members(enum log_level level, const char *text, const struct log_field *f,
    size_t n)
{
	log_text(level, text, f, format == LOG_FORMAT_JSON ? n : 0);
}

void
log_keys(const char *line)
{
	struct logmsg r;

	logmsg_begin(&r, LOGMSG_KEYS);
	logmsg_add(&r, line, strlen(line));
	finish(&r);
}

/* Under inetd standard error is nowhere: the system's log has it too. */
static void
complain(int err, const char *fmt, va_list ap)
{
	struct logmsg r;
	struct logline l;

	logmsg_begin(&r, LOG_L_ERROR);
	format_text(&r, err, fmt, ap);
	logline_begin_plain(&l);
	logline_add(&l, r.octets, r.head.text_len);
	l.cut |= r.head.cut != 0;
	logline_text_end(&l);
	logline_end(&l);
	write_all(STDERR_FILENO, l.text, l.len);
	if (syslog_fd != -1)
		finish(&r);
}

void
fatal(int status, const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	complain(err, fmt, ap);
	va_end(ap);
	exit(status);
}

void
fatalx(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(0, fmt, ap);
	va_end(ap);
	exit(status);
}

void
panic(const char *fmt, ...)
{
	RECORD(LOG_L_ERROR, 0);
	abort();
}

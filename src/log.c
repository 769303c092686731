/* SPDX-License-Identifier: MIT */
/*
 * The log.  A record is formatted on the stack, escaped into a line and
 * handed to the kernel by one system call, so that records of parent and
 * children never mix and a crash loses none that was logged.
 *
 * No lock is held and nothing is allocated, because scripts fork processes
 * with several threads running and what they log there must not wait for a
 * lock whose holder is gone.  That is why the system's log is spoken to here:
 * syslog(3) locks.  errno is preserved.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "loghold.h"
#include "logline.h"
#include "sys.h"

#define TEXT_SIZE 6144		/* a record's text before it is escaped */
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
static bool waits = true;	/* for the log's reader */
static rlim_t file_limit = RLIM_INFINITY;	/* RLIMIT_FSIZE, soft */

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

bool
log_owns_fd(int fd)
{
	return fd == (syslog_fd == -1 ? log_fd : syslog_fd);
}

/* With O_NONBLOCK a pipe that nobody reads is not waited for. */
static int
set_file(const char *path, int nonblock)
{
	int fd, flags, err;

	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | nonblock,
	    0640);
	if (fd == -1)
		return -1;
	/* Programs that scripts start have it too, as ordinary output. */
	if (sys_set_cloexec(fd) == -1 || (flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
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

void
log_set_file_limit(uint64_t octets)
{
	file_limit = (rlim_t)octets;
}

int
log_reopen(void)
{
	return log_path != NULL ? set_file(log_path, O_NONBLOCK) : 0;
}

/* Whatever else a script may write, a record has no limit. */
static void
limit_files(bool on)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_FSIZE, &r) == -1)
		return;
	r.rlim_cur = on ? file_limit : r.rlim_max;
	setrlimit(RLIMIT_FSIZE, &r);
}

/*
 * Lifts the limit, which is the whole process's, for each write.  Another
 * thread may bring it back in between: then what is left is tried again.
 */
static void
write_limited(const char *p, size_t len, int fd)
{
	ssize_t n = 0;
	int i;

	for (i = 0; i < 10 && n >= 0 && len > 0; i++) {
		limit_files(false);
		n = write(fd, p, len);
		limit_files(true);
		if (n == -1 && (errno == EINTR || errno == EFBIG))
			n = 0;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

static void
write_once(const struct logline *l, int fd)
{
	ssize_t n;

	if (file_limit != RLIM_INFINITY) {
		write_limited(l->text, l->len, fd);
		return;
	}
	do
		n = write(fd, l->text, l->len);
	while (n == -1 && errno == EINTR);
	/* A log that cannot be written has nowhere to complain. */
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

static void
send_syslog(const struct logline *l)
{
	while (write_syslog(syslog_fd, l->text, l->len) == -1 &&
	    errno == EINTR)
		;
}

static ssize_t
write_fd(int fd, const char *p, size_t len)
{
	return write(fd, p, len);
}

void
log_set_waits(bool on)
{
	if (waits == on)
		return;
	waits = on;
	(on ? loghold_end : loghold_begin)();
}

bool
log_retry(void)
{
	unsigned long lost;
	bool held;

	held = syslog_fd != -1 ? loghold_retry(write_syslog, syslog_fd) :
	    loghold_retry(write_fd, log_fd);
	if (!held && (lost = loghold_lost()) > 0)
		log_warnx("%lu records before this one were lost: the log had "
		    "no room, or its reader was too slow", lost);
	return held;
}

/* As the parent has it: see loghold.c. */
static void
write_or_hold(const struct logline *l)
{
	log_retry();
	if (syslog_fd != -1)
		loghold_record(write_syslog, syslog_fd, l->text, l->len);
	else
		loghold_record(write_fd, log_fd, l->text, l->len);
}

static void
begin(struct logline *l, enum log_level level)
{
	logline_begin(l, format, level, syslog_fd != -1);
}

static void
finish(struct logline *l)
{
	logline_end(l);
	if (!waits)
		write_or_hold(l);
	else if (syslog_fd != -1)
		send_syslog(l);
	else
		write_once(l, log_fd);
}

/* Formats into line l, escaped; err > 0 adds its text. */
static void
format_text(struct logline *l, int err, const char *fmt, va_list ap)
{
	char text[TEXT_SIZE];
	int n;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text)) {
		logline_add(l, text, sizeof(text) - 1);
		l->cut = true;
	} else {
		logline_add(l, text, (size_t)n);
		if (err > 0) {
			logline_add(l, ": ", 2);
			logline_add(l, strerror(err), strlen(strerror(err)));
		}
	}
	logline_text_end(l);
}

static void
log_record(enum log_level level, int err, const char *fmt, va_list ap)
{
	int saved = errno;
	struct logline l;

	if (level > threshold)
		return;
	begin(&l, level);
	format_text(&l, err, fmt, ap);
	finish(&l);
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
log_error(const char *fmt, ...)
{
	RECORD(LOG_L_ERROR, errno);
}

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
	struct logline l;

	if (level > threshold)
		return;
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl != NULL ? nl : end;

		begin(&l, level);
		logline_add(&l, prefix, strlen(prefix));
		logline_add(&l, ": ", 2);
		logline_add(&l, text, (size_t)(stop - text));
		logline_text_end(&l);
		finish(&l);
		text = nl != NULL ? nl + 1 : end;
	}
	errno = saved;
}

static void
log_text(enum log_level level, const char *text, const struct log_field *f,
    size_t n)
{
	int saved = errno;
	struct logline l;
	size_t i;

	if (level > threshold)
		return;
	begin(&l, level);
	logline_add(&l, text, strlen(text));
	logline_text_end(&l);
	for (i = 0; i < n; i++)
		logline_field(&l, &f[i]);
	finish(&l);
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

/* Under inetd standard error is nowhere: the system's log has it too. */
static void
complain(int err, const char *fmt, va_list ap)
{
	struct logline l;
	va_list again;

	va_copy(again, ap);
	logline_begin_plain(&l);
	format_text(&l, err, fmt, ap);
	logline_end(&l);
	write_once(&l, STDERR_FILENO);
	if (syslog_fd != -1) {
		begin(&l, LOG_L_ERROR);
		format_text(&l, err, fmt, again);
		finish(&l);
	}
	va_end(again);
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

/* SPDX-License-Identifier: MIT */
/*
 * The log.  A record is formatted on the stack, escaped into a line and
 * handed to the kernel by one write(2), so that records of parent and
 * children never mix and a crash loses none that was logged.
 *
 * No lock is held and nothing is allocated, because scripts fork processes
 * with several threads running and what they log there must not wait for a
 * lock whose holder is gone.  That is why the date is computed here: gmtime_r
 * takes the C library's time-zone lock.  errno is preserved.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LINE_SIZE 8192		/* one record, newline counted */
#define TEXT_SIZE 6144		/* its text before it is escaped */
#define STAMP_SIZE 64		/* time, program, pid, level */

static const char *const level_names[] = {
	[LOG_L_ERROR] = "error",
	[LOG_L_WARN] = "warn",
	[LOG_L_INFO] = "info",
	[LOG_L_DEBUG] = "debug"
};

#define N_LEVELS (sizeof(level_names) / sizeof(level_names[0]))

static enum log_level threshold = LOG_L_INFO;
static int log_fd = STDERR_FILENO;

/* A line under construction; what does not fit is cut, marked by "...". */
struct line {
	char text[LINE_SIZE];
	size_t len;
	int cut;
};

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

void
log_set_fd(int fd)
{
	log_fd = fd;
}

static void
line_put(struct line *l, const char *p, size_t n)
{
	/* Room for "...\n" is kept to the end. */
	if (l->cut || n > sizeof(l->text) - 4 - l->len) {
		l->cut = 1;
		return;
	}
	memcpy(l->text + l->len, p, n);
	l->len += n;
}

static void
line_put_escaped(struct line *l, const char *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n && !l->cut; i++) {
		unsigned char c = (unsigned char)p[i];
		char x[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c == '\n')
			line_put(l, "\\n", 2);
		else if (c == '\t')
			line_put(l, "\\t", 2);
		else if (c == '\r')
			line_put(l, "\\r", 2);
		else if (c < 0x20 || c == 0x7f)
			line_put(l, x, 4);
		else
			line_put(l, p + i, 1);
	}
}

/* Ends the line and writes it, once. */
static void
line_write(struct line *l, int fd)
{
	ssize_t n;

	if (l->cut) {
		memcpy(l->text + l->len, "...", 3);
		l->len += 3;
	}
	l->text[l->len++] = '\n';
	do
		n = write(fd, l->text, l->len);
	while (n == -1 && errno == EINTR);
	/* A log that cannot be written has nowhere to complain. */
}

/*
 * The civil date of a day counted from 1970-01-01.  Years are taken to begin
 * in March, so that a leap day is a year's last day; an era is 400 of them.
 */
static void
civil_date(long long day, int *year, int *month, int *mday)
{
	long long shifted = day + 719468;	/* from 0000-03-01 */
	long long era = shifted / 146097;
	int doe = (int)(shifted % 146097);
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (5 * doy + 2) / 153;

	*mday = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int)(era * 400) + yoe + (*month <= 2);
}

static void
line_stamp(struct line *l, enum log_level level)
{
	char stamp[STAMP_SIZE * 2];
	struct timespec ts = { 0, 0 };
	int year, month, mday, n;
	long second;

	clock_gettime(CLOCK_REALTIME, &ts);
	civil_date((long long)ts.tv_sec / 86400, &year, &month, &mday);
	second = (long)(ts.tv_sec % 86400);
	n = snprintf(stamp, sizeof(stamp),
	    "%04d-%02d-%02dT%02ld:%02ld:%02ld.%03ldZ h2rig[%ld] %s: ",
	    year, month, mday, second / 3600, second / 60 % 60, second % 60,
	    ts.tv_nsec / 1000000, (long)getpid(), log_level_name(level));
	if (n > 0)
		line_put(l, stamp, (size_t)n);
}

/* Formats into line l, escaped; err > 0 adds its text. */
static void
line_format(struct line *l, int err, const char *fmt, va_list ap)
{
	char text[TEXT_SIZE];
	int n;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(text)) {
		line_put_escaped(l, text, sizeof(text) - 1);
		l->cut = 1;
		return;
	}
	line_put_escaped(l, text, (size_t)n);
	if (err > 0) {
		line_put(l, ": ", 2);
		line_put_escaped(l, strerror(err), strlen(strerror(err)));
	}
}

static void
log_record(enum log_level level, int err, const char *fmt, va_list ap)
{
	int saved = errno;
	struct line l;

	if (level > threshold)
		return;
	l.len = 0;
	l.cut = 0;
	line_stamp(&l, level);
	line_format(&l, err, fmt, ap);
	line_write(&l, log_fd);
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
	struct line l;

	if (level > threshold)
		return;
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl != NULL ? nl : end;

		l.len = 0;
		l.cut = 0;
		line_stamp(&l, level);
		line_put_escaped(&l, prefix, strlen(prefix));
		line_put(&l, ": ", 2);
		line_put_escaped(&l, text, (size_t)(stop - text));
		line_write(&l, log_fd);
		text = nl != NULL ? nl + 1 : end;
	}
	errno = saved;
}

static void
complain(int err, const char *fmt, va_list ap)
{
	struct line l;

	l.len = 0;
	l.cut = 0;
	line_put(&l, "h2rig: ", 7);
	line_format(&l, err, fmt, ap);
	line_write(&l, STDERR_FILENO);
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

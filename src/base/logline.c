/* SPDX-License-Identifier: MIT */
/*
 * The line of a record is made here, on the caller's stack: stamp, text and
 * fields, escaped as text or as JSON, cut when it is too long.  log.c and
 * logmsg.c call it.
 *
 * No lock is held and nothing is allocated (see log.c).  That is why the date
 * is computed here: gmtime_r takes the C library's time-zone lock.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "logline.h"

/* Kept free to the end for what closes a cut record: `..."}` and newline. */
#define RESERVE 8

/* Facility "daemon" of RFC 5424 section 6.2.1, times 8. */
#define FACILITY (3 * 8)

static const char hex[] = "0123456789abcdef";

/* All of it or nothing; nothing ever after something did not fit. */
static void
put(struct logline *l, const char *p, size_t n)
{
	if (l->cut || l->len + n > sizeof(l->text) - RESERVE) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, p, n);
	l->len += n;
}

static void
put_string(struct logline *l, const char *s)
{
	put(l, s, strlen(s));
}

static void
put_number(struct logline *l, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	put(l, p, (size_t)(digits + sizeof(digits) - p));
}

/* ".678" */
static void
put_thousandths(struct logline *l, unsigned v)
{
	const char digits[] = { '.', (char)('0' + v / 100),
	    (char)('0' + v / 10 % 10), (char)('0' + v % 10) };

	put(l, digits, sizeof(digits));
}

/* Octets of the UTF-8 sequence at p (RFC 3629 section 4); 0: it is none. */
static size_t
utf8_len(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char first, last;	/* of the first octet */
		unsigned char low, high;	/* of the second one */
		size_t len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 }
	};
	size_t i, k;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (n < forms[i].len || p[1] < forms[i].low ||
		    p[1] > forms[i].high)
			return 0;
		for (k = 2; k < forms[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

static void
put_escaped_text(struct logline *l, const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && !l->cut; i++) {
		char x[4] = { '\\', 'x', hex[p[i] >> 4], hex[p[i] & 15] };

		if (p[i] == '\n')
			put(l, "\\n", 2);
		else if (p[i] == '\t')
			put(l, "\\t", 2);
		else if (p[i] == '\r')
			put(l, "\\r", 2);
		else if (p[i] < 0x20 || p[i] == 0x7f)
			put(l, x, 4);
		else if (l->len < sizeof(l->text) - RESERVE)
			l->text[l->len++] = (char)p[i];
		else
			l->cut = true;
	}
}

/*
 * RFC 8259 section 7.  An octet that is not UTF-8 cannot be said in JSON: it
 * becomes the four characters \xHH.
 */
static void
put_escaped_json(struct logline *l, const unsigned char *p, size_t n)
{
	size_t i, len;

	for (i = 0; i < n && !l->cut; i += len) {
		char x[6] = { '\\', 'u', '0', '0', hex[p[i] >> 4],
		    hex[p[i] & 15] };

		len = 1;
		if (p[i] == '"' || p[i] == '\\') {
			x[1] = (char)p[i];
			put(l, x, 2);
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			put(l, x, 6);
		} else if (p[i] < 0x80) {
			put(l, (const char *)p + i, 1);
		} else if ((len = utf8_len(p + i, n - i)) > 0) {
			put(l, (const char *)p + i, len);
		} else {
			len = 1;
			x[1] = '\\';
			x[2] = 'x';
			x[3] = x[4];
			x[4] = x[5];
			put(l, x, 5);
		}
	}
}

void
logline_add(struct logline *l, const char *p, size_t n)
{
	(l->json ? put_escaped_json : put_escaped_text)(l,
	    (const unsigned char *)p, n);
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

/* "2026-01-02T03:04:05.678Z"; most lines are of the second of the last. */
static void
put_time(struct logline *l, const struct timespec *ts)
{
	static char text[64];
	static time_t of = -1;
	long second = (long)(ts->tv_sec % 86400);
	int year, month, mday;

	if (ts->tv_sec != of) {
		civil_date((long long)ts->tv_sec / 86400, &year, &month,
		    &mday);
		snprintf(text, sizeof(text), "%04d-%02d-%02dT%02ld:%02ld:%02ld",
		    year, month, mday, second / 3600, second / 60 % 60,
		    second % 60);
		of = ts->tv_sec;
	}
	put_string(l, text);
	put_thousandths(l, (unsigned)(ts->tv_nsec / 1000000));
	put_string(l, "Z");
}

void
logline_begin(struct logline *l, enum log_format format,
    const struct logline_stamp *by, bool syslog)
{
	static const unsigned severity[] = {	/* RFC 5424 section 6.2.1 */
		[LOG_L_ERROR] = 3, [LOG_L_WARN] = 4, [LOG_L_INFO] = 6,
		[LOG_L_DEBUG] = 7
	};

	l->len = 0;
	l->cut = false;
	l->json = format == LOG_FORMAT_JSON;
	/* The daemon adds a time, as RFC 3164 section 4.3.2 says. */
	if (syslog) {
		put_string(l, "<");
		put_number(l, FACILITY + severity[by->level]);
		put_string(l, ">");
	} else if (!l->json) {
		put_time(l, &by->at);
		put_string(l, " ");
	}
	if (syslog || !l->json) {
		put_string(l, "h2rig[");
		put_number(l, (uint64_t)by->pid);
		put_string(l, syslog ? "]: " : "] ");
	}
	if (l->json) {
		put_string(l, "{\"time\":\"");
		put_time(l, &by->at);
		put_string(l, "\",\"pid\":");
		put_number(l, (uint64_t)by->pid);
		put_string(l, ",\"level\":\"");
	}
	put_string(l, log_level_name(by->level));
	put_string(l, l->json ? "\",\"text\":\"" : ": ");
}

void
logline_begin_plain(struct logline *l)
{
	l->len = 0;
	l->cut = false;
	l->json = false;
	put_string(l, "h2rig: ");
}

/* What closes a string that may have been cut goes into the reserve. */
static void
close_string(struct logline *l)
{
	if (l->cut) {
		memcpy(l->text + l->len, "...", 3);
		l->len += 3;
	}
	if (l->json)
		l->text[l->len++] = '"';
}

void
logline_text_end(struct logline *l)
{
	close_string(l);
}

/* A value without blanks: fields can then be told apart by them. */
static void
put_word(struct logline *l, const char *p, size_t n)
{
	size_t len;

	while (n > 0 && !l->cut) {
		if (*p == ' ') {
			put(l, "\\x20", 4);
			p++;
			n--;
			continue;
		}
		for (len = 0; len < n && p[len] != ' '; len++)
			;
		logline_add(l, p, len);
		p += len;
		n -= len;
	}
}

void
logline_field(struct logline *l, const struct log_field *f)
{
	size_t start = l->len;

	if (l->cut)
		return;
	put_string(l, l->json ? ",\"" : " ");
	put_string(l, f->name);
	put_string(l, l->json ? "\":" : "=");
	if (f->text == NULL && f->thousandths) {
		put_number(l, f->number / 1000);
		put_thousandths(l, (unsigned)(f->number % 1000));
	} else if (f->text == NULL)
		put_number(l, f->number);
	else if (l->json)
		put_string(l, "\"");
	if (l->cut) {		/* not even its name: as if it were not there */
		l->len = start;
		return;
	}
	if (f->text == NULL)
		return;
	if (l->json)
		logline_add(l, f->text, f->len);
	else
		put_word(l, f->text, f->len);
	close_string(l);
}

void
logline_end(struct logline *l)
{
	if (l->json)
		l->text[l->len++] = '}';
	l->text[l->len++] = '\n';
}
